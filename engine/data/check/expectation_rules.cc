#include "data/check/expectation_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "data/check/imported_value.h"
#include "data/check/rule_form.h"
#include "data/query/database.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

using Rules = std::vector<std::string>;

/// One expectation being read.
class Expectation {
 public:
  Expectation(const std::string& type, const Json& arguments)
      : type_(type), arguments_(arguments), column_(text_member(arguments, "column")) {}

  ExpectationRules read() {
    for (const auto read : {&Expectation::of_table, &Expectation::of_columns,
                            &Expectation::of_values, &Expectation::of_column}) {
      Rules rules = (this->*read)();
      if (!rules.empty()) return {std::move(rules), ""};
      if (!why_.empty()) return {{}, why_};
    }
    return {{}, "there is no rule of this kind"};
  }

 private:
  /// Expectations about the table.
  Rules of_table() {
    if (type_ == "expect_table_row_count_to_be_between") {
      return row_count("min_value", "max_value");
    }
    if (type_ == "expect_table_row_count_to_equal") return row_count("value", "value");
    if (type_.starts_with("expect_table_column")) {
      return refuse("columns are kept by the table since its first commit");
    }
    if (type_.ends_with("_to_exist")) {
      return refuse("every rule that names a missing column fails by itself");
    }
    if (type_.ends_with("_to_be_of_type") || type_.ends_with("_to_be_in_type_list")) {
      return refuse("types are kept by the table since its first commit");
    }
    return {};
  }

  /// Expectations about several columns.
  Rules of_columns() {
    if (type_ == "expect_compound_columns_to_be_unique") {
      const Json* columns = member(arguments_, "column_list");
      const std::string list = columns == nullptr ? "" : name_list(*columns);
      return list.empty() ? refuse("`column_list` is missing") : Rules{list + " is unique"};
    }
    if (type_ == "expect_select_column_values_to_be_unique_within_record") {
      return all_different();
    }
    if (type_ == "expect_multicolumn_sum_to_equal") return sum_of_columns();
    if (!type_.starts_with("expect_column_pair_values_")) return {};
    const std::string a = text_member(arguments_, "column_A");
    const std::string b = text_member(arguments_, "column_B");
    if (a.empty() || b.empty()) return refuse("`column_A` or `column_B` is missing");
    if (type_ == "expect_column_pair_values_to_be_equal")
      return {sql_name(a) + " = " + sql_name(b)};
    if (type_ == "expect_column_pair_values_a_to_be_greater_than_b") {
      return {sql_name(a) + (true_member(arguments_, "or_equal") ? " >= " : " > ") + sql_name(b)};
    }
    if (type_ == "expect_column_pair_values_to_be_in_set") return pairs_rule(a, b);
    return {};
  }

  /// Expectations about each value of one column.
  Rules of_values() {
    if (column_.empty()) return {};
    const std::string name = sql_name(column_);
    const auto is = [&](const char* end) { return type_ == std::string("expect_column_") + end; };
    if (is("values_to_not_be_null")) return {name + " is not null"};
    if (is("values_to_be_null")) return {name + " is null"};
    if (is("values_to_be_unique")) return {name + " is unique"};
    if (is("values_to_be_in_set") || is("distinct_values_to_be_in_set")) {
      return set_rule(name + " in ");
    }
    if (is("values_to_not_be_in_set")) return set_rule(name + " not in ");
    if (is("values_to_be_between")) return bounds_rule(name);
    if (is("value_lengths_to_be_between")) return bounds_rule("length(" + name + ")");
    if (is("value_lengths_to_equal")) return equal_rule("length(" + name + ")", "value");
    if (is("values_to_match_regex"))
      return text_rule("regexp_matches(" + name + ", ", "regex", ")");
    if (is("values_to_not_match_regex")) {
      return text_rule("not regexp_matches(" + name + ", ", "regex", ")");
    }
    if (is("values_to_match_regex_list")) return regex_list(name, "");
    if (is("values_to_not_match_regex_list")) return regex_list(name, "not ");
    if (is("values_to_match_like_pattern")) return text_rule(name + " like ", "like_pattern", "");
    if (is("values_to_not_match_like_pattern")) {
      return text_rule(name + " not like ", "like_pattern", "");
    }
    if (is("values_to_match_strftime_format")) {
      return text_rule("try_strptime(" + name + ", ", "strftime_format",
                       ") is not null or " + name + " is null");
    }
    return {};
  }

