#include "system/monitor/column_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::HasSubstr;

// Fewer than 256 distinct values each: of so many a profile keeps the whole distribution.

/// floor(250 * ((i * 7919 + 13) % 1009) / 1009) for i < 1000
std::vector<double> reference_values() {
  std::vector<double> values;
  for (int64_t i = 0; i < 1000; ++i) {
    values.push_back(std::floor(250 * (static_cast<double>((i * 7919 + 13) % 1009) / 1009)));
  }
  return values;
}

/// floor(250 * (((j * 6007 + 5) % 1013) / 1013) ** 1.3) for j < 800
std::vector<double> served_values() {
  std::vector<double> values;
  for (int64_t j = 0; j < 800; ++j) {
    const double share = static_cast<double>((j * 6007 + 5) % 1013) / 1013;
    values.push_back(std::floor(250 * std::pow(share, 1.3)));
  }
  return values;
}

/// A linear model of the one input `distance`, or of the one category `carrier`, whose profiles
/// are those of the given training values.
class OneColumn {
 public:
  explicit OneColumn(const std::vector<double>& training) {
    Block block;
    block.rows = training.size();
    block.columns.resize(1);
    block.columns[0].reset(ValueType::number, training.size());
    block.columns[0].numbers = training;
    std::fill(block.columns[0].valid.begin(), block.columns[0].valid.end(), 1);
    load({"distance", "distance"}, {"distance", ValueType::number}, block,
         profile_numbers("distance", training));
  }
  explicit OneColumn(const std::vector<std::string>& training) {
    const Block block = texts(training);
    load({"carrier", "category(carrier)"}, {"carrier", ValueType::text}, block,
         profile_texts("carrier", training, {}));
  }

  static Block numbers(const std::vector<double>& values) {
    Block block;
    block.rows = values.size();
    block.columns.resize(1);
    block.columns[0].reset(ValueType::number, values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      block.columns[0].valid[i] = std::isnan(values[i]) ? 0 : 1;
      if (!std::isnan(values[i])) block.columns[0].numbers[i] = values[i];
    }
    return block;
  }

  static Block texts(const std::vector<std::string>& values) {
    Block block;
    block.rows = values.size();
    block.columns.resize(1);
    block.columns[0].reset(ValueType::text, values.size());
    block.columns[0].texts = values;
    std::fill(block.columns[0].valid.begin(), block.columns[0].valid.end(), 1);
    return block;
  }

  /// The drift of the input over `window_count` windows of equal numbers of rows.
  [[nodiscard]] ColumnDrift drift(const Block& served, size_t window_count = 1) const {
    const WindowGrid grid{
        .begin_micros = kTestBegin, .length_micros = kTestDay, .count = window_count};
    std::vector<LogRows> windows;
    for (size_t i = 0; i < window_count; ++i) {
      windows.push_back({served.rows * i / window_count, served.rows * (i + 1) / window_count});
    }
    const std::vector<double> predictions(served.rows, 0.5);
    const auto columns = good(
        drift_of_columns({.model = *model_,
                          .inputs = served,
                          .predictions = predictions,
                          .frame = {.grid = grid, .windows = windows, .row_count = served.rows}}));
    for (const ColumnDrift& column : columns) {
      if (column.what == "input") return column;
    }
    ADD_FAILURE() << "no input";
    return {};
  }

 private:
  void load(const FeatureDefinition& feature, const Field& field, const Block& block,
            const Profile& profile) {
    auto program = good(FeatureProgram::compile({feature}, {field}));
    if (!program.fit(block).ok()) std::abort();
    LinearModel linear;
    linear.mean = {0};
    linear.scale = {1};
    linear.coefficient = {1};
    Model::Parts parts;
    parts.manifest.task_kind = "binary";
    parts.features = &program;
    parts.model_format = "linear";
    parts.model_text = save_linear(linear);
    parts.feature_profiles = {profile};
    parts.input_profiles = {profile};
    ObjectStore objects(make_memory_file_store());
    model_ = good(Model::load(objects, good(Model::save(objects, parts))));
  }

