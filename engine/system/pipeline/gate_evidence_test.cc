#include "system/pipeline/gate_evidence.h"

#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "ground/random.h"
#include "model/artifact/explanation_quality.h"
#include "model/release/gate.h"
#include "system/pipeline/backtest.h"
#include "system/pipeline/run.h"
#include "system/pipeline/test_pipeline.h"
#include "system/pipeline/training_set.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr const char* kSettings = R"toml([project]
name = "calls"
[[source]]
name = "calls"
path = "calls.csv"
key = ["call"]
happened = "called"
[task]
table = "calls"
label = "sold = 1"
[features]
length = "length"
desk = "category(desk)"
[train]
learner = "linear"
split = { by = "time", valid = "4d", test = "6d" }
)toml";

/// Calls an hour apart; longer ones sell more often, and ever less so.
std::string calls() {
  Random random(11);
  std::string text = "call,called,desk,length,sold\n";
  for (int i = 0; i < 960; ++i) {
    const Time at{1'767'225'600'000'000 + i * 3'600'000'000LL};
    const double length = random.uniform() * 20;
    const double slope = 0.5 - 0.0002 * i;
    const double chance = 1 / (1 + std::exp(-slope * (length - 10)));
    text += std::to_string(i) + "," + to_string(at) + (i % 3 == 0 ? ",north," : ",south,") +
            std::to_string(length) + (random.uniform() < chance ? ",1\n" : ",0\n");
  }
  return text;
}

/// A model of the project, and what a gate measures of it for some requirements.
class GateEvidenceTest : public testing::Test {
 protected:
  GateEvidenceTest() {
    project_.write("millgate.toml", kSettings);
    project_.write("calls.csv", calls());
    (void)good(project_.commit());
    RunOptions options;
    options.author = "tester";
    run_ = good(run_pipeline(project_.repository(), project_.read(), options));
    model_ = good(Model::load(project_.repository().objects(), run_.model));
    TrainingSet set = good(open_training_set(project_.repository(), project_.read(), "@"));
    StepReport step;
    rows_ = good(join_training_set(project_.repository(), set, {}, step));
  }

  Result<GateEvidence> measured(const std::string& requirements) {
    Project project = project_.read({"requirement=[" + requirements + "]"});
    const GateModel judged{&run_, model_.get(), rows_, rows_};
    return measure_for_gate(project_.repository(), project,
                            project.environments.back().requirements, judged, std::nullopt);
  }

  static const Evidence* find(const GateEvidence& known, const std::string& metric,
                              const std::string& slice) {
    for (const Evidence& one : known.evidence) {
      if (one.metric == metric && one.slice == slice) return &one;
    }
    return nullptr;
  }

  double auc() {
    const auto found =
        std::find_if(run_.evidence.begin(), run_.evidence.end(),
                     [](const Evidence& one) { return one.metric == "auc" && one.slice.empty(); });
    return found->value;
  }

  PipelineProject project_;
  RunReport run_;
  std::shared_ptr<const Model> model_;
  std::shared_ptr<arrow::Table> rows_;
};

