#include "model/learn/smaller_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/learn/attempt.h"
#include "model/learn/made_rows.h"

namespace millgate {
namespace {

class SmallerModel : public testing::Test {
 protected:
  SmallerModel() {
    settings_.rounds_max = 60;
    settings_.early_stopping_rounds = 60;
    settings_.parameters = {{"num_leaves", "15"}};
  }

  Result<Fitted> fit(const std::map<std::string, std::string>& more) {
    settings_.parameters.merge(std::map(more));
    LearnerInput given;
    given.kind = kind_;
    given.feature_names = {"first", "second", "third", "group"};
    given.is_category = {false, false, false, true};
    given.train = &train_;
    given.valid = &valid_;
    given.settings = &settings_;
    const auto fitted = fit_learner(given);
    for (const auto& [name, value] : more) settings_.parameters.erase(name);
    return fitted;
  }

  TaskKind kind_ = TaskKind::binary;
  Examples train_ = made_examples(0, 3000);
  Examples valid_ = made_examples(3000, 4000);
  TrainSettings settings_;
};

/// Mean squared difference.
double apart(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST_F(SmallerModel, IsTheSameWithAllBits) {
  const Fitted whole = *fit({});
  const Fitted lean = *fit({{"keep_bits", "53"}});
  EXPECT_LT(lean.text.size(), whole.text.size() * 3 / 4);
  EXPECT_EQ(predictions_of(lean, valid_), predictions_of(whole, valid_));
  EXPECT_EQ(lean.parameters.at("keep_bits"), "53");
  EXPECT_EQ(lean.best_round, whole.best_round);
  EXPECT_FALSE(whole.parameters.contains("keep_bits"));
}

TEST_F(SmallerModel, HasSoManyTreesAndLeaves) {
  EXPECT_EQ(fit({{"keep_trees", "7"}})->scorer->describe(), "gbdt, 7 trees, 15 leaves");
  EXPECT_EQ(
      fit({{"keep_trees", "9"}, {"keep_leaves", "4"}, {"keep_bits", "11"}})->scorer->describe(),
      "gbdt, 9 trees, 4 leaves");
}

// The numbers of PyPI's lightgbm 4.7.0 for the same rows (X, y train; V, v valid):
//   P = dict(verbosity=-1, deterministic=True, force_row_wise=True, seed=1)
//   t = lightgbm.train(dict(P, objective='binary', metric='binary_logloss', num_leaves=15),
//       lightgbm.Dataset(X, y, categorical_feature=[3]), 60,
//       valid_sets=[lightgbm.Dataset(V, v, categorical_feature=[3])],
//       callbacks=[lightgbm.early_stopping(60, verbose=False)])
//   said = t.predict(X, num_iteration=t.best_iteration)
//   s = lightgbm.train(dict(P, objective='cross_entropy', num_leaves=4),
//       lightgbm.Dataset(X, said, categorical_feature=[3]), 10)
//   t.best_iteration, s.predict(V)[:3]
TEST_F(SmallerModel, OfAStudentGivesTheNumbersOfPythonsLightgbm) {
  EXPECT_EQ(fit({})->best_round, 49);
  const Fitted student = *fit({{"student_leaves", "4"}, {"keep_trees", "10"}});
  EXPECT_EQ(student.parameters.at("objective"), "cross_entropy");
  EXPECT_EQ(student.scorer->describe(), "gbdt, 10 trees, 4 leaves");
  const std::vector<double> says = predictions_of(student, valid_);
  EXPECT_NEAR(says[0], 0.4341541878725245, 1e-8);
  EXPECT_NEAR(says[1], 0.32684911481814793, 1e-8);
  EXPECT_NEAR(says[2], 0.32684911481814793, 1e-8);
}

TEST_F(SmallerModel, OfAStudentOfValuesToo) {
  kind_ = TaskKind::regression;
  const Fitted teacher = *fit({});
  const Fitted student = *fit({{"student_leaves", "4"}});
  const std::vector<double> said = predictions_of(teacher, train_);
  double mean = 0;
  for (const double one : said) mean += one / static_cast<double>(said.size());
  EXPECT_LT(apart(predictions_of(student, train_), said),
            apart(std::vector<double>(said.size(), mean), said) / 4);
}

TEST_F(SmallerModel, IsRefusedByName) {
  EXPECT_EQ(fit({{"keep_bits", "many"}}).error().what,
            "parameter `keep_bits` = `many` is no whole number from 2 on");
  EXPECT_EQ(fit({{"keep_trees", "0"}}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(fit({{"student_leaves", "1"}}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(fit({{"keep_bits", "54"}}).error().what, "`keep_bits` = 54 is not between 2 and 53");
  kind_ = TaskKind::ranking;
  train_.query = std::vector<uint32_t>(train_.rows(), 0);
  valid_.query = std::vector<uint32_t>(valid_.rows(), 0);
  for (size_t i = 0; i < train_.rows(); ++i) train_.query[i] = static_cast<uint32_t>(i / 10);
  for (size_t i = 0; i < valid_.rows(); ++i) valid_.query[i] = static_cast<uint32_t>(i / 10);
  EXPECT_EQ(fit({{"student_leaves", "4"}}).error().what,
            "`student_leaves` is for binary tasks and regressions");
}

TEST(Shrinking, IsTakenOutOfTheParameters) {
  const std::map<std::string, std::string> all = {
      {"keep_bits", "11"}, {"num_leaves", "7"}, {"student_leaves", "4"}};
  EXPECT_EQ(without_shrinking(all), (std::map<std::string, std::string>{{"num_leaves", "7"}}));
}

}  // namespace
}  // namespace millgate
