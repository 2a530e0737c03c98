#include "model/learn/rival.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "ground/file_store.h"
#include "model/learn/made_rows.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3'600'000'000;

/// Rows an hour apart whose labels are known five hours later; every seventh has none.
class RivalTest : public testing::Test {
 protected:
  RivalTest() {
    const Examples examples = made_examples(0, 900);
    std::vector<double> first, labels;
    std::vector<bool> labelled;
    std::vector<int64_t> times, known;
    for (size_t i = 0; i < examples.rows(); ++i) {
      first.push_back(examples.features[i * 4]);
      labels.push_back(examples.labels[i]);
      labelled.push_back(i % 7 != 3);
      // Two rows share each time.
      times.push_back(static_cast<int64_t>(i / 2) * kHour);
      known.push_back(times.back() + 5 * kHour);
      groups_.push_back("g" + std::to_string(static_cast<int>(examples.features[i * 4 + 3])));
    }
    request_.joined =
        made_table({numbers_column("first", first), texts_column("group", groups_),
                    numbers_column("label", labels, labelled), times_column("row_time", times),
                    times_column("label_known", known)});
    request_.task.table = "rows";
    request_.task.label = "outcome";
    request_.features = {{"first", "first"}, {"group", "category(\"group\")"}};
    request_.settings.rounds_max = 20;
    rows_ = read_training_rows(*request_.joined).value();
    split_ = split_rows(*request_.joined, request_.settings).value();
  }

  /// Every older row looked at.
  double last_of(size_t row, bool in_group) const {
    double last = std::nan("");
    int64_t newest = -1;
    for (size_t other = 0; other < rows_.labels.size(); ++other) {
      if (std::isnan(rows_.labels[other]) || rows_.label_known[other] >= rows_.times[row]) continue;
      if (in_group && groups_[other] != groups_[row]) continue;
      if (rows_.times[other] < newest) continue;
      newest = rows_.times[other];
      last = rows_.labels[other];
    }
    return last;
  }

  TrainRequest request_;
  TrainingRows rows_;
  Split split_;
  std::vector<std::string> groups_;
};

TEST_F(RivalTest, TheLastValueIsTheOneThatCouldBeKnown) {
  for (const bool in_group : {false, true}) {
    const std::vector<std::string> none;
    const auto rival = last_values(request_, rows_, in_group ? groups_ : none, split_);
    ASSERT_TRUE(rival.ok()) << rival.error().what;
    ASSERT_EQ(rival->predictions.size(), split_.test.size());
    // Of nothing, 0 and 1: positives and rows among the training rows.
    double positives[3] = {0, 0, 0};
    double counts[3] = {0, 0, 0};
    const auto cell = [](double last) { return std::isnan(last) ? 0 : last > 0.5 ? 2 : 1; };
    for (const int64_t row : split_.train) {
      const auto at = static_cast<size_t>(row);
      positives[cell(last_of(at, in_group))] += rows_.labels[at];
      counts[cell(last_of(at, in_group))] += 1;
    }
    for (size_t i = 0; i < split_.test.size(); ++i) {
      const int which = cell(last_of(static_cast<size_t>(split_.test[i]), in_group));
      EXPECT_NEAR(rival->predictions[i], (positives[which] + 1) / (counts[which] + 2), 1e-12) << i;
    }
  }
}

TEST_F(RivalTest, TheLastValueOfClassesIsTheSharesAfterIt) {
  request_.task.kind = TaskKind::multiclass;
  request_.task.classes = {"a", "b", "c"};
  for (size_t i = 0; i < rows_.labels.size(); ++i) {
    if (!std::isnan(rows_.labels[i]) && i % 5 == 0) rows_.labels[i] = 2;
  }
  const auto rival = last_values(request_, rows_, {}, split_);
  ASSERT_TRUE(rival.ok()) << rival.error().what;
  ASSERT_EQ(rival->predictions.size(), 3 * split_.test.size());
  // Of each last value, and of none: how often each class followed among the training rows.
  std::map<int, std::array<double, 3>> counts;
  const auto cell = [](double last) { return std::isnan(last) ? -1 : static_cast<int>(last); };
  for (const int64_t row : split_.train) {
    const auto at = static_cast<size_t>(row);
    counts[cell(last_of(at, false))][static_cast<size_t>(rows_.labels[at])] += 1;
  }
  for (size_t i = 0; i < split_.test.size(); ++i) {
    const auto& of = counts[cell(last_of(static_cast<size_t>(split_.test[i]), false))];
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(rival->predictions[3 * i + k], (of[k] + 1) / (of[0] + of[1] + of[2] + 3), 1e-12);
    }
  }
}

TEST_F(RivalTest, TheLastValueOfANumberIsItself) {
  request_.task.kind = TaskKind::regression;
  const auto rival = last_values(request_, rows_, {}, split_);
  ASSERT_TRUE(rival.ok()) << rival.error().what;
  for (size_t i = 0; i < split_.test.size(); ++i) {
    EXPECT_EQ(rival->predictions[i], last_of(static_cast<size_t>(split_.test[i]), false)) << i;
  }
}

TEST_F(RivalTest, TheConstantIsTheMeanLabel) {
  const auto rival = train_simple(SimpleModelKind::constant, request_, rows_, split_);
  ASSERT_TRUE(rival.ok()) << rival.error().what;
  double sum = 0;
  for (const int64_t row : split_.train) sum += rows_.labels[static_cast<size_t>(row)];
  for (const double one : rival->predictions) {
    EXPECT_NEAR(one, sum / static_cast<double>(split_.train.size()), 1e-12);
  }
}

TEST_F(RivalTest, TheTreeHasEightLeavesAtMost) {
  request_.settings.parameters = {{"num_leaves", "31"}};
  const auto rival = train_simple(SimpleModelKind::tree, request_, rows_, split_);
  ASSERT_TRUE(rival.ok()) << rival.error().what;
  const std::set<double> levels(rival->predictions.begin(), rival->predictions.end());
  EXPECT_GT(levels.size(), 1U);
  EXPECT_LE(levels.size(), 8U);
}

TEST_F(RivalTest, IsTheModelThatTheRequestWouldStore) {
  request_.utility =
      Utility{.true_positive = 100, .false_positive = -25, .true_negative = 0, .false_negative = 0};
  request_.settings.calibrate = CalibrationMethod::platt;
  split_ = split_rows(*request_.joined, request_.settings).value();
  const auto rival = train_rival(request_, rows_, split_);
  ASSERT_TRUE(rival.ok()) << rival.error().what;
  ObjectStore store(make_memory_file_store());
  const auto trained = train_model(store, request_);
  ASSERT_TRUE(trained.ok()) << trained.error().what;
  EXPECT_EQ(rival->threshold, trained->threshold);
  std::vector<double> labels;
  for (const int64_t row : split_.test) labels.push_back(rows_.labels[static_cast<size_t>(row)]);
  const auto ours = log_loss({.label = labels, .prediction = rival->predictions});
  const auto found = std::find_if(
      trained->evidence.begin(), trained->evidence.end(),
      [](const Evidence& one) { return one.metric == "log_loss" && one.slice.empty(); });
  ASSERT_NE(found, trained->evidence.end());
  EXPECT_NEAR(*ours, found->value, 1e-12);
}

TEST_F(RivalTest, RowsWithoutTimeHaveNoLastValue) {
  rows_.has_time[5] = 0;
  EXPECT_FALSE(last_values(request_, rows_, {}, split_).ok());
}

}  // namespace
}  // namespace millgate
