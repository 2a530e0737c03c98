#include "model/artifact/disturbance.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "ground/file_store.h"
#include "ground/random.h"
#include "model/artifact/model.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

constexpr size_t kRows = 2000;

/// Columns carrier (text), distance (integer), rainy (boolean), wind (number); a tenth is null.
Block made_rows() {
  Random random(5);
  Block block;
  block.rows = kRows;
  const ValueType types[] = {ValueType::text, ValueType::integer, ValueType::boolean,
                             ValueType::number};
  for (const ValueType type : types) {
    Vector& column = block.columns.emplace_back();
    column.reset(type, kRows);
    for (size_t row = 0; row < kRows; ++row) {
      if (random.below(10) == 0) continue;
      column.valid[row] = 1;
      if (type == ValueType::text) column.texts[row] = random.below(3) == 0 ? "AA" : "UA";
      if (type == ValueType::integer) column.integers[row] = 100 + static_cast<int64_t>(row % 900);
      if (type == ValueType::boolean) column.integers[row] = static_cast<int64_t>(random.below(2));
      if (type == ValueType::number) column.numbers[row] = 10 + 4 * random.normal();
    }
  }
  return block;
}

/// A logistic model in which each input counts.
std::shared_ptr<const Model> made_model(ObjectStore& objects, const Block& rows) {
  auto program = FeatureProgram::compile({{"carrier", "category(carrier)"},
                                          {"distance", "distance"},
                                          {"rainy", "case when rainy then 1 else 0 end"},
                                          {"wind", "wind"}},
                                         {{"carrier", ValueType::text},
                                          {"distance", ValueType::integer},
                                          {"rainy", ValueType::boolean},
                                          {"wind", ValueType::number}});
  EXPECT_TRUE(program.ok()) << program.error().what;
  EXPECT_TRUE(program->fit(rows).ok());
  LinearModel linear{.mean = {0.5, 550, 0.5, 10},
                     .scale = {0.5, 260, 0.5, 4},
                     .coefficient = {0.4, -0.8, 0.5, 1.2},
                     .intercept = 0.1,
                     .logistic = true};
  Model::Parts parts;
  parts.manifest.project = "made";
  parts.manifest.task_kind = "binary";
  parts.features = &*program;
  parts.model_format = "linear";
  parts.model_text = save_linear(linear);
  const auto id = Model::save(objects, parts);
  EXPECT_TRUE(id.ok()) << id.error().what;
  return *Model::load(objects, *id);
}

class DisturbanceTest : public testing::Test {
 protected:
  Block under(const std::string& text, uint64_t seed = 1) {
    const auto how = read_disturbance(text);
    EXPECT_TRUE(how.ok()) << how.error().what;
    auto block = disturbed(*model_, rows_, labels_, *how, seed);
    EXPECT_TRUE(block.ok()) << block.error().what;
    return *std::move(block);
  }
  std::vector<double> predictions(const Block& block) {
    std::vector<Prediction> told;
    Model::Scratch scratch;
    EXPECT_TRUE(model_->predict(block, told, scratch).ok());
    std::vector<double> values;
    for (const Prediction& one : told) values.push_back(one.value);
    return values;
  }
  /// How many values of the column are others than they were.
  size_t changed(const Block& block, size_t column) const {
    const Vector& now = block.columns[column];
    const Vector& then = rows_.columns[column];
    size_t count = 0;
    for (size_t row = 0; row < kRows; ++row) {
      const bool same = now.valid[row] == then.valid[row] &&
                        (now.texts.empty() || now.texts[row] == then.texts[row]) &&
                        (now.integers.empty() || now.integers[row] == then.integers[row]) &&
                        (now.numbers.empty() || now.numbers[row] == then.numbers[row]);
      count += same ? 0 : 1;
    }
    return count;
  }

  ObjectStore objects_{make_memory_file_store()};
  Block rows_ = made_rows();
  std::shared_ptr<const Model> model_ = made_model(objects_, rows_);
  std::vector<double> labels_ = [] {
    std::vector<double> labels(kRows);
    for (size_t row = 0; row < kRows; ++row) labels[row] = row % 3 == 0 ? 1 : 0;
    return labels;
  }();
};

TEST_F(DisturbanceTest, NoiseIsATenthOfTheStandardDeviation) {
  const Block noisy = under("noise");
  double squares = 0;
  double count = 0;
  for (size_t row = 0; row < kRows; ++row) {
    if (rows_.columns[3].valid[row] == 0) continue;
    const double error = noisy.columns[3].numbers[row] - rows_.columns[3].numbers[row];
    squares += error * error;
    count += 1;
  }
  EXPECT_NEAR(std::sqrt(squares / count), 0.4, 0.03);
  EXPECT_EQ(changed(noisy, 0), 0U);
  EXPECT_GT(changed(noisy, 1), kRows / 2);
  EXPECT_EQ(noisy.columns[3].valid, rows_.columns[3].valid);
  EXPECT_EQ(under("noise").columns[3].numbers, noisy.columns[3].numbers);
  EXPECT_NE(under("noise", 2).columns[3].numbers, noisy.columns[3].numbers);
  EXPECT_EQ(changed(under("noise of wind"), 1), 0U);
}