  std::shared_ptr<const Model> model_;
};

// The figures of numpy 2.4.6 and scipy 1.17.1 for the same values:
//   edges = np.unique(np.percentile(r, range(10, 100, 10)))
//   R, C = (np.bincount(np.searchsorted(edges, v, side="left"), minlength=10) for v in (r, c))
//   smooth = lambda n: (n + 0.5) / (n.sum() + len(n) / 2)
//   psi = ((smooth(C) - smooth(R)) * np.log(smooth(C) / smooth(R))).sum()
//   scipy.spatial.distance.jensenshannon(R, C, base=2), scipy.stats.ks_2samp(r, c).statistic
TEST(ColumnDrift, OfNumbersIsThatOfScipy) {
  const OneColumn model(reference_values());
  const ColumnDrift column = model.drift(OneColumn::numbers(served_values()));
  EXPECT_EQ(column.row_count, 800);
  EXPECT_NEAR(column.drift.psi, 0.05990850014119739, 1e-12);
  EXPECT_NEAR(column.drift.jensen_shannon, 0.10412803809892886, 1e-12);
  EXPECT_NEAR(column.drift.ks, 0.09825, 1e-12);
  EXPECT_DOUBLE_EQ(column.importance, 1);
}

TEST(ColumnDrift, EachWindowIsComparedByItself) {
  const OneColumn model(reference_values());
  const ColumnDrift column = model.drift(OneColumn::numbers(served_values()), 2);
  ASSERT_EQ(column.psi_by_window.size(), 2U);
  // As above for c[:400] and c[400:].
  EXPECT_NEAR(column.psi_by_window[0], 0.06372668432846099, 1e-12);
  EXPECT_NEAR(column.psi_by_window[1], 0.05568022133181132, 1e-12);
}

TEST(ColumnDrift, OfCategoriesIsThatOfScipy) {
  const auto repeated = [](const std::vector<std::pair<std::string, int>>& counts) {
    std::vector<std::string> values;
    for (const auto& [text, count] : counts) values.insert(values.end(), count, text);
    return values;
  };
  const OneColumn model(repeated({{"AA", 300}, {"UA", 500}, {"DL", 200}}));
  const ColumnDrift column =
      model.drift(OneColumn::texts(repeated({{"AA", 100}, {"UA", 300}, {"DL", 350}, {"B6", 50}})));
  // The same with R = [300, 0, 200, 500] and C = [100, 50, 350, 300]; ks is
  // abs(R / R.sum() - C / C.sum()).sum() / 2.
  EXPECT_NEAR(column.drift.psi, 0.6755373530043193, 1e-12);
  EXPECT_NEAR(column.drift.jensen_shannon, 0.3117479750716092, 1e-12);
  EXPECT_NEAR(column.drift.ks, 0.3, 1e-12);
  EXPECT_EQ(column.verdict, "large");
  EXPECT_EQ(column.drift.new_categories, std::vector<std::string>{"B6"});
  EXPECT_DOUBLE_EQ(column.new_category_share, 50.0 / 800);
}

TEST(ColumnDrift, TheSameDistributionIsNone) {
  // 200 quiet samples: a false "large" or "small" is what makes people stop looking.
  const OneColumn model(reference_values());
  int judged = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    std::vector<double> values;
    for (int i = 0; i < 400; ++i) values.push_back(std::floor(250 * random.uniform()));
    const ColumnDrift column = model.drift(OneColumn::numbers(values), 1);
    judged += column.verdict == "none" ? 0 : 1;
    EXPECT_FALSE(column.since.has_value()) << "seed " << seed;
  }
  EXPECT_LE(judged, 2) << "of 200 quiet samples";
}

