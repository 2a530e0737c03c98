#include "data/feature/view_match.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "data/feature/test_plan.h"
#include "data/query/database.h"

namespace millgate {
namespace {

constexpr const char* kMatchProject = R"([[source]]
name = "asked"
path = "a"
key = ["id"]
happened = "moment"
[[source]]
name = "facts"
path = "f"
happened = "occurred"
[task]
table = "asked"
label = "id > 3"
[[view]]
name = "last"
entity = ["user"]
sql = "select \"user\", occurred, words from facts"
)";

/// Several batches of rows, of which most are let go of on the way.
TEST(ViewMatchTest, LetsGoOfRowsThatNobodyIsGiven) {
  const auto database = Database::open({.threads = 2});
  ASSERT_TRUE(database.ok());
  const auto run = [&](const std::string& sql) {
    const Status status = (*database)->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what;
  };
  // Of each user and time there is one fact; user 40 and the times before 2024 have none.
  run("create table asked as select i as id, i % 41 as \"user\", timestamptz '2023-12-31 "
      "00:00:00Z' + to_seconds((hash(i) % 400000)::bigint) as moment from range(500) t(i)");
  run("create table facts as select i % 40 as \"user\", timestamptz '2024-01-01 00:00:00Z' + "
      "to_seconds(((i * 7919) % 300000)::bigint) as occurred, 'fact ' || i as words from "
      "range(300000) t(i)");
  const auto plan = test_plan(kMatchProject);
  ASSERT_TRUE(plan.ok()) << plan.error().what;
  const auto task = resolve_task(**database, *plan);
  ASSERT_TRUE(task.ok()) << task.error().what;
  auto resolved = resolve_view(**database, *plan, *task, plan->views[0]);
  ASSERT_TRUE(resolved.ok()) << resolved.error().what;
  const JoinedView view{.resolved = std::move(resolved).value(),
                        .columns = {"words"},
                        .windows = {},
                        .with_times = true};
  const auto rows =
      (*database)->query("select \"user\", epoch_us(moment) as at from asked order by id");
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  const auto expected = (*database)->query(
      "select arg_max(f.words, f.occurred) as \"last.words\", epoch_us(max(f.occurred)) as h, "
      "epoch_us(max(f.occurred)) as k from asked a left join facts f on f.\"user\" = a.\"user\" "
      "and f.occurred <= a.moment group by a.id order by a.id");
  ASSERT_TRUE(expected.ok()) << expected.error().what;
  ASSERT_GT((*expected)->column(0)->null_count(), 100);
  ASSERT_LT((*expected)->column(0)->null_count(), 400);
  for (const int64_t kept_bytes_max : {int64_t{0}, int64_t{3'000'000}, kKeptBytesMax}) {
    AskingRows asked(**database, **rows, "at");
    const auto matched = matched_columns(**database, view, asked, kept_bytes_max);
    ASSERT_TRUE(matched.ok()) << matched.error().what;
    ASSERT_EQ((*matched)->ColumnNames(),
              (std::vector<std::string>{"last.words", "millgate happened in last",
                                        "millgate known in last"}));
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE((*matched)->column(i)->Equals(*(*expected)->column(i)))
          << i << " with " << kept_bytes_max;
    }
  }
  const auto left = (*database)->has_table("millgate asked rows");
  ASSERT_TRUE(left.ok());
  EXPECT_FALSE(*left);
}

}  // namespace
}  // namespace millgate
