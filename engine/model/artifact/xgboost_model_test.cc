#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ground/json.h"
#include "ground/random.h"
#include "model/artifact/explainer.h"
#include "model/artifact/model_format.h"
#include "model/artifact/tree_ensemble.h"
#include "model/artifact/twin_data.h"
#include "model/artifact/ubjson.h"
#include "model/artifact/xgboost_twin.h"

namespace millgate {
namespace {

/// A setting of XGBoost whose models are compared.
struct Case {
  const char* name;
  XgboostParameters parameters;
  bool positive_labels = false;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

XgboostTwin twin_of(const Case& one, const TwinData& data, int rounds) {
  XgboostParameters parameters{{"max_depth", "5"}, {"eta", "0.3"}, {"max_cat_to_onehot", "4"}};
  for (const auto& [name, value] : one.parameters) parameters[name] = value;
  const bool takes_categories = !one.parameters.contains("tree_method");
  return {data.matrix, data.labels, parameters, rounds,
          takes_categories ? std::vector<int>{4, 5} : std::vector<int>{}};
}

/// Rows whose numbers stand at thresholds, beside them, and where a float is rounded the other way.
Matrix rows_at_thresholds(const Trees& trees, uint64_t seed) {
  Random random(seed);
  Matrix rows = strange_twin_rows(seed);
  for (double& value : rows.values) {
    // XGBoost refuses infinity, also where it is only the float that is infinite.
    if (std::isinf(static_cast<float>(value))) value = 0.25;
    if (random.below(2) == 0) continue;
    const TreeNode& node = trees.nodes[random.below(trees.nodes.size())];
    if (static_cast<SplitRule>(node.split) != SplitRule::nan_missing) continue;
    const double infinity = std::numeric_limits<double>::infinity();
    const double beside[] = {node.threshold, std::nextafter(node.threshold, infinity),
                             std::nextafter(node.threshold, -infinity),
                             double{static_cast<float>(node.threshold)},
                             double{std::nextafter(static_cast<float>(node.threshold), INFINITY)}};
    value = beside[random.below(5)];
  }
  return rows;
}

class XgboostModel : public testing::TestWithParam<Case> {};

TEST_P(XgboostModel, ScoresEqualXgboostBitByBit) {
  const TwinData data = twin_data(2000, 1, GetParam().positive_labels);
  const XgboostTwin twin = twin_of(GetParam(), data, 30);
  for (const char* format : {"json", "ubj"}) {
    SCOPED_TRACE(format);
    const std::string bytes = twin.save(format);
    const auto scorer = load_scorer("xgboost", bytes);
    ASSERT_TRUE(scorer.ok()) << scorer.error().what << " " << scorer.error().where;
    const auto trees = read_xgboost_trees(bytes);
    for (const Matrix& rows :
         {data.matrix, rows_at_thresholds(*trees, 2), rows_at_thresholds(*trees, 3)}) {
      const std::vector<float> expected = twin.predict(rows);
      std::vector<double> scores(expected.size());
      (*scorer)->score(rows.values, scores);
      for (size_t i = 0; i < scores.size(); ++i) {
        ASSERT_EQ(scores[i], double{expected[i]}) << "row " << i;
        double alone = 0;
        (*scorer)->score(std::span(rows.values).subspan(i * kTwinColumns, kTwinColumns),
                         {&alone, 1});
        ASSERT_EQ(std::memcmp(&alone, &scores[i], sizeof(alone)), 0) << "row " << i;
      }
    }
  }
}

TEST_P(XgboostModel, ContributionsEqualXgboostAndAddUp) {
  const TwinData data = twin_data(500, 4, GetParam().positive_labels);
  const XgboostTwin twin = twin_of(GetParam(), data, 10);
  const std::string bytes = twin.save("ubj");
  const auto scorer = load_scorer("xgboost", bytes);
  const auto explainer = load_explainer("xgboost", bytes);
  ASSERT_TRUE(explainer.ok()) << explainer.error().what;
  const std::vector<float> expected = twin.contributions(data.matrix);
  std::vector<double> contributions(data.matrix.values.size());
  (*explainer)->explain(data.matrix.values, contributions);
  std::vector<double> scores(static_cast<size_t>(data.matrix.rows()));
  (*scorer)->score(data.matrix.values, scores);
  for (size_t row = 0; row < scores.size(); ++row) {
    double sum = (*explainer)->base_value();
    for (size_t j = 0; j < kTwinColumns; ++j) {
      const double one = contributions[row * kTwinColumns + j];
      ASSERT_NEAR(one, expected[row * (kTwinColumns + 1) + j], 2e-5) << row << ", " << j;
      sum += one;
    }
    ASSERT_NEAR((*explainer)->base_value(), expected[row * (kTwinColumns + 1) + kTwinColumns],
                2e-5);
    const double told = prediction_of((*explainer)->scale(), sum);
    ASSERT_NEAR(told, scores[row], 1e-5 * (1 + std::abs(told)));
  }
}

TEST(XgboostModelOfClasses, ProbabilitiesEqualXgboostBitByBit) {
  TwinData data = twin_data(2000, 1, false);
  for (size_t i = 0; i < data.labels.size(); ++i) {
    const double first = data.matrix.values[i * kTwinColumns];
    data.labels[i] = data.labels[i] > 0 ? (first > 0.5 ? 3.0F : 2.0F) : (first > -1 ? 1.0F : 0.0F);
  }
  for (const char* objective : {"multi:softprob", "multi:softmax"}) {
    for (const char* booster : {"gbtree", "dart"}) {
      SCOPED_TRACE(std::string(objective) + " " + booster);
      const XgboostParameters parameters{{"max_depth", "4"},
                                         {"objective", objective},
                                         {"num_class", "4"},
                                         {"booster", booster},
                                         {"rate_drop", "0.3"}};
      const XgboostTwin twin(data.matrix, data.labels, parameters, 20);
      const XgboostTwin told(data.matrix, data.labels,
                             {{"max_depth", "4"},
                              {"objective", "multi:softprob"},
                              {"num_class", "4"},
                              {"booster", booster},
                              {"rate_drop", "0.3"}},
                             20);
      const std::vector<float> expected = told.predict(data.matrix);
      for (const char* format : {"json", "ubj"}) {
        const auto scorer = load_scorer("xgboost", twin.save(format));
        ASSERT_TRUE(scorer.ok()) << scorer.error().what << " " << scorer.error().where;
        ASSERT_EQ((*scorer)->output_count(), 4U);
        ASSERT_EQ(expected.size(), 4 * static_cast<size_t>(data.matrix.rows()));
        std::vector<double> scores(expected.size());
        (*scorer)->score(data.matrix.values, scores);
        for (size_t i = 0; i < scores.size(); ++i) ASSERT_EQ(scores[i], double{expected[i]}) << i;
      }
      EXPECT_FALSE(read_xgboost_trees(twin.save("json")).ok());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, XgboostModel,
    testing::Values(
        Case{"logistic", {{"objective", "binary:logistic"}}},
        Case{"base score", {{"objective", "binary:logistic"}, {"base_score", "0.1"}}},
        Case{"exact",
             {{"objective", "reg:logistic"},
              {"tree_method", "exact"},
              {"max_cat_to_onehot", "1000"}}},
        Case{"one hot", {{"objective", "binary:logistic"}, {"max_cat_to_onehot", "1000"}}},
        Case{"squared error", {{"objective", "reg:squarederror"}}, true},
        Case{"absolute error", {{"objective", "reg:absoluteerror"}}, true},
        Case{"poisson", {{"objective", "count:poisson"}}, true},
        Case{"gamma", {{"objective", "reg:gamma"}}, true},
        Case{"tweedie", {{"objective", "reg:tweedie"}, {"grow_policy", "lossguide"}}, true},
        Case{"forest",
             {{"objective", "binary:logistic"}, {"num_parallel_tree", "5"}, {"subsample", "0.7"}}},
        Case{"pruned", {{"objective", "binary:logistic"}, {"gamma", "3"}}},
        Case{"dart",
             {{"objective", "binary:logistic"}, {"booster", "dart"}, {"rate_drop", "0.3"}}}),
    [](const testing::TestParamInfo<Case>& one) {
      std::string name = one.param.name;
      for (char& letter : name) letter = letter == ' ' ? '_' : letter;
      return name;
    });

TEST(XgboostRounds, AfterEarlyStoppingTheBestRoundIsTheLast) {
  const TwinData data = twin_data(500, 5, false);
  XgboostTwin twin = twin_of({"", {{"objective", "binary:logistic"}}}, data, 12);
  twin.set_attribute("best_iteration", "6");
  const auto scorer = load_scorer("xgboost", twin.save("json"));
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  const std::vector<float> expected = twin.predict(data.matrix, 7);
  std::vector<double> scores(expected.size());
  (*scorer)->score(data.matrix.values, scores);
  for (size_t i = 0; i < scores.size(); ++i) ASSERT_EQ(scores[i], double{expected[i]});
  EXPECT_EQ((*scorer)->describe().substr(0, 14), "gbdt, 7 trees,");
}

/// A whole model that tests change.
Json small_model() {
  const TwinData data = twin_data(200, 6, false);
  const auto json =
      parse_json(twin_of({"", {{"objective", "binary:logistic"}}}, data, 2).save("json"), "model");
  return *json;
}

std::string error_of(const Json& model) {
  const auto scorer = load_scorer("xgboost", dump_json(model));
  return scorer.ok() ? "" : scorer.error().what + " @ " + scorer.error().where;
}

TEST(XgboostErrors, WhatIsNotSupportedIsNamed) {
  Json model = small_model();
  model["learner"]["objective"]["name"] = "survival:cox";
  EXPECT_EQ(error_of(model), "XGBoost model: objective `survival:cox` is not supported @ ");
  model = small_model();
  model["learner"]["learner_model_param"]["num_class"] = "3";
  EXPECT_EQ(error_of(model), "XGBoost model: it has 3 classes @ ");
  model = small_model();
  model["learner"]["learner_model_param"]["base_score"] = "[1E-1,2E-1]";
  EXPECT_EQ(error_of(model),
            "XGBoost model: it has several targets (`base_score` is [1E-1,2E-1]) @ ");
  model = small_model();
  model["learner"]["gradient_booster"]["name"] = "gblinear";
  EXPECT_EQ(error_of(model), "XGBoost model: the booster `gblinear` is not one of trees @ ");
  model = small_model();
  model["learner"]["gradient_booster"]["model"]["cats"]["enc"] = {{{"type", 15}, {"values", {3}}}};
  EXPECT_NE(error_of(model).find("numbers again"), std::string::npos);
}

TEST(XgboostErrors, DamageIsNamedWithItsPlace) {
  const auto broken = [](const char* list, size_t at, const Json& value) {
    Json model = small_model();
    model["learner"]["gradient_booster"]["model"]["trees"][1][list][at] = value;
    return error_of(model);
  };
  EXPECT_EQ(broken("left_children", 0, 0), "XGBoost model: its nodes do not make a tree @ tree 1");
  EXPECT_EQ(broken("right_children", 0, 1), "XGBoost model: its nodes do not make a tree @ tree 1");
  EXPECT_EQ(broken("left_children", 0, 1e300),
            "XGBoost model: `left_children` holds number @ tree 1");
  EXPECT_EQ(broken("left_children", 0, 100000),
            "XGBoost model: its nodes do not make a tree @ tree 1");
  EXPECT_EQ(broken("split_indices", 0, 6),
            "XGBoost model: it splits feature 6, which does not exist @ tree 1, node 0");
  EXPECT_EQ(broken("sum_hessian", 0, -1),
            "XGBoost model: `sum_hessian` is not a weight of rows @ tree 1, node 0");
  EXPECT_EQ(broken("split_conditions", 0, nullptr),
            "XGBoost model: `split_conditions` holds null @ tree 1");
  EXPECT_EQ(error_of(Json{{"a", 1}}),
            "the file is JSON, and no model of XGBoost: it has no `learner` @ ");
}

TEST(XgboostErrors, EveryCutAndManyFlippedBytesGiveAnErrorOrAModel) {
  const std::string whole =
      twin_of({"", {{"objective", "binary:logistic"}}}, twin_data(200, 6, false), 2).save("ubj");
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(load_scorer("xgboost", whole.substr(0, size)).ok()) << size;
  }
  Random random(8);
  const Matrix rows = strange_twin_rows(9);
  std::vector<double> scores(static_cast<size_t>(rows.rows()));
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto scorer = load_scorer("xgboost", bytes);
    if (scorer.ok() && (*scorer)->feature_count() == kTwinColumns) {
      (*scorer)->score(rows.values, scores);
    }
  }
}

TEST(Ubjson, IsRefusedWhereItClaimsMoreThanItHolds) {
  using std::string_literals::operator""s;
  EXPECT_TRUE(parse_ubjson("[$d#U\x01\x3f\x80\x00\x00"s, "test").ok());
  EXPECT_FALSE(parse_ubjson("[$Z#L\x7f\x00\x00\x00\x00\x00\x00\x00"s, "test").ok());
  EXPECT_FALSE(parse_ubjson("[#L\x00\x00\x00\x7f\x00\x00\x00\x00"s, "test").ok());
  EXPECT_FALSE(parse_ubjson("SL\xff\xff\xff\xff\xff\xff\xff\xff"s, "test").ok());
  EXPECT_FALSE(parse_ubjson(std::string(1'000'000, '['), "test").ok());
  EXPECT_FALSE(parse_ubjson("[ZZ", "test").ok());
  EXPECT_FALSE(parse_ubjson("ZZ", "test").ok());
  EXPECT_EQ(dump_json(*parse_ubjson("{i\x01"
                                    "a[NTFZSU\x02"
                                    "hiD\x3f\xf8\0\0\0\0\0\0]}"s,
                                    "test")),
            R"({"a":[true,false,null,"hi",1.5]})");
}

TEST(RecogniseFormat, CodeIsRefusedAndModelsAreToldApart) {
  EXPECT_EQ(*recognise_format("tree\nversion=v4\n", "m"), "lightgbm");
  EXPECT_EQ(*recognise_format("{\"learner\":{}}", "m"), "xgboost");
  EXPECT_EQ(*recognise_format("{L", "m"), "xgboost");
  for (const char* bytes : {"\x80\x04\x95", "PK\x03\x04", "\x1f\x8b\x08", "\x78\x9c\x01"}) {
    const auto format = recognise_format(bytes, "model.bin");
    ASSERT_FALSE(format.ok());
    EXPECT_NE(format.error().what.find("whatever code"), std::string::npos) << format.error().what;
  }
  EXPECT_FALSE(recognise_format("", "m").ok());
  EXPECT_FALSE(recognise_format("hello", "m").ok());
  EXPECT_FALSE(recognise_format("binf\0", "m").ok());
}

TEST(CheckOwnCodes, CategoriesThatPandasNumberedAgainAreRefused) {
  const auto check = [](const std::string& line) {
    return check_own_codes("lightgbm", "tree\nend of trees\n\n" + line + "\n").ok();
  };
  EXPECT_TRUE(check(""));
  EXPECT_TRUE(check("pandas_categorical:null"));
  EXPECT_TRUE(check("pandas_categorical:[]"));
  EXPECT_TRUE(check("pandas_categorical:[[0, 1, 2]]"));
  EXPECT_FALSE(check("pandas_categorical:[[0, 2, 3]]"));
  EXPECT_FALSE(check("pandas_categorical:[[\"a\"]]"));
}

}  // namespace
}  // namespace millgate
