#include "data/check/table_profile.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/query/test_project.h"
#include "ground/json.h"

namespace millgate {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

class TableProfileTest : public testing::Test {
 protected:
  TableProfile profiled(const std::string& text) {
    database_ = *Database::open({.user_sql = true});
    const auto rows = open_rows(*database_, project_.repository(), {text}, "main");
    EXPECT_TRUE(rows.ok()) << (rows.ok() ? "" : rows.error().what);
    auto profile = profile_rows(*database_, rows->front());
    EXPECT_TRUE(profile.ok()) << (profile.ok() ? "" : profile.error().what);
    return std::move(profile).value();
  }

  static const ColumnProfile& column(const TableProfile& profile, const std::string& name) {
    return *std::find_if(profile.columns().begin(), profile.columns().end(),
                         [&](const ColumnProfile& one) { return one.column().name == name; });
  }

  static bool has_remark(const TableProfile& profile, const std::string& name,
                         const std::string& kind) {
    const auto remarks = profile.remarks(profile.associations());
    return std::any_of(remarks.begin(), remarks.end(),
                       [&](const Remark& one) { return one.column == name && one.kind == kind; });
  }

  TestProject project_;
  std::unique_ptr<Database> database_;
};

TEST_F(TableProfileTest, CountsWhatDuckdbCounts) {
  const std::string rows =
      "select i, case when i % 10 > 0 then (i * 7919 % 1009) / 8.0 end as x, "
      "'t' || (i % 37) as t, i % 2 = 0 as b, timestamp '2013-01-01' + i * interval '1 hour' as at "
      "from range(5000) t(i)";
  const TableProfile profile = profiled(rows);
  const ColumnProfile& x = column(profile, "x");
  EXPECT_EQ(profile.row_count(), 5000);
  EXPECT_EQ(x.null_count(), 500);
  EXPECT_TRUE(x.exact());
  const auto truth = database_->query(
      "select count(distinct x), min(x), max(x), avg(x), stddev_samp(x), quantile_cont(x, 0.25), "
      "quantile_cont(x, 0.99) from (" +
      rows + ")");
  ASSERT_TRUE(truth.ok());
  const auto figure = [&](int c) {
    return static_cast<const arrow::DoubleArray&>(*(*truth)->column(c)->chunk(0)).Value(0);
  };
  EXPECT_EQ(x.distinct_count(),
            static_cast<const arrow::Int64Array&>(*(*truth)->column(0)->chunk(0)).Value(0));
  EXPECT_EQ(x.minimum(), figure(1));
  EXPECT_EQ(x.maximum(), figure(2));
  EXPECT_NEAR(x.mean(), figure(3), 1e-9);
  EXPECT_NEAR(x.standard_deviation(), figure(4), 1e-9);
  EXPECT_NEAR(x.quantiles({0.25, 0.99})[0], figure(5), 1e-9);
  EXPECT_NEAR(x.quantiles({0.25, 0.99})[1], figure(6), 1e-9);
  double sum = 0;
  for (const double bin : x.histogram()) sum += bin;
  EXPECT_EQ(sum, 4500);
  const ColumnProfile& t = column(profile, "t");
  EXPECT_EQ(t.distinct_count(), 37);
  EXPECT_EQ(t.length_min(), 2);
  EXPECT_EQ(t.length_max(), 3);
  EXPECT_EQ(t.patterns(3)[0].first, "a9");
  EXPECT_EQ(column(profile, "b").most_frequent(1)[0].second, 2500);
  EXPECT_EQ(profile.duplicate_count(), 0);
}

/// A random number of parts, merged: all exact figures are those of the whole.
TEST_F(TableProfileTest, PartsMergeIntoTheWhole) {
  const std::string rows =
      "select i % 500 as n, (i * 7919 % 100003) / 7.0 as wide, 'w' || (i * 31 % 20011) as words, "
      "case when i % 3 > 0 then 'c' || (i % 5) end as c, date '2013-01-01' + (i % 300)::int as d "
      "from range(40000) t(i)";
  const TableProfile whole = profiled(rows);
  database_ = *Database::open({.user_sql = true});
  const auto asked = open_rows(*database_, project_.repository(), {rows}, "main");
  std::vector<TableProfile> parts;
  for (const auto& [from, to] : {std::pair{0, 1}, {1, 9000}, {9000, 9000}, {9000, 40000}}) {
    std::string list;
    for (const AskedColumn& one : asked->front().columns) {
      list += (list.empty() ? "" : ", ") + ColumnProfile::expression(one);
    }
    auto reader = database_->stream("select " + list + " from " + asked->front().name + " limit " +
                                    std::to_string(to - from) + " offset " + std::to_string(from));
    TableProfile part(asked->front().columns);
    std::shared_ptr<arrow::RecordBatch> batch;
    while ((*reader)->ReadNext(&batch).ok() && batch != nullptr) part.add(*batch);
    parts.push_back(std::move(part));
  }
  for (size_t i = 1; i < parts.size(); ++i) parts[0].merge(parts[i]);
  const TableProfile& merged = parts[0];
  EXPECT_EQ(merged.row_count(), whole.row_count());
  EXPECT_EQ(merged.duplicate_count(), whole.duplicate_count());
  EXPECT_EQ(merged.sampled_rows(), whole.sampled_rows());
  for (size_t i = 0; i < whole.columns().size(); ++i) {
    const ColumnProfile& a = merged.columns()[i];
    const ColumnProfile& b = whole.columns()[i];
    EXPECT_EQ(a.null_count(), b.null_count());
    EXPECT_EQ(a.exact(), b.exact());
    EXPECT_EQ(a.distinct_count(), b.distinct_count()) << a.column().name;
    EXPECT_EQ(a.minimum(), b.minimum());
    EXPECT_EQ(a.maximum(), b.maximum());
    EXPECT_NEAR(a.mean(), b.mean(), 1e-9 * std::abs(b.mean()));
    EXPECT_NEAR(a.standard_deviation(), b.standard_deviation(), 1e-9 * b.standard_deviation());
    EXPECT_EQ(a.length_max(), b.length_max());
    EXPECT_EQ(a.length_mean(), b.length_mean());
    if (a.exact()) {
      EXPECT_EQ(a.most_frequent(20), b.most_frequent(20));
      EXPECT_EQ(a.quantiles({0.1, 0.5, 0.9}), b.quantiles({0.1, 0.5, 0.9}));
    } else if (!a.is_text()) {
      EXPECT_LT(a.rank_error(), 0.02);
      EXPECT_NEAR(a.quantiles({0.5})[0] / b.quantiles({0.5})[0], 1, 0.05);
    }
  }
}

TEST_F(TableProfileTest, SaysWhatStandsOut) {
  const TableProfile profile = profiled(
      "select i as id, 7 as same, case when i < 10 then 1 end as rare, null::int as nothing, "
      "case when i = 5 then 'Infinity'::double else i % 9 end as wild, "
      "case when i = 7 then 99999 else i % 11 end as far, "
      "case when i % 50 = 0 then -999 else i % 13 end as stand, "
      "case when i % 2 = 0 then 'Red' else 'red' end as cases, "
      "case when i = 3 then 'N/A' else 'AB-' || i end as code, "
      "' x' || (i % 3) as padded, (i % 17)::varchar as digits, i * 2 + 1 as twice, "
      "timestamp '2013-01-01' + (case when i > 100 then i + 300 else i end) * interval '1 hour' as "
      "at "
      "from range(200) t(i)");
  EXPECT_TRUE(has_remark(profile, "id", "key"));
  EXPECT_TRUE(has_remark(profile, "same", "constant"));
  EXPECT_TRUE(has_remark(profile, "rare", "missing"));
  EXPECT_TRUE(has_remark(profile, "nothing", "empty"));
  EXPECT_TRUE(has_remark(profile, "wild", "not_finite"));
  EXPECT_TRUE(has_remark(profile, "far", "extreme"));
  EXPECT_TRUE(has_remark(profile, "stand", "stand_in"));
  EXPECT_TRUE(has_remark(profile, "cases", "case"));
  EXPECT_TRUE(has_remark(profile, "code", "pattern"));
  EXPECT_TRUE(has_remark(profile, "code", "stand_in"));
  EXPECT_TRUE(has_remark(profile, "padded", "blanks"));
  EXPECT_TRUE(has_remark(profile, "digits", "numbers_as_text"));
  EXPECT_TRUE(has_remark(profile, "id", "related"));
  EXPECT_TRUE(has_remark(profile, "at", "time_gap"));
  EXPECT_FALSE(has_remark(profile, "digits", "case"));
  EXPECT_EQ(column(profile, "at").gaps().size(), 1U);
}

TEST_F(TableProfileTest, AssociationsAreThoseOfTheRows) {
  const TableProfile profile = profiled(
      "select i as a, -i * i as b, case when i < 50 then 'low' else 'high' end as c, "
      "case when i < 50 then 'x' else 'y' end as d, i % 2 as e from range(100) t(i)");
  const auto found = profile.associations();
  const auto pair = [&](const std::string& first, const std::string& second) {
    return *std::find_if(found.begin(), found.end(), [&](const Association& one) {
      return one.first == first && one.second == second;
    });
  };
  EXPECT_EQ(profile.sampled_rows(), 100);
  // numpy.corrcoef(range(100), -numpy.arange(100)**2)
  EXPECT_NEAR(pair("a", "b").pearson, -0.9676443927131407, 1e-9);
  EXPECT_NEAR(pair("a", "b").spearman, -1, 1e-12);
  EXPECT_NEAR(pair("c", "d").cramers_v, 1, 1e-12);
  EXPECT_NEAR(pair("c", "d").mutual_information, std::log(2), 1e-12);
  // sqrt(25^2 / variance of 0..99): groups' means are 25 off.
  EXPECT_NEAR(pair("a", "c").correlation_ratio, 25 / std::sqrt(9999.0 / 12), 1e-12);
  EXPECT_NEAR(pair("d", "e").correlation_ratio, 0, 1e-12);
}

TEST_F(TableProfileTest, NoRowsAndManyColumns) {
  const TableProfile none = profiled("select 1 as a, 'x' as b where false");
  EXPECT_EQ(none.row_count(), 0);
  EXPECT_TRUE(has_remark(none, "", "empty"));
  EXPECT_FALSE(dump_json(to_json(none)).empty());
  std::string list;
  for (int i = 0; i < 1000; ++i)
    list += (i == 0 ? "i + " : ", i * ") + std::to_string(i) + " as c" + std::to_string(i);
  const TableProfile wide = profiled("select " + list + " from range(30) t(i)");
  EXPECT_EQ(wide.columns().size(), 1000U);
  EXPECT_LE(wide.associations().size(), kAssociatedColumnsMax * (kAssociatedColumnsMax - 1) / 2);
}

TEST(TextPattern, TellsShapes) {
  EXPECT_EQ(text_pattern("N725MQ"), "A9A");
  EXPECT_EQ(text_pattern("2013-01-05 10:00"), "9-9-9 9:9");
  EXPECT_EQ(text_pattern("Münster"), "Aa");
  EXPECT_EQ(text_pattern("a--b"), "a--a");
  EXPECT_EQ(text_pattern(""), "");
}

}  // namespace
}  // namespace millgate
