#include "data/check/table_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/query/test_project.h"
#include "ground/random.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TableDriftTest : public testing::Test {
 protected:
  /// Compares the rows of two texts, which stand for tables or selects.
  Result<TableDrift> compare(const std::string& reference, const std::string& current,
                             const TableDriftOptions& options = {}) {
    database_ = *Database::open({.user_sql = true});
    MILLGATE_ASSIGN(const auto sides,
                    open_rows(*database_, project_.repository(), {reference, current}, "main"));
    return compare_rows(*database_, sides[0], sides[1], options);
  }

  TableDrift compared(const std::string& reference, const std::string& current,
                      const TableDriftOptions& options = {}) {
    auto drift = compare(reference, current, options);
    EXPECT_TRUE(drift.ok()) << (drift.ok() ? "" : drift.error().what + drift.error().excerpt);
    return drift.ok() ? std::move(drift).value() : TableDrift{};
  }

  static const ColumnShift& column(const TableDrift& drift, const std::string& name) {
    return *std::find_if(drift.columns.begin(), drift.columns.end(),
                         [&](const ColumnShift& one) { return one.name == name; });
  }

  /// Rows with a number, a category and a gap in every tenth of `gaps`; shifted by `by`.
  static std::string rows(int count, double by, uint64_t seed, int gaps = 0) {
    Random random(seed);
    std::string csv = "id,size,colour,weight\n";
    for (int i = 0; i < count; ++i) {
      const double size = random.normal() + by;
      csv += std::to_string(i) + ',' + std::to_string(size) + ',' +
             (random.uniform() < 0.5 + by / 4 ? "red" : "blue") + ',' +
             (i % 10 < gaps ? "" : std::to_string(size * 2 + random.normal())) + '\n';
    }
    return csv;
  }

  TestProject project_;
  std::unique_ptr<Database> database_;
};

TEST_F(TableDriftTest, FindsWhatShiftedAndNothingElse) {
  project_.commit({{"a", rows(2000, 0, 1), {"id"}},
                   {"b", rows(2000, 0.8, 2), {"id"}},
                   {"c", rows(2000, 0, 3, 3), {"id"}}});
  const TableDrift drift = compared("a", "b");
  EXPECT_TRUE(drift.shifted());
  EXPECT_TRUE(column(drift, "size").shifted);
  EXPECT_TRUE(column(drift, "weight").shifted);
  EXPECT_TRUE(column(drift, "colour").shifted);
  EXPECT_NEAR(column(drift, "colour").effect, 0.2, 0.04);
  EXPECT_FALSE(column(drift, "id").shifted);

  const TableDrift gaps = compared("a", "c");
  EXPECT_FALSE(column(gaps, "size").shifted);
  EXPECT_FALSE(column(gaps, "weight").shifted);
  EXPECT_TRUE(column(gaps, "weight").missing_shifted);
  EXPECT_NEAR(column(gaps, "weight").missing.difference, 0.3, 1e-12);
  EXPECT_EQ(column(gaps, "weight").current_count, 1400);
}

TEST_F(TableDriftTest, ManyRowsDoNotTurnNoiseIntoAnAlarm) {
  const TableDrift drift =
      compared("select i, (i * 7919 % 100003) / 100003.0 as x from range(200000) t(i)",
               "select i, (i * 6007 % 100003) / 100003.0 + 0.02 as x from range(200000) t(i)");
  const ColumnShift& x = column(drift, "x");
  EXPECT_LT(x.adjusted_p_value, 1e-10);  // Significant, and too small to matter.
  EXPECT_NEAR(x.effect, 0.02, 0.001);
  EXPECT_FALSE(x.shifted);
  EXPECT_FALSE(drift.shifted());
}

TEST_F(TableDriftTest, SamplesWithoutAShiftAreRarelyAlarming) {
  int alarms = 0;
  for (int seed = 0; seed < 20; ++seed) {
    project_.commit({{"a", rows(300, 0, 100 + static_cast<uint64_t>(seed)), {"id"}},
                     {"b", rows(300, 0, 500 + static_cast<uint64_t>(seed)), {"id"}}});
    alarms += compared("a", "b").shifted() ? 1 : 0;
  }
  EXPECT_LE(alarms, 3);
}

TEST_F(TableDriftTest, NamesNewAndGoneCategories) {
  const TableDrift drift =
      compared("select * from (values ('a'), ('a'), ('b'), (null), ('a')) t(c)",
               "select * from (values ('a'), ('z'), ('z'), ('y'), (null)) t(c)");
  const ColumnShift& c = column(drift, "c");
  EXPECT_EQ(c.reference_count, 4);
  EXPECT_EQ(c.new_category_count, 2);
  EXPECT_EQ(c.new_category_rows, 3);
  ASSERT_EQ(c.new_categories.size(), 2U);
  EXPECT_EQ(c.new_categories[0].value, "z");
  EXPECT_EQ(c.new_categories[0].row_count, 2);
  ASSERT_EQ(c.gone_categories.size(), 1U);
  EXPECT_EQ(c.gone_categories[0].value, "b");
}

