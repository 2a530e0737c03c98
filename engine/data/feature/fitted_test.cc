#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "data/feature/program.h"
#include "data/feature/target_mean.h"
#include "data/feature/text_hash.h"
#include "ground/json.h"
#include "ground/random.h"

namespace millgate {
namespace {

const std::vector<Field> kFields = {{"x", ValueType::number}, {"s", ValueType::text}};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Vector numbers(const std::vector<std::optional<double>>& values) {
  Vector vector;
  vector.reset(ValueType::number, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    vector.valid[i] = values[i] ? 1 : 0;
    vector.numbers[i] = values[i].value_or(0.0);
  }
  return vector;
}

Vector texts(const std::vector<const char*>& values) {
  Vector vector;
  vector.reset(ValueType::text, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    vector.valid[i] = values[i] != nullptr ? 1 : 0;
    if (values[i] != nullptr) vector.texts[i] = values[i];
  }
  return vector;
}

/// A program of one feature, fitted to one column and saved and loaded.
struct Fitting {
  explicit Fitting(const std::string& expression, Vector column, const FitLabels& labels = {})
      : rows(column.size()) {
    auto compiled = FeatureProgram::compile({{"f", expression}}, kFields);
    EXPECT_TRUE(compiled.ok()) << compiled.error().what;
    const Block block = block_of(std::move(column));
    const Status status = compiled->fit(block, labels);
    if (!status.ok()) {
      error = status.error();
      return;
    }
    for (int turn = 0; turn < 2; ++turn) {
      training.resize(block.rows * compiled->features().size());
      EvaluationScratch scratch;
      EXPECT_TRUE(compiled->evaluate_training(block, training, scratch).ok());
    }
    auto again = FeatureProgram::load(*parse_json(dump_json(compiled->save()), "test"));
    EXPECT_TRUE(again.ok()) << again.error().what;
    EXPECT_EQ(dump_json(again->save()), dump_json(compiled->save()));
    program = std::move(*again);
  }

  static Block block_of(Vector column) {
    Block block;
    block.rows = column.size();
    block.columns.push_back(std::move(column));
    return block;
  }

  std::vector<double> operator()(Vector column, EvaluationNotes* notes = nullptr) const {
    const Block block = block_of(std::move(column));
    std::vector<double> out(block.rows * program->features().size());
    EvaluationScratch scratch;
    const Status status = program->evaluate(block, out, scratch, notes);
    EXPECT_TRUE(status.ok()) << status.error().what;
    return out;
  }

  size_t rows;
  std::optional<FeatureProgram> program;
  std::vector<double> training;
  std::optional<Error> error;
};

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-14) << i;
}

const std::vector<std::optional<double>> kValues = {1.0, 2.5, -3.0, 10.0, 4.25, 0.0};

// Expected values: StandardScaler, MinMaxScaler, RobustScaler and KBinsDiscretizer (quantile)
// of scikit-learn for the column 1, 2.5, -3, 10, 4.25, 0.
TEST(Fitted, ScalesAsScikitLearn) {
  expect_near(Fitting("standardize(x)", numbers(kValues)).training,
              {-0.3607480689262772, 0.010307087683607882, -1.3502284865526375, 1.865582870733033,
               0.44320477039514045, -0.6081181733328672});
  expect_near(
      Fitting("min_max_scale(x)", numbers(kValues)).training,
      {0.3076923076923077, 0.42307692307692313, 0.0, 1.0, 0.5576923076923077, 0.23076923076923078});
  expect_near(Fitting("robust_scale(x)", numbers(kValues)).training,
              {-0.21052631578947367, 0.21052631578947367, -1.3333333333333333, 2.3157894736842106,
               0.7017543859649122, -0.49122807017543857});
  EXPECT_EQ(Fitting("quantile_bucket(x, 3)", numbers(kValues)).training,
            (std::vector<double>{1, 1, 0, 2, 2, 0}));
}