  /// Expectations about what the values of one column come to together.
  Rules of_column() {
    if (column_.empty()) return {};
    const std::string name = sql_name(column_);
    const std::pair<const char*, std::string> aggregates[] = {
        {"mean", "avg(" + name + ")"},
        {"median", "median(" + name + ")"},
        {"stdev", "stddev_samp(" + name + ")"},
        {"sum", "sum(" + name + ")"},
        {"min", "min(" + name + ")"},
        {"max", "max(" + name + ")"},
        {"unique_value_count", "count(distinct " + name + ")"},
        {"proportion_of_unique_values", "count(distinct " + name + ") / count(" + name + ")"},
        {"proportion_of_non_null_values", "count(" + name + ") / count(*)"},
    };
    for (const auto& [what, sql] : aggregates) {
      if (type_ == std::string("expect_column_") + what + "_to_be_between") return bounds_rule(sql);
    }
    if (type_ == "expect_column_quantile_values_to_be_between") return quantiles(name);
    const bool equal = type_ == "expect_column_distinct_values_to_equal_set";
    if (equal || type_ == "expect_column_distinct_values_to_contain_set") {
      return whole_set(name, equal);
    }
    return {};
  }

  Rules refuse(std::string why) {
    why_ = std::move(why);
    return {};
  }

  Rules row_count(const char* low_key, const char* high_key) {
    const Json* low = member(arguments_, low_key);
    const Json* high = member(arguments_, high_key);
    const bool has_low = low != nullptr && low->is_number_integer();
    const bool has_high = high != nullptr && high->is_number_integer();
    if (!has_low && !has_high) return refuse("it has no bound");
    constexpr int64_t kNoBound = 1'000'000'000'000'000;
    return {"rows between " + std::to_string(has_low ? low->get<int64_t>() : 0) + " and " +
            std::to_string(has_high ? high->get<int64_t>() : kNoBound)};
  }

  Rules set_rule(const std::string& begin) {
    const Json* values = member(arguments_, "value_set");
    const auto list = values == nullptr ? std::nullopt : sql_list(*values);
    return list ? Rules{begin + *list} : refuse("`value_set` is no list of plain values");
  }

  /// Every value of the set occurs; with `equal` no other does.
  Rules whole_set(const std::string& name, bool equal) {
    Rules rules = set_rule(name + " in ");
    if (rules.empty()) return rules;
    const std::string members = "count(distinct " + name + ") filter (where " + rules.front() + ")";
    std::vector<std::string> different;
    for (const Json& value : *member(arguments_, "value_set")) different.push_back(value.dump());
    std::sort(different.begin(), different.end());
    const auto count = std::unique(different.begin(), different.end()) - different.begin();
    const std::string all_occur = members + " = " + std::to_string(count);
    return equal ? Rules{rules.front(), all_occur} : Rules{all_occur};
  }

  Rules bounds_rule(const std::string& value) {
    const auto text = between(
        value, {member(arguments_, "min_value"), member(arguments_, "max_value"),
                true_member(arguments_, "strict_min") || true_member(arguments_, "strictly"),
                true_member(arguments_, "strict_max") || true_member(arguments_, "strictly")});
    if (!text) return refuse("a bound is no plain value");
    return text->empty() ? refuse("it has no bound") : Rules{*text};
  }

  Rules quantiles(const std::string& name) {
    const Json* ranges = member(arguments_, "quantile_ranges");
    const Json* places = ranges == nullptr ? nullptr : member(*ranges, "quantiles");
    const Json* values = ranges == nullptr ? nullptr : member(*ranges, "value_ranges");
    if (places == nullptr || values == nullptr || !places->is_array() || !values->is_array() ||
        places->size() != values->size()) {
      return refuse("`quantile_ranges` are not as many as the quantiles");
    }
    Rules rules;
    for (size_t i = 0; i < places->size(); ++i) {
      const auto place = sql_value((*places)[i]);
      const Json& range = (*values)[i];
      if (!place || !range.is_array() || range.size() != 2) return refuse("a range is no pair");
      const auto text = between("quantile_disc(" + name + ", " + *place + ")",
                                {&range[0], &range[1], false, false});
      if (!text || text->empty()) return refuse("a range has no bound that is a plain value");
      rules.push_back(*text);
    }
    return rules;
  }

  Rules equal_rule(const std::string& value, const char* key) {
    const Json* json = member(arguments_, key);
    const auto text = json == nullptr ? std::nullopt : sql_value(*json);
    return text ? Rules{value + " = " + *text} : refuse(std::string("`") + key + "` is missing");
  }

