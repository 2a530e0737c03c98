#include "system/serve/access_guard.h"

#include <gmock/gmock.h>

#include "ground/json.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AccessGuardTest : public ::testing::Test {
 protected:
  Ledger& ledger() { return project_.repository->ledger(); }
  std::string give(const std::string& name, std::vector<AccessRole> roles,
                   std::optional<Time> until = {}) {
    const auto secret = give_access_token(ledger(), {name, std::move(roles), until}, "ann");
    EXPECT_TRUE(secret.ok());
    EXPECT_TRUE(guard_.follow(ledger()).ok());
    return secret.ok() ? *secret : "";
  }
  AccessDecision ask(const std::string& authorization, std::optional<AccessRole> role,
                     Time now = Time{0}) const {
    return guard_.decide({.authorization = authorization}, role, now);
  }

  ServedProject project_;
  AccessGuard guard_;
};

TEST_F(AccessGuardTest, RefusesAllUntilTheLedgerIsRead) {
  EXPECT_EQ(ask("", AccessRole::predict).status, 401);
  ASSERT_TRUE(guard_.follow(ledger()).ok());
  EXPECT_EQ(ask("", AccessRole::predict).status, 200);
  EXPECT_FALSE(guard_.wants_tokens());
}

TEST_F(AccessGuardTest, KnowsWhoAsksAndWhatTheyMay) {
  const std::string site = give("site", {AccessRole::predict});
  const std::string ops = give("ops", {AccessRole::observe, AccessRole::release});
  EXPECT_EQ(ask("Bearer " + site, AccessRole::predict).caller, "site");
  EXPECT_EQ(ask("bearer  " + site, std::nullopt).caller, "site");
  const AccessDecision refused = ask("Bearer " + site, AccessRole::release);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.why->what, "token `site` is for `predict`, not for `release`");
  EXPECT_EQ(ask("Bearer " + ops, AccessRole::release).status, 200);
  EXPECT_EQ(ask("Bearer " + ops, AccessRole::predict).status, 403);
  EXPECT_EQ(ask("Bearer " + ops, AccessRole::push).status, 403);
}

TEST_F(AccessGuardTest, KnowsHowOftenATokenMayAsk) {
  const auto secret = give_access_token(
      ledger(), {.name = "batch", .roles = {AccessRole::predict}, .requests_per_second = 2.5},
      "ann");
  ASSERT_TRUE(secret.ok());
  const std::string site = give("site", {AccessRole::predict});
  EXPECT_EQ(ask("Bearer " + *secret, AccessRole::predict).requests_per_second, 2.5);
  EXPECT_EQ(ask("Bearer " + site, AccessRole::predict).requests_per_second, 0);
}

TEST_F(AccessGuardTest, RefusesWhatIsNoToken) {
  const std::string site = give("site", {AccessRole::predict});
  const std::string cut = site.substr(0, site.size() - 1);
  const std::string other = cut + (site.back() == '0' ? '1' : '0');
  for (const std::string& wrong :
       {std::string(), site, std::string("Bearer"), std::string("Bearer "), "Basic " + site,
        "Bearer " + cut, "Bearer " + other, "Bearer " + site + " "}) {
    EXPECT_EQ(ask(wrong, AccessRole::predict).status, 401) << wrong;
  }
  EXPECT_THAT(ask("Bearer " + other, AccessRole::predict).why->what, Not(HasSubstr(other)));
}

TEST_F(AccessGuardTest, TokensEndAndAreTakenAway) {
  const std::string brief = give("brief", {AccessRole::predict}, Time{1'000});
  EXPECT_EQ(ask("Bearer " + brief, AccessRole::predict, Time{999}).status, 200);
  EXPECT_EQ(ask("Bearer " + brief, AccessRole::predict, Time{1'000}).status, 401);
  ASSERT_TRUE(take_access_token(ledger(), "brief", "ann").ok());
  EXPECT_EQ(take_access_token(ledger(), "brief", "ann").error().code, ErrorCode::not_found);
  ASSERT_TRUE(guard_.follow(ledger()).ok());
  EXPECT_EQ(ask("Bearer " + brief, AccessRole::predict, Time{999}).status, 401);
  // That the last one is gone opens nothing.
  EXPECT_TRUE(guard_.wants_tokens());
  EXPECT_EQ(ask("", AccessRole::predict).status, 401);
}

TEST_F(AccessGuardTest, TheLedgerHoldsNoSecret) {
  const std::string site = give("site", {AccessRole::predict});
  const std::vector<Event> events = *ledger().events(0, "token");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(events[0].body, HasSubstr(hash_of(site).hex()));
  EXPECT_THAT(events[0].body, Not(HasSubstr(site.substr(9))));
  EXPECT_NE(site, give("site2", {AccessRole::predict}));
}

TEST_F(AccessGuardTest, NamesAreUsableAndOfOneHolder) {
  give("site", {AccessRole::predict});
  const auto again = give_access_token(ledger(), {"site", {AccessRole::observe}}, "bob");
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().what, HasSubstr("given by ann"));
  for (const char* name : {"", "-x", "a b", "a\nb", "\xc3\xa9"}) {
    EXPECT_EQ(give_access_token(ledger(), {name, {AccessRole::predict}}, "a").error().code,
              ErrorCode::invalid_input);
  }
  EXPECT_FALSE(give_access_token(ledger(), {"none", {}}, "a").ok());
  EXPECT_THAT(parse_access_role("observ").error().hint, HasSubstr("observe"));
}

}  // namespace
}  // namespace millgate
