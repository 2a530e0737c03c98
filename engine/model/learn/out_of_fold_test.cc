#include "model/learn/out_of_fold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/learn/made_rows.h"

namespace millgate {
namespace {

/// 600 rows whose label depends on two of their columns; `labels` of them, NaN for none.
TrainRequest request_with(const std::vector<double>& labels) {
  const Examples examples = made_examples(0, 600);
  std::vector<double> first, third;
  std::vector<std::string> group;
  std::vector<int64_t> times;
  std::vector<bool> has_label;
  std::vector<double> filled = labels;
  for (size_t i = 0; i < examples.rows(); ++i) {
    first.push_back(examples.features[i * 4]);
    third.push_back(examples.features[i * 4 + 2]);
    group.push_back("g" + std::to_string(static_cast<int>(examples.features[i * 4 + 3])));
    times.push_back(static_cast<int64_t>(i) * 3'600'000'000);
    has_label.push_back(!std::isnan(labels[i]));
    if (!has_label.back()) filled[i] = 0;
  }
  TrainRequest request;
  request.joined =
      made_table({numbers_column("first", first), numbers_column("third", third),
                  texts_column("group", group), numbers_column("label", filled, has_label),
                  times_column("row_time", times), times_column("label_known", times)});
  request.task.table = "rows";
  request.task.label = "outcome > 0.5";
  // What the group is worth is learned from labels: the easiest way to see one's own.
  request.features = {{"first", "first"}, {"third", "third"}, {"group", "target_mean(\"group\")"}};
  request.settings.rounds_max = 20;
  return request;
}

TEST(DealFolds, GivesEachClassToAllFoldsEvenly) {
  std::vector<double> labels(103, 0);
  for (size_t i = 0; i < 23; ++i) labels[i * 4] = 1;
  labels[50] = std::numeric_limits<double>::quiet_NaN();
  const auto fold_of = deal_folds(labels, true, 5, 7);
  std::vector<int> positives(5), all(5);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (std::isnan(labels[i])) {
      EXPECT_EQ(fold_of[i], -1);
      continue;
    }
    ++all[static_cast<size_t>(fold_of[i])];
    positives[static_cast<size_t>(fold_of[i])] += labels[i] == 1 ? 1 : 0;
  }
  for (size_t fold = 0; fold < 5; ++fold) {
    EXPECT_GE(positives[fold], 4);
    EXPECT_LE(positives[fold], 5);
    EXPECT_GE(all[fold], 20);
    EXPECT_LE(all[fold], 21);
  }
  EXPECT_EQ(fold_of, deal_folds(labels, true, 5, 7));
  EXPECT_NE(fold_of, deal_folds(labels, true, 5, 8));
}

TEST(OutOfFold, NoRowSeesItsOwnLabelOrAnotherOfItsFold) {
  std::vector<double> labels = made_examples(0, 600).labels;
  labels[10] = std::numeric_limits<double>::quiet_NaN();
  const auto fold_of = deal_folds(labels, true, 3, 1);
  const auto before = out_of_fold_predictions(request_with(labels), fold_of);
  ASSERT_TRUE(before.ok()) << before.error().what;
  // Turns every label of one fold: the predictions of its rows must not move, others must.
  std::vector<double> turned = labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (fold_of[i] == 1) turned[i] = 1 - labels[i];
  }
  const auto after = out_of_fold_predictions(request_with(turned), fold_of);
  ASSERT_TRUE(after.ok()) << after.error().what;
  size_t moved = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (fold_of[i] == 1) {
      EXPECT_EQ((*before)[i], (*after)[i]) << "row " << i;
    } else if (fold_of[i] >= 0) {
      moved += (*before)[i] != (*after)[i] ? 1 : 0;
    } else {
      EXPECT_TRUE(std::isnan((*before)[i]));
    }
  }
  EXPECT_GT(moved, 100U);
}

TEST(OutOfFold, FewerFoldsThanItNeedsAreAnError) {
  const std::vector<double> labels = made_examples(0, 600).labels;
  const auto two = out_of_fold_predictions(request_with(labels), deal_folds(labels, true, 2, 1));
  ASSERT_FALSE(two.ok());
  EXPECT_NE(two.error().what.find("need 3 folds"), std::string::npos) << two.error().what;
  std::vector<int> gap = deal_folds(labels, true, 3, 1);
  std::replace(gap.begin(), gap.end(), 1, 3);
  const auto missing = out_of_fold_predictions(request_with(labels), gap);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().what.find("has no rows"), std::string::npos) << missing.error().what;
  const auto none = out_of_fold_predictions(request_with(labels), {});
  EXPECT_FALSE(none.ok());
}

}  // namespace
}  // namespace millgate
