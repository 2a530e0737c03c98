#include "model/measure/confident_learning.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

struct Rows {
  std::vector<size_t> labels;
  std::vector<size_t> classes;  ///< The true ones.
  std::vector<double> probabilities;
};

/// Uniform in [0, 1): splitmix64 of row and column, as in the script below.
double made(size_t row, size_t column) {
  auto z = static_cast<uint64_t>(row * 16 + column + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/// A tenth of the labels are those of the next class.
Rows made_rows(size_t count, size_t classes) {
  Rows rows;
  for (size_t row = 0; row < count; ++row) {
    const auto right = static_cast<size_t>(made(row, 0) * static_cast<double>(classes));
    std::vector<double> weights;
    double sum = 0;
    for (size_t k = 0; k < classes; ++k) {
      weights.push_back(made(row, 1 + k) + (k == right ? 2.0 : 0.0));
      sum += weights.back();
    }
    for (const double weight : weights) rows.probabilities.push_back(weight / sum);
    rows.classes.push_back(right);
    rows.labels.push_back(made(row, 8) < 0.1 ? (right + 1) % classes : right);
  }
  return rows;
}

std::vector<size_t> rows_of(const ConfidentLearning& found) {
  std::vector<size_t> rows;
  for (const LabelIssue& issue : found.issues) rows.push_back(issue.row);
  return rows;
}

// The numbers of PyPI's cleanlab 2.9.0 for the same rows (y labels, P probabilities):
//   get_confident_thresholds(y, P); compute_confident_joint(y, P, calibrate=False)
//   find_label_issues(y, P, filter_by='confident_learning',
//                     return_indices_ranked_by='self_confidence')
// Among classes that all reach their threshold cleanlab takes the most probable of all classes, we,
// as the paper, of these: no row here tells them apart.
TEST(ConfidentLearning, GivesTheNumbersOfCleanlab) {
  const Rows two = made_rows(300, 2);
  const auto found = confident_learning(two.labels, two.probabilities, 2);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_NEAR(found->thresholds[0], 0.763950031083846, 1e-12);
  EXPECT_NEAR(found->thresholds[1], 0.7799412924643003, 1e-12);
  EXPECT_THAT(found->confident, ElementsAre(104, 13, 10, 92));
  EXPECT_THAT(rows_of(*found), ElementsAre(265, 160, 192, 262, 24, 241, 60, 280, 107, 295, 204, 164,
                                           234, 57, 137, 102, 193, 298, 110, 76, 37, 284, 238));
  EXPECT_NEAR(found->wrong_share, 0.10474945533769076, 1e-12);

  const Rows three = made_rows(400, 3);
  const auto other = confident_learning(three.labels, three.probabilities, 3);
  ASSERT_TRUE(other.ok()) << other.error().what;
  EXPECT_NEAR(other->thresholds[1], 0.7067161741969188, 1e-12);
  EXPECT_THAT(other->confident, ElementsAre(93, 0, 16, 6, 87, 0, 0, 10, 92));
  EXPECT_THAT(rows_of(*other), ElementsAre(334, 192, 280, 234, 102, 160, 365, 385, 262, 317, 298,
                                           265, 24, 204, 60, 241, 340, 295, 320, 338, 57, 348, 193,
                                           310, 76, 110, 284, 51, 84, 238, 231, 288));
  EXPECT_NEAR(other->joint[0], 110.06422018348624, 1e-9);
  EXPECT_NEAR(other->wrong_share, 0.10169270697328958, 1e-12);
}

TEST(ConfidentLearning, FindsPlantedErrors) {
  const Rows rows = made_rows(5000, 4);
  const auto found = confident_learning(rows.labels, rows.probabilities, 4);
  ASSERT_TRUE(found.ok()) << found.error().what;
  double planted = 0;
  double right = 0;
  for (size_t row = 0; row < rows.labels.size(); ++row) {
    planted += rows.labels[row] != rows.classes[row] ? 1 : 0;
  }
  for (const LabelIssue& issue : found->issues) {
    right += rows.labels[issue.row] != rows.classes[issue.row] ? 1 : 0;
    EXPECT_EQ(issue.suggested, rows.classes[issue.row]);
  }
  EXPECT_GT(right / static_cast<double>(found->issues.size()), 0.99);
  EXPECT_GT(right / planted, 0.6);
  EXPECT_NEAR(found->wrong_share, planted / 5000, 0.02);
}

TEST(ConfidentLearning, RightLabelsHaveNoIssues) {
  const Rows rows = made_rows(1000, 3);
  const auto found = confident_learning(rows.classes, rows.probabilities, 3);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_TRUE(found->issues.empty());
  EXPECT_EQ(found->wrong_share, 0);
}

TEST(ConfidentLearning, AClassWithoutRowsIsNeverReachedByLess) {
  const auto found =
      confident_learning(std::vector<size_t>{0, 0}, std::vector<double>{0.9, 0.1, 0.2, 0.8}, 2);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->thresholds[1], 1);
  EXPECT_TRUE(found->issues.empty());
}

TEST(ConfidentLearning, NoRowsGiveNothing) {
  const auto found = confident_learning({}, {}, 2);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_TRUE(found->issues.empty());
  EXPECT_EQ(found->wrong_share, 0);
}

TEST(ConfidentLearning, SaysWhatIsNoProbability) {
  const std::vector<size_t> labels = {0, 1};
  const auto problem = [&](const std::vector<double>& probabilities, size_t classes) {
    const auto found = confident_learning(labels, probabilities, classes);
    return found.ok() ? std::string() : found.error().what;
  };
  EXPECT_THAT(problem({0.5, 0.5, 1.5, -0.5}, 2), HasSubstr("row 2: 1.5 is no probability"));
  EXPECT_THAT(problem({std::nan(""), 0.5, 0.5, 0.5}, 2), HasSubstr("row 1: nan is no"));
  EXPECT_THAT(problem({0.5, 0.5, 0.3, 0.3}, 2), HasSubstr("row 2: the probabilities of"));
  EXPECT_THAT(problem({0.5, 0.5, 0.3}, 2), HasSubstr("3 probabilities for 2 rows"));
  EXPECT_THAT(problem({1, 1}, 1), HasSubstr("one class"));
}

}  // namespace
}  // namespace millgate