TEST(ColumnDrift, BeginsInTheWindowInWhichItIsLarge) {
  const OneColumn model(reference_values());
  std::vector<double> values;
  Random random(9);
  for (int i = 0; i < 2000; ++i) {
    values.push_back(250 * random.uniform() + (i >= 1200 ? 150 : 0));
  }
  const ColumnDrift column = model.drift(OneColumn::numbers(values), 5);
  EXPECT_EQ(column.verdict, "large");
  ASSERT_TRUE(column.since.has_value());
  EXPECT_EQ(column.since->micros, kTestBegin + 3 * kTestDay);
  EXPECT_LT(column.psi_by_window[2], 0.1);
  EXPECT_GT(column.psi_by_window[3], 0.25);
}

TEST(ColumnDrift, FewRowsAreNotJudged) {
  const OneColumn model(reference_values());
  std::vector<double> values(199, 250.0);
  const ColumnDrift column = model.drift(OneColumn::numbers(values));
  EXPECT_EQ(column.verdict, "too few rows");
  EXPECT_THAT(column.reason, HasSubstr("199 rows, 200 are needed"));
  EXPECT_FALSE(column.since.has_value());
}

TEST(ColumnDrift, MissingValuesAreCountedAndJudged) {
  const OneColumn model(reference_values());
  std::vector<double> values = served_values();
  for (size_t i = 0; i < 100; ++i) values[i * 8] = kMissing;
  const ColumnDrift column = model.drift(OneColumn::numbers(values));
  EXPECT_DOUBLE_EQ(column.drift.null_rate_change, 0.125);
  EXPECT_EQ(column.verdict, "large");
  EXPECT_THAT(column.reason, HasSubstr("missing in 12 % of rows, in 0 % of the training's"));

  const ColumnDrift gone = model.drift(OneColumn::numbers(std::vector<double>(800, kMissing)));
  EXPECT_EQ(gone.verdict, "large");
  EXPECT_THAT(gone.reason, HasSubstr("missing in 100 %"));
}

TEST(ColumnDrift, OneValueOrInfinityBreaksNothing) {
  const OneColumn model(reference_values());
  const ColumnDrift one = model.drift(OneColumn::numbers(std::vector<double>(800, 70.0)));
  EXPECT_EQ(one.verdict, "large");
  EXPECT_TRUE(std::isfinite(one.drift.psi));
  std::vector<double> values = served_values();
  values[0] = std::numeric_limits<double>::infinity();
  values[1] = -std::numeric_limits<double>::infinity();
  const ColumnDrift infinite = model.drift(OneColumn::numbers(values));
  EXPECT_DOUBLE_EQ(infinite.drift.null_rate_change, 2.0 / 800);
  const OneColumn constant(std::vector<double>(1000, 5.0));
  EXPECT_EQ(constant.drift(OneColumn::numbers(std::vector<double>(800, 5.0))).verdict, "none");
  EXPECT_EQ(constant.drift(OneColumn::numbers(served_values())).verdict, "large");
}

TEST(ColumnDrift, OfTooManyCategoriesCannotBeKnown) {
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back("N" + std::to_string(i % 500));
  const OneColumn model(many);
  many.resize(800);
  std::reverse(many.begin(), many.end());
  const ColumnDrift column = model.drift(OneColumn::texts(many));
  EXPECT_EQ(column.verdict, "cannot know");
  EXPECT_THAT(column.reason, HasSubstr("500 categories are too many"));
}

TEST(ColumnDrift, AUnitIsSuspectedFromTheDistribution) {
  const OneColumn model(reference_values());
  std::vector<double> values = served_values();
  Random random(10);
  for (double& value : values) value = 250 * random.uniform() * 1.609344;
  const ColumnDrift column = model.drift(OneColumn::numbers(values));
  EXPECT_EQ(column.verdict, "large");
  EXPECT_THAT(column.drift.unit_suspicion, HasSubstr("miles sent as kilometres"));
}

}  // namespace
}  // namespace millgate