TEST_F(TableDriftTest, RelationsMayChangeWhileColumnsDoNot) {
  const std::string x = "(i * 7919 % 10007) / 10007.0";
  const std::string noise = "(i * 6007 % 10009) / 10009.0";
  const TableDrift drift =
      compared("select " + x + " as x, " + x + " as y from range(3000) t(i)",
               "select " + x + " as x, 1 - " + x + " as y from range(3000) t(i)");
  EXPECT_FALSE(column(drift, "y").shifted);
  ASSERT_EQ(drift.relations.size(), 1U);
  EXPECT_EQ(drift.relations[0].first, "x");
  EXPECT_NEAR(drift.relations[0].reference, 1, 1e-12);
  EXPECT_NEAR(drift.relations[0].current, -1, 1e-12);
  EXPECT_TRUE(drift.shifted());
  const TableDrift same =
      compared("select " + x + " as x, " + noise + " as y from range(3000) t(i)",
               "select " + x + " as x, " + noise + " as y from range(3000) t(i) where i % 2 = 0");
  EXPECT_TRUE(same.relations.empty());
  EXPECT_EQ(same.relation_count, 1);
}

TEST_F(TableDriftTest, ComparesTheRateOfALabelAndTheRowsAsAWhole) {
  TableDriftOptions options;
  options.label = "late > 15";
  options.joint = true;
  const TableDrift drift =
      compared("select i % 40 as late, i * 7919 % 1009 as x from range(400) t(i)",
               "select i % 25 + 10 as late, i * 6007 % 1009 as x from range(400) t(i)", options);
  ASSERT_TRUE(drift.label_rate.has_value());
  EXPECT_EQ(drift.reference_labels.part, 240);
  EXPECT_NEAR(drift.label_rate->difference, 0.76 - 0.6, 1e-12);
  // statsmodels confint_proportions_2indep(304, 400, 240, 400, method="newcomb")
  EXPECT_NEAR(drift.label_rate->lower, 0.09559877800391137, 1e-9);
  EXPECT_NEAR(drift.label_rate->upper, 0.22258238580469206, 1e-9);
  ASSERT_TRUE(drift.joint.has_value());
  EXPECT_LT(drift.joint->p_value, 0.05);
  options.label = "lat > 15";
  const auto wrong = compare("select 1 as late", "select 2 as late", options);
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().what, HasSubstr("the label `lat > 15`"));
}

TEST_F(TableDriftTest, OddColumnsHaveANoteInsteadOfANumber) {
  const TableDrift drift = compared(
      "select i, case when false then 1 end as empty, 7 as same, 'name' || i as name, "
      "case when i % 2 = 0 then 'Infinity'::double else i end as wild, [i] as list, "
      "timestamp '2013-01-01' + i * interval '1 day' as t, i as changed, 1 as gone "
      "from range(100) t(i)",
      "select i, case when false then 1 end as empty, 7 as same, 'name' || i as name, "
      "'NaN'::double as wild, [i] as list, timestamp '2014-01-01' + i * interval '1 day' as t, "
      "'x' as changed, 2 as fresh from range(100) t(i)");
  EXPECT_EQ(column(drift, "empty").note, "no values on either side");
  EXPECT_EQ(column(drift, "same").effect, 0);
  EXPECT_EQ(column(drift, "same").p_value, 1);
  EXPECT_THAT(column(drift, "name").note, HasSubstr("value of its own"));
  EXPECT_EQ(column(drift, "wild").note, "no values now");
  EXPECT_EQ(column(drift, "wild").reference_count, 50);
  EXPECT_THAT(column(drift, "list").note, HasSubstr("not compared"));
  EXPECT_THAT(column(drift, "t").reference_range, HasSubstr("2013-01-01"));
  EXPECT_EQ(column(drift, "changed").note, "was BIGINT, is VARCHAR");
  EXPECT_TRUE(column(drift, "changed").shifted);
  EXPECT_THAT(drift.only_reference, ElementsAre("gone"));
  EXPECT_THAT(drift.only_current, ElementsAre("fresh"));
}

TEST_F(TableDriftTest, FewValuesAreNoReasonForAnAlarm) {
  const std::string many = "select 1.0 + i as x, 'old' as s, i as y from range(300) t(i)";
  const std::string few = "select 999.0 as x, 'new' as s, null::int as y from range(";
  const TableDrift nine = compared(many, few + "9)");
  EXPECT_EQ(column(nine, "x").effect, 1);
  EXPECT_LT(column(nine, "x").p_value, 1e-6);
  EXPECT_FALSE(column(nine, "x").judged);
  EXPECT_FALSE(column(nine, "y").missing_shifted);
  EXPECT_FALSE(nine.shifted());
  const TableDrift ten = compared(many, few + "10)");
  EXPECT_TRUE(column(ten, "x").shifted);
  EXPECT_TRUE(column(ten, "s").shifted);
  EXPECT_TRUE(column(ten, "y").missing_shifted);
}

TEST_F(TableDriftTest, WrongRequestsAreErrors) {
  project_.commit({{"a", "id\n1\n", {"id"}}});
  EXPECT_EQ(compare("a", "from a where false").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(compare("a", "select 1 as other").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(compare("a", "b").error().code, ErrorCode::not_found);
  EXPECT_EQ(compare("a", "a@nowhere").error().code, ErrorCode::not_found);
  EXPECT_EQ(compare("select nothing from a", "a").error().code, ErrorCode::invalid_input);
  EXPECT_TRUE(compare("a", "a").ok());  // One row on each side.
}

}  // namespace
}  // namespace millgate