TEST_F(GateEvidenceTest, SimpleModelsAreTrainedOnTheSameRows) {
  const GateEvidence known = good(measured(
      R"({metric="auc", than="constant", better_by=0}, {metric="auc", than="linear", better_by=0},
         {metric="auc", slice="desk=north", than="last value of desk", better_by=0})"));
  const Evidence* constant = find(known, advantage_metric("auc"), "than constant");
  ASSERT_NE(constant, nullptr);
  EXPECT_DOUBLE_EQ(constant->value, auc() - 0.5);
  EXPECT_LT(*constant->lower, constant->value);
  EXPECT_EQ(constant->row_count, run_.test_rows);
  // The judged model is the linear one.
  EXPECT_EQ(find(known, advantage_metric("auc"), "than linear")->value, 0);
  const Evidence* last =
      find(known, advantage_metric("auc"), "desk=north, than last value of desk");
  ASSERT_NE(last, nullptr);
  EXPECT_LT(last->row_count, constant->row_count);
  EXPECT_THAT(last->note, HasSubstr("of the last value on"));
}

TEST_F(GateEvidenceTest, DisturbedInputsAreJudgedAloneAndAgainstThemselves) {
  const GateEvidence known = good(measured(
      R"({metric="auc", under="length = 10", at_least=0.5},
         {metric="auc", under="noise", not_worse_by=0.1},
         {metric="auc", under="rounding", not_worse_by=0},
         {metric="decision_flip_rate", under="length = 0", at_most=1},
         {metric="prediction_fall_rate", under="length = length + 5", at_most=0})"));
  // One constant length leaves what the desk says, which says nothing of the label.
  EXPECT_NEAR(find(known, "auc", "under length = 10")->value, 0.5, 0.1);
  const Evidence* noise = find(known, advantage_metric("auc"), "under noise");
  ASSERT_NE(noise, nullptr);
  EXPECT_NEAR(noise->value, 0, 0.05);
  EXPECT_THAT(noise->note, HasSubstr("of the model as it is"));
  EXPECT_NEAR(find(known, advantage_metric("auc"), "under rounding")->value, 0, 1e-3);
  // With no length at all everything is decided as one.
  EXPECT_GT(find(known, "decision_flip_rate", "under length = 0")->value, 0.2);
  EXPECT_EQ(find(known, "prediction_fall_rate", "under length = length + 5")->value, 0);
}

TEST_F(GateEvidenceTest, AnOlderModelIsThatOfTheBacktest) {
  BacktestOptions options;
  options.origins = 3;
  const Backtest test = good(run_backtest(project_.repository(), project_.read(), options));
  const auto cell = [&](int age) {
    return std::find_if(test.cells.begin(), test.cells.end(),
                        [&](const BacktestCell& one) { return one.age == age; })
        ->value;
  };
  const GateEvidence known = good(measured(
      R"({metric="auc", after="6d", not_worse_by=1}, {metric="auc", after="12d", at_least=0})"));
  EXPECT_DOUBLE_EQ(find(known, advantage_metric("auc"), "after 6d")->value, cell(1) - cell(0));
  EXPECT_DOUBLE_EQ(find(known, "auc", "after 12d")->value, cell(2));
}

TEST_F(GateEvidenceTest, WhatCannotBeTrainedIsToldAndWhatIsWrongIsRefused) {
  const GateEvidence known = good(measured(R"({metric="auc", after="400d", at_least=0})"));
  ASSERT_EQ(known.unmeasured.size(), 1U);
  EXPECT_EQ(known.unmeasured.front().slice, "after 400d");
  EXPECT_THAT(known.unmeasured.front().why, HasSubstr("no training rows"));
  for (const auto& [requirement, words] :
       std::initializer_list<std::pair<const char*, const char*>>{
           {R"({metric="auc", than="last value of dsk", better_by=0})", "no column `dsk`"},
           {R"({metric="auc", under="lenght = 1", at_least=0})", "no column `lenght`"},
           {R"({metric="auc", under="noise of desk", at_least=0})", "of type text"}}) {
    const auto refused = measured(requirement);
    ASSERT_FALSE(refused.ok()) << requirement;
    EXPECT_THAT(refused.error().what, HasSubstr(words));
  }
}

TEST_F(GateEvidenceTest, EnergyIsAFactOfTheRunOrToldAsUnknown) {
  constexpr const char* kAsked = R"({metric="training_energy_joules", at_most=100})";
  std::erase_if(run_.evidence,
                [](const Evidence& one) { return one.metric == "training_energy_joules"; });
  const GateEvidence unknown = good(measured(kAsked));
  ASSERT_EQ(unknown.unmeasured.size(), 1U);
  EXPECT_EQ(unknown.unmeasured.front().metric, "training_energy_joules");
  EXPECT_THAT(unknown.unmeasured.front().why, HasSubstr("did not tell"));
  run_.evidence.push_back({.metric = "training_energy_joules", .value = 12.5, .data = "training"});
  const GateEvidence known = good(measured(kAsked));
  EXPECT_TRUE(known.unmeasured.empty());
  const Evidence* found = find(known, "training_energy_joules", "");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->value, 12.5);
}

TEST_F(GateEvidenceTest, PrivacyIsMeasuredOnTheRowsThatTrainedIt) {
  const GateEvidence known = good(measured(R"({metric="membership_advantage", at_most=1})"));
  const Evidence* found = find(known, "membership_advantage", "");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->row_count, run_.train_rows + run_.test_rows);
  EXPECT_THAT(found->note, HasSubstr("upper estimate"));
}

/// [[check]] tables for the calls.
constexpr const char* kChecks = R"toml([[check]]
table = "calls"
rule = "length < 19"
[[check]]
table = "calls"
rule = "desk in ('north', 'south')"
[[check]]
table = "calls"
rule = "length > 1"
severity = "warning"
[[check]]
table = "calls"
rule = "rows between 1 and 959"
)toml";
constexpr const char* kOfData = R"({metric="check_failures", at_most=0},
    {metric="check_warnings", at_most=0}, {metric="check_broken_share", at_most=0})";

TEST_F(GateEvidenceTest, TheDataIsJudgedByTheRulesOfToday) {
  std::istringstream lines(calls());
  std::string line;
  std::getline(lines, line);
  double long_calls = 0;
  double count = 0;
  for (; std::getline(lines, line); ++count) {
    const size_t at = line.find("h,") + 2;  // Behind north and south.
    if (std::stod(line.substr(at)) >= 19) ++long_calls;
  }
  ASSERT_EQ(count, 960);
  ASSERT_GT(long_calls, 0);
  project_.write("millgate.toml", std::string(kSettings) + kChecks);
  // What was committed after the training is no matter of this model.
  project_.write("calls.csv", replaced(calls(), ",north,", ",nowhere,"));
  (void)good(project_.commit());
  const GateEvidence known = good(measured(kOfData));
  EXPECT_TRUE(known.unmeasured.empty());
  const Evidence* failures = find(known, "check_failures", "");
  ASSERT_NE(failures, nullptr);
  EXPECT_EQ(failures->value, 2) << failures->note;
  EXPECT_EQ(failures->inputs, std::vector<std::string>{run_.data_commit});
  EXPECT_THAT(failures->note,
              HasSubstr("length < 19 (" + std::to_string(int(long_calls)) + " of 960)"));
  EXPECT_THAT(failures->note, HasSubstr("rows between 1 and 959 (960"));
  EXPECT_EQ(find(known, "check_warnings", "")->value, 1);
  const Evidence* share = find(known, "check_broken_share", "");
  EXPECT_EQ(share->value, long_calls / 960);
  EXPECT_EQ(share->row_count, 960);
}

