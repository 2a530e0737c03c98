#include "model/release/sign_off.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ground/json.h"
#include "ground/program.h"
#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

/// With real keys of the real ssh-keygen.
class SignOffTest : public RegistryTest {
 protected:
  SignOffTest() {
    make_key("ada");
    make_key("bo");
    make_key("eve");
    rules_.project = "flights";
    rules_.signers_path = folder_.path("allowed_signers");
    rules_.rules = {
        {.role = "risk", .by = {"ada@example.org", "bo@example.org"}, .environment = {}}};
    std::ofstream(rules_.signers_path)
        << "ada@example.org " << public_key("ada") << "bo@example.org namespaces=\"git\" "
        << public_key("bo") << "eve@example.org " << public_key("eve");
  }
  void make_key(const std::string& name) const {
    const auto made = run_program({.words = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                                             name, "-f", folder_.path(name)}});
    ASSERT_TRUE(made.ok()) << made.error().what;
    ASSERT_EQ(made->exit_code, 0);
  }
  std::string public_key(const std::string& name) const {
    std::ifstream file(folder_.path(name + ".pub"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string signature(const std::string& name, const Verdict& verdict) const {
    const auto made =
        sign_statement(sign_off_statement(rules_, rules_.rules[0], verdict), folder_.path(name));
    EXPECT_TRUE(made.ok()) << made.error().what;
    return made.ok() ? *made : std::string();
  }
  Result<SignOff> record(const Verdict& verdict, const std::string& signature) {
    return record_sign_off(*ledger_, rules_, rules_.rules[0], verdict, signature, "clerk");
  }
  Result<Serving> released(const Verdict& verdict) {
    return release(*ledger_, verdict, "clerk", {.sign_offs = rules_});
  }

  SignOffRules rules_;
};

TEST_F(SignOffTest, AReleaseWaitsForTheSignature) {
  const Verdict verdict = judged(a_, true);
  const auto unsigned_yet = released(verdict);
  ASSERT_FALSE(unsigned_yet.ok());
  EXPECT_EQ(unsigned_yet.error().code, ErrorCode::refused);
  EXPECT_THAT(unsigned_yet.error().what, HasSubstr("`risk` (ada@example.org or bo@example.org)"));
  const auto given = record(verdict, signature("ada", verdict));
  ASSERT_TRUE(given.ok()) << given.error().what;
  EXPECT_EQ(given->principal, "ada@example.org");
  ASSERT_EQ((*sign_offs(*ledger_, verdict)).size(), 1U);
  EXPECT_EQ(record(verdict, signature("ada", verdict)).error().code, ErrorCode::conflict);
  EXPECT_TRUE(released(verdict).ok());
}

TEST_F(SignOffTest, WhoMayNotSignIsRefused) {
  const Verdict verdict = judged(a_, true);
  // Eve has a key and stands in no rule; Bo's key is good for another namespace alone.
  for (const char* who : {"eve", "bo"}) {
    const auto given = record(verdict, signature(who, verdict));
    ASSERT_FALSE(given.ok()) << who;
    EXPECT_EQ(given.error().code, ErrorCode::refused);
  }
  EXPECT_EQ(record(verdict, "no signature").error().code, ErrorCode::refused);
  EXPECT_TRUE((*sign_offs(*ledger_, verdict)).empty());
}

TEST_F(SignOffTest, ASignatureIsGoodForOneVerdictOnly) {
  const Verdict first = judged(a_, true);
  const std::string over_first = signature("ada", first);
  ASSERT_TRUE(record(first, over_first).ok());
  const Verdict second = judged(a_, true);
  EXPECT_EQ(record(second, over_first).error().code, ErrorCode::refused);
  EXPECT_EQ(released(second).error().code, ErrorCode::refused);
  EXPECT_EQ(record(first, signature("ada", first)).error().code, ErrorCode::refused);
}

TEST_F(SignOffTest, AnEventThatSomebodyMadeUpOpensNothing) {
  const Verdict verdict = judged(a_, true);
  const Json body = {{"role", "risk"},
                     {"principal", "ada@example.org"},
                     {"verdict", verdict.event().id.hex()},
                     {"signature", signature("eve", verdict)}};
  ASSERT_TRUE(ledger_->append({"sign_off", a_.hex(), "eve", dump_json(body)}).ok());
  EXPECT_EQ(released(verdict).error().code, ErrorCode::refused);
}

TEST_F(SignOffTest, WhoWasTakenOffTheListSignedForNothing) {
  const Verdict verdict = judged(a_, true);
  ASSERT_TRUE(record(verdict, signature("ada", verdict)).ok());
  std::ofstream(rules_.signers_path) << "ada@example.org " << public_key("eve");
  EXPECT_EQ(released(verdict).error().code, ErrorCode::refused);
  ASSERT_TRUE(std::filesystem::remove(rules_.signers_path));
  EXPECT_EQ(released(verdict).error().code, ErrorCode::not_found);
}

TEST_F(SignOffTest, ARefusedModelIsNotSigned) {
  const Verdict verdict = judged(a_, false);
  EXPECT_EQ(record(verdict, signature("ada", verdict)).error().code, ErrorCode::refused);
}

TEST_F(SignOffTest, AKeyThatIsNoneIsRefused) {
  EXPECT_EQ(sign_statement("text", folder_.path("nobody")).error().code, ErrorCode::not_found);
  std::ofstream(folder_.path("junk")) << "no key";
  EXPECT_EQ(sign_statement("text", folder_.path("junk")).error().code, ErrorCode::refused);
}

TEST(SignOffRulesTest, ReadsThemAndRefusesWhatCannotBe) {
  const auto read = [](const std::string& toml) -> Result<SignOffRules> {
    MILLGATE_ASSIGN(Section root, parse_settings(toml, "millgate.toml"));
    MILLGATE_ASSIGN(const auto environments, read_environments(root, {}));
    return read_sign_offs(root, environments, "/p");
  };
  const auto rules = read(
      "[[environment]]\nname = \"dev\"\nopen = true\n[[environment]]\nname = \"qa\"\n"
      "[[environment]]\nname = \"prod\"\n[gate]\nallowed_signers = \"keys/signers\"\n"
      "[[sign_off]]\nrole = \"risk\"\nby = [\"a@b\", \"c@d\"]\n"
      "[[sign_off]]\nrole = \"risk\"\nby = \"a@b\"\nenvironment = \"qa\"\n");
  ASSERT_TRUE(rules.ok()) << rules.error().what;
  EXPECT_EQ(rules->signers_path, "/p/keys/signers");
  ASSERT_EQ(rules->of("").size(), 1U);
  EXPECT_EQ(rules->of("")[0].by.size(), 2U);
  EXPECT_EQ(rules->of("qa").size(), 1U);
  const std::string one = "[[sign_off]]\nrole = \"risk\"\nby = \"a@b\"\n";
  EXPECT_THAT(read(one + one).error().what, HasSubstr("twice"));
  EXPECT_THAT(read("[[sign_off]]\nrole = \"risk\"\n").error().what, HasSubstr("nobody"));
  EXPECT_THAT(read("[[sign_off]]\nrole = \"risk\"\nby = \"*\"\n").error().what,
              HasSubstr("no name of one person"));
  EXPECT_THAT(read("[[sign_off]]\nrole = \"two words\"\nby = \"a@b\"\n").error().what,
              HasSubstr("cannot be a role"));
  EXPECT_THAT(
      read("[[sign_off]]\nrole = \"risk\"\nby = \"a@b\"\nenvironment = \"qa\"\n").error().what,
      HasSubstr("no environment"));
}

}  // namespace
}  // namespace millgate
