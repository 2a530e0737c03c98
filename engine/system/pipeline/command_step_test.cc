#include "system/pipeline/command_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<CommandStep>> read(const std::string& text) {
  auto root = parse_settings(text, "millgate.toml");
  if (!root.ok()) return root.error();
  return read_command_steps(*root);
}

std::string step(const std::string& name, const std::string& reads, const std::string& writes) {
  return "[[step]]\nname = \"" + name + "\"\ncommand = \"true\"\nreads = " + reads +
         "\nwrites = " + writes + "\n";
}

TEST(CommandSteps, AreReadAsTheyStand) {
  const auto steps = good(read(R"([[step]]
name = "clean"
command = ["python", "prepare/clean.py", "--fast"]
reads = ["data/raw/*.csv", "./data//lists/"]
writes = "data/clean.csv"
parameters = { min_age = 18, rate = 0.5, strict = true, mode = "a b" }
environment = ["TZ"]
at_most = "2m"
)"));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_THAT(steps[0].command, ElementsAre("python", "prepare/clean.py", "--fast"));
  EXPECT_THAT(steps[0].reads, ElementsAre("data/raw/*.csv", "data/lists"));
  EXPECT_THAT(steps[0].writes, ElementsAre("data/clean.csv"));
  EXPECT_EQ(steps[0].parameters.at("min_age"), "18");
  EXPECT_EQ(steps[0].parameters.at("rate"), "0.5");
  EXPECT_EQ(steps[0].parameters.at("strict"), "true");
  EXPECT_EQ(steps[0].parameters.at("mode"), "a b");
  EXPECT_THAT(steps[0].environment, ElementsAre("TZ"));
  EXPECT_EQ(steps[0].seconds_max, 120);
}

TEST(CommandSteps, OneTextIsALineForTheShell) {
  EXPECT_THAT(good(read(step("a", "[]", "\"x\"")))[0].command, ElementsAre("sh", "-c", "true"));
}

TEST(CommandSteps, WaitForThoseWhoseFilesTheyRead) {
  const std::string text =
      step("last", "[\"d/mid.csv\", \"d/parts/*.csv\"]", "\"d/out.csv\"") +
      step("mid", "[\"d/tree\"]", "\"d/mid.csv\"") + step("tree", "[]", "\"d/tree/a.csv\"") +
      step("parts", "[]", "\"d/parts\"") + step("globbed", "[\"d/m?d.csv\"]", "\"e\"") +
      step("alone", "[\"d/mid.csv2\"]", "\"f\"");
  EXPECT_THAT(steps_before(good(read(text))),
              ElementsAre(ElementsAre(1, 3), ElementsAre(2), ElementsAre(), ElementsAre(),
                          ElementsAre(1), ElementsAre()));
}

struct BadStep {
  std::string text, place, what;
};

TEST(CommandSteps, ErrorsHaveTheirPlace) {
  const std::vector<BadStep> cases = {
      {"[[step]]\nname = \"a\"\nwrites = \"x\"\n", "", "has no command"},
      {step("a", "[]", "[]"), "millgate.toml:5", "writes nothing"},
      {step("a", "[]", "\"/etc/x\""), "millgate.toml:5:10", "does not lie in the project"},
      {step("a", "\"../x\"", "\"x\""), "millgate.toml:4:9", "does not lie in the project"},
      {step("a", "[]", "\".millgate/x\""), "millgate.toml:5:10", "belongs to millgate"},
      {step("a", "[]", "\"millgate.toml\""), "millgate.toml:5:10", "the project file"},
      {step("a", "[]", "\"x\"") + step("a", "[]", "\"y\""), "millgate.toml:7:8", "there twice"},
      {step("train", "[]", "\"x\""), "millgate.toml:2:8", "there twice"},
      {step("a b", "[]", "\"x\""), "millgate.toml:2:8", "a b"},
      {step("a", "[]", "\"d\"") + step("b", "[]", "\"d/x\""), "millgate.toml:10:10",
       "steps `a` and `b` both write `d`"},
      {step("a", "\"y\"", "\"x\"") + step("b", "\"x\"", "\"y\""), "",
       "wait for each other: `a` waits for `b` waits for `a`"},
      {step("a", "\"d/*\"", "\"d/x\""), "", "`a` waits for `a`"},
      {"[[step]]\nname = \"a\"\ncommand = \"x\"\nwrites = \"x\"\nwrite = 1\n", "millgate.toml:5:1",
       "write"},
      {"[[step]]\nname = \"a\"\ncommand = \"x\"\nwrites = \"x\"\nparameters = { a = [1] }\n",
       "millgate.toml:5", "must be a number"},
  };
  for (const BadStep& bad : cases) {
    const auto steps = read(bad.text);
    ASSERT_FALSE(steps.ok()) << bad.text;
    EXPECT_THAT(steps.error().what, HasSubstr(bad.what)) << bad.text;
    EXPECT_THAT(steps.error().where, HasSubstr(bad.place)) << bad.text;
  }
}

TEST(CommandSteps, NameVariablesAsTheShellDoes) {
  EXPECT_EQ(CommandStep::variable_of("min-age2"), "MILLGATE_PARAMETER_MIN_AGE2");
}

}  // namespace
}  // namespace millgate
