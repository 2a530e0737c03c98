#include "model/learn/learner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "ground/source_folder.h"
#include "model/learn/dependencies.h"
#include "model/learn/lightgbm_threads.h"
#include "model/learn/made_rows.h"

namespace millgate {
namespace {

/// Training rows 0 to 3000 and validation rows 3000 to 4000 of `made_examples`.
class Learner : public testing::Test {
 protected:
  LearnerInput input() {
    LearnerInput given;
    given.feature_names = {"first", "second", "third", "group"};
    given.is_category = {false, false, false, false};
    given.train = &train_;
    given.valid = &valid_;
    given.settings = &settings_;
    return given;
  }

  Examples train_ = made_examples(0, 3000);
  Examples valid_ = made_examples(3000, 4000);
  TrainSettings settings_;
};

class BoostedTrees : public Learner {
 protected:
  BoostedTrees() {
    settings_.rounds_max = 200;
    settings_.early_stopping_rounds = 20;
    settings_.parameters = {{"learning_rate", "0.1"}, {"num_leaves", "7"}};
  }
  LearnerInput input() {
    LearnerInput given = Learner::input();
    given.is_category = {false, false, false, true};
    return given;
  }
};

// The numbers of PyPI's lightgbm 4.7.0 for the same rows (X, y train; V, v valid):
//   b = lightgbm.train(dict(objective='binary', metric='binary_logloss', verbosity=-1,
//       deterministic=True, force_row_wise=True, seed=1, learning_rate=0.1, num_leaves=7),
//       lightgbm.Dataset(X, y, categorical_feature=[3]), 200,
//       valid_sets=[lightgbm.Dataset(V, v, categorical_feature=[3])],
//       callbacks=[lightgbm.early_stopping(20, verbose=False)])
//   b.best_iteration, b.best_score, b.predict(V)[:3]
TEST_F(BoostedTrees, GiveTheNumbersOfPythonsLightgbm) {
  const auto fitted = fit_boosted_trees(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  EXPECT_EQ(fitted->best_round, 46);
  EXPECT_EQ(fitted->valid_loss.size(), 66U);
  EXPECT_NEAR(fitted->valid_loss[45], 0.5327065865205994, 1e-9);
  std::vector<double> predictions(valid_.rows());
  fitted->scorer->score(valid_.features, predictions);
  EXPECT_NEAR(predictions[0], 0.31909755, 1e-8);
  EXPECT_NEAR(predictions[1], 0.24683273, 1e-8);
  EXPECT_NEAR(predictions[2], 0.31230494, 1e-8);
  EXPECT_NEAR(mean_loss(TaskKind::binary, valid_.labels, predictions), fitted->valid_loss[45],
              1e-12);
}

TEST_F(BoostedTrees, AreTheSameOnAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (const int threads : {1, 2, 3}) {
    set_lightgbm_threads(threads);
    const auto fitted = fit_boosted_trees(input());
    ASSERT_TRUE(fitted.ok()) << fitted.error().what;
    texts.push_back(fitted->text);
  }
  set_lightgbm_threads(-1);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(texts[0], texts[2]);
  settings_.seed = 2;
  const auto other = fit_boosted_trees(input());
  ASSERT_TRUE(other.ok());
  EXPECT_NE(other->text, texts[0]) << "the seed must be part of the model";
}

TEST_F(BoostedTrees, KeepOnlyTheBestRounds) {
  const auto fitted = fit_boosted_trees(input());
  ASSERT_TRUE(fitted.ok());
  size_t trees = 0;
  for (size_t at = fitted->text.find("\nTree="); at != std::string::npos;
       at = fitted->text.find("\nTree=", at + 1)) {
    ++trees;
  }
  EXPECT_EQ(trees, 46U);
  const auto best = std::min_element(fitted->valid_loss.begin(), fitted->valid_loss.end());
  EXPECT_EQ(best - fitted->valid_loss.begin(), 45);
}

TEST_F(BoostedTrees, PassOnWhatLightgbmRefuses) {
  settings_.parameters["num_leaves"] = "1";
  const auto fitted = fit_boosted_trees(input());
  ASSERT_FALSE(fitted.ok());
  EXPECT_NE(fitted.error().what.find("num_leaves"), std::string::npos) << fitted.error().what;
}

TEST_F(BoostedTrees, RefuseRowsThatNothingSplits) {
  settings_.parameters["min_data_in_leaf"] = "2000";
  const auto fitted = fit_boosted_trees(input());
  ASSERT_FALSE(fitted.ok());
  EXPECT_NE(fitted.error().what.find("3000 training rows"), std::string::npos);
  EXPECT_NE(fitted.error().hint.find("min_data_in_leaf"), std::string::npos);
}

TEST_F(BoostedTrees, TakeAnyNameOfAFeature) {
  LearnerInput odd = input();
  odd.feature_names = {"a b", "a:b", "über", "a,\"b\""};
  const auto fitted = fit_boosted_trees(odd);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
}

// sklearn 1.x, missing values replaced by the mean:
//   s = StandardScaler().fit(X); LogisticRegression(C=1.0, tol=1e-12, max_iter=1000)
//   .fit(s.transform(X), y): coef_, intercept_; s.mean_, s.scale_
TEST_F(Learner, LogisticRegressionGivesTheNumbersOfScikitLearn) {
  const auto fitted = fit_linear(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  LinearModel expected;
  expected.mean = {0.5041362, 0.49209722, 5.01034019, 2.482};
  expected.scale = {0.28487858, 0.27526527, 2.87846887, 1.72810378};
  expected.coefficient = {1.00421791, -0.00405642, 0.0959751, -0.01572516};
  expected.intercept = -0.09332289;
  std::vector<double> ours(valid_.rows()), theirs(valid_.rows());
  fitted->scorer->score(valid_.features, ours);
  make_linear_scorer(expected)->score(valid_.features, theirs);
  for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-7) << i;
  EXPECT_EQ(fitted->parameters.at("l2"), "1");
}

TEST_F(Learner, TheGradientVanishesWhereNewtonStops) {
  // An independent check of the optimum: moving any coefficient makes the penalised loss worse.
  settings_.parameters["l2"] = "3.5";
  const auto fitted = fit_linear(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  std::vector<double> predictions(train_.rows());
  fitted->scorer->score(train_.features, predictions);
  double surplus = 0;  // The intercept is not penalised: mean prediction is the mean label.
  for (size_t i = 0; i < predictions.size(); ++i) surplus += predictions[i] - train_.labels[i];
  EXPECT_NEAR(surplus, 0, 1e-6);
}

// Ridge(alpha=1.0, tol=1e-12).fit(s.transform(X), 2 * X[:, 0] - X[:, 2] + 3 + y)
TEST_F(Learner, RidgeRegressionGivesTheNumbersOfScikitLearn) {
  for (Examples* part : {&train_, &valid_}) {
    for (size_t i = 0; i < part->rows(); ++i) {
      part->labels[i] += 2 * part->features[i * 4] - part->features[i * 4 + 2] + 3;
    }
  }
  LearnerInput given = input();
  given.kind = TaskKind::regression;
  const auto fitted = fit_linear(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  LinearModel expected;
  expected.logistic = false;
  expected.mean = {0.5041362, 0.49209722, 5.01034019, 2.482};
  expected.scale = {0.28487858, 0.27526527, 2.87846887, 1.72810378};
  expected.coefficient = {7.88495294e-01, -3.35154162e-04, -2.85777960e+00, -3.05229504e-03};
  expected.intercept = -0.5207344554326124;
  std::vector<double> ours(valid_.rows()), theirs(valid_.rows());
  fitted->scorer->score(valid_.features, ours);
  make_linear_scorer(expected)->score(valid_.features, theirs);
  for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-7) << i;
}

TEST_F(Learner, SeparableClassesStillConverge) {
  for (Examples* part : {&train_, &valid_}) {
    for (size_t i = 0; i < part->rows(); ++i) part->labels[i] = part->features[i * 4] > 0.5;
  }
  const auto fitted = fit_linear(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  EXPECT_LT(fitted->valid_loss.front(), 0.1);
}

// The group as six columns of 0 and 1, all nine columns standardised as T and W (the mean where a
// value is missing); LogisticRegression(C=1, tol=1e-12, max_iter=10000).fit(T, y)
//   .predict_proba(W)[:3, 1]
TEST_F(Learner, CategoriesBecomeColumnsAsInScikitLearn) {
  LearnerInput given = input();
  given.is_category[3] = true;
  const auto fitted = fit_linear(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  std::vector<double> predictions(valid_.rows());
  fitted->scorer->score(valid_.features, predictions);
  EXPECT_NEAR(predictions[0], 0.52845711, 1e-7);
  EXPECT_NEAR(predictions[1], 0.48753805, 1e-7);
  EXPECT_NEAR(predictions[2], 0.42485546, 1e-7);
}

// LogisticRegression(C=1 / 40, l1_ratio=0.75, solver='saga', tol=1e-14, max_iter=1000000).fit(T, y)
TEST_F(Learner, ElasticNetGivesTheNumbersOfScikitLearn) {
  LearnerInput given = input();
  given.is_category[3] = true;
  settings_.parameters = {{"l1", "30"}, {"l2", "10"}};
  const auto fitted = fit_linear(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const auto model = read_linear(fitted->text);
  ASSERT_TRUE(model.ok());
  const std::vector<double> expected = {
      0.9541249461, 0, 0.0446501859, 0, 0.280983849, 0, -0.0610725553, 0.2643975053, 0};
  ASSERT_EQ(model->coefficient.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(model->coefficient[i], expected[i], 1e-7) << i;
    EXPECT_EQ(model->coefficient[i] == 0, expected[i] == 0) << i;
  }
  EXPECT_NEAR(model->intercept, -0.0910229432, 1e-7);
}

// With y = 2 * X[:, 0] - X[:, 2] + 3 + y:
// ElasticNet(alpha=40 / 3000, l1_ratio=0.75, tol=1e-14, max_iter=1000000).fit(T, y)
TEST_F(Learner, ElasticNetRegressionGivesTheNumbersOfScikitLearn) {
  for (size_t i = 0; i < train_.rows(); ++i) {
    train_.labels[i] += 2 * train_.features[i * 4] - train_.features[i * 4 + 2] + 3;
  }
  LearnerInput given = input();
  given.is_category[3] = true;
  given.kind = TaskKind::regression;
  settings_.parameters = {{"l1", "30"}, {"l2", "10"}};
  const auto fitted = fit_linear(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const auto model = read_linear(fitted->text);
  ASSERT_TRUE(model.ok());
  const std::vector<double> expected = {
      0.7757301871, 0, -2.8398764161, 0, 0.0577225365, 0, -0.0123528448, 0.0547537469, 0};
  ASSERT_EQ(model->coefficient.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(model->coefficient[i], expected[i], 1e-7) << i;
  }
  EXPECT_NEAR(model->intercept, -0.5207344554326124, 1e-9);
}

TEST_F(Learner, AnEnormousL1LeavesTheMean) {
  settings_.parameters = {{"l1", "1e9"}, {"l2", "0"}};
  const auto fitted = fit_linear(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const double mean = std::accumulate(train_.labels.begin(), train_.labels.end(), 0.0) / 3000.0;
  std::vector<double> predictions(valid_.rows());
  fitted->scorer->score(valid_.features, predictions);
  for (const double prediction : predictions) ASSERT_NEAR(prediction, mean, 1e-9);
}

TEST_F(Learner, AColumnWithoutVariationGetsNoWeight) {
  for (size_t i = 0; i < train_.rows(); ++i) train_.features[i * 4 + 1] = 7;
  settings_.parameters = {{"l1", "1"}, {"l2", "0"}};
  const auto fitted = fit_linear(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const auto model = read_linear(fitted->text);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->coefficient[1], 0);
  EXPECT_GT(model->coefficient[0], 0.5);
}

TEST_F(Learner, RareCategoriesBeyondTheMostFrequentCountAsTheMean) {
  for (size_t i = 0; i < train_.rows(); ++i) {
    train_.features[i * 4 + 3] = static_cast<double>(i < 2900 ? i % 99 : i);  // 99 and 100 once.
  }
  LearnerInput given = input();
  given.is_category[3] = true;
  const auto fitted = fit_linear(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const auto model = read_linear(fitted->text);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->columns.size(), 103U);
  std::vector<double> rows = {0.5, 0.5, 5, 2999, 0.5, 0.5, 5, NAN};
  std::vector<double> scores(2);
  fitted->scorer->score(rows, scores);
  EXPECT_EQ(scores[0], scores[1]);
}

TEST_F(Learner, LinearRefusesBadPenalties) {
  for (const char* name : {"l1", "l2"}) {
    for (const char* bad : {"-1", "nan", "inf", "x", "1x", ""}) {
      settings_.parameters = {{name, bad}};
      const auto fitted = fit_linear(input());
      ASSERT_FALSE(fitted.ok()) << name << " " << bad;
      EXPECT_NE(fitted.error().what.find(name), std::string::npos);
    }
  }
}

TEST_F(Learner, ConstantGivesTheMeanToEveryRow) {
  const auto fitted = fit_constant(input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  const double mean = std::accumulate(train_.labels.begin(), train_.labels.end(), 0.0) / 3000.0;
  std::vector<double> predictions(valid_.rows());
  fitted->scorer->score(valid_.features, predictions);
  for (const double prediction : predictions) ASSERT_NEAR(prediction, mean, 1e-12);
}

TEST_F(Learner, EachScorerComesBackFromItsText) {
  for (const char* name : {"gbdt", "linear", "constant"}) {
    settings_.learner = name;
    const auto fitted = fit_learner(input());
    ASSERT_TRUE(fitted.ok()) << fitted.error().what;
    const auto scorer =
        fitted->format == "lightgbm" ? load_lightgbm_text(fitted->text) : load_linear(fitted->text);
    ASSERT_TRUE(scorer.ok()) << scorer.error().what;
    std::vector<double> before(valid_.rows()), after(valid_.rows());
    fitted->scorer->score(valid_.features, before);
    (*scorer)->score(valid_.features, after);
    EXPECT_EQ(before, after) << name;
  }
}

TEST(Dependencies, NameThePinnedVersions) {
  std::ifstream pins(std::filesystem::path(kSourceFolder) / "scripts" / "pins");
  std::stringstream text;
  text << pins.rdbuf();
  const auto versions = *dependencies_of({});
  for (const auto& [package, library] :
       {std::pair{"lightgbm", "lightgbm"}, {"duckdb", "duckdb"}, {"pyarrow", "arrow"}}) {
    const std::string pin = std::string(package) + "==" + versions.at(library) + " ";
    EXPECT_NE(text.str().find(pin), std::string::npos) << pin;
  }
  TrainSettings linear;
  linear.learner = "linear";
  EXPECT_FALSE(dependencies_of(linear)->contains("lightgbm"));
}

}  // namespace
}  // namespace millgate