TEST_F(DisturbanceTest, MissingIsATenthOfValuesOrAWholeColumn) {
  const Block some = under("missing");
  for (size_t c = 0; c < 4; ++c) {
    const auto nulls = std::count(some.columns[c].valid.begin(), some.columns[c].valid.end(), 0);
    EXPECT_NEAR(static_cast<double>(nulls) / kRows, 0.19, 0.03) << c;
  }
  const Block whole = under("missing of carrier");
  EXPECT_EQ(std::count(whole.columns[0].valid.begin(), whole.columns[0].valid.end(), 1), 0);
  EXPECT_EQ(changed(whole, 3), 0U);
}

TEST_F(DisturbanceTest, SwappedValuesAreThoseOfOtherRows) {
  const Block swapped = under("swapped of carrier");
  const auto aa = [](const Block& block) {
    return std::count(block.columns[0].texts.begin(), block.columns[0].texts.end(), "AA");
  };
  EXPECT_GT(changed(swapped, 0), kRows / 4);
  EXPECT_NEAR(static_cast<double>(aa(swapped)), static_cast<double>(aa(rows_)), 80);
  const Block some = under("swapped");
  EXPECT_LT(changed(some, 0), kRows / 10);
  EXPECT_GT(changed(some, 2), 0U);
  EXPECT_EQ(changed(some, 3), 0U);
}

TEST_F(DisturbanceTest, NewCategoriesAndExtremesWereNeverSeen) {
  const Block strange = under("new category of carrier");
  for (size_t row = 0; row < kRows; ++row) {
    if (rows_.columns[0].valid[row] == 0) continue;
    const std::string& text = strange.columns[0].texts[row];
    EXPECT_TRUE(text != "AA" && text != "UA") << text;
  }
  const Block extreme = under("extreme of distance");
  for (size_t row = 0; row < kRows; ++row) {
    if (rows_.columns[1].valid[row] == 0) continue;
    const int64_t value = extreme.columns[1].integers[row];
    EXPECT_TRUE(value == 1000 || value == 9990) << value;
  }
}

TEST_F(DisturbanceTest, RoundingIsThatOfFloats) {
  const Block rounded = under("rounding");
  for (size_t row = 0; row < kRows; ++row) {
    EXPECT_EQ(rounded.columns[3].numbers[row],
              static_cast<double>(static_cast<float>(rows_.columns[3].numbers[row])));
  }
  EXPECT_GT(changed(rounded, 3), kRows / 2);
  EXPECT_EQ(changed(rounded, 1), 0U);
}

TEST_F(DisturbanceTest, TheAdversaryFindsTheWorstOfALinearModel) {
  // A linear model is hurt most by moving each number against its label, by its coefficient's sign.
  const Block attacked = under("adversary");
  const auto before = predictions(rows_);
  const auto after = predictions(attacked);
  for (size_t row = 0; row < kRows; ++row) {
    EXPECT_GE(std::abs(after[row] - labels_[row]), std::abs(before[row] - labels_[row])) << row;
    const double sign = labels_[row] > 0.5 ? -1 : 1;
    if (rows_.columns[3].valid[row] != 0) {
      EXPECT_NEAR(attacked.columns[3].numbers[row] - rows_.columns[3].numbers[row], sign * 0.4,
                  0.02);
    }
    if (rows_.columns[1].valid[row] != 0) {
      EXPECT_NEAR(
          static_cast<double>(attacked.columns[1].integers[row] - rows_.columns[1].integers[row]),
          -sign * 26, 1);
    }
  }
  EXPECT_EQ(changed(attacked, 0), 0U);
  EXPECT_EQ(changed(attacked, 2), 0U);
}

TEST_F(DisturbanceTest, AChangeIsWhatItsExpressionGives) {
  const Block changed_rows = under("wind = wind * 1.609344");
  for (size_t row = 0; row < kRows; ++row) {
    EXPECT_EQ(changed_rows.columns[3].numbers[row], rows_.columns[3].numbers[row] * 1.609344);
  }
}

TEST_F(DisturbanceTest, RefusesWhatCannotBe) {
  for (const auto& [text, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"noises", "no way to disturb"}, {"adversary of wind", "no way to disturb"}}) {
    const auto how = read_disturbance(text);
    ASSERT_FALSE(how.ok()) << text;
    EXPECT_THAT(how.error().what, HasSubstr(words));
    EXPECT_THAT(how.error().hint, HasSubstr("wind = wind * 1.609"));
  }
  for (const auto& [text, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"noise of carrier", "of type text"},
           {"missing of carier", "no column `carier`"},
           {"wind = wnd", "wnd"}}) {
    const auto how = read_disturbance(text);
    ASSERT_TRUE(how.ok()) << text;
    const auto block = disturbed(*model_, rows_, labels_, *how, 1);
    ASSERT_FALSE(block.ok()) << text;
    EXPECT_THAT(block.error().what, HasSubstr(words));
  }
}

}  // namespace
}  // namespace millgate
