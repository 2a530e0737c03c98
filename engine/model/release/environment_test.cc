#include "model/release/environment.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::HasSubstr;

Result<std::vector<Environment>> read(const std::string& toml) {
  MILLGATE_ASSIGN(Section root, parse_settings(toml, "millgate.toml"));
  MILLGATE_ASSIGN(const std::vector<Section> sections, root.sections("requirement"));
  std::vector<Requirement> common;
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(Requirement one, read_requirement(section));
    common.push_back(std::move(one));
  }
  return read_environments(root, common);
}

constexpr const char* kCommon = "[[requirement]]\nmetric = \"auc\"\nat_least = 0.7\n";

TEST(EnvironmentTest, WithoutAnyThereIsOne) {
  const auto found = read(kCommon);
  ASSERT_TRUE(found.ok()) << found.error().what;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].key, "");
  EXPECT_EQ((*found)[0].before, "");
  EXPECT_EQ((*found)[0].requirements.size(), 1U);
}

TEST(EnvironmentTest, ReadsThemInOrderWithWhatTheyAskFor) {
  const auto found = read(std::string(kCommon) + R"(
[[environment]]
name = "dev"
open = true
[[environment]]
name = "qa"
[[environment]]
name = "staging"
[[environment.requirement]]
metric = "auc"
at_least = 0.6
[[environment]]
name = "prod"
[[environment.requirement]]
metric = "latency_ms_p99"
at_most = 5
)");
  ASSERT_TRUE(found.ok()) << found.error().what;
  ASSERT_EQ(found->size(), 4U);
  EXPECT_TRUE((*found)[0].requirements.empty());
  EXPECT_EQ((*found)[1].requirements.at(0).limit, 0.7);  // States none: the project's.
  ASSERT_EQ((*found)[2].requirements.size(), 1U);
  EXPECT_EQ((*found)[2].requirements[0].limit, 0.6);  // Its own, and nothing else.
  EXPECT_EQ((*found)[2].before, "qa");
  EXPECT_EQ((*found)[3].requirements.size(), 2U);  // The last: both.
  EXPECT_EQ((*found)[3].key, "");
  EXPECT_EQ((*found)[3].name, "prod");
  EXPECT_EQ(find_environment(*found, "staging")->key, "staging");
  EXPECT_EQ(find_environment(*found, "")->name, "prod");
  EXPECT_THAT(find_environment(*found, "stagin").error().hint, HasSubstr("`staging`"));
}

TEST(EnvironmentTest, RefusesWhatCannotBe) {
  const auto fault = [](const std::string& toml) { return read(toml).error(); };
  EXPECT_THAT(fault("[[environment]]\nname = \"a1\"\n").what, HasSubstr("cannot be called"));
  EXPECT_THAT(fault("[[environment]]\nname = \"qa\"\n[[environment]]\nname = \"qa\"\n").what,
              HasSubstr("twice"));
  EXPECT_THAT(fault("[[environment]]\nname = \"prod\"\nopen = true\n").what,
              HasSubstr("cannot be open"));
  EXPECT_THAT(fault("[[environment]]\nname = \"x\"\nopen = true\n[[environment.requirement]]\n"
                    "metric = \"auc\"\nat_least = 0.5\n[[environment]]\nname = \"y\"\n")
                  .what,
              HasSubstr("cannot be both"));
  const Error twice = fault(std::string(kCommon) +
                            "[[environment]]\nname = \"prod\"\n[[environment.requirement]]\n"
                            "metric = \"auc\"\nat_most = 0.6\n");
  EXPECT_THAT(twice.what, HasSubstr("contradict"));
  EXPECT_THAT(fault("[[environment]]\nname = \"x\"\nopne = true\n").hint, HasSubstr("open"));
}

}  // namespace
}  // namespace millgate
