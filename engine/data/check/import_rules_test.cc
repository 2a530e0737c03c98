#include "data/check/import_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> rules_of(const ImportedRules& imported) {
  std::vector<std::string> rules;
  for (const ProposedRule& one : imported.rules) rules.push_back(one.rule);
  return rules;
}

TEST(ImportRules, GreatExpectations) {
  const auto imported = import_rules(R"({"name": "s", "expectations": [
    {"type": "expect_column_values_to_be_between",
     "kwargs": {"column": "fee", "min_value": 0, "max_value": 9.5, "strict_max": true, "mostly": 0.9}},
    {"expectation_type": "expect_column_values_to_be_in_set",
     "kwargs": {"column": "my plan", "value_set": ["a", "it's"]}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}, "severity": "warning"},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "b"]}},
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 10, "max_value": null}},
    {"type": "expect_column_pair_values_a_to_be_greater_than_b",
     "kwargs": {"column_A": "end", "column_B": "begin", "or_equal": true}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "c", "regex": "^[A-Z]+$"}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "fee", "min_value": 1}},
    {"type": "expect_column_values_to_be_unique",
     "kwargs": {"column": "id", "row_condition": "fee > 3"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "fee", "min_value": [1]}},
    {"kwargs": {}}, 7]})",
                                     "t");
  ASSERT_TRUE(imported.ok()) << imported.error().what;
  EXPECT_EQ(imported->tool, "Great Expectations");
  EXPECT_THAT(
      rules_of(*imported),
      ElementsAre("fee >= 0 and fee < 9.5", "\"my plan\" in ('a', 'it''s')", "id is not null",
                  "a, b is unique", "rows between 10 and 1000000000000000", "\"end\" >= begin",
                  "regexp_matches(c, '^[A-Z]+$')"));
  EXPECT_EQ(imported->rules[0].at_least, 0.9);
  EXPECT_TRUE(imported->rules[2].is_warning);
  ASSERT_EQ(imported->not_carried.size(), 5U);
  EXPECT_EQ(imported->not_carried[0].what, "expect_column_mean_to_be_between (fee)");
  EXPECT_THAT(imported->not_carried[1].why, HasSubstr("row_condition"));
}

// As pandera 0.35 writes it.
TEST(ImportRules, Pandera) {
  const auto imported = import_rules(R"({"schema_type": "dataframe", "columns": {
    "a": {"dtype": "int64", "unique": true,
          "in_range": {"min_value": 0, "max_value": 10, "include_min": true, "include_max": false},
          "greater_than_or_equal_to": 0},
    "b": {"dtype": "str", "nullable": true, "isin": ["x", "y"], "str_matches": "x.*",
          "str_length": {"min_value": 1, "max_value": 5, "exact_value": null}},
    "c": {"nullable": true, "checks": {"not_equal_to": {"value": 3, "options": {}}, "odd": 1}}},
    "unique": ["a", "b"], "ordered": true})",
                                     "t");
  ASSERT_TRUE(imported.ok()) << imported.error().what;
  EXPECT_THAT(rules_of(*imported),
              ElementsAre("a is not null", "a is unique", "a >= 0 and a < 10", "a >= 0",
                          "b in ('x', 'y')", "regexp_matches(b, '^(?:x.*)')",
                          "length(b) >= 1 and length(b) <= 5", "c <> 3", "a, b is unique"));
  std::vector<std::string> rest;
  for (const NotCarried& one : imported->not_carried) rest.push_back(one.what);
  EXPECT_THAT(rest, ElementsAre("dtype (a)", "dtype (b)", "odd (c)", "ordered of the table"));
}

TEST(ImportRules, OtherFilesAreRefused) {
  for (const std::string text :
       {"", "[]", "{}", "7", "{\"columns\": 3}", "not json", "{\"expectations\": {}}"}) {
    EXPECT_EQ(import_rules(text, "t").error().code, ErrorCode::invalid_input) << text;
  }
}

/// A suite with random bytes changed is read or refused, never more.
TEST(ImportRules, SurvivesDamage) {
  const std::string text = R"({"expectations":[{"type":"expect_column_values_to_be_between",)"
                           R"("kwargs":{"column":"a","min_value":1}}],)"
                           R"("columns":{"a":{"isin":[1,2],"in_range":{"min_value":0}}}})";
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string changed = text;
    for (int i = 0; i < 3; ++i) {
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    }
    const auto imported = import_rules(changed, "t");
    if (imported.ok()) continue;
    EXPECT_EQ(imported.error().code, ErrorCode::invalid_input) << changed;
  }
}

}  // namespace
}  // namespace millgate
