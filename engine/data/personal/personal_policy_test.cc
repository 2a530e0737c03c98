#include <arrow/api.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "data/personal/personal_guard.h"
#include "data/query/revision_sql.h"
#include "data/query/test_project.h"
#include "data/store/column_rename.h"
#include "data/table/test_table.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

Result<TablePolicy> policy_from(const std::string& lines) {
  Section root = must(parse_settings("[personal]\n" + lines, "millgate.toml"));
  return read_personal_policy(root, "people");
}

TEST(PersonalPolicy, WordsSayUseAndExit) {
  const TablePolicy policy = must(policy_from(
      "a = \"allow\"\nb = \"mask\"\nc = \"hash\"\nd = \"forbid\"\ne = [\"hash\", \"forbid\"]\n"
      "f = [\"forbid\", \"allow\"]\n"));
  std::string text;
  for (const ColumnPolicy& one : policy.columns) text += one.column + ": " + one.text() + "; ";
  EXPECT_EQ(text,
            "a: allow; b: mask; c: hash; d: forbid, mask; e: forbid, hash; f: forbid, allow; ");
  EXPECT_EQ(policy.find("nothing"), nullptr);
}

TEST(PersonalPolicy, WrongWordsAreErrorsAtTheirPlace) {
  const Error word = policy_from("mail = \"hide\"").error();
  EXPECT_THAT(word.where, HasSubstr("millgate.toml:2"));
  EXPECT_THAT(word.hint, HasSubstr("mask"));
  EXPECT_THAT(policy_from("mail = [\"mask\", \"hash\"]").error().what, HasSubstr("two policies"));
  EXPECT_THAT(policy_from("mail = [\"forbid\", \"forbid\"]").error().what,
              HasSubstr("two policies"));
  EXPECT_THAT(policy_from("mail = []").error().what, HasSubstr("empty policy"));
  EXPECT_FALSE(policy_from("mail = 3").ok());
}

// RFC 4231, test cases 1, 2, 3 and 6.
TEST(PersonalKey, IsTheHmacOfTheRfc) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(PersonalKey, IsMadeOnceForItsOwnerAlone) {
  const TestFolder folder;
  const std::string path = folder.path("personal.key");
  const PersonalKey first = must(PersonalKey::open(path));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(must(PersonalKey::open(path)).pseudonym("ada"), first.pseudonym("ada"));
  EXPECT_NE(must(PersonalKey::open(folder.path("other.key"))).pseudonym("ada"),
            first.pseudonym("ada"));
  EXPECT_EQ(first.fingerprint().size(), 12U);
}

TEST(PersonalKey, AShortOneIsRefused) {
  const TestFolder folder;
  must(write_file(folder.path("personal.key"), "short\n"));
  EXPECT_EQ(PersonalKey::open(folder.path("personal.key")).error().code, ErrorCode::damaged);
  ::setenv("MILLGATE_PERSONAL_KEY", "short", 1);
  EXPECT_EQ(PersonalKey::open(folder.path("none.key")).error().code, ErrorCode::invalid_input);
  ::setenv("MILLGATE_PERSONAL_KEY", "0123456789abcdef0123456789abcdef", 1);
  EXPECT_EQ(must(PersonalKey::open(folder.path("none.key"))).pseudonym("ada"),
            hmac_sha256_hex("0123456789abcdef0123456789abcdef", "ada"));
  ::unsetenv("MILLGATE_PERSONAL_KEY");
}

class PersonalGuardTest : public testing::Test {
 protected:
  std::string rows(const std::string& sql, const RowChanges& guard) {
    auto database = must(Database::open({.user_sql = true}));
    const std::string statement = must(prepare_revision_sql(
        *database, project_.repository(), sql, kCurrentBranch, nullptr, {.changes = guard}));
    auto reader = must(database->stream(statement));
    std::string text;
    must(write_csv_text(*reader, text));
    return text;
  }
  RowChanges guard(const std::string& lines) {
    return guarding(project_.repository(), {must(policy_from(lines))});
  }
  static std::string hash(const std::string& text) { return hmac_sha256_hex(kKey, text); }

