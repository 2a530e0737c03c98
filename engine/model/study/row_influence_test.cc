#include "model/study/row_influence.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "ground/random.h"
#include "model/measure/association.h"
#include "model/measure/roc_area.h"

namespace millgate {
namespace {

using testing::HasSubstr;

Examples made_rows(size_t count, uint64_t seed) {
  Random random(seed);
  Examples made;
  for (size_t i = 0; i < count; ++i) {
    const double a = random.normal();
    const double b = 3 * random.normal() + 1;
    const auto group = static_cast<double>(random.below(3));
    made.features.insert(made.features.end(), {a, b, group});
    const double z = 1.5 * a - 0.3 * b + (group == 1 ? 1 : 0);
    made.labels.push_back(random.uniform() < 1 / (1 + std::exp(-z)) ? 1 : 0);
  }
  return made;
}

Examples without(const Examples& all, size_t row) {
  Examples left = all;
  left.features.erase(left.features.begin() + static_cast<ptrdiff_t>(3 * row),
                      left.features.begin() + static_cast<ptrdiff_t>(3 * row + 3));
  left.labels.erase(left.labels.begin() + static_cast<ptrdiff_t>(row));
  return left;
}

double loss_after(const Examples& train, const Examples& test, const TrainSettings& settings) {
  const LearnerInput input{.kind = TaskKind::binary,
                           .feature_names = {"a", "b", "c"},
                           .is_category = {false, false, true},
                           .train = &train,
                           .valid = &train,
                           .settings = &settings,
                           .progress = {}};
  const auto fitted = fit_learner(input);
  EXPECT_TRUE(fitted.ok());
  std::vector<double> predictions(test.rows());
  fitted->scorer->score(test.features, predictions);
  return mean_loss(TaskKind::binary, test.labels, predictions);
}

/// Brute force: the learner trained anew without each row. It then also standardises anew, which
/// moves the penalty by a share of a thousandth.
TEST(RowInfluence, LinearIsTrainingWithoutTheRow) {
  const InfluenceRows rows{
      .train = made_rows(400, 1), .test = made_rows(200, 2), .is_category = {false, false, true}};
  const auto found = linear_influence(rows, 10);
  ASSERT_TRUE(found.ok()) << found.error().what;
  TrainSettings settings;
  settings.learner = "linear";
  const double all = loss_after(rows.train, rows.test, settings);
  EXPECT_NEAR(found->log_loss, all, 1e-9);
  double largest = 0;
  for (const double value : found->values) largest = std::max(largest, std::abs(value));
  for (size_t row = 0; row < 400; row += 7) {
    const double brute = loss_after(without(rows.train, row), rows.test, settings) - all;
    EXPECT_NEAR(found->values[row], brute, 0.05 * largest) << row;
  }
  // With mean and scale as they are the one step is nearly the training.
  EXPECT_EQ(found->checked, 10);
  EXPECT_LT(found->retrained_error, 0.03);
  EXPECT_GT(found->retrained_error, 0);
}

TrainSettings small_trees() {
  TrainSettings settings;
  settings.rounds_max = 30;
  settings.early_stopping_rounds = 30;
  settings.parameters = {{"num_leaves", "7"}};
  return settings;
}

TEST(RowInfluence, TreesOrderRowsAsTrainingWithoutThemDoes) {
  InfluenceRows rows{
      .train = made_rows(300, 3), .test = made_rows(300, 4), .is_category = {false, false, true}};
  for (size_t i = 0; i < 300; i += 10) rows.train.labels[i] = 1 - rows.train.labels[i];
  const auto found = tree_influence(rows, small_trees());
  ASSERT_TRUE(found.ok()) << found.error().what;
  const double all = loss_after(rows.train, rows.test, small_trees());
  EXPECT_NEAR(found->log_loss, all, 1e-9);
  // Training without single rows changes splits as well, which no method of first order sees: so
  // the rows are held out in groups of ten, ordered by value.
  std::vector<size_t> order(300);
  for (size_t i = 0; i < 300; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return found->values[a] < found->values[b]; });
  std::vector<double> predicted;
  std::vector<double> brute;
  for (size_t begin = 0; begin < 300; begin += 10) {
    std::vector<size_t> group(order.begin() + static_cast<ptrdiff_t>(begin),
                              order.begin() + static_cast<ptrdiff_t>(begin + 10));
    std::sort(group.rbegin(), group.rend());
    Examples left = rows.train;
    double sum = 0;
    for (const size_t row : group) {
      left = without(left, row);
      sum += found->values[row];
    }
    predicted.push_back(sum);
    brute.push_back(loss_after(left, rows.test, small_trees()) - all);
  }
  EXPECT_GT(pearson_correlation(middle_ranks(predicted), middle_ranks(brute)), 0.5);
}

TEST(RowInfluence, WrongLabelsAreWorthLess) {
  InfluenceRows rows{
      .train = made_rows(600, 5), .test = made_rows(600, 6), .is_category = {false, false, true}};
  for (size_t i = 0; i < 600; i += 12) rows.train.labels[i] = 1 - rows.train.labels[i];
  for (const bool is_linear : {true, false}) {
    const auto found = is_linear ? linear_influence(rows, 0) : tree_influence(rows, small_trees());
    ASSERT_TRUE(found.ok());
    std::vector<double> right;
    std::vector<double> wrong;
    for (size_t i = 0; i < 600; ++i) {
      (i % 12 == 0 ? wrong : right).push_back(found->values[i]);
    }
    EXPECT_GT(area_test(wrong, right).auc, 0.65) << is_linear;
  }
}

TEST(RowInfluence, RefusesTreesThatDrawRows) {
  TrainSettings settings = small_trees();
  settings.parameters["bagging_fraction"] = "0.5";
  settings.parameters["bagging_freq"] = "1";
  const InfluenceRows rows{
      .train = made_rows(200, 3), .test = made_rows(50, 4), .is_category = {false, false, true}};
  const auto found = tree_influence(rows, settings);
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().what, HasSubstr("bagging_fraction"));
}

}  // namespace
}  // namespace millgate
