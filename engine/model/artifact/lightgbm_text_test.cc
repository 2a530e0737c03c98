#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "ground/random.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/lightgbm_twin.h"
#include "model/artifact/twin_data.h"

namespace millgate {
namespace {

/// A setting of LightGBM whose models are compared.
struct Case {
  const char* name;
  const char* parameters;
  bool positive_labels = false;
  double tolerance = 1e-12;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class LightgbmText : public testing::TestWithParam<Case> {};

TEST_P(LightgbmText, ScoresEqualLightgbm) {
  const Case& one = GetParam();
  const TwinData data = twin_data(3000, 1, one.positive_labels);
  const LightgbmTwin twin(data.matrix, data.labels,
                          std::string(one.parameters) + " categorical_feature=4,5", 40);
  const auto scorer = load_lightgbm_text(twin.text());
  ASSERT_TRUE(scorer.ok()) << scorer.error().what << " " << scorer.error().where;
  ASSERT_EQ((*scorer)->feature_count(), static_cast<size_t>(kTwinColumns));

  for (const Matrix& rows : {data.matrix, strange_twin_rows(2)}) {
    const std::vector<double> expected = twin.predict(rows);
    std::vector<double> scores(expected.size());
    (*scorer)->score(rows.values, scores);
    for (size_t i = 0; i < scores.size(); ++i) {
      ASSERT_NEAR(scores[i], expected[i], one.tolerance * (1 + std::abs(expected[i])))
          << "row " << i;
      double alone = 0;
      (*scorer)->score(std::span(rows.values).subspan(i * kTwinColumns, kTwinColumns), {&alone, 1});
      ASSERT_EQ(std::memcmp(&alone, &scores[i], sizeof(alone)), 0) << "row " << i;
    }
  }
}

TEST_P(LightgbmText, ImportanceIsTheShareOfGain) {
  const Case& one = GetParam();
  const TwinData data = twin_data(1000, 3, one.positive_labels);
  const LightgbmTwin twin(data.matrix, data.labels,
                          std::string(one.parameters) + " categorical_feature=4,5", 10);
  const auto scorer = load_lightgbm_text(twin.text());
  ASSERT_TRUE(scorer.ok());
  const std::vector<double> gain = twin.gain(kTwinColumns);
  double sum = 0;
  for (double value : gain) sum += value;
  for (size_t i = 0; i < kTwinColumns; ++i) {
    // The text has six digits of each gain.
    EXPECT_NEAR((*scorer)->importance()[i], sum > 0 ? gain[i] / sum : 0, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, LightgbmText,
    testing::Values(
        Case{"binary", "objective=binary num_leaves=31"},
        Case{"sigmoid", "objective=binary sigmoid=2.5 num_leaves=7"},
        Case{"zero_as_missing", "objective=binary zero_as_missing=true"},
        Case{"no_missing", "objective=binary use_missing=false"},
        Case{"one_hot", "objective=binary max_cat_to_onehot=300"},
        Case{"wide_sets",
             "objective=binary min_data_per_group=1 cat_smooth=0 max_cat_threshold=200"},
        Case{"cross_entropy", "objective=cross_entropy"},
        Case{"regression", "objective=regression"},
        Case{"regression_zero", "objective=regression zero_as_missing=true"},
        Case{"regression_sqrt", "objective=regression reg_sqrt=true", true},
        Case{"regression_l1", "objective=regression_l1"}, Case{"huber", "objective=huber", true},
        Case{"poisson", "objective=poisson", true}, Case{"gamma", "objective=gamma", true},
        Case{"tweedie", "objective=tweedie", true},
        Case{"dart", "objective=binary boosting=dart drop_rate=0.5"},
        Case{"forest", "objective=binary boosting=rf bagging_freq=1 bagging_fraction=0.6"},
        Case{"forest_regression",
             "objective=regression boosting=rf bagging_freq=1 bagging_fraction=0.6"},
        Case{"stumps", "objective=binary num_leaves=2"},
        Case{"only_constants", "objective=binary min_data_in_leaf=3000"}),
    [](const testing::TestParamInfo<Case>& one) { return one.param.name; });

TEST(LightgbmTextOfClasses, ProbabilitiesEqualLightgbm) {
  TwinData data = twin_data(3000, 1, false);
  for (size_t i = 0; i < data.labels.size(); ++i) {
    const double first = data.matrix.values[i * kTwinColumns];
    data.labels[i] = data.labels[i] > 0 ? (first > 0.5 ? 3.0F : 2.0F) : (first > -1 ? 1.0F : 0.0F);
  }
  for (const char* parameters : {"", "boosting=dart drop_rate=0.5", "min_data_in_leaf=1600"}) {
    const LightgbmTwin twin(
        data.matrix, data.labels,
        "objective=multiclass num_class=4 categorical_feature=4,5 " + std::string(parameters), 25);
    const auto scorer = load_lightgbm_text(twin.text());
    ASSERT_TRUE(scorer.ok()) << scorer.error().what;
    ASSERT_EQ((*scorer)->output_count(), 4U);
    for (const Matrix& rows : {data.matrix, strange_twin_rows(2)}) {
      const std::vector<double> expected = twin.predict(rows);
      std::vector<double> scores(expected.size());
      (*scorer)->score(rows.values, scores);
      for (size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i], expected[i], 1e-14) << i;
      // A row alone gives the same bits.
      for (size_t row = 0; row < 70; ++row) {
        std::vector<double> alone(4);
        (*scorer)->score(std::span(rows.values).subspan(row * kTwinColumns, kTwinColumns), alone);
        ASSERT_EQ(std::memcmp(alone.data(), &scores[row * 4], 4 * sizeof(double)), 0) << row;
      }
    }
    double sum = 0;
    for (const double share : (*scorer)->importance()) sum += share;
    EXPECT_NEAR(sum, (*scorer)->describe().find(" 1 leaf") == std::string::npos ? 1 : 0, 1e-12);
  }
}

TEST(LightgbmTextOfClasses, NamesWhatIsNotSupported) {
  const TwinData data = twin_data(500, 1, false);
  const LightgbmTwin twin(data.matrix, data.labels, "objective=multiclassova num_class=3", 3);
  const auto one_against_all = load_lightgbm_text(twin.text());
  ASSERT_FALSE(one_against_all.ok());
  EXPECT_NE(one_against_all.error().what.find("3 classes"), std::string::npos);
  std::string text =
      LightgbmTwin(data.matrix, data.labels, "objective=multiclass num_class=3", 3).text();
  text.replace(text.find("num_tree_per_iteration=3"), 24, "num_tree_per_iteration=2");
  EXPECT_FALSE(load_lightgbm_text(text).ok());
}

/// A model of two trees written by hand; `$` lines may be replaced by tests.
std::string hand_made() {
  return "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
         "max_feature_idx=1\nobjective=regression\nfeature_names=x y\n"
         "feature_infos=[0:1] [0:1]\ntree_sizes=100 50\n\n"
         "Tree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=3 1\n"
         "threshold=0.5 2\ndecision_type=2 8\nleft_child=1 -2\nright_child=-1 -3\n"
         "leaf_value=10 20 30\nis_linear=0\nshrinkage=1\n\n"
         "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.25\nshrinkage=1\n\n"
         "end of trees\n\nfeature_importances:\nx=1\n";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

double score_one(const Scorer& scorer, std::vector<double> row) {
  double score = 0;
  scorer.score(row, {&score, 1});
  return score;
}

TEST(LightgbmTextByHand, WalksAsWritten) {
  const auto scorer = load_lightgbm_text(hand_made());
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  EXPECT_EQ(score_one(**scorer, {0.6, 0}), 10.25);
  EXPECT_EQ(score_one(**scorer, {0.5, 2}), 20.25);
  EXPECT_EQ(score_one(**scorer, {0.5, 2.1}), 30.25);
  EXPECT_EQ(score_one(**scorer, {NAN, 2}), 20.25);  // missing none: NaN is 0
  EXPECT_EQ(score_one(**scorer, {0, NAN}), 30.25);  // missing nan, default right
  EXPECT_EQ((*scorer)->importance(), (std::vector<double>{0.75, 0.25}));
  EXPECT_EQ((*scorer)->describe(), "gbdt, 2 trees, 3 leaves");
}

TEST(LightgbmTextByHand, ReadsWindowsLines) {
  std::string text;
  for (char c : hand_made()) {
    if (c == '\n') text += '\r';
    text += c;
  }
  ASSERT_TRUE(load_lightgbm_text(text).ok());
}

TEST(LightgbmTextByHand, NamesWhatIsNotSupported) {
  const struct {
    const char* what;
    const char* with;
    const char* said;
  } cases[] = {
      {"objective=regression", "objective=multiclass num_class:3", "1 classes"},
      {"objective=regression", "objective=survival", "`survival`"},
      {"objective=regression\n", "", "no objective"},
      {"num_class=1", "num_class=3", "3 classes"},
      {"num_tree_per_iteration=1", "num_tree_per_iteration=3", "3 trees a round"},
      {"version=v4", "version=v9", "`v9`"},
      {"is_linear=0", "is_linear=1", "linear_tree"},
  };
  for (const auto& [what, with, said] : cases) {
    const auto result = load_lightgbm_text(replaced(hand_made(), what, with));
    ASSERT_FALSE(result.ok()) << with;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_input) << with;
    EXPECT_NE(result.error().what.find(said), std::string::npos) << result.error().what;
    EXPECT_FALSE(result.error().hint.empty());
  }
}

TEST(LightgbmTextByHand, NamesDamageAndItsLine) {
  const struct {
    const char* what;
    const char* with;
    const char* said;
    const char* where;
  } cases[] = {
      {"tree\nversion", "version", "does not begin with `tree`", "line 1"},
      {"left_child=1 -2", "left_child=0 -2", "do not make a tree", "line 12"},  // a cycle
      {"left_child=1 -2", "left_child=1 -1", "do not make a tree", "line 12"},  // two parents
      {"left_child=1 -2", "left_child=7 -2", "do not make a tree", "line 12"},
      {"left_child=1 -2", "left_child=1 -9", "do not make a tree", "line 12"},
      {"left_child=1 -2", "left_child=1 -2147483648", "do not make a tree", "line 12"},
      {"left_child=1 -2", "left_child=1", "has 1 numbers, 2 are needed", "line 19"},
      {"split_feature=0 1", "split_feature=0 2", "feature 2", "line 12"},
      {"split_feature=0 1", "split_feature=-1 1", "feature -1", "line 12"},
      {"threshold=0.5 2", "threshold=0.5 x", "`x` is not a number", "line 17"},
      {"threshold=0.5 2", "threshold=nan 2", "not a number", "line 12"},
      {"leaf_value=10 20 30", "leaf_value=10 inf 30", "not finite", "line 12"},
      {"decision_type=2 8", "decision_type=2 9", "set that does not exist", "line 12"},
      {"decision_type=2 8", "decision_type=2 64", "`decision_type`", "line 12"},
      {"num_leaves=3", "num_leaves=4", "has 3 numbers, 4 are needed", "line 21"},
      {"num_leaves=3", "num_leaves=99999999999", "out of range", "line 12"},
      {"num_leaves=3\n", "", "`num_leaves` is missing", "line 12"},
      {"num_cat=0", "num_cat=7", "`num_cat`", "line 12"},
      {"num_cat=0", "num_cat=1", "`cat_boundaries` is missing", "line 12"},
      {"Tree=1", "Tree=2", "not in its place", "line 25"},
      {"tree_sizes=100 50", "tree_sizes=100", "1 trees, there are 2", "line 10"},
      {"max_feature_idx=1", "max_feature_idx=16000000", "do not agree", "line 8"},
      {"is_linear=0", "num_leaves=3", "appears twice", "line 22"},
      {"end of trees", "", "`end of trees` is missing", "line 34"},
  };
  for (const auto& [what, with, said, where] : cases) {
    const auto result = load_lightgbm_text(replaced(hand_made(), what, with));
    ASSERT_FALSE(result.ok()) << with;
    EXPECT_EQ(result.error().code, ErrorCode::damaged) << with;
    EXPECT_NE(result.error().what.find(said), std::string::npos)
        << with << ": " << result.error().what;
    EXPECT_EQ(result.error().where, where) << with;
  }
}

TEST(LightgbmTextFuzz, CutAndChangedTextsNeverCrash) {
  const TwinData data = twin_data(600, 4, false);
  const LightgbmTwin twin(data.matrix, data.labels,
                          "objective=binary num_leaves=15 categorical_feature=4,5", 4);
  const std::string text = twin.text();
  const size_t trees_end = text.find("end of trees");
  ASSERT_NE(trees_end, std::string::npos);
  for (size_t size = 0; size < trees_end; size += 7) {
    EXPECT_FALSE(load_lightgbm_text(std::string_view(text).substr(0, size)).ok()) << size;
  }

  const Matrix rows = strange_twin_rows(5);
  std::vector<double> scores(static_cast<size_t>(rows.rows()));
  Random random(6);
  const std::string alphabet = "0123456789-=. \ne+";
  int loaded = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string changed = text;
    const uint64_t edits = 1 + random.below(4);
    for (uint64_t i = 0; i < edits; ++i) {
      const size_t at = random.below(trees_end);
      switch (random.below(4)) {
        case 0:
          changed[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          changed.erase(at, 1 + random.below(20));
          break;
        case 2:
          changed.insert(at, changed.substr(random.below(trees_end), random.below(50)));
          break;
        default:
          changed[at] = alphabet[random.below(alphabet.size())];
      }
    }
    const auto scorer = load_lightgbm_text(changed);
    if (!scorer.ok() || (*scorer)->feature_count() != kTwinColumns) continue;
    ++loaded;
    (*scorer)->score(rows.values, scores);
    for (double score : scores) ASSERT_FALSE(std::isnan(score)) << "round " << round;
  }
  EXPECT_GT(loaded, 50);  // a changed digit of a threshold still is a model
}

}  // namespace
}  // namespace millgate
