#include "system/pipeline/tradeoff.h"

#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "ground/random.h"
#include "model/measure/fairness.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/run.h"
#include "system/pipeline/test_pipeline.h"
#include "system/pipeline/training_set.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr const char* kSettings = R"toml([project]
name = "offers"
[[source]]
name = "offers"
path = "offers.csv"
key = ["offer"]
happened = "made"
[task]
table = "offers"
label = "taken = 1"
[features]
price = "price"
region = "category(region)"
[metric.utility]
true_positive = 10
false_positive = -4
[train]
learner = "linear"
split = { by = "time", valid = "6d", test = "10d" }
[[stakeholder]]
name = "sales"
wants = "utility"
weight = 3
[[stakeholder]]
name = "regions"
wants = "recall_gap"
by = "region"
[[stakeholder]]
name = "call centre"
wants = "1000 * positive_rate"
better = "lower"
[[stakeholder]]
name = "storage"
wants = "model_size_bytes"
)toml";

/// Offers half an hour apart: dear ones are taken less often, and in the west more of them.
std::string offers() {
  Random random(5);
  std::string text = "offer,made,region,price,taken\n";
  for (int i = 0; i < 1920; ++i) {
    const Time at{1'767'225'600'000'000 + i * 1'800'000'000LL};
    const bool is_west = random.below(3) == 0;
    const double price = random.uniform() * 10;
    const double chance = 1 / (1 + std::exp(0.8 * (price - (is_west ? 6 : 4))));
    text += std::to_string(i) + "," + to_string(at) + (is_west ? ",west," : ",east,") +
            std::to_string(price) + (random.uniform() < chance ? ",1\n" : ",0\n");
  }
  return text;
}

class TradeoffTest : public testing::Test {
 protected:
  TradeoffTest() {
    project_.write("millgate.toml", kSettings);
    project_.write("offers.csv", offers());
    (void)good(project_.commit());
    TrainingSet set = good(open_training_set(project_.repository(), project_.read(), "@"));
    StepReport step;
    rows_ = good(join_training_set(project_.repository(), set, {}, step));
  }

  /// A model of the project with other settings.
  struct Trained {
    RunReport run;
    std::shared_ptr<const Model> model;
  };
  Trained train(const std::vector<std::string>& overrides) {
    RunOptions options;
    options.author = "tester";
    Trained made{good(run_pipeline(project_.repository(), project_.read(overrides), options)), {}};
    made.model = good(Model::load(project_.repository().objects(), made.run.model));
    return made;
  }
  Candidate candidate(const Trained& one, const char* name, bool serves = false) {
    return {.name = name,
            .model = {&one.run, one.model.get(), rows_, rows_},
            .serves = serves,
            .of_program = {{.metric = "model_size_bytes", .value = serves ? 900.0 : 1000.0}}};
  }

  PipelineProject project_;
  std::shared_ptr<arrow::Table> rows_;
};

TEST_F(TradeoffTest, ValuesAreThoseOfTheMetricsAndChangesArePaired) {
  const Trained good_one = train({});
  const Trained poor = train({"features.price=\"1.0 * length(region)\""});
  const Project project = project_.read();
  const Tradeoff told = good(weigh_models(
      project_.repository(), project, {candidate(good_one, "new"), candidate(poor, "old", true)}));
  ASSERT_EQ(told.choices.size(), 2U);
  EXPECT_EQ(told.left_out_count, 0);
  const Choice& ours = told.choices[0];
  const Choice& theirs = told.choices[1];
  ASSERT_EQ(ours.why_not, "");

  // Counted by hand from the predictions for the same rows.
  const GateRows rows = good(GateRows::open(project, *good_one.model, *rows_));
  const Outcome outcome = rows.outcome();
  const double threshold = good_one.model->manifest().threshold;
  const Confusion counts = confusion(outcome, threshold);
  const auto all = static_cast<double>(outcome.label.size());
  EXPECT_EQ(told.row_count, std::ssize(outcome.label));
  EXPECT_NEAR(ours.values[0].value,
              1000 *
                  (10 * static_cast<double>(counts.true_positive) -
                   4 * static_cast<double>(counts.false_positive)) /
                  all,
              1e-9);
  EXPECT_NEAR(ours.values[2].value,
              1000 * static_cast<double>(counts.true_positive + counts.false_positive) / all, 1e-9);
  const std::vector<std::string> all_texts =
      good(rows.all_texts("region", project.stakeholders[1].section, "by"));
  std::vector<std::string> texts;
  for (const int64_t row : rows.numbers()) texts.push_back(all_texts[static_cast<size_t>(row)]);
  MeasureOptions options;
  options.threshold = threshold;
  const std::vector<std::string> only = {"recall_gap"};
  const Fairness fairness = good(measure_fairness(outcome, {{"region", texts}}, options, only));
  EXPECT_EQ(ours.values[1].value, fairness.evidence.front().value);

  for (size_t s = 0; s < 3; ++s) {
    ASSERT_TRUE(ours.values[s].change) << s;
    EXPECT_DOUBLE_EQ(*ours.values[s].change, ours.values[s].value - theirs.values[s].value);
    EXPECT_LE(*ours.values[s].change_lower, *ours.values[s].change);
    EXPECT_GE(*ours.values[s].change_upper, *ours.values[s].change);
  }
  EXPECT_EQ(ours.values[0].fare, Fare::gains);
  EXPECT_EQ(ours.values[3].fare, Fare::loses) << "100 bytes more, exactly";
  for (const StakeholderValue& one : theirs.values) EXPECT_EQ(one.fare, Fare::same);
}

