#include "data/check/import_rules.h"

#include <cmath>
#include <optional>
#include <utility>

#include "data/query/database.h"
#include "data/query/sql_token.h"
#include "ground/json.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// A JSON value as SQL writes it; nothing for lists and objects.
std::optional<std::string> sql_value(const Json& value) {
  if (value.is_string()) return quote_text(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) {
    const double number = value.get<double>();
    if (std::isfinite(number)) return shortest_text(number);
  }
  return std::nullopt;
}

/// "('a', 'b')"; nothing when it is no list of plain values, or empty.
std::optional<std::string> sql_list(const Json& values) {
  if (!values.is_array() || values.empty()) return std::nullopt;
  std::string list;
  for (const Json& value : values) {
    const auto text = sql_value(value);
    if (!text) return std::nullopt;
    list += (list.empty() ? "" : ", ") + *text;
  }
  return "(" + list + ")";
}

std::string text_member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool true_member(const Json& json, const char* key, bool otherwise = false) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

/// "x >= 1 and x < 5"; "" without bounds; nothing for a bound that is no plain value.
struct Bounds {
  const Json* low = nullptr;
  const Json* high = nullptr;
  bool open_low = false;
  bool open_high = false;
};
std::optional<std::string> between(const std::string& value, const Bounds& bounds) {
  std::string text;
  for (const bool is_low : {true, false}) {
    const Json* bound = is_low ? bounds.low : bounds.high;
    if (bound == nullptr || bound->is_null()) continue;
    const auto limit = sql_value(*bound);
    if (!limit) return std::nullopt;
    const bool open = is_low ? bounds.open_low : bounds.open_high;
    text += (text.empty() ? "" : " and ") + value + (is_low ? " >" : " <") + (open ? " " : "= ") +
            *limit;
  }
  return text;
}

const Json* member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

std::string name_list(const Json& names) {
  std::string list;
  for (const Json& name : names) {
    if (!name.is_string()) return {};
    list += (list.empty() ? "" : ", ") + sql_name(name.get<std::string>());
  }
  return list;
}

/// One suite of Great Expectations.
class Expectations {
 public:
  Expectations(std::string table, ImportedRules& out) : table_(std::move(table)), out_(out) {}

  void read(const Json& expectation) {
    std::string type = text_member(expectation, "expectation_type");
    if (type.empty()) type = text_member(expectation, "type");
    const Json* found = member(expectation, "kwargs");
    if (type.empty() || found == nullptr || !found->is_object()) {
      out_.not_carried.push_back({"an entry", "it has no type or no kwargs"});
      return;
    }
    kwargs_ = found;
    column_ = text_member(*found, "column");
    const std::string where = column_.empty() ? "" : " (" + column_ + ")";
    const auto rule = rule_of(type);
    if (!rule) {
      out_.not_carried.push_back({type + where, why_});
      return;
    }
    for (const char* condition : {"row_condition", "condition_parser"}) {
      if (const Json* one = member(*found, condition); one != nullptr && !one->is_null()) {
        out_.not_carried.push_back({type + where, "its `row_condition` is not SQL"});
        return;
      }
    }
    ProposedRule out{table_, *rule, 1, false, type};
    if (const Json* mostly = member(*found, "mostly"); mostly != nullptr && mostly->is_number()) {
      out.at_least = mostly->get<double>();
    }
    const std::string severity = text_member(expectation, "severity");
    out.is_warning = severity == "warning" || severity == "info";
    out_.rules.push_back(std::move(out));
  }

 private:
  std::optional<std::string> rule_of(const std::string& type) {
    why_ = "there is no rule of this kind";
    const std::string name = sql_name(column_);
    const auto starts = [&](std::string_view begin) { return type == begin; };
    if (starts("expect_table_row_count_to_be_between")) return row_count("min_value", "max_value");
    if (starts("expect_table_row_count_to_equal")) return row_count("value", "value");
    if (starts("expect_compound_columns_to_be_unique")) {
      const Json* columns = member(*kwargs_, "column_list");
      const std::string list = columns == nullptr ? "" : name_list(*columns);
      return list.empty() ? refuse("`column_list` is missing") : list + " is unique";
    }
    if (type.starts_with("expect_column_pair_values_")) return pair_rule(type);
    if (column_.empty()) return std::nullopt;
    if (starts("expect_column_to_exist")) {
      why_ = "every rule that names a missing column fails by itself";
      return std::nullopt;
    }
    if (starts("expect_column_values_to_not_be_null")) return name + " is not null";
    if (starts("expect_column_values_to_be_null")) return name + " is null";
    if (starts("expect_column_values_to_be_unique")) return name + " is unique";
    if (starts("expect_column_values_to_be_in_set")) return set_rule(name, " in ");
    if (starts("expect_column_values_to_not_be_in_set")) return set_rule(name, " not in ");
    if (starts("expect_column_values_to_be_between")) return bounds_rule(name);
    if (starts("expect_column_value_lengths_to_be_between")) {
      return bounds_rule("length(" + name + ")");
    }
    if (starts("expect_column_value_lengths_to_equal")) {
      const Json* value = member(*kwargs_, "value");
      const auto text = value == nullptr ? std::nullopt : sql_value(*value);
      return text ? "length(" + name + ") = " + *text : refuse("`value` is missing");
    }
    if (starts("expect_column_values_to_match_regex")) return regex_rule("", name);
    if (starts("expect_column_values_to_not_match_regex")) return regex_rule("not ", name);
    return std::nullopt;
  }

