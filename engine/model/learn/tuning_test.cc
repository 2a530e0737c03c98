#include "model/learn/tuning.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/learn/made_rows.h"
#include "model/measure/quality.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3'600'000'000;

/// 2000 hourly rows of `made_examples`; `label_of` may change labels.
template <typename LabelOf>
std::shared_ptr<arrow::Table> joined_rows(const LabelOf& label_of) {
  const Examples examples = made_examples(0, 2000);
  std::vector<double> first, third, labels;
  std::vector<int64_t> times;
  for (size_t i = 0; i < examples.rows(); ++i) {
    first.push_back(examples.features[i * 4]);
    third.push_back(examples.features[i * 4 + 2]);
    labels.push_back(label_of(i, examples.labels[i]));
    times.push_back(static_cast<int64_t>(i) * kHour);
  }
  return made_table({numbers_column("first", first), numbers_column("third", third),
                     numbers_column("label", labels), times_column("row_time", times),
                     times_column("label_known", times)});
}

double as_it_is(size_t /*row*/, double label) { return label; }

TrainRequest request_for(std::shared_ptr<arrow::Table> joined) {
  TrainRequest request;
  request.joined = std::move(joined);
  request.task.table = "rows";
  request.task.label = "answer";
  request.features = {{"first", "first"}, {"third", "third"}};
  request.settings.valid_micros = 300 * kHour;
  request.settings.test_micros = 300 * kHour;
  request.settings.rounds_max = 60;
  request.settings.tune = TuneSettings{};
  return request;
}

Assignment assignment_of(std::map<std::string, std::string> parameters) {
  return {.number = 1, .parameters = std::move(parameters), .goes_on = [](size_t, double) {
            return true;
          }};
}

TEST(Tuning, ATrialMeasuresWhatTrainingWouldOnTheValidRows) {
  TrainRequest request = request_for(joined_rows(as_it_is));
  const auto rows = TuningRows::prepare(request);
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  EXPECT_EQ(rows->valid_rows(), 300U);
  const auto trial = rows->evaluate(assignment_of({{"num_leaves", "5"}}), 1);
  ASSERT_TRUE(trial.ok()) << trial.error().what;

  request.settings.parameters["num_leaves"] = "5";
  const auto split = split_rows(*request.joined, request.settings);
  const auto all = read_training_rows(*request.joined);
  const auto made = attempt(request, *all, *split, nullptr);
  ASSERT_TRUE(made.ok()) << made.error().what;
  const auto predictions = predictions_of(made->fitted, made->valid);
  EXPECT_NEAR(trial->values.at(0), *log_loss({made->valid.labels, predictions}), 1e-12);
  EXPECT_EQ(trial->best_round, made->fitted.best_round);
  EXPECT_EQ(trial->in_bag.size(), static_cast<size_t>(kTuneResamples));
  EXPECT_EQ(trial->rung_losses.size(), 1U);  // 60 / 3; the next would be below 10.
  const auto more_threads = rows->evaluate(assignment_of({{"num_leaves", "5"}}), 3);
  EXPECT_EQ(trial->values, more_threads->values);
  EXPECT_EQ(trial->out_of_bag, more_threads->out_of_bag);
}

TEST(Tuning, TestRowsChangeNothing) {
  const auto one = TuningRows::prepare(request_for(joined_rows(as_it_is)));
  const auto other = TuningRows::prepare(request_for(
      joined_rows([](size_t row, double label) { return row > 1699 ? 1 - label : label; })));
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(one->evaluate(assignment_of({}), 1)->values,
            other->evaluate(assignment_of({}), 1)->values);
}

TEST(Tuning, WhoFallsBehindIsStopped) {
  const auto rows = TuningRows::prepare(request_for(joined_rows(as_it_is)));
  ASSERT_TRUE(rows.ok());
  Assignment assignment = assignment_of({{"learning_rate", "0.01"}});
  const auto whole = rows->evaluate(assignment, 1);
  std::vector<std::pair<size_t, double>> asked;
  assignment.goes_on = [&](size_t rung, double loss) {
    asked.emplace_back(rung, loss);
    return false;
  };
  const auto stopped = rows->evaluate(assignment, 1);
  ASSERT_TRUE(whole.ok() && stopped.ok());
  EXPECT_TRUE(stopped->is_pruned);
  EXPECT_TRUE(stopped->values.empty());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].second, stopped->rung_losses.at(0));
  EXPECT_EQ(whole->rung_losses.at(0), stopped->rung_losses.at(0));
  EXPECT_GT(stopped->rung_losses.at(0), whole->values.at(0));
}

TEST(Tuning, FoldsAreAveraged) {
  TrainRequest request = request_for(joined_rows(as_it_is));
  request.settings.tune->folds = 3;
  const auto rows = TuningRows::prepare(request);
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  const auto trial = rows->evaluate(assignment_of({}), 1);
  double sum = 0;
  const auto all = read_training_rows(*request.joined);
  const auto splits = rolling_splits(*request.joined, request.settings, 3);
  for (const Split& split : *splits) {
    const auto made = attempt(request, *all, split, nullptr);
    ASSERT_TRUE(made.ok()) << made.error().what;
    const auto predictions = predictions_of(made->fitted, made->valid);
    sum += *log_loss({made->valid.labels, predictions});
  }
  EXPECT_NEAR(trial->values.at(0), sum / 3, 1e-12);
}

TEST(Tuning, AClassThatIsMissingInAFoldIsNamed) {
  // Rows 1100 to 1399 are the valid window of the second fold.
  TrainRequest request = request_for(
      joined_rows([](size_t row, double label) { return row >= 1099 && row < 1400 ? 0 : label; }));
  request.settings.tune->folds = 2;
  const auto rows = TuningRows::prepare(request);
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().what,
            "the label `answer` is constant: all 300 validation rows of fold 2 are 0");
}

TEST(Tuning, ALearnerThatRefusesIsAnError) {
  const auto rows = TuningRows::prepare(request_for(joined_rows(as_it_is)));
  const auto trial = rows->evaluate(assignment_of({{"feature_fraction", "7"}}), 1);
  ASSERT_FALSE(trial.ok());
  EXPECT_NE(trial.error().what.find("feature_fraction"), std::string::npos) << trial.error().what;
}

TEST(Tuning, TheSizeOfTheModelIsAnObjective) {
  TrainRequest request = request_for(joined_rows(as_it_is));
  request.settings.tune->metrics = {"auc", "model_size_bytes"};
  EXPECT_TRUE(rungs_of(request.settings).empty());
  const auto rows = TuningRows::prepare(request);
  const auto small = rows->evaluate(assignment_of({{"num_leaves", "2"}}), 1);
  const auto large = rows->evaluate(assignment_of({{"num_leaves", "60"}}), 1);
  ASSERT_TRUE(small.ok() && large.ok());
  EXPECT_LT(small->values.at(1), large->values.at(1));
  request.settings.tune->metrics = {"rmse"};
  EXPECT_EQ(TuningRows::prepare(request).error().what, "`rmse` is no metric of a binary task");
}

}  // namespace
}  // namespace millgate
