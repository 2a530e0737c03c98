/// Windows through the whole join, beside the same windows written as SQL.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "data/feature/join.h"
#include "data/feature/test_plan.h"
#include "data/query/database.h"
#include "ground/random.h"

namespace millgate {
namespace {

constexpr const char* kProject = R"([[source]]
name = "asked"
path = "a"
key = ["id"]
happened = "moment"

[[source]]
name = "events"
path = "e"
happened = "occurred"
known = "known"

[task]
table = "asked"
label = "id > 3"
label_known = "moment + interval '1 day'"

[[view]]
name = "past"
entity = ["a", "b"]
sql = "select a, b, occurred, known, amount, word from events"
[view.windows]
n = "count() over 6h"
filled = "count(amount) over 6h"
total = "sum(amount) over 6h"
average = "mean(amount * 2) over 1d"
least = "min(amount) over 1d"
most = "max(amount) over 1d"
words = "distinct(word) over 1d"
newest = "last(amount) over 1d"
)";

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  return text.replace(text.find(old), old.size(), with);
}

class WindowJoinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open({.threads = 2});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    database_ = std::move(*opened);
  }
  void run(const std::string& sql) {
    const Status status = database_->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what << "\n" << sql.substr(0, 500);
  }
  std::shared_ptr<arrow::Table> joined(const std::string& project,
                                       const std::vector<std::string>& columns) {
    const auto plan = test_plan(project);
    EXPECT_TRUE(plan.ok()) << plan.error().what;
    const auto table = join_as_of(*database_, *plan, columns);
    EXPECT_TRUE(table.ok()) << table.error().what;
    return table.ok() ? *table : nullptr;
  }

  std::unique_ptr<Database> database_;
};

TEST_F(WindowJoinTest, EqualTheSameInSql) {
  run("create table asked as select i as id, case when i % 17 = 0 then null else "
      "(hash(i) % 3)::bigint end as a, 'k' || (hash(i + 1) % 2)::varchar as b, "
      "case when i % 29 = 0 then null else timestamptz '2024-01-01 00:00:00Z' + "
      "to_minutes((hash(i + 2) % 4000)::bigint) end as moment from range(400) t(i)");
  run("create table events as select case when i % 31 = 0 then null else (hash(i + 7) % 3)::int "
      "end as a, 'k' || (hash(i + 8) % 2)::varchar as b, timestamptz '2024-01-01 00:00:00Z' + "
      "to_minutes((hash(i + 9) % 4000)::bigint) as occurred, occurred + to_minutes((hash(i + 3) % "
      "90)::bigint) as known, case when hash(i + 4) % 5 = 0 then null else (hash(i + 5) % "
      "100)::double / 4 end as amount, ['x', 'y', null, 'z'][(1 + hash(i + 6) % 4)::bigint] as "
      "word from "
      "range(1500) t(i)");
  const auto table = joined(kProject, {"past.n", "past.filled", "past.total", "past.average",
                                       "past.least", "past.most", "past.words"});
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->num_rows(), 400);
  ASSERT_TRUE(database_->add_arrow("found", table).ok());
  const auto window = [](const std::string& aggregate, const std::string& span) {
    return "(select " + aggregate +
           " from events e where e.a = f.a and e.b = f.b and e.known <= f.moment and e.occurred <= "
           "f.moment and e.occurred > f.moment - interval '" +
           span + "')";
  };
  // Where the row has no time or no entity, SQL counts 0 and the join knows nothing.
  const std::string wrong =
      "select count(*) from found f where not (moment is null or a is null) and ("
      "\"past.n\" is distinct from " +
      window("count(*)", "6 hours") + " or \"past.filled\" is distinct from " +
      window("count(amount)", "6 hours") + " or \"past.total\" is distinct from " +
      window("sum(amount)", "6 hours") + " or abs(\"past.average\" - " +
      window("avg(amount * 2)", "1 day") + ") > 1e-9" + " or (\"past.average\" is null) <> (" +
      window("avg(amount)", "1 day") + " is null)" + " or \"past.least\" is distinct from " +
      window("min(amount)", "1 day") + " or \"past.most\" is distinct from " +
      window("max(amount)", "1 day") + " or \"past.words\" is distinct from " +
      window("count(distinct word)", "1 day") + ")";
  const auto count = database_->count(wrong);
  ASSERT_TRUE(count.ok()) << count.error().what;
  EXPECT_EQ(*count, 0);
  const auto filled = database_->count("select sum(\"past.n\")::bigint from found");
  ASSERT_TRUE(filled.ok());
  EXPECT_GT(*filled, 1000);
  const auto unknown = database_->count(
      "select count(*) from found where (moment is null or a is null) and \"past.n\" is not null");
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(*unknown, 0);
}

