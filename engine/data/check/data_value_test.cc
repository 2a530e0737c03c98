#include "data/check/data_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/query/test_project.h"
#include "ground/random.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DataValueTest : public testing::Test {
 protected:
  Result<DataValues> values(const std::string& training, const std::string& test,
                            const DataValueOptions& options) {
    const auto database = *Database::open({.user_sql = true});
    MILLGATE_ASSIGN(const auto sides,
                    open_rows(*database, project_.repository(), {training, test}, "main"));
    return data_values(*database, sides[0], sides[1], options);
  }

  /// Two classes that lie apart; every 20th of the source "bought" has the wrong label.
  static std::string rows(int count, uint64_t seed, bool with_wrong) {
    Random random(seed);
    std::string csv = "id,size,colour,noise,source,label\n";
    for (int i = 0; i < count; ++i) {
      const bool is_good = i % 2 == 0;
      const bool is_wrong = with_wrong && i % 20 == 3;
      csv += "r" + std::to_string(i) + ',' + std::to_string(random.normal() + (is_good ? 4 : 0)) +
             ',' +
             (i % 50 == 7 ? ""
              : is_good   ? "red"
                          : "blue") +
             ',' + (i % 40 == 5 ? "" : std::to_string(random.normal())) + ',' +
             (i % 20 < 10 ? "bought" : "own") + ',' + (is_good != is_wrong ? "good" : "bad") + '\n';
    }
    return csv;
  }

  TestProject project_;
};

TEST_F(DataValueTest, WrongLabelsAndTheirSourceAreWorthLeast) {
  project_.commit({{"a", rows(400, 1, true), {"id"}}, {"b", rows(200, 2, false), {"id"}}});
  const auto found =
      values("a", "b", {.label = "label", .by = {"source", "size > 2"}, .shown = {"id", "source"}});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_THAT(found->columns, ElementsAre("size", "colour", "noise", "source"));
  ASSERT_EQ(found->rows.size(), 400U);
  int wrong = 0;
  for (size_t i = 0; i < 20; ++i) {
    wrong += std::stoi(found->rows[i].shown[0].substr(1)) % 20 == 3 ? 1 : 0;
  }
  EXPECT_GE(wrong, 19);
  ASSERT_EQ(found->groups.size(), 2U);
  EXPECT_EQ(found->groups[0].second[0].group, "bought");
  double sum = 0;
  int64_t count = 0;
  for (const GroupValue& group : found->groups[1].second) {
    sum += group.sum;
    count += group.row_count;
  }
  EXPECT_EQ(count, 400);
  EXPECT_NEAR(sum, found->accuracy_share, 1e-12);
  EXPECT_GT(found->accuracy_share, 0.85);
  EXPECT_LE(found->accuracy_share, 1);
}

TEST_F(DataValueTest, RowsWithoutALabelAreLeftOutAndManyAreThinned) {
  project_.commit({{"a", rows(400, 1, true), {"id"}}});
  const std::string half = "from a where id < 'r2'";
  const auto found = values(half, "a",
                            {.label = "case when source = 'own' then label end",
                             .columns = {"size"},
                             .training_rows_max = 20,
                             .test_rows_max = 30});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->test_labelled, 200);
  EXPECT_EQ(found->test_unlabelled, 200);
  EXPECT_LE(found->test_row_count, 30);
  EXPECT_GE(found->test_row_count, 15);
  EXPECT_LE(found->rows.size(), 20U);
  EXPECT_THAT(found->columns, ElementsAre("size"));
}

TEST_F(DataValueTest, HugeValuesAndConstantsGiveFiniteValues) {
  project_.commit({{"a",
                    "id,size,same,label\n1,1e308,5,1\n2,-1e308,5,0\n3,inf,5,1\n4,nan,5,0\n5,,5,1\n",
                    {"id"}}});
  const auto found = values("a", "a", {.label = "label = 1", .columns = {"size", "same"}});
  ASSERT_TRUE(found.ok()) << found.error().what;
  for (const ValuedRow& row : found->rows) EXPECT_TRUE(std::isfinite(row.value));
  EXPECT_EQ(found->rows.size(), 5U);
}

TEST_F(DataValueTest, ColumnsNamedLikeKeywordsAreQuoted) {
  const AskedRows rows{
      "t",
      "t",
      {{"left", "BIGINT", ColumnKind::number, true}, {"size", "BIGINT", ColumnKind::number, true}},
      0};
  EXPECT_EQ(with_quoted_columns("left = 1 and size > 2 or note = 'left'", rows),
            "\"left\" = 1 and size > 2 or note = 'left'");
}

TEST_F(DataValueTest, SaysWhatIsWrong) {
  project_.commit({{"a", rows(400, 1, true), {"id"}}});
  const auto fault = [&](const std::string& training, const DataValueOptions& options) {
    const auto found = values(training, "a", options);
    EXPECT_FALSE(found.ok());
    return found.ok() ? "" : found.error().what + " " + found.error().hint;
  };
  EXPECT_THAT(fault("a", {.label = "size"}), HasSubstr("different values"));
  EXPECT_THAT(fault("a", {.label = "size > -1000"}), HasSubstr("1 class"));
  EXPECT_THAT(fault("a", {.label = "lable"}), HasSubstr("lable"));
  EXPECT_THAT(fault("a", {.label = "label", .by = {"sorce"}}), HasSubstr("sorce"));
  EXPECT_THAT(fault("a", {.label = "label", .columns = {"sise"}}), HasSubstr("`size`"));
  EXPECT_THAT(fault("from a where id = 'no'", {.label = "label"}), HasSubstr("no"));
  EXPECT_THAT(fault("select label, id from a", {.label = "label"}), HasSubstr("--columns"));
}

}  // namespace
}  // namespace millgate
