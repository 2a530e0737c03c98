#include "data/check/pandera_rules.h"

#include <optional>
#include <utility>

#include "data/check/imported_value.h"
#include "data/query/database.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

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
    out_.rules.push_back({.table = table_, .rule = std::move(rule), .because = std::move(because)});
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

void import_pandera(const Json& schema, const std::string& table, ImportedRules& out) {
  PanderaSchema(table, out).read(schema);
}

}  // namespace millgate