  Rules text_rule(const std::string& begin, const char* key, const std::string& end) {
    const std::string text = text_member(arguments_, key);
    if (text.empty()) return refuse(std::string("`") + key + "` is missing");
    return {begin + quote_text(text) + end};
  }

  /// Any of the expressions, or all of them with `match_on = "all"`; with `negation` none.
  Rules regex_list(const std::string& name, const std::string& negation) {
    const Json* list = member(arguments_, "regex_list");
    if (list == nullptr || !list->is_array() || list->empty()) {
      return refuse("`regex_list` is missing");
    }
    const bool all = !negation.empty() || text_member(arguments_, "match_on") == "all";
    std::string text;
    for (const Json& one : *list) {
      if (!one.is_string()) return refuse("`regex_list` is no list of texts");
      text += (text.empty() ? ""
               : all        ? " and "
                            : " or ") +
              negation + "regexp_matches(" + name + ", " + quote_text(one.get<std::string>()) + ")";
    }
    return {text};
  }

  Rules pairs_rule(const std::string& a, const std::string& b) {
    const Json* pairs = member(arguments_, "value_pairs_set");
    std::string list;
    for (const Json& pair : pairs == nullptr ? Json::array() : *pairs) {
      const auto text = pair.size() == 2 ? sql_list(pair) : std::nullopt;
      if (!text) return refuse("`value_pairs_set` is no list of pairs");
      list += (list.empty() ? "" : ", ") + *text;
    }
    if (list.empty()) return refuse("`value_pairs_set` is missing");
    return {"(" + sql_name(a) + ", " + sql_name(b) + ") in (" + list + ")"};
  }

  /// The columns of `column_list`; none when they are fewer than two.
  Rules column_names() {
    Rules names;
    const Json* list = member(arguments_, "column_list");
    for (const Json& one : list == nullptr ? Json::array() : *list) {
      if (one.is_string()) names.push_back(sql_name(one.get<std::string>()));
    }
    return names.size() < 2 ? refuse("`column_list` is missing") : names;
  }

  Rules all_different() {
    const Rules names = column_names();
    std::string text;
    for (size_t a = 0; a < names.size(); ++a) {
      for (size_t b = a + 1; b < names.size(); ++b) {
        text += (text.empty() ? "" : " and ") + names[a] + " <> " + names[b];
      }
    }
    return text.empty() ? Rules{} : Rules{text};
  }

  Rules sum_of_columns() {
    const Rules names = column_names();
    std::string sum;
    for (const std::string& name : names) sum += (sum.empty() ? "" : " + ") + name;
    return sum.empty() ? Rules{} : equal_rule(sum, "sum_total");
  }

  const std::string& type_;
  const Json& arguments_;
  std::string column_;
  std::string why_;
};

/// Of a rule about the table a share of rows says nothing; Great Expectations passes over it, too.
bool takes_share(const std::string& text) {
  Rule rule;
  rule.rule = text;
  const auto form = parse_rule(rule);
  return form.ok() && !judges_table(form->kind);
}

}  // namespace

ExpectationRules rules_of_expectation(const std::string& type, const Json& arguments) {
  return Expectation(type, arguments).read();
}

void import_expectations(const Json& expectations, const std::string& table, ImportedRules& out) {
  for (const Json& one : expectations) {
    std::string type = text_member(one, "expectation_type");
    if (type.empty()) type = text_member(one, "type");
    const Json* arguments = member(one, "kwargs");
    if (type.empty() || arguments == nullptr || !arguments->is_object()) {
      out.not_carried.push_back({"an entry", "it has no type or no kwargs"});
      continue;
    }
    const std::string column = text_member(*arguments, "column");
    const std::string what = type + (column.empty() ? "" : " (" + column + ")");
    if (const Json* rows = member(*arguments, "row_condition");
        rows != nullptr && !rows->is_null()) {
      out.not_carried.push_back({what, "its `row_condition` is not SQL"});
      continue;
    }
    ExpectationRules found = rules_of_expectation(type, *arguments);
    if (found.rules.empty()) {
      out.not_carried.push_back({what, std::move(found.why)});
      continue;
    }
    const Json* mostly = member(*arguments, "mostly");
    const std::string severity = text_member(one, "severity");
    for (std::string& text : found.rules) {
      ProposedRule rule{.table = table, .rule = std::move(text), .because = type};
      if (mostly != nullptr && mostly->is_number() && takes_share(rule.rule)) {
        rule.at_least = mostly->get<double>();
      }
      rule.is_warning = severity == "warning" || severity == "info";
      out.rules.push_back(std::move(rule));
    }
  }
}

}  // namespace millgate
