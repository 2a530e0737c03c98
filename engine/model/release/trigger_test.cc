#include "model/release/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<IncidentTrigger>> triggers_of(const std::string& text) {
  auto root = parse_settings(text, "millgate.toml");
  if (!root) return root.error();
  return read_triggers(*root);
}

TEST(IncidentTrigger, IsReadWithItsDefaults) {
  const auto read = triggers_of(
      "[[trigger]]\nname = \"back\"\nwhen = \"quality\"\ndo = \"rollback\"\n"
      "[[trigger]]\nname = \"again\"\nwhen = [\"drift\", \"age\"]\nseverity_at_least = 0.5\n"
      "harm_at_least = 0.05\ndo = \"retrain\"\nthen = \"rollout\"\napproval = true\n"
      "cooldown = \"7d\"\n");
  ASSERT_TRUE(read.ok()) << read.error().what;
  ASSERT_EQ(read->size(), 2U);
  const IncidentTrigger& back = read->front();
  EXPECT_EQ(back.does, TriggerDoes::rollback);
  EXPECT_FALSE(back.needs_approval || back.harm_at_least);
  EXPECT_EQ(back.severity_at_least, 0.8);
  EXPECT_EQ(back.cooldown_micros, 24LL * 3600 * 1'000'000);
  const IncidentTrigger& again = read->back();
  EXPECT_THAT(again.when, ElementsAre("drift", "age"));
  EXPECT_EQ(again.then, TriggerThen::rollout);
  EXPECT_EQ(again.harm_at_least, 0.05);
  EXPECT_TRUE(again.needs_approval);
  EXPECT_EQ(again.cooldown_micros, 7LL * 24 * 3600 * 1'000'000);
}

TEST(IncidentTrigger, WhatIsWrongIsNamedWithItsPlace) {
  const std::string head = "[[trigger]]\nname = \"a\"\n";
  const auto fault = [&](const std::string& rest) {
    const auto read = triggers_of(head + rest);
    EXPECT_FALSE(read.ok()) << rest;
    return read.ok() ? std::string()
                     : read.error().what + " | " + read.error().where + read.error().hint;
  };
  EXPECT_THAT(fault("do = \"rollback\"\n"), HasSubstr("does not say when"));
  EXPECT_THAT(fault("when = \"qualty\"\ndo = \"rollback\"\n"), HasSubstr("quality"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"pray\"\n"), HasSubstr("millgate.toml:4"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"rollback\"\nthen = \"release\"\n"),
              HasSubstr("nothing is left to do"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"rollback\"\nseverity_at_least = 3\n"),
              HasSubstr("between 0 and 1"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"rollback\"\nharm_at_least = 0\n"),
              HasSubstr("above 0"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"rollback\"\nwhenever = 1\n"),
              HasSubstr("whenever"));
  EXPECT_THAT(fault("when = \"quality\"\ndo = \"rollback\"\n" + head +
                    "when = \"drift\"\ndo = \"rollback\"\n"),
              HasSubstr("two triggers"));
}

}  // namespace
}  // namespace millgate
