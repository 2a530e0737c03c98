#include "model/release/alias.h"

#include <gmock/gmock.h>

#include "model/release/retirement.h"
#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

class AliasTest : public RegistryTest {
 protected:
  /// As somebody does who looked just before.
  Status give(const std::string& name, std::optional<Id> to) {
    const auto before = find_alias(*ledger_, name);
    return move_alias(*ledger_, {.name = name, .to = to, .seen = *before ? (*before)->event : 0},
                      "ann");
  }
};

TEST_F(AliasTest, IsGivenMovedAndTakenAway) {
  EXPECT_TRUE((*aliases(*ledger_)).empty());
  ASSERT_TRUE(give("champion", a_).ok());
  const Time then = clock_.now();
  tick(10);
  ASSERT_TRUE(give("champion", b_).ok());
  ASSERT_TRUE(give("challenger", c_).ok());
  EXPECT_EQ((*find_alias(*ledger_, "champion"))->model, b_);
  EXPECT_EQ((*find_alias(*ledger_, "champion", then))->model, a_);
  ASSERT_EQ((*aliases(*ledger_)).size(), 2U);
  EXPECT_EQ((*aliases(*ledger_))[0].name, "challenger");
  EXPECT_EQ((*aliases(*ledger_, then)).size(), 1U);
  ASSERT_TRUE(give("champion", std::nullopt).ok());
  EXPECT_FALSE((*find_alias(*ledger_, "champion")).has_value());
  EXPECT_EQ(give("champion", std::nullopt).error().code, ErrorCode::not_found);
  EXPECT_THAT(give("chalenger", std::nullopt).error().hint, HasSubstr("challenger"));
}

TEST_F(AliasTest, TheSameAgainChangesNothing) {
  ASSERT_TRUE(give("champion", a_).ok());
  EXPECT_EQ(give("champion", a_).error().code, ErrorCode::conflict);
}

TEST_F(AliasTest, TheSecondOfTwoMovesAtOnceIsTold) {
  ASSERT_TRUE(give("champion", a_).ok());
  const int64_t seen = (*find_alias(*ledger_, "champion"))->event;
  InterruptedLedger interrupted(*ledger_, [&] {
    ASSERT_TRUE(move_alias(*ledger_, {.name = "champion", .to = b_, .seen = seen}, "bob").ok());
  });
  const Status lost = move_alias(interrupted, {.name = "champion", .to = c_, .seen = seen}, "ann");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(lost.error().what, HasSubstr("`bob`"));
  EXPECT_EQ((*find_alias(*ledger_, "champion"))->model, b_);
}

TEST_F(AliasTest, RefusesWordsThatMeanSomethingElse) {
  const Environment dev{.name = "dev", .key = "dev", .open = true};
  ASSERT_TRUE(enter_open(*ledger_, a_, "ann", into(dev)).ok());
  for (const char* name : {"latest", "serving", "v3", "abba", "two words", "", "dev"}) {
    EXPECT_EQ(give(name, a_).error().code, ErrorCode::invalid_input) << name;
  }
}

TEST_F(AliasTest, ARetiredModelGetsNone) {
  ASSERT_TRUE(retire(*ledger_, a_, "old", "ann").ok());
  EXPECT_EQ(give("champion", a_).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace millgate