  void SetUp() override { ::setenv("MILLGATE_PERSONAL_KEY", kKey, 1); }
  void TearDown() override { ::unsetenv("MILLGATE_PERSONAL_KEY"); }

  static constexpr const char* kKey = "a secret that is long enough for tests";
  TestProject project_;
};

TEST_F(PersonalGuardTest, ValuesLeaveMaskedOrAsPseudonyms) {
  project_.commit(
      {{"people", "id,mail,age,plan\n1,ada@x.org,41,a\n2,,,b\n3,ada@x.org,9,c\n", {"id"}}});
  EXPECT_EQ(rows("select * from people", guard("mail = \"mask\"\nage = \"mask\"\n")),
            "id,mail,age,plan\n1,***,,a\n2,,,b\n3,***,,c\n");
  EXPECT_EQ(rows("select mail, age from people", guard("mail = \"hash\"\nage = \"hash\"\n")),
            "mail,age\n" + hash("ada@x.org") + "," + hash("41") + "\n,\n" + hash("ada@x.org") +
                "," + hash("9") + "\n");
}

TEST_F(PersonalGuardTest, NoExpressionSeesBehindThePolicy) {
  project_.commit({{"people", "id,mail\n1,ada@x.org\n2,bo@y.org\n", {"id"}},
                   {"orders", "n,who,amount\n1,ada@x.org,5\n2,ada@x.org,7\n", {"n"}}});
  EXPECT_EQ(rows("select substr(mail, 1, 3) as s, length(mail) as l, p::varchar as w from people p",
                 guard("mail = \"mask\"\n")),
            "s,l,w\n***,3,\"{'id': 1, 'mail': ***}\"\n***,3,\"{'id': 2, 'mail': ***}\"\n");
  EXPECT_EQ(
      rows("select count(*) as n from people where mail = 'ada@x.org'", guard("mail = \"mask\"\n")),
      "n\n0\n");
  // Joins still work where both sides are pseudonyms.
  TablePolicy orders = must(policy_from("who = \"hash\"\n"));
  orders.table = "orders";
  const RowChanges both =
      guarding(project_.repository(), {must(policy_from("mail = \"hash\"\n")), orders});
  EXPECT_EQ(
      rows("select id, sum(amount) as s from people join orders on mail = who group by id", both),
      "id,s\n1,12\n");
}

TEST_F(PersonalGuardTest, OlderVersionsAreGuardedUnderTheirOldNames) {
  const Commit first = project_.commit({{"people", "id,mail\n1,ada@x.org\n", {"id"}}});
  NewCommit change;
  const TableVersion version =
      must(read_table_version(project_.repository().objects(), first.tables.at("people")));
  change.tables["people"] =
      must(rename_columns(project_.repository().objects(), version, {{"mail", "contact"}})).id;
  project_.commit_change(std::move(change));
  const RowChanges now = guard("contact = \"mask\"\n");
  EXPECT_EQ(rows("select * from people", now), "id,contact\n1,***\n");
  EXPECT_EQ(rows("select * from people@main~1", now), "id,mail\n1,***\n");
}

TEST_F(PersonalGuardTest, WithoutAPolicyNothingChanges) {
  const Commit commit = project_.commit({{"people", "id,mail\n1,ada@x.org\n", {"id"}}});
  const TableVersion version =
      must(read_table_version(project_.repository().objects(), commit.tables.at("people")));
  EXPECT_EQ(must(guard("mail = \"allow\"\n")("people", version)), nullptr);
  EXPECT_EQ(must(guard("mail = \"mask\"\n")("orders", version)), nullptr);
  EXPECT_EQ(must(guard("mail = \"mask\"\n")("people", version))->text, "mail masked");
}

}  // namespace
}  // namespace millgate