  std::optional<std::string> refuse(std::string why) {
    why_ = std::move(why);
    return std::nullopt;
  }

  std::optional<std::string> row_count(const char* low_key, const char* high_key) {
    const Json* low = member(*kwargs_, low_key);
    const Json* high = member(*kwargs_, high_key);
    const bool has_low = low != nullptr && low->is_number_integer();
    const bool has_high = high != nullptr && high->is_number_integer();
    if (!has_low && !has_high) return refuse("it has no bound");
    constexpr int64_t kNoBound = 1'000'000'000'000'000;
    return "rows between " + std::to_string(has_low ? low->get<int64_t>() : 0) + " and " +
           std::to_string(has_high ? high->get<int64_t>() : kNoBound);
  }

  std::optional<std::string> set_rule(const std::string& name, const std::string& in) {
    const Json* values = member(*kwargs_, "value_set");
    const auto list = values == nullptr ? std::nullopt : sql_list(*values);
    return list ? name + in + *list : refuse("`value_set` is no list of plain values");
  }

  std::optional<std::string> bounds_rule(const std::string& value) {
    const auto text =
        between(value, {member(*kwargs_, "min_value"), member(*kwargs_, "max_value"),
                        true_member(*kwargs_, "strict_min"), true_member(*kwargs_, "strict_max")});
    if (!text) return refuse("a bound is no plain value");
    return text->empty() ? refuse("it has no bound") : text;
  }

  std::optional<std::string> regex_rule(const std::string& negation, const std::string& name) {
    const std::string regex = text_member(*kwargs_, "regex");
    if (regex.empty()) return refuse("`regex` is missing");
    return negation + "regexp_matches(" + name + ", " + quote_text(regex) + ")";
  }

  std::optional<std::string> pair_rule(const std::string& type) {
    const std::string a = text_member(*kwargs_, "column_A");
    const std::string b = text_member(*kwargs_, "column_B");
    if (a.empty() || b.empty()) return refuse("`column_A` or `column_B` is missing");
    if (type == "expect_column_pair_values_to_be_equal") return sql_name(a) + " = " + sql_name(b);
    if (type == "expect_column_pair_values_a_to_be_greater_than_b") {
      return sql_name(a) + (true_member(*kwargs_, "or_equal") ? " >= " : " > ") + sql_name(b);
    }
    return std::nullopt;
  }

  std::string table_;
  ImportedRules& out_;
  const Json* kwargs_ = nullptr;
  std::string column_;
  std::string why_;
};

/// One schema of Pandera.
class PanderaSchema {
 public:
  PanderaSchema(std::string table, ImportedRules& out) : table_(std::move(table)), out_(out) {}

  void read(const Json& schema) {
    for (const auto& [name, column] : schema.at("columns").items()) {
      if (column.is_object()) read_column(name, column);
    }
    if (const Json* unique = member(schema, "unique"); unique != nullptr && unique->is_array()) {
      if (const std::string list = name_list(*unique); !list.empty()) {
        add(list + " is unique", "unique");
      }
    }
    for (const char* key : {"checks", "index", "ordered", "strict", "coerce"}) {
      const Json* one = member(schema, key);
      const bool says = one != nullptr && !one->is_null() && !one->empty() && *one != Json(false);
      if (says) out_.not_carried.push_back({std::string(key) + " of the table", kNoRule});
    }
  }

 private:
  static constexpr const char* kNoRule = "there is no rule of this kind";

  void add(std::string rule, std::string because) {
    out_.rules.push_back({table_, std::move(rule), 1, false, std::move(because)});
  }