TEST_F(GateEvidenceTest, WithoutARuleNothingIsKnownOfTheData) {
  const GateEvidence none = good(measured(kOfData));
  ASSERT_EQ(none.unmeasured.size(), 3U);
  EXPECT_THAT(none.unmeasured.front().why, HasSubstr("check --infer"));
  EXPECT_EQ(find(none, "check_failures", ""), nullptr);

  project_.write("millgate.toml",
                 std::string(kSettings) + "[[check]]\ntable = \"calls\"\nrule = \"fee > 0\"\n");
  const GateEvidence unknown = good(measured(kOfData));
  ASSERT_EQ(unknown.unmeasured.size(), 3U);
  EXPECT_THAT(unknown.unmeasured.front().why, HasSubstr("cannot be checked"));
  EXPECT_THAT(unknown.unmeasured.front().why, HasSubstr("millgate.toml:"));

  project_.write("millgate.toml", std::string(kSettings) +
                                      "[[check]]\ntable = \"calls\"\nrule = \"length > 1\"\n"
                                      "severity = \"warning\"\n");
  const GateEvidence warnings = good(measured(kOfData));
  EXPECT_EQ(warnings.unmeasured.size(), 2U);
  EXPECT_NE(find(warnings, "check_warnings", ""), nullptr);
}

/// Says of every row that its first feature does it all, and a tenth too much.
class LyingExplainer : public Explainer {
 public:
  explicit LyingExplainer(const Explainer& honest) : honest_(honest) {}
  [[nodiscard]] size_t feature_count() const override { return honest_.feature_count(); }
  [[nodiscard]] ScoreScale scale() const override { return honest_.scale(); }
  [[nodiscard]] double base_value() const override { return honest_.base_value(); }
  void explain(std::span<const double> features, std::span<double> out) const override {
    honest_.explain(features, out);
    for (size_t row = 0; row < out.size() / feature_count(); ++row) {
      const std::span<double> of_row = out.subspan(row * feature_count(), feature_count());
      of_row[0] = std::accumulate(of_row.begin(), of_row.end(), 0.1);
      std::fill(of_row.begin() + 1, of_row.end(), 0.0);
    }
  }

 private:
  const Explainer& honest_;
};

TEST_F(GateEvidenceTest, ExplanationsAreHeldAgainstWhatTheyExplain) {
  const GateEvidence known = good(measured(R"({metric="additivity_error", at_most=1e-9},
         {metric="carrying_features", at_most=1}, {metric="explanation_agreement", at_least=0.9})"));
  EXPECT_LT(find(known, "additivity_error", "")->value, 1e-12);
  const Evidence* agreement = find(known, "explanation_agreement", "");
  ASSERT_NE(agreement, nullptr);
  EXPECT_EQ(agreement->row_count, run_.test_rows);
  EXPECT_EQ(agreement->value, 1) << "there are fewer features than are held beside each other";

  const auto explainer = good(load_explainer(project_.repository().objects(), model_->id()));
  const Block inputs = good(block_from(*rows_, model_->features().inputs()));
  const ExplanationQuality honest = good(measure_explanations(*model_, *explainer, inputs, 1));
  // Brute force: how much each feature contributes, by the features themselves.
  Model::Scratch scratch;
  std::vector<Prediction> told;
  ASSERT_TRUE(model_->predict(inputs, told, scratch).ok());
  std::vector<double> contributions(scratch.features.size());
  explainer->explain(scratch.features, contributions);
  double length = 0;
  double all = 0;
  const size_t width = explainer->feature_count();
  for (size_t i = 0; i < contributions.size(); ++i) {
    all += std::abs(contributions[i]);
    if (i % width == 0) length += std::abs(contributions[i]);
  }
  ASSERT_EQ(width, 2U);
  EXPECT_EQ(honest.carrying_features, length >= kCarriedShare * all ? 1 : 2);

  const ExplanationQuality lied =
      good(measure_explanations(*model_, LyingExplainer(*explainer), inputs, 1));
  EXPECT_EQ(lied.carrying_features, 1);
  EXPECT_GT(lied.additivity_error, 0.01) << "a tenth of log-odds too much";
}

}  // namespace
}  // namespace millgate
