#include "data/query/sql_names.h"

#include <gtest/gtest.h>

#include <set>

namespace millgate {
namespace {

TEST(SqlNames, ColumnsThatAreKeywordsAreQuoted) {
  const std::set<std::string> columns = {"left", "size", "order"};
  const auto is_column = [&](const std::string& name) { return columns.contains(name); };
  EXPECT_EQ(with_quoted_columns("left = 1 and size > 2", is_column), "\"left\" = 1 and size > 2");
  EXPECT_EQ(with_quoted_columns("'left' = \"order\" -- left", is_column),
            "'left' = \"order\" -- left");
  EXPECT_EQ(with_quoted_columns("left(name, 2)", [](const std::string&) { return false; }),
            "left(name, 2)");
}

TEST(SqlNames, ANameIsAWordOrQuotedAndNoText) {
  EXPECT_TRUE(has_name("select * from weather w", "weather"));
  EXPECT_TRUE(has_name("select * from \"weather\"", "weather"));
  EXPECT_FALSE(has_name("select * from weather_then", "weather"));
  EXPECT_FALSE(has_name("select 'weather' -- weather", "weather"));
}

}  // namespace
}  // namespace millgate