  void read_column(const std::string& column, const Json& json) {
    if (true_member(json, "regex")) {
      out_.not_carried.push_back({"column `" + column + "`", "its name is a regular expression"});
      return;
    }
    const std::string name = sql_name(column);
    if (!true_member(json, "nullable")) add(name + " is not null", "not nullable");
    if (true_member(json, "unique")) add(name + " is unique", "unique");
    for (const auto& [key, value] : json.items()) {
      if (key == "checks" && value.is_object()) {
        for (const auto& [check, argument] : value.items()) read_check(column, check, argument);
      } else if (key == "checks" && value.is_array() && !value.empty()) {
        out_.not_carried.push_back({"checks (" + column + ")", "they are a list without names"});
      } else if (key == "dtype") {
        out_.not_carried.push_back(
            {"dtype (" + column + ")", "types are kept by the table since its first commit"});
      } else if (!is_setting(key)) {
        read_check(column, key, value);
      }
    }
  }

  static bool is_setting(const std::string& key) {
    for (const char* setting : {"nullable", "unique", "required", "regex", "coerce", "title",
                                "description", "metadata", "checks", "default"}) {
      if (key == setting) return true;
    }
    return false;
  }

  void read_check(const std::string& column, const std::string& check, const Json& argument) {
    // Newer versions wrap the argument: {"value": 3, "options": {...}}.
    const Json* value = &argument;
    if (argument.is_object()) {
      for (const char* key : {"value", "allowed_values", "forbidden_values", "pattern", "string"}) {
        if (const Json* inner = member(argument, key); inner != nullptr) value = inner;
      }
    }
    const auto rule = rule_of(sql_name(column), check, argument, *value);
    if (rule) {
      add(*rule, check);
    } else {
      out_.not_carried.push_back({check + " (" + column + ")", kNoRule});
    }
  }

  static std::optional<std::string> rule_of(const std::string& name, const std::string& check,
                                            const Json& argument, const Json& value) {
    const std::pair<const char*, const char*> comparisons[] = {
        {"greater_than", " > "}, {"greater_than_or_equal_to", " >= "},
        {"less_than", " < "},    {"less_than_or_equal_to", " <= "},
        {"equal_to", " = "},     {"not_equal_to", " <> "}};
    for (const auto& [key, sign] : comparisons) {
      if (check != key) continue;
      const auto text = sql_value(value);
      return text ? std::optional(name + sign + *text) : std::nullopt;
    }
    if (check == "isin" || check == "notin") {
      const auto list = sql_list(value);
      return list ? std::optional(name + (check == "isin" ? " in " : " not in ") + *list)
                  : std::nullopt;
    }
    if (argument.is_object() && (check == "in_range" || check == "str_length")) {
      const Json* exact = member(argument, "exact_value");
      const std::string subject = check == "in_range" ? name : "length(" + name + ")";
      if (exact != nullptr && exact->is_number()) return subject + " = " + *sql_value(*exact);
      auto text = between(subject, {member(argument, "min_value"), member(argument, "max_value"),
                                    !true_member(argument, "include_min", true),
                                    !true_member(argument, "include_max", true)});
      return text && !text->empty() ? text : std::nullopt;
    }
    if (!value.is_string()) return std::nullopt;
    const std::string text = quote_text(value.get<std::string>());
    // Pandera's str_matches is anchored at the start only, as Python's re.match.
    if (check == "str_matches") {
      return "regexp_matches(" + name + ", " + quote_text("^(?:" + value.get<std::string>() + ")") +
             ")";
    }
    if (check == "str_contains") return "regexp_matches(" + name + ", " + text + ")";
    if (check == "str_startswith") return "starts_with(" + name + ", " + text + ")";
    if (check == "str_endswith") return "ends_with(" + name + ", " + text + ")";
    return std::nullopt;
  }

  std::string table_;
  ImportedRules& out_;
};

}  // namespace

Result<ImportedRules> import_rules(std::string_view text, const std::string& table) {
  const char* hint = "give a suite of Great Expectations, or what Pandera's `to_json` writes";
  auto parsed = parse_json(text, "the file");
  if (!parsed.ok()) {
    return invalid_input(parsed.error().what, hint);
  }
  const Json& json = *parsed;
  ImportedRules out;
  const Json* expectations = json.is_object() ? member(json, "expectations") : nullptr;
  const Json* columns = json.is_object() ? member(json, "columns") : nullptr;
  if (expectations != nullptr && expectations->is_array()) {
    out.tool = "Great Expectations";
    Expectations reader(table, out);
    for (const Json& one : *expectations) {
      if (one.is_object()) {
        reader.read(one);
      } else {
        out.not_carried.push_back({"an entry", "it is no object"});
      }
    }
    return out;
  }
  if (columns != nullptr && columns->is_object()) {
    out.tool = "Pandera";
    PanderaSchema(table, out).read(json);
    return out;
  }
  return invalid_input("the file has neither `expectations` nor `columns`", hint);
}

}  // namespace millgate