TEST_F(TradeoffTest, TheFrontHoldsWhatNothingBeatsForAll) {
  const Trained one = train({});
  const Project project = project_.read();
  const Tradeoff told = good(weigh_thresholds(project, candidate(one, "new")));
  EXPECT_GE(told.choices.size(), 3U);
  EXPECT_LE(told.choices.size(), kThresholdsListed);
  int current = 0;
  double previous = -1;
  for (const Choice& choice : told.choices) {
    EXPECT_GT(choice.threshold, previous);
    previous = choice.threshold;
    if (choice.is_current) ++current;
    EXPECT_TRUE(choice.on_front || choice.is_current);
    if (!choice.on_front) continue;
    // Brute force: no other listed choice is at least as good for all and better for one.
    for (const Choice& other : told.choices) {
      bool is_as_good = true;
      bool is_better = false;
      for (size_t s = 0; s < choice.values.size(); ++s) {
        const double sign = project.stakeholders[s].higher_is_better ? 1 : -1;
        const double ahead = sign * (other.values[s].value - choice.values[s].value);
        is_as_good = is_as_good && ahead >= 0;
        is_better = is_better || ahead > 0;
      }
      EXPECT_FALSE(is_as_good && is_better) << other.threshold << " beats " << choice.threshold;
    }
  }
  EXPECT_EQ(current, 1);
}

TEST_F(TradeoffTest, LimitsAndWeightsDecideTheCompromise) {
  const Trained one = train({});
  const auto best = [&](const std::vector<std::string>& overrides) {
    const Project project = project_.read(overrides);
    const Tradeoff told = good(weigh_thresholds(project, candidate(one, "new")));
    const Choice* found = nullptr;
    for (const Choice& choice : told.choices) {
      if (choice.acceptable && (found == nullptr || choice.compromise > found->compromise)) {
        found = &choice;
      }
    }
    return found == nullptr ? Choice() : *found;
  };
  const Choice fair = best({});
  const Choice of_sales = best({"stakeholder.0.weight=1000"});
  const Choice of_centre = best({"stakeholder.2.weight=1000"});
  EXPECT_GE(of_sales.values[0].value, fair.values[0].value);
  EXPECT_LE(of_centre.values[2].value, fair.values[2].value);
  EXPECT_EQ(of_centre.values[2].value, 0) << "nobody is called";
  const Choice limited = best({"stakeholder.0.weight=1000", "stakeholder.2.at_most=300"});
  EXPECT_LE(limited.values[2].value, 300);
  EXPECT_GT(limited.values[2].value, 0);
  EXPECT_TRUE(best({"stakeholder.2.at_most=-1"}).values.empty()) << "nothing is acceptable";
}

TEST_F(TradeoffTest, ModelsThatSawTheRowsAndWhatIsWrongAreTold) {
  const Trained one = train({});
  const Trained seen = train({"train.split={by=\"random\", share=0.3}"});
  const Project project = project_.read();
  const Tradeoff told = good(weigh_models(project_.repository(), project,
                                          {candidate(one, "new"), candidate(seen, "seen")}));
  EXPECT_THAT(told.choices[1].why_not, HasSubstr("it has seen"));
  EXPECT_FALSE(told.choices[1].on_front);
  EXPECT_EQ(told.choices[0].values[0].fare, Fare::unknown) << "nothing serves";

  const auto nobody = weigh_models(project_.repository(), project_.read({"stakeholder=[]"}),
                                   {candidate(one, "new")});
  ASSERT_FALSE(nobody.ok());
  EXPECT_THAT(nobody.error().what, HasSubstr("no [[stakeholder]]"));
  const auto missing = weigh_models(project_.repository(), project_.read({"stakeholder.1.by=city"}),
                                    {candidate(one, "new")});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().what, HasSubstr("no column `city`"));
}

}  // namespace
}  // namespace millgate