TEST_F(WindowJoinTest, ACorrectionTakesThePlaceOfItsFact) {
  run("create table asked as select * from (values (1, 1, 'k', timestamptz '2024-01-01 "
      "10:00:00Z'), "
      "(2, 1, 'k', timestamptz '2024-01-01 12:00:00Z')) t(id, a, b, moment)");
  run("create table events as select 1 as a, 'k' as b, * from (values "
      "(7, timestamptz '2024-01-01 09:00:00Z', timestamptz '2024-01-01 09:30:00Z', 5.0::double, "
      "'x'), "
      "(8, timestamptz '2024-01-01 09:10:00Z', timestamptz '2024-01-01 09:30:00Z', 1.0::double, "
      "'x'), "
      "(7, timestamptz '2024-01-01 09:00:00Z', timestamptz '2024-01-01 11:00:00Z', 50.0::double, "
      "'x')) "
      "t(number, occurred, known, amount, word)");
  std::string project = replaced(kProject, "select a, b,", "select number, a, b,");
  project = replaced(project, "[view.windows]", "key = [\"number\"]\n[view.windows]");
  const auto table = joined(project, {"past.total", "past.newest", "past.amount"});
  ASSERT_NE(table, nullptr);
  ASSERT_TRUE(database_->add_arrow("found", table).ok());
  for (const auto& [id, total] : {std::pair{1, 6}, std::pair{2, 51}}) {
    const auto found = database_->count("select \"past.total\"::bigint from found where id = " +
                                        std::to_string(id));
    ASSERT_TRUE(found.ok()) << found.error().what;
    EXPECT_EQ(*found, total);
  }
}

TEST_F(WindowJoinTest, SaysWhatDoesNotFit) {
  run("create table asked(id bigint, a bigint, b varchar, moment timestamptz)");
  run("create table events(a bigint, b varchar, occurred timestamptz, known timestamptz, amount "
      "double, "
      "word varchar)");
  const auto fault = [&](const std::string& old, const std::string& with) {
    const auto plan = test_plan(replaced(kProject, old, with));
    EXPECT_TRUE(plan.ok()) << plan.error().what;
    const auto fields = joinable_fields(*database_, *plan);
    return fields.ok() ? std::string("fits") : fields.error().what;
  };
  EXPECT_EQ(fault("sum(amount)", "sum(amount)"), "fits");
  EXPECT_EQ(fault("sum(amount)", "sum(word)"), "`word` is not a number of the rows of view `past`");
  EXPECT_EQ(fault("min(amount)", "min(amout)"),
            "`amout` is not a number of the rows of view `past`");
  EXPECT_EQ(fault("n = \"count", "amount = \"count"), "view `past` has a column `amount` already");
  EXPECT_EQ(fault("[view.windows]", "key = [\"nummer\"]\n[view.windows]"),
            "the SQL of view `past` gives no column `nummer`");
  const auto table = joined(kProject, {"past.n", "past.total"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 0);
}

}  // namespace
}  // namespace millgate
