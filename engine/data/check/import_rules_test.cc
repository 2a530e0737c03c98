#include "data/check/import_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/check/expectation_rules.h"
#include "ground/json.h"
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
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "fee", "min_value": 1, "mostly": 0.5}},
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
                  "regexp_matches(c, '^[A-Z]+$')", "avg(fee) >= 1"));
  EXPECT_EQ(imported->rules[0].at_least, 0.9);
  EXPECT_EQ(imported->rules.back().at_least, 1);  // Of a mean there is no share of rows.
  EXPECT_TRUE(imported->rules[2].is_warning);
  ASSERT_EQ(imported->not_carried.size(), 4U);
  EXPECT_EQ(imported->not_carried[0].what, "expect_column_values_to_be_unique (id)");
  EXPECT_THAT(imported->not_carried[0].why, HasSubstr("row_condition"));
}

/// One expectation about column x as rules, joined by "; ", or why there is none in brackets.
std::string expectation(const std::string& name, const std::string& arguments) {
  const auto json = parse_json(R"({"column": "x")" + arguments + "}", "arguments");
  EXPECT_TRUE(json.ok()) << arguments;
  const ExpectationRules found = rules_of_expectation("expect_" + name, *json);
  std::string text;
  for (const std::string& one : found.rules) text += (text.empty() ? "" : "; ") + one;
  return found.rules.empty() ? "(" + found.why + ")" : text;
}

TEST(ImportRules, ExpectationsOfAllKinds) {
  const char* bounds = R"(, "min_value": 1, "max_value": 2)";
  EXPECT_EQ(expectation("column_stdev_to_be_between", bounds),
            "stddev_samp(x) >= 1 and stddev_samp(x) <= 2");
  EXPECT_EQ(expectation("column_proportion_of_unique_values_to_be_between", bounds),
            "count(distinct x) / count(x) >= 1 and count(distinct x) / count(x) <= 2");
  EXPECT_EQ(
      expectation(
          "column_quantile_values_to_be_between",
          R"(, "quantile_ranges": {"quantiles": [0.1, 0.5], "value_ranges": [[1, 2], [null, 7]]})"),
      "quantile_disc(x, 0.1) >= 1 and quantile_disc(x, 0.1) <= 2; quantile_disc(x, 0.5) <= 7");
  EXPECT_EQ(expectation("column_quantile_values_to_be_between",
                        R"(, "quantile_ranges": {"quantiles": [0.1], "value_ranges": []})"),
            "(`quantile_ranges` are not as many as the quantiles)");
  EXPECT_EQ(expectation("column_distinct_values_to_equal_set", R"(, "value_set": ["a", "b", "a"])"),
            "x in ('a', 'b', 'a'); count(distinct x) filter (where x in ('a', 'b', 'a')) = 2");
  EXPECT_EQ(expectation("column_values_to_match_regex_list", R"(, "regex_list": ["a", "b"])"),
            "regexp_matches(x, 'a') or regexp_matches(x, 'b')");
  EXPECT_EQ(expectation("column_values_to_not_match_regex_list", R"(, "regex_list": ["a", "b"])"),
            "not regexp_matches(x, 'a') and not regexp_matches(x, 'b')");
  EXPECT_EQ(expectation("column_values_to_match_like_pattern", R"(, "like_pattern": "a%")"),
            "x like 'a%'");
  EXPECT_EQ(expectation("column_values_to_match_strftime_format", R"(, "strftime_format": "%Y")"),
            "try_strptime(x, '%Y') is not null or x is null");
  EXPECT_EQ(expectation("select_column_values_to_be_unique_within_record",
                        R"(, "column_list": ["a", "b", "c"])"),
            "a <> b and a <> c and b <> c");
  EXPECT_EQ(
      expectation("multicolumn_sum_to_equal", R"(, "column_list": ["a", "b"], "sum_total": 3)"),
      "a + b = 3");
  EXPECT_EQ(
      expectation("column_pair_values_to_be_in_set",
                  R"(, "column_A": "a", "column_B": "b", "value_pairs_set": [[1, "u"], [2, "v"]])"),
      "(a, b) in ((1, 'u'), (2, 'v'))");
  EXPECT_EQ(expectation("column_kl_divergence_to_be_less_than", ""),
            "(there is no rule of this kind)");
  EXPECT_EQ(expectation("column_values_to_be_of_type", R"(, "type_": "int")"),
            "(types are kept by the table since its first commit)");
  EXPECT_EQ(expectation("column_mean_to_be_between", ""), "(it has no bound)");
}

