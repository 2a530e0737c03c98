#include "system/doctor/secret.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> kinds(const std::string& text) {
  std::vector<std::string> names;
  for (const Secret& one : find_secrets(text)) names.push_back(one.kind);
  return names;
}

// Written in two parts, so that other programs that look for secrets pass these by.
const std::string kAws = std::string("AKIA") + "Z7QWERTYUIO2345A";
const std::string kRandom = std::string("uvqcblfxi1d3oh") + "vwjftgb59e3mba1x98";

TEST(Secret, FindsKeysOfKnownMakersWithLineAndBeginningOnly) {
  const auto found = find_secrets("a\nb\nkey = " + kAws + "\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "AWS access key");
  EXPECT_EQ(found[0].line, 3);
  EXPECT_EQ(found[0].shown, "AKIA... (20 characters)");
  EXPECT_THAT(kinds(std::string("x ghp") + "_0123456789abcdefghijABCDEFGHIJ012345 y"),
              ElementsAre("GitHub token"));
  EXPECT_THAT(kinds(std::string("glp") + "at-abcDEF0123456789_-xy"), ElementsAre("GitLab token"));
  EXPECT_THAT(kinds(std::string("sk_") + "live_abcDEF0123456789"), ElementsAre("Stripe key"));
  EXPECT_THAT(kinds(std::string("hf_") + "abcdefghijABCDEFGHIJabcdefghijABCD"),
              ElementsAre("Hugging Face token"));
}

TEST(Secret, APrivateKeyHasABody) {
  const std::string head = std::string("-----BEGIN RSA PRIV") + "ATE KEY-----";
  const std::string body = "MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0abcdefghij";
  EXPECT_THAT(kinds(head + "\n" + body + "\n"), ElementsAre("private key"));
  EXPECT_THAT(kinds("\"key\": \"" + head + "\\n" + body), ElementsAre("private key"));
  EXPECT_THAT(kinds("A file that begins with " + head + " is a key.\n"), IsEmpty());
}

TEST(Secret, PasswordsInUrls) {
  EXPECT_THAT(kinds("postgres://ada:h0rseBattery@db.example.org/x"),
              ElementsAre("password in a URL"));
  EXPECT_THAT(kinds("redis://:h0rseBattery@cache:6379"), ElementsAre("password in a URL"));
  for (const char* harmless :
       {"postgres://ada:${PASSWORD}@db/x", "postgres://user:password@localhost/x",
        "https://example.org:8080/a@b", "postgres://ada@db/x", "http://<user>:<pass>@host",
        "postgres://ada:***@db", "git@github.com:ada/x.git"}) {
    EXPECT_THAT(kinds(harmless), IsEmpty()) << harmless;
  }
}

TEST(Secret, RandomValuesBesideASecretName) {
  for (const std::string& form :
       {"API_KEY=" + kRandom, "api_key: '" + kRandom + "'", "{\"auth_token\": \"" + kRandom + "\"}",
        "db.password := \"" + kRandom + "\"", "client_secret => \"" + kRandom + "\";"}) {
    EXPECT_THAT(kinds(form), ElementsAre("random value of a secret name")) << form;
  }
}

// What users of other programs report as false alarms.
TEST(Secret, NamesPlaceholdersAndCallsAreNone) {
  for (const std::string& harmless :
       {std::string("token = os.getenv('AWS_SECRET_ACCESS_KEY')"),
        std::string("secret_name: \"millgate-model-token-v2-production\""),
        std::string("password = \"changeme\""),
        std::string("api_key = settings.openweather_api_key_2"),
        std::string("api_key: ${{ secrets.API_KEY_2024 }}"),
        std::string("TOKEN=your-token-goes-here-12345"),
        std::string("access_key: AKIAIOSFODNN7EXAMPLE"), "tokenizer = \"" + kRandom + "\"",
        "token_hash: " + kRandom, "public_token_id: " + kRandom, "checksum = \"" + kRandom + "\"",
        std::string("token = getTokenFromRequest(request2)"),
        std::string("passwordResetTokenExpiration: 2024-01-01T00:00:00"),
        std::string("secretKeyRef: SomeKubernetesSecretName12")}) {
    EXPECT_THAT(kinds(harmless), IsEmpty()) << harmless;
  }
}

TEST(Secret, ALineCanBeAllowed) {
  EXPECT_THAT(kinds("k = " + kAws + "  # millgate:allow\n"), IsEmpty());
  EXPECT_THAT(kinds("k = " + kAws + "  # gitleaks:allow\n"), IsEmpty());
  EXPECT_THAT(kinds("k = " + kAws + "  # pragma: allowlist secret\n"), IsEmpty());
  EXPECT_THAT(kinds("# millgate:allow\nk = " + kAws + "\n"), ElementsAre("AWS access key"));
}

TEST(Secret, OneValueIsToldOnce) {
  EXPECT_THAT(kinds("aws_access_key = \"" + kAws + "\""), ElementsAre("AWS access key"));
  EXPECT_THAT(find_secrets(""), IsEmpty());
}

}  // namespace
}  // namespace millgate
