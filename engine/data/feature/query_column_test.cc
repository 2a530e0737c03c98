#include "data/feature/query_column.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millgate {
namespace {

using testing::HasSubstr;

Result<Task> task_of(const std::string& lines) {
  return read_task(*parse_settings("table = \"t\"\nlabel = \"grade\"\n" + lines, "millgate.toml"));
}

std::shared_ptr<arrow::Table> table_of(const std::vector<std::string>& shops,
                                       const std::vector<int64_t>& days) {
  arrow::StringBuilder texts;
  arrow::Int64Builder numbers;
  for (const std::string& shop : shops) {
    if (!(shop.empty() ? texts.AppendNull() : texts.Append(shop)).ok()) std::terminate();
  }
  if (!numbers.AppendValues(days).ok()) std::terminate();
  return arrow::Table::Make(
      arrow::schema({arrow::field("shop", arrow::utf8()), arrow::field("day", arrow::int64())}),
      {*texts.Finish(), *numbers.Finish()});
}

TEST(QueryColumn, NumbersWhatIsAlikeInAllColumns) {
  const auto task = task_of("kind = \"ranking\"\ngroup = [\"shop\", \"day\"]");
  ASSERT_TRUE(task.ok()) << task.error().what;
  // "a1" of day 1 and "a" of day 11 are written alike when one is put after the other.
  const auto column = query_column(*task, *table_of({"a1", "b", "a", "b", "a1"}, {1, 2, 11, 3, 1}));
  ASSERT_TRUE(column.ok()) << column.error().what;
  const auto& numbers = static_cast<const arrow::Int64Array&>(*(*column)->chunk(0));
  const std::vector<int64_t> expected = {0, 1, 2, 3, 0};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(numbers.Value(static_cast<int64_t>(i)), expected[i]) << i;
  }
}

TEST(QueryColumn, ARowOfNoQueryIsAnError) {
  const auto task = task_of("kind = \"ranking\"\ngroup = \"shop\"");
  ASSERT_TRUE(task.ok()) << task.error().what;
  const auto fault = query_column(*task, *table_of({"a", "", "b"}, {1, 2, 3}));
  ASSERT_FALSE(fault.ok());
  EXPECT_THAT(fault.error().what, HasSubstr("`shop` is null in 1 of 3 rows"));
  EXPECT_THAT(fault.error().where, HasSubstr("millgate.toml:4"));
}

TEST(QueryColumn, GroupsAreOfRankings) {
  EXPECT_THAT(task_of("kind = \"ranking\"").error().what, HasSubstr("no `group`"));
  EXPECT_THAT(task_of("group = \"shop\"").error().what, HasSubstr("of a ranking task"));
  EXPECT_THAT(task_of("kind = \"ranking\"\ngroup = [\"a\", \"a\"]").error().what,
              HasSubstr("`a` twice"));
  const auto task = task_of("kind = \"ranking\"\ngroup = \"sop\"");
  const auto fault = query_column(*task, *table_of({"a"}, {1}));
  ASSERT_FALSE(fault.ok());
  EXPECT_THAT(fault.error().hint, HasSubstr("did you mean `shop`"));
}

}  // namespace
}  // namespace millgate