/// Of the manifest that dbt 1.10 writes (`dbt parse`), what is read here.
const char* const kManifest =
    R"json({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
 "nodes": {
  "model.shop.regions":
   {"name":"regions","resource_type":"model"},
  "model.shop.customers":
   {"name":"customers","resource_type":"model"},
  "test.shop.no_negative_fee":
   {"name":"no_negative_fee","resource_type":"test","refs":[{"name":"customers","package":null,
    "version":null}],"config":{"severity":"ERROR","where":null,"warn_if":"!= 0",
    "error_if":"!= 0"}},
  "test.shop.unique_customers_id.70f3d3fd20":
   {"name":"unique_customers_id","resource_type":"test","test_metadata":{"name":"unique",
    "kwargs":{"column_name":"id","model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":null},"refs":[{"name":"customers","package":null,"version":null}],
    "config":{"severity":"ERROR","where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.not_null_customers_id.422908bfae":
   {"name":"not_null_customers_id","resource_type":"test","test_metadata":{"name":"not_null",
    "kwargs":{"column_name":"id","model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":null},"refs":[{"name":"customers","package":null,"version":null}],
    "config":{"severity":"warn","where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.accepted_values_customers_plan__basic__it_s__pro.e27db9af74":
   {"name":"accepted_values_customers_plan__basic__it_s__pro","resource_type":"test",
    "test_metadata":{"name":"accepted_values","kwargs":{"column_name":"plan","values":["basic",
    "it's","pro"],"model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":null},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":"id > 3","warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_not_empty_string_customers_plan.535b308c1b":
   {"name":"dbt_utils_not_empty_string_customers_plan","resource_type":"test",
    "test_metadata":{"name":"not_empty_string","kwargs":{"column_name":"plan",
    "model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":"dbt_utils"},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_not_null_proportion_customers_0_95__plan.25931b76d5":
   {"name":"dbt_utils_not_null_proportion_customers_0_95__plan","resource_type":"test",
    "test_metadata":{"name":"not_null_proportion","kwargs":{"column_name":"plan","at_least":0.95,
    "model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":"dbt_utils"},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.relationships_customers_region_id__id__ref_regions_.176de40628":
   {"name":"relationships_customers_region_id__id__ref_regions_","resource_type":"test",
    "test_metadata":{"name":"relationships","kwargs":{"column_name":"region_id",
    "to":"ref('regions')","field":"id","model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":null},"refs":[{"name":"regions","package":null,"version":null},
    {"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR","where":null,
    "warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.accepted_values_customers_region_id__False__1__2.d7d5fc0ad8":
   {"name":"accepted_values_customers_region_id__False__1__2","resource_type":"test",
    "test_metadata":{"name":"accepted_values","kwargs":{"column_name":"region_id","values":[1,2],
    "quote":false,"model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":null},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_accepted_range_customers_fee__False__100__0.2721062d5a":
   {"name":"dbt_utils_accepted_range_customers_fee__False__100__0","resource_type":"test",
    "test_metadata":{"name":"accepted_range","kwargs":{"column_name":"fee","min_value":0,
    "max_value":100,"inclusive":false,"model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":"dbt_utils"},"refs":[{"name":"customers","package":null,"version":null}],
    "config":{"severity":"ERROR","where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_expression_is_true_customers_fee___1000.3e920fc2e9":
   {"name":"dbt_utils_expression_is_true_customers_fee___1000","resource_type":"test",
    "test_metadata":{"name":"expression_is_true","kwargs":{"column_name":"fee",
    "expression":"< 1000","model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":"dbt_utils"},"refs":[{"name":"customers","package":null,"version":null}],
    "config":{"severity":"ERROR","where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.not_null_customers_fee.d65f67bcb1":
   {"name":"not_null_customers_fee","resource_type":"test","test_metadata":{"name":"not_null",
    "kwargs":{"column_name":"fee","model":"{{ get_where_subquery(ref('customers')) }}"},
    "namespace":null},"refs":[{"name":"customers","package":null,"version":null}],
    "config":{"severity":"ERROR","where":null,"warn_if":"> 5","error_if":"> 10"}},
  "test.shop.dbt_utils_expression_is_true_customers_fee_0_or_plan_free_.76a5997ebb":
   {"name":"dbt_utils_expression_is_true_customers_fee_0_or_plan_free_","resource_type":"test",
    "test_metadata":{"name":"expression_is_true",
    "kwargs":{"expression":"fee >= 0 or plan = 'free'",
    "model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":"dbt_utils"},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_unique_combination_of_columns_customers_plan__id.3eefa07f8a":
   {"name":"dbt_utils_unique_combination_of_columns_customers_plan__id","resource_type":"test",
    "test_metadata":{"name":"unique_combination_of_columns",
    "kwargs":{"combination_of_columns":["plan","id"],
    "model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":"dbt_utils"},
    "refs":[{"name":"customers","package":null,"version":null}],"config":{"severity":"ERROR",
    "where":null,"warn_if":"!= 0","error_if":"!= 0"}},
  "test.shop.dbt_utils_equal_rowcount_customers_ref_regions_.d3566ff3c9":
   {"name":"dbt_utils_equal_rowcount_customers_ref_regions_","resource_type":"test",
    "test_metadata":{"name":"equal_rowcount","kwargs":{"compare_model":"ref('regions')",
    "model":"{{ get_where_subquery(ref('customers')) }}"},"namespace":"dbt_utils"},
    "refs":[{"name":"regions","package":null,"version":null},{"name":"customers","package":null,
    "version":null}],"config":{"severity":"ERROR","where":null,"warn_if":"!= 0",
    "error_if":"!= 0"}},
  "test.shop.source_unique_raw_payments_id.3b39e47049":
   {"name":"source_unique_raw_payments_id","resource_type":"test",
    "test_metadata":{"name":"unique","kwargs":{"column_name":"id",
    "model":"{{ get_where_subquery(source('raw', 'payments')) }}"},"namespace":null},"refs":[],
    "config":{"severity":"ERROR","where":null,"warn_if":"!= 0","error_if":"!= 0"}}},
 "sources": {
  "source.shop.raw.payments":
   {"name":"payments","resource_type":"source","loaded_at_field":"paid_at",
    "freshness":{"warn_after":{"count":12,"period":"hour"},"error_after":{"count":2,
    "period":"day"},"filter":null}}}})json";

TEST(ImportRules, DbtTestsOfAModel) {
  const auto imported = import_rules(kManifest, "customers");
  ASSERT_TRUE(imported.ok()) << imported.error().what;
  EXPECT_EQ(imported->tool, "dbt");
  EXPECT_THAT(rules_of(*imported),
              ElementsAre("id is unique", "id is not null", "plan in ('basic', 'it''s', 'pro')",
                          "trim(plan) <> ''", "plan is not null", "region_id references regions.id",
                          "region_id in (1, 2)", "fee > 0 and fee < 100", "fee < 1000",
                          "fee is not null", "fee >= 0 or plan = 'free'", "plan, id is unique"));
  EXPECT_TRUE(imported->rules[1].is_warning);
  EXPECT_EQ(imported->rules[2].where, "id > 3");
  EXPECT_EQ(imported->rules[4].at_least, 0.95);
  std::vector<std::string> rest;
  for (const NotCarried& one : imported->not_carried) rest.push_back(one.what);
  EXPECT_THAT(rest, ElementsAre("the test no_negative_fee", "warn_if `> 5` of not_null (fee)",
                                "error_if `> 10` of not_null (fee)", "dbt_utils.equal_rowcount"));
}

TEST(ImportRules, DbtSourcesHaveFreshness) {
  const auto imported = import_rules(kManifest, "payments");
  ASSERT_TRUE(imported.ok()) << imported.error().what;
  EXPECT_THAT(rules_of(*imported), ElementsAre("id is unique", "paid_at is fresh within '12 hours'",
                                               "paid_at is fresh within '2 days'"));
  EXPECT_TRUE(imported->rules[1].is_warning);
  EXPECT_FALSE(imported->rules[2].is_warning);
  const Error unknown = import_rules(kManifest, "custmers").error();
  EXPECT_EQ(unknown.code, ErrorCode::invalid_input);
  EXPECT_THAT(unknown.hint, HasSubstr("customers"));
}

TEST(ImportRules, ExpectationsWithinDbt) {
  const auto imported = import_rules(R"({"nodes": {
    "model.s.m": {"name": "m", "resource_type": "model"},
    "test.s.1": {"name": "one", "resource_type": "test", "config": {"severity": "WARN"},
      "test_metadata": {"namespace": "dbt_expectations", "name": "expect_column_mean_to_be_between",
        "kwargs": {"column_name": "x", "min_value": 1, "strictly": true, "row_condition": "y > 2",
                   "model": "{{ get_where_subquery(ref('m')) }}"}}}}})",
                                     "m");
  ASSERT_TRUE(imported.ok()) << imported.error().what;
  EXPECT_THAT(rules_of(*imported), ElementsAre("avg(x) > 1"));
  EXPECT_EQ(imported->rules[0].where, "y > 2");
  EXPECT_TRUE(imported->rules[0].is_warning);
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
  const std::string suite = R"({"expectations":[{"type":"expect_column_values_to_be_between",)"
                            R"("kwargs":{"column":"a","min_value":1}}],)"
                            R"("columns":{"a":{"isin":[1,2],"in_range":{"min_value":0}}}})";
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string changed = round % 3 == 0 ? kManifest : suite;
    for (int i = 0; i < 3; ++i) {
      // Bytes that stay JSON go further than others.
      changed[random.below(changed.size())] =
          round % 2 == 0 ? "[]{}\",:1n"[random.below(9)] : static_cast<char>(random.below(256));
    }
    const auto imported = import_rules(changed, round % 3 == 0 ? "customers" : "t");
    if (imported.ok()) continue;
    EXPECT_EQ(imported.error().code, ErrorCode::invalid_input) << changed;
  }
}

}  // namespace
}  // namespace millgate
