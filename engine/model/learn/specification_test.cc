#include "model/learn/specification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/learn/made_rows.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using Outcome = SpecificationCheck::Outcome;

constexpr int64_t kHour = 3'600'000'000;

class Specification : public testing::Test {
 protected:
  Specification() {
    request_.task.table = "rows";
    request_.task.label = "outcome > 0.5";
    request_.features = {
        {"first", "first"}, {"third", "third * 2"}, {"group", "category(\"group\")"}};
    request_.settings.valid_micros = 200 * kHour;
    request_.settings.test_micros = 200 * kHour;
    request_.settings.rounds_max = 20;
    request_.manifest.project = "made";
    set_rows([](const Examples&, size_t) { return 0.0; }, false);
  }

  /// 1000 hourly rows; the label is `label` of them, or that of `made_examples`.
  template <typename Label>
  void set_rows(const Label& label, bool use = true) {
    const Examples examples = made_examples(0, 1000);
    std::vector<double> first, third, outcome;
    std::vector<std::string> group;
    std::vector<int64_t> times;
    for (size_t i = 0; i < examples.rows(); ++i) {
      first.push_back(examples.features[i * 4]);
      third.push_back(examples.features[i * 4 + 2]);
      group.push_back("g" + std::to_string(static_cast<int>(examples.features[i * 4 + 3])));
      outcome.push_back(use ? label(examples, i) : examples.labels[i]);
      times.push_back(static_cast<int64_t>(i) * kHour);
    }
    request_.joined = made_table({numbers_column("first", first), numbers_column("third", third),
                                  texts_column("group", group), numbers_column("outcome", outcome),
                                  numbers_column("label", outcome), times_column("row_time", times),
                                  times_column("label_known", times)});
  }

  SpecificationCheck check(const std::string& name) {
    const auto checks = check_specification(request_, {});
    EXPECT_TRUE(checks.ok()) << checks.error().what;
    if (!checks.ok()) return {};
    const auto found = std::find_if(checks->begin(), checks->end(),
                                    [&](const auto& one) { return one.name == name; });
    EXPECT_NE(found, checks->end()) << name;
    return found == checks->end() ? SpecificationCheck{} : *found;
  }

  TrainRequest request_;
};

TEST_F(Specification, HoldsForEveryLearner) {
  for (const char* learner : {"gbdt", "linear", "constant"}) {
    request_.settings.learner = learner;
    const auto checks = check_specification(request_, {});
    ASSERT_TRUE(checks.ok()) << checks.error().what;
    EXPECT_EQ(checks->size(), 6U);
    for (const SpecificationCheck& one : *checks) {
      EXPECT_NE(one.outcome, Outcome::failed) << learner << ": " << one.name << ": " << one.what;
      const bool may_skip = std::string(learner) == "constant";
      if (!may_skip) {
        EXPECT_EQ(one.outcome, Outcome::passed) << learner << ": " << one.name << ": " << one.what;
      }
    }
  }
}

TEST_F(Specification, HoldsForValuesAsForClasses) {
  request_.task.kind = TaskKind::regression;
  set_rows([](const Examples& examples, size_t i) {
    return 100 + 20 * examples.features[i * 4] + examples.features[i * 4 + 2];
  });
  for (const char* learner : {"gbdt", "linear"}) {
    request_.settings.learner = learner;
    const auto checks = check_specification(request_, {});
    ASSERT_TRUE(checks.ok()) << checks.error().what;
    for (const SpecificationCheck& one : *checks) {
      EXPECT_EQ(one.outcome, Outcome::passed) << learner << ": " << one.name << ": " << one.what;
    }
  }
}

TEST_F(Specification, FeaturesThatDoNotVaryCannotLearnTenRows) {
  request_.features = {{"sign", "first > 0.5"}};
  const SpecificationCheck few = check("learns ten rows");
  EXPECT_EQ(few.outcome, Outcome::failed);
  EXPECT_THAT(few.what, HasSubstr("only 2 training rows differ"));
}

TEST_F(Specification, LossThatDoesNotFallIsSeen) {
  // Far too strong a penalty: nothing is learned.
  request_.settings.learner = "linear";
  request_.settings.parameters = {{"l1", "1e9"}};
  EXPECT_EQ(check("loss falls").outcome, Outcome::failed);
}

TEST_F(Specification, ChanceIsNotJudgedByTheOrder) {
  request_.settings.parameters = {{"bagging_fraction", "0.5"}, {"bagging_freq", "1"}};
  const SpecificationCheck order = check("order of rows");
  EXPECT_EQ(order.outcome, Outcome::skipped);
  EXPECT_THAT(order.what, HasSubstr("bagging_fraction"));
}

}  // namespace
}  // namespace millgate
