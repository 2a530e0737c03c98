#include "data/feature/covering_sample.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>

#include "data/feature/test_plan.h"
#include "data/query/database.h"

namespace millgate {
namespace {

constexpr const char* kProject = R"([[source]]
name = "rows"
path = "r"
key = ["id"]
happened = "moment"

[task]
table = "rows"
label = "score > 999900"
)";

/// 50,000 rows: one carrier in 10,000, one row without carrier, few positive labels.
class CoveringSample : public testing::Test {
 protected:
  void SetUp() override {
    auto plan = test_plan(kProject);
    ASSERT_TRUE(plan.ok()) << plan.error().what;
    plan_ = std::move(plan).value();
    auto opened = Database::open();
    ASSERT_TRUE(opened.ok());
    database_ = std::move(opened).value();
    const Status made = database_->execute(R"(
        create table rows as select i as id,
          timestamptz '2026-01-01' + interval (i) minute as moment,
          case when i = 777 then null when i % 10000 = 5 then 'rare' else 'c' || (i % 7) end carrier,
          (i * 7919) % 1000003 as score,
          'text ' || i as many,
          case when i = 31234 then 1e9 else random() end as measure
        from range(50000) t(i))");
    ASSERT_TRUE(made.ok()) << made.error().what;
  }

  int64_t count(const std::string& condition, const std::string& what) {
    const auto found =
        database_->count("select count(*) from rows where " + condition + " and " + what);
    EXPECT_TRUE(found.ok()) << found.error().what;
    return found.ok() ? *found : -1;
  }

  std::string condition(const SampleOptions& options = {}) {
    const auto found = sample_condition(*database_, plan_, options);
    EXPECT_TRUE(found.ok()) << found.error().what;
    return found.ok() ? *found : "false";
  }

  JoinPlan plan_;
  std::unique_ptr<Database> database_;
};

TEST_F(CoveringSample, HoldsEveryKindOfRow) {
  const std::string sample = condition();
  const int64_t rows = count(sample, "true");
  EXPECT_GE(rows, 2000);
  EXPECT_LE(rows, 2200);
  EXPECT_EQ(count(sample, "carrier = 'rare'"), 5);
  EXPECT_EQ(count(sample, "carrier is null"), 1);
  EXPECT_EQ(count(sample, "measure = 1e9"), 1);
  EXPECT_EQ(count(sample, "id in (0, 49999)"), 2);
  EXPECT_EQ(count(sample, "score > 999900"), count("true", "score > 999900"));
}

TEST_F(CoveringSample, IsTheSameRowsInAnyOrderOfTheTable) {
  const auto ids = "select sum(id) from rows where " + condition();
  const auto first = database_->count(ids);
  ASSERT_TRUE(
      database_->execute("create or replace table rows as select * from rows order by many").ok());
  const auto again = database_->count("select sum(id) from rows where " + condition());
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(*first, *again);
  SampleOptions other;
  other.seed = 2;
  const auto seeded = database_->count("select sum(id) from rows where " + condition(other));
  EXPECT_NE(*seeded, *first);
}

TEST_F(CoveringSample, IsAllOfAFewRows) {
  ASSERT_TRUE(
      database_->execute("create or replace table rows as select * from rows limit 150").ok());
  EXPECT_EQ(count(condition(), "true"), 150);
  ASSERT_TRUE(database_->execute("delete from rows").ok());
  EXPECT_EQ(count(condition(), "true"), 0);
}

TEST_F(CoveringSample, TakesLabelsOfColumnsThatAreWordsOfSql) {
  ASSERT_TRUE(database_->execute("alter table rows rename score to \"left\"").ok());
  plan_.task.label = "left > 999900";
  const std::string sample = condition();
  EXPECT_EQ(count(sample, "\"left\" > 999900"), count("true", "\"left\" > 999900"));
}

TEST_F(CoveringSample, DrawsWithoutTheLabelWhereItIsNotSql) {
  plan_.task.label = "no_such_function(score)";
  EXPECT_GE(count(condition(), "true"), 2000);
}

TEST_F(CoveringSample, TakesWholeQueriesOfARanking) {
  ASSERT_TRUE(database_->execute("alter table rows add column query integer").ok());
  ASSERT_TRUE(database_->execute("update rows set query = id // 25").ok());
  plan_.task.kind = TaskKind::ranking;
  plan_.task.group = {"query"};
  const std::string sample = condition();
  const int64_t rows = count(sample, "true");
  EXPECT_GE(rows, 2000);
  EXPECT_LE(rows, 4000);
  const auto queries = database_->count("select count(distinct query) from rows where " + sample);
  EXPECT_EQ(*queries * 25, rows);
}

}  // namespace
}  // namespace millgate