TEST(Fitted, LearnsFromFiniteValuesAndAppliesToAll) {
  const Fitting scale("standardize(x)", numbers({1.0, 3.0, std::nullopt, kNan, kInfinity}));
  const std::vector<double> found =
      scale(numbers({2.0, std::nullopt, kNan, kInfinity, -kInfinity, 1e300}));
  EXPECT_EQ(found[0], 0.0);
  EXPECT_TRUE(std::isnan(found[1]));
  EXPECT_TRUE(std::isnan(found[2]));
  EXPECT_EQ(found[3], kInfinity);
  EXPECT_EQ(found[4], -kInfinity);
  EXPECT_EQ(found[5], 1e300);
  const Fitting constant("standardize(x)", numbers({5.0, 5.0}));
  EXPECT_EQ(constant(numbers({5.0, 6.0})), (std::vector<double>{0.0, 1.0}));
  const Fitting huge("standardize(x)", numbers({1e308, 1.5e308}));
  EXPECT_TRUE(std::isfinite(huge(numbers({1e308}))[0]));
}

TEST(Fitted, FillsWhatIsMissing) {
  EXPECT_EQ(Fitting("impute_mean(x)", numbers({1.0, std::nullopt, 3.0, kNan})).training,
            (std::vector<double>{1, 2, 3, 2}));
  EXPECT_EQ(Fitting("impute_median(x)", numbers({9.0, 1.0, 2.0, std::nullopt})).training,
            (std::vector<double>{9, 1, 2, 2}));
  const Fitting most("category(impute_most(s))", texts({"b", "a", "b", "a", nullptr}));
  EXPECT_EQ(most.training, (std::vector<double>{1, 0, 1, 0, 0}));  // "a" before "b".
}

TEST(Fitted, OneCallFeedsTheNext) {
  const Fitting chained("clip(standardize(impute_mean(x)), -1, 1)",
                        numbers({1.0, std::nullopt, 5.0, 3.0}));
  EXPECT_EQ(chained.training, (std::vector<double>{-1, 0, 1, 0}));
  const Json learned = chained.program->learned();
  ASSERT_EQ(learned.size(), 2u);
  EXPECT_EQ(learned[0]["call"], "impute_mean(x)");
  EXPECT_EQ(learned[0]["learned"]["value"], 3.0);
  EXPECT_EQ(learned[1]["learned"]["mean"], 3.0);
}

TEST(Fitted, TellsWhatCannotBeLearned) {
  const Fitting nothing("standardize(x)", numbers({std::nullopt, kNan}));
  ASSERT_TRUE(nothing.error);
  EXPECT_EQ(nothing.error->code, ErrorCode::invalid_input);
  EXPECT_EQ(nothing.error->what, "`standardize(x)` cannot be learned");
  const Fitting unlabelled("target_mean(s)", texts({"a"}));
  ASSERT_TRUE(unlabelled.error);
  EXPECT_FALSE(FeatureProgram::compile({{"f", "quantile_bucket(x, 1)"}}, kFields).ok());
  EXPECT_FALSE(FeatureProgram::compile({{"f", "quantile_bucket(x, x)"}}, kFields).ok());
  EXPECT_FALSE(FeatureProgram::compile({{"f", "target_mean(s, -1)"}}, kFields).ok());
  EXPECT_FALSE(FeatureProgram::compile({{"f", "one_hot(s) + 1"}}, kFields).ok());
}

TEST(Fitted, OneHotMakesAColumnForEachCategory) {
  const Fitting one_hot("one_hot(s)", texts({"b", "a", nullptr, "b"}));
  ASSERT_EQ(one_hot.program->features().size(), 2u);
  EXPECT_EQ(one_hot.program->features()[0].name, "f=a");
  EXPECT_EQ(one_hot.program->features()[1].name, "f=b");
  EXPECT_EQ(one_hot.training, (std::vector<double>{0, 1, 1, 0, 0, 0, 0, 1}));
  EvaluationNotes notes;
  EXPECT_EQ(one_hot(texts({"z"}), &notes), (std::vector<double>{0, 0}));
  EXPECT_EQ(notes.unknown_category, (std::vector<int64_t>{1, 0}));
}

TEST(Fitted, FrequencyIsTheShareOfTrainingRows) {
  const Fitting frequency("frequency(s)", texts({"a", "b", "a", "a", nullptr}));
  const std::vector<double> found = frequency(texts({"a", "b", "z", nullptr}));
  EXPECT_EQ(found[0], 0.75);
  EXPECT_EQ(found[1], 0.25);
  EXPECT_EQ(found[2], 0.0);
  EXPECT_TRUE(std::isnan(found[3]));
}

