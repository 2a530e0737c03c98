#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ground/json.h"
#include "ground/random.h"
#include "model/artifact/ensemble.h"

namespace millgate {
namespace {

LinearModel example(bool logistic) {
  return {.mean = {1, -2},
          .scale = {2, 0.5},
          .coefficient = {0.25, -1},
          .intercept = 0.1,
          .logistic = logistic};
}

std::vector<double> score(const Scorer& scorer, std::vector<double> rows) {
  std::vector<double> out(rows.size() / scorer.feature_count());
  scorer.score(rows, out);
  return out;
}

TEST(Linear, ScoresByItsFormula) {
  const auto linear = make_linear_scorer(example(false));
  // 0.1 + 0.25 * (3 - 1) / 2 - (-1.5 + 2) / 0.5 = -0.65
  EXPECT_NEAR(score(*linear, {3, -1.5})[0], -0.65, 1e-15);
  const auto logistic = make_linear_scorer(example(true));
  EXPECT_NEAR(score(*logistic, {3, -1.5})[0], 1 / (1 + std::exp(0.65)), 1e-15);
  EXPECT_EQ(logistic->describe(), "logistic, 2 features");
  EXPECT_EQ(linear->importance(), (std::vector<double>{0.2, 0.8}));
}

TEST(Linear, MeanStandsInForWhatIsMissing) {
  const auto linear = make_linear_scorer(example(false));
  const double infinity = std::numeric_limits<double>::infinity();
  for (double missing : {static_cast<double>(NAN), infinity, -infinity}) {
    EXPECT_EQ(score(*linear, {missing, -1.5}), score(*linear, {1, -1.5}));
    EXPECT_EQ(score(*linear, {missing, missing})[0], 0.1);
  }
}

TEST(Linear, NeverOverflows) {
  LinearModel model = example(false);
  model.coefficient = {1e100, 1e100};
  model.scale = {1e-300, 1e-300};
  const auto linear = make_linear_scorer(model);
  EXPECT_TRUE(std::isfinite(score(*linear, {1e308, -1e308})[0]));
  EXPECT_TRUE(std::isfinite(score(*linear, {1e308, 1e308})[0]));
  model.logistic = true;
  EXPECT_EQ(score(*make_linear_scorer(model), {1e308, 1e308})[0], 1);
  EXPECT_EQ(score(*make_linear_scorer(model), {-1e308, -1e308})[0], 0);
}

TEST(Linear, IsReadBackBitByBit) {
  Random random(1);
  LinearModel model;
  std::vector<double> rows;
  for (int i = 0; i < 20; ++i) {
    model.mean.push_back(random.normal());
    model.scale.push_back(0.1 + random.uniform());
    model.coefficient.push_back(random.normal());
    for (int row = 0; row < 50; ++row) rows.push_back(random.normal());
  }
  model.intercept = random.normal();
  const auto scorer = make_linear_scorer(model);
  const auto again = load_linear(save_linear(model));
  ASSERT_TRUE(again.ok()) << again.error().what;
  const std::vector<double> batch = score(*scorer, rows);
  EXPECT_EQ(score(**again, rows), batch);
  for (size_t row = 0; row < batch.size(); ++row) {
    double alone = 0;
    scorer->score(std::span(rows).subspan(row * 20, 20), {&alone, 1});
    EXPECT_EQ(std::memcmp(&alone, &batch[row], sizeof(alone)), 0);
  }
}

/// A number, and a category with codes 0 and 2; half the rows of training have code 0, a quarter 2.
LinearModel with_categories() {
  return {.mean = {1, 0.5, 0.25},
          .scale = {2, 0.5, 0.25},
          .coefficient = {0.25, 1, -1},
          .intercept = 0.1,
          .logistic = false,
          .columns = {{0, -1}, {1, 0}, {1, 2}}};
}

TEST(Linear, CategoriesScoreAsTheirColumns) {
  const auto linear = make_linear_scorer(with_categories());
  ASSERT_EQ(linear->feature_count(), 2U);
  // 0.1 + 1 * (1 - 0.5) / 0.5 - 1 * (0 - 0.25) / 0.25 = 2.1
  EXPECT_NEAR(score(*linear, {1, 0})[0], 2.1, 1e-15);
  // 0.1 + 1 * (0 - 0.5) / 0.5 - 1 * (1 - 0.25) / 0.25 = -3.9
  EXPECT_NEAR(score(*linear, {1, 2})[0], -3.9, 1e-15);
  // What has no column counts as the mean row.
  const double infinity = std::numeric_limits<double>::infinity();
  for (double unknown : {1.0, 3.0, -1.0, 1e300, infinity, -infinity, static_cast<double>(NAN)}) {
    EXPECT_EQ(score(*linear, {1, unknown})[0], 0.1) << unknown;
  }
  // Standard deviations: of the number 0.25; of the category sqrt(0.5 * 2^2 + 0.25 * 4^2).
  EXPECT_NEAR(linear->importance()[0], 0.25 / (0.25 + std::sqrt(6)), 1e-15);
}

TEST(Linear, CategoriesAreReadBack) {
  const std::string text = save_linear(with_categories());
  const auto model = read_linear(text);
  ASSERT_TRUE(model.ok()) << model.error().what;
  EXPECT_EQ(save_linear(*model), text);
  EXPECT_EQ(score(*make_linear_scorer(*model), {3, 2}),
            score(*make_linear_scorer(with_categories()), {3, 2}));
}

TEST(Linear, RefusesColumnsOutOfOrder) {
  const Json whole = *parse_json(save_linear(with_categories()), "test");
  const auto refused = [&](const Json& features, const Json& categories) {
    Json json = whole;
    json["feature"] = features;
    json["category"] = categories;
    const auto result = load_linear(dump_json(json));
    return !result.ok() && result.error().code == ErrorCode::damaged;
  };
  EXPECT_FALSE(refused({0, 1, 1}, {-1, 0, 2}));
  EXPECT_FALSE(refused({0, 0, 1}, {4, 9, -1}));
  EXPECT_FALSE(refused({0, 1, 2}, {-1, -1, -1}));
  EXPECT_TRUE(refused({1, 1, 1}, {-1, 0, 2}));        // feature 0 has none
  EXPECT_TRUE(refused({0, 2, 2}, {-1, 0, 2}));        // nor has 1
  EXPECT_TRUE(refused({1, 0, 1}, {-1, 0, 2}));        // not in order
  EXPECT_TRUE(refused({0, 1, 0}, {-1, 0, 2}));        // not together
  EXPECT_TRUE(refused({0, 1, 1}, {-1, 2, 0}));        // codes descend
  EXPECT_TRUE(refused({0, 1, 1}, {-1, 2, 2}));        // one twice
  EXPECT_TRUE(refused({0, 0, 1}, {-1, -1, 2}));       // two columns of a number
  EXPECT_TRUE(refused({0, 1, 1}, {-1, 0, 2000000}));  // too large
  EXPECT_TRUE(refused({0, 1, 1}, {-2, 0, 2}));
  EXPECT_TRUE(refused({0, -1, 1}, {-1, 0, 2}));
  EXPECT_TRUE(refused({0, 1}, {-1, 0}));
  EXPECT_TRUE(refused({0, 1, 1}, {-1, 0}));
  EXPECT_TRUE(refused(Json::array(), Json::array()));
  EXPECT_TRUE(refused("x", {-1, 0, 2}));
  Json half = whole;
  half.erase("category");
  EXPECT_FALSE(load_linear(dump_json(half)).ok());
}

TEST(Linear, RefusesDamage) {
  const Json whole = *parse_json(save_linear(example(true)), "test");
  const auto refused = [&](const char* key, const Json& value) {
    Json json = whole;
    json[key] = value;
    const auto result = load_linear(dump_json(json));
    return !result.ok() && result.error().code == ErrorCode::damaged;
  };
  EXPECT_TRUE(refused("mean", {1}));
  EXPECT_TRUE(refused("scale", {1, 0}));
  EXPECT_TRUE(refused("scale", {1, -1}));
  EXPECT_TRUE(refused("scale", {1, nullptr}));
  EXPECT_TRUE(refused("coefficient", {1, 1e101}));
  EXPECT_TRUE(refused("intercept", "x"));
  EXPECT_FALSE(refused("intercept", 0));
  for (const auto& [key, value] : whole.items()) {
    Json without = whole;
    without.erase(key);
    EXPECT_FALSE(load_linear(dump_json(without)).ok()) << key;
  }
  EXPECT_FALSE(load_linear("").ok());
  EXPECT_FALSE(load_linear("[1, 2]").ok());
}

TEST(LinearClasses, AreTheSharesOfTheirModels) {
  std::vector<LinearModel> models(3, example(true));
  models[1].intercept = -1;
  models[2].coefficient = {-1, 0};
  const auto scorer = load_linear(save_linear_classes(models));
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  EXPECT_EQ((*scorer)->output_count(), 3U);
  EXPECT_EQ((*scorer)->describe(), "logistic, 2 features, 3 classes");
  const std::vector<double> rows = {3, -1.5, 0, 0};
  std::vector<double> told(6);
  (*scorer)->score(rows, told);
  double sum = 0;
  std::vector<double> alone;
  for (const LinearModel& model : models) {
    alone.push_back(score(*make_linear_scorer(model), {3, -1.5})[0]);
    sum += alone.back();
  }
  for (size_t k = 0; k < 3; ++k) EXPECT_DOUBLE_EQ(told[k], alone[k] / sum);
  EXPECT_NEAR(told[3] + told[4] + told[5], 1, 1e-15);
  // Mean of the importances 0.2, 0.2, 1 of the first feature.
  EXPECT_NEAR((*scorer)->importance()[0], (0.2 + 0.2 + 1) / 3, 1e-15);
}

TEST(LinearClasses, ARowThatNoClassWantsHasProbabilities) {
  std::vector<LinearModel> models(3, example(true));
  for (LinearModel& model : models) model.intercept = -1e99;
  std::vector<double> told(3);
  (*load_linear(save_linear_classes(models)))->score(std::vector<double>{0, 0}, told);
  for (const double one : told) EXPECT_DOUBLE_EQ(one, 1.0 / 3);
}

TEST(LinearClasses, RefusesDamage) {
  std::vector<LinearModel> models(3, example(true));
  const auto refused = [&](const std::vector<LinearModel>& changed) {
    const auto scorer = load_linear(save_linear_classes(changed));
    return !scorer.ok() && scorer.error().code == ErrorCode::damaged;
  };
  EXPECT_FALSE(refused(models));
  EXPECT_TRUE(refused({models[0], models[1]}));
  std::vector<LinearModel> changed = models;
  changed[1].logistic = false;
  EXPECT_TRUE(refused(changed));
  changed = models;
  changed[2].mean.pop_back();
  EXPECT_TRUE(refused(changed));
  changed[2].scale.pop_back();
  changed[2].coefficient.pop_back();
  EXPECT_TRUE(refused(changed));  // Another number of features.
  EXPECT_FALSE(load_linear("{\"classes\": 3}").ok());
}

}  // namespace
}  // namespace millgate
