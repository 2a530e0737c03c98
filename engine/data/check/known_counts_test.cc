#include "data/check/known_counts.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "data/query/test_project.h"
#include "data/store/version_update.h"
#include "ground/random.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

Rule rule_of(const std::string& text, const std::string& where = {}) {
  Rule rule;
  rule.table = "t";
  rule.rule = text;
  rule.where = where;
  return rule;
}

TableVersion table_of(int64_t rows, int64_t nulls, const std::string& least,
                      const std::string& largest) {
  TableVersion table;
  table.schema =
      arrow::schema({arrow::field("x", arrow::int64()), arrow::field("f", arrow::float64()),
                     arrow::field("true", arrow::int32())});
  table.row_count = rows;
  for (const char* name : {"x", "f", "true"}) {
    table.columns.push_back(
        {.name = name, .type = "", .null_count = nulls, .minimum = least, .maximum = largest});
  }
  return table;
}

TEST(KnownCounts, AreToldOnlyWhereTheStatisticsSayThem) {
  const TableVersion table = table_of(10, 2, "-3", "7");
  for (const std::string rule :
       {"x between -3 and 7", "X >= -3", "x > -4", "x < 8", "x <= 7", "\"x\" <= 9", "\"true\" < 8",
        "x between -9223372036854775807 and 9223372036854775807"}) {
    const auto counts = known_counts(rule_of(rule), table);
    ASSERT_TRUE(counts) << rule;
    EXPECT_EQ(counts->judged, 10) << rule;
    EXPECT_EQ(counts->broken, 0) << rule;
  }
  EXPECT_EQ(known_counts(rule_of("f is not null"), table)->broken, 2);
  for (const std::string rule : {"x between -2 and 7",
                                 "x >= -2",
                                 "x > -3",
                                 "x < 7",
                                 "x = 7",
                                 "x <> 9",
                                 "x between 1 and 7 or true",
                                 "x > -4 and f > 0",
                                 "x > -4.5",
                                 "x > '-4'",
                                 "x > - -4",
                                 "true < 8",
                                 "f > -4",
                                 "y > 1",
                                 "x is null",
                                 "x > 9223372036854775807",
                                 "x > 9223372036854775808",
                                 "x + 1 > 0",
                                 "not x > -4",
                                 "x >= all",
                                 "x between 1",
                                 "x = ",
                                 "x"}) {
    EXPECT_FALSE(known_counts(rule_of(rule), table)) << rule;
  }
  EXPECT_FALSE(known_counts(rule_of("x > -4", "f > 1"), table));
  EXPECT_EQ(known_counts(rule_of("x = 7"), table_of(3, 3, "", ""))->broken, 0);
  EXPECT_EQ(known_counts(rule_of("x = 7"), table_of(3, 1, "7", "7"))->broken, 0);
}

/// Counted by hand over tables that were changed in several ways, as the program stores them.
TEST(KnownCounts, AgreeWithTheRowsOfChangedTables) {
  Random random(31);
  TestProject project;
  for (uint64_t round = 0; round < test_rounds(12); ++round) {
    std::map<int, std::optional<int64_t>> rows;
    int told = 0;
    for (int step = 0; step < 4; ++step) {
      // Extremes come and go.
      for (int i = 0; i < 6; ++i) {
        const int id = static_cast<int>(random.below(12));
        if (random.below(4) == 0) rows.erase(id);
        if (random.below(3) != 0) rows[id] = static_cast<int64_t>(random.below(21)) - 10;
        if (random.below(6) == 0) rows[id] = std::nullopt;
      }
      std::string csv = "id,x\n-1,0\n";
      for (const auto& [id, x] : rows) {
        csv += std::to_string(id) + "," + (x ? std::to_string(*x) : "") + "\n";
      }
      const Commit commit = project.commit({{"t", csv, {"id"}}});
      auto version = read_table_version(project.repository().objects(), commit.tables.at("t"));
      ASSERT_TRUE(version.ok());
      version = counted_version(project.repository().objects(), *version);
      ASSERT_TRUE(version.ok());
      const int64_t low = static_cast<int64_t>(random.below(21)) - 10;
      const int64_t high = low + static_cast<int64_t>(random.below(21));
      const auto count = [&](const auto& meets) {
        return std::count_if(rows.begin(), rows.end(),
                             [&](const auto& row) { return row.second && !meets(*row.second); });
      };
      const auto l = std::to_string(low);
      const std::vector<std::pair<std::string, int64_t>> expected = {
          {"x between " + l + " and " + std::to_string(high),
           count([&](int64_t x) { return x >= low && x <= high; }) + (low > 0 || high < 0 ? 1 : 0)},
          {"x > " + l, count([&](int64_t x) { return x > low; }) + (low >= 0 ? 1 : 0)},
          {"x <= " + l, count([&](int64_t x) { return x <= low; }) + (low < 0 ? 1 : 0)},
          {"x is not null",
           std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.second; })}};
      for (const auto& [text, broken] : expected) {
        const auto counts = known_counts(rule_of(text), *version);
        if (!counts) continue;
        ++told;
        EXPECT_EQ(counts->judged, std::ssize(rows) + 1) << text << "\n" << csv;
        EXPECT_EQ(counts->broken, broken) << text << "\n" << csv;
      }
    }
    EXPECT_GE(told, 4);  // The nulls at least.
  }
}

}  // namespace
}  // namespace millgate