// sklearn.utils.murmurhash3_32(text, seed=0)
TEST(Fitted, HashesAsScikitLearn) {
  EXPECT_EQ(text_hash(""), 0);
  EXPECT_EQ(text_hash("a"), 1009084850);
  EXPECT_EQ(text_hash("ab"), -1681926305);
  EXPECT_EQ(text_hash("abc"), -1277324294);
  EXPECT_EQ(text_hash("abcd"), 1139631978);
  EXPECT_EQ(text_hash("flight"), -238384653);
  EXPECT_EQ(text_hash("Zürich"), 694770001);
  EXPECT_EQ(text_hash("日本"), -992347838);
}

// HashingVectorizer(n_features=8, norm=None, alternate_sign=False)
TEST(Fitted, CountsHashedWordsAsScikitLearn) {
  const Fitting words("hashed_words(s, 8)",
                      texts({"The quick brown fox, the lazy dog; a x 12", "Zürich züRICH é"}));
  EXPECT_EQ(words.training, (std::vector<double>{1, 0, 0, 1, 0, 2, 2, 2, 0, 2, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(words.program->features()[3].name, "f#3");
  EXPECT_TRUE(std::isnan(words(texts({nullptr}))[7]));
}

// HashingVectorizer(n_features=16, norm=None, alternate_sign=False, analyzer, ngram_range)
TEST(Fitted, CountsRunsOfWordsAndCharactersAsScikitLearn) {
  const auto rows = texts(
      {"The quick brown fox, the lazy dog; a x 12", "Zürich  züRICH é", "ab", "a  b", "", nullptr});
  const std::map<std::string, std::vector<std::vector<double>>> expected = {
      {"hashed_words(s, 16, 3)",
       {{2, 1, 0, 1, 1, 2, 0, 3, 1, 1, 1, 1, 0, 1, 6, 0},
        {0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0},
        {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        std::vector<double>(16)}},
      {"hashed_characters(s, 16, 2, 4)",
       {{5, 9, 8, 13, 6, 1, 11, 9, 5, 5, 4, 10, 5, 6, 15, 5},
        {4, 6, 2, 2, 2, 0, 4, 4, 0, 4, 1, 1, 5, 0, 2, 2},
        {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0}}},
      {"hashed_characters(s, 16, 1, 1)",
       {{1, 3, 2, 7, 1, 1, 1, 3, 10, 1, 1, 4, 1, 4, 0, 1},
        {0, 4, 0, 0, 0, 2, 0, 1, 2, 2, 2, 0, 0, 2, 0, 0},
        {0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0},
        {0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}}}};
  for (const auto& [expression, counts] : expected) {
    const Fitting grams(expression, rows);
    for (size_t row = 0; row < counts.size(); ++row) {
      const auto begin = grams.training.begin() + static_cast<ptrdiff_t>(row * 16);
      EXPECT_EQ(std::vector<double>(begin, begin + 16), counts[row]) << expression << row;
    }
    EXPECT_EQ(grams.training[4 * 16], 0.0) << "a text without a word has counts of 0";
    EXPECT_TRUE(std::isnan(grams.training[5 * 16])) << "no text has none";
    EXPECT_EQ(grams.program->features()[3].name, "f#3");
  }
}

// -- target_mean

/// Rows with labels that become known a while after they happened.
struct LabelledRows {
  Vector categories;
  std::vector<double> labels;
  std::vector<int64_t> times;
  std::vector<int64_t> known;

  explicit LabelledRows(Random& random, size_t count) {
    categories.reset(ValueType::text, count);
    for (size_t i = 0; i < count; ++i) {
      categories.valid[i] = random.below(10) != 0 ? 1 : 0;
      if (categories.valid[i] != 0) categories.texts[i] = std::string(1, 'a' + random.below(4));
      labels.push_back(random.below(12) == 0 ? kNan : static_cast<double>(random.below(2)));
      times.push_back(static_cast<int64_t>(random.below(40)));
      known.push_back(times.back() + static_cast<int64_t>(random.below(8)) - 2);
    }
  }
  [[nodiscard]] FitLabels labels_of(bool has_times) const {
    return {.labels = labels, .row_times = times, .label_known = known, .has_times = has_times};
  }
};

/// The definition, written down without a thought for speed.
double slow_value(const LabelledRows& rows, size_t row, double weight, bool has_times) {
  double sum = 0, text_sum = 0;
  int64_t count = 0, text_count = 0;
  for (size_t other = 0; other < rows.labels.size(); ++other) {
    const bool is_known = has_times
                              ? std::max(rows.known[other], rows.times[other]) <= rows.times[row] &&
                                    rows.times[other] < rows.times[row]
                              : other % 5 != row % 5;
    if (!is_known || std::isnan(rows.labels[other])) continue;
    sum += rows.labels[other];
    ++count;
    if (rows.categories.valid[other] == 0) continue;
    if (rows.categories.texts[other] != rows.categories.texts[row]) continue;
    text_sum += rows.labels[other];
    ++text_count;
  }
  if (count == 0) return kNan;
  const double mean = sum / static_cast<double>(count);
  return (text_sum + weight * mean) / (static_cast<double>(text_count) + weight);
}

TEST(TargetMean, EqualsItsDefinition) {
  const uint64_t seed = 11;
  Random random(seed);
  for (int turn = 0; turn < 40; ++turn) {
    const LabelledRows rows(random, 1 + random.below(120));
    if (std::all_of(rows.labels.begin(), rows.labels.end(), [](double y) { return y != y; })) {
      continue;
    }
    for (const bool has_times : {true, false}) {
      const auto means = target_means(rows.categories, rows.labels_of(has_times), 3.0);
      ASSERT_TRUE(means.ok());
      for (size_t row = 0; row < rows.labels.size(); ++row) {
        ASSERT_EQ(means->training_values.valid[row], rows.categories.valid[row]);
        if (rows.categories.valid[row] == 0) continue;
        const double expected = slow_value(rows, row, 3.0, has_times);
        const double found = means->training_values.numbers[row];
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(found)) << "seed " << seed;
        } else {
          EXPECT_NEAR(found, expected, 1e-12) << "seed " << seed << " row " << row;
        }
      }
    }
  }
}

TEST(TargetMean, NoTrainingRowSeesItsOwnLabel) {
  Random random(5);
  for (int turn = 0; turn < 30; ++turn) {
    LabelledRows rows(random, 60);
    for (const bool has_times : {true, false}) {
      const auto before = target_means(rows.categories, rows.labels_of(has_times), 2.0);
      const size_t row = random.below(60);
      const double label = rows.labels[row];
      rows.labels[row] = std::isnan(label) ? 1.0 : 1.0 - label;
      const auto after = target_means(rows.categories, rows.labels_of(has_times), 2.0);
      ASSERT_TRUE(before.ok() && after.ok());
      EXPECT_EQ(std::bit_cast<uint64_t>(before->training_values.numbers[row]),
                std::bit_cast<uint64_t>(after->training_values.numbers[row]));
      rows.labels[row] = label;
    }
  }
}

TEST(TargetMean, LaterRowsGetAllLabels) {
  const std::vector<double> labels = {1, 0, 1, 1};
  const std::vector<int64_t> times = {1, 2, 3, 4};
  const Fitting mean(
      "target_mean(s, 2)", texts({"a", "a", "b", "a"}),
      {.labels = labels, .row_times = times, .label_known = times, .has_times = true});
  const std::vector<double> found = mean(texts({"a", "b", "z", nullptr}));
  EXPECT_DOUBLE_EQ(found[0], (2 + 2 * 0.75) / 5);
  EXPECT_DOUBLE_EQ(found[1], (1 + 2 * 0.75) / 3);
  EXPECT_DOUBLE_EQ(found[2], 0.75);
  EXPECT_TRUE(std::isnan(found[3]));
  EXPECT_TRUE(std::isnan(mean.training[0]));  // Nothing was known then.
  EXPECT_DOUBLE_EQ(mean.training[1], 1.0);
}

}  // namespace
}  // namespace millgate
