#include "data/feature/leak.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

class LeakTest : public ::testing::Test {
 protected:
  LeakTest() {
    plan_.task.table = "flights";
    plan_.sources.emplace_back();
    plan_.sources[0].name = "flights";
    plan_.sources[0].key = {"id"};
    plan_.sources[0].happened = "scheduled";
    plan_.views.emplace_back();
    plan_.views[0].name = "weather";
    plan_.views[0].entity = {"origin"};
  }

  std::vector<std::string> leaks(const std::vector<FeatureDefinition>& features) const {
    const auto program = FeatureProgram::compile(features, {{"id", ValueType::integer},
                                                            {"scheduled", ValueType::time},
                                                            {"origin", ValueType::text},
                                                            {"distance", ValueType::number},
                                                            {"landed", ValueType::number},
                                                            {"weather.wind", ValueType::number}});
    EXPECT_TRUE(program.ok());
    std::vector<std::string> found;
    for (const Leak& leak : find_leaks(plan_, *program)) {
      found.push_back(leak.feature + " reads " + leak.column);
    }
    return found;
  }

  const std::vector<FeatureDefinition> all_ = {{"distance", "distance / 2"},
                                               {"landed", "coalesce(landed, distance)"},
                                               {"hour", "hour(scheduled)"},
                                               {"origin", "category(origin)"},
                                               {"id", "id % 2"},
                                               {"wind", "weather.wind"}};
  JoinPlan plan_;
};

using Texts = std::vector<std::string>;

TEST_F(LeakTest, NothingIsSaidNothingIsRefused) { EXPECT_EQ(leaks(all_), Texts()); }

TEST_F(LeakTest, ASourceThatIsKnownLaterLeaks) {
  plan_.sources[0].known = "scheduled + interval '1 day'";
  EXPECT_EQ(leaks(all_),
            (Texts{"distance reads distance", "landed reads distance", "landed reads landed"}));
  plan_.task.asked_with = {"distance"};
  EXPECT_EQ(leaks(all_), (Texts{"landed reads landed"}));
  plan_.task.asked_with = {"distance", "landed"};
  EXPECT_EQ(leaks(all_), Texts());
}

TEST_F(LeakTest, WhatTheQuestionIsAskedWithIsAllThatIsKnown) {
  plan_.task.asked_with = {"distance"};
  EXPECT_EQ(leaks(all_), (Texts{"landed reads landed"}));
}

TEST_F(LeakTest, KnownAtOnceIsNotLater) {
  plan_.sources[0].known = "scheduled";
  EXPECT_EQ(leaks(all_), Texts());
}

}  // namespace
}  // namespace millgate
