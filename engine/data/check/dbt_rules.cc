#include "data/check/dbt_rules.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "data/check/expectation_rules.h"
#include "data/check/imported_value.h"
#include "data/query/sql_token.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// The name that a call of dbt's `ref` or `source` ends with: "regions" of "ref('regions')",
/// "payments" of "{{ get_where_subquery(source('raw', 'payments')) }}".
std::string called_name(const std::string& text) {
  const size_t end = text.find_last_of("'\"");
  if (end == std::string::npos || end == 0) return {};
  const size_t begin = text.find_last_of(text[end], end - 1);
  return begin == std::string::npos ? "" : text.substr(begin + 1, end - begin - 1);
}

/// A member that is an object, or an empty one.
const Json& object_member(const Json& json, const char* key) {
  static const Json kEmpty = Json::object();
  const Json* found = member(json, key);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

/// Reads the tests of one table.
class Manifest {
 public:
  Manifest(const Json& json, const std::string& table, ImportedRules& out)
      : json_(json), table_(table), out_(out) {}

  Status read() {
    MILLGATE_TRY(check_table());
    for (const auto& node : object_member(json_, "nodes").items()) {
      if (text_member(node.value(), "resource_type") == "test") read_test(node.value());
    }
    for (const auto& source : object_member(json_, "sources").items()) {
      if (text_member(source.value(), "name") == table_) read_freshness(source.value());
    }
    return {};
  }

 private:
  Status check_table() const {
    std::vector<std::string> names;
    for (const char* part : {"nodes", "sources"}) {
      for (const auto& node : object_member(json_, part).items()) {
        const std::string type = text_member(node.value(), "resource_type");
        if (type == "model" || type == "seed" || type == "snapshot" || type == "source") {
          names.push_back(text_member(node.value(), "name"));
        }
      }
    }
    if (std::find(names.begin(), names.end(), table_) != names.end()) return {};
    return invalid_input("no model, seed, snapshot or source is called `" + table_ + "` there",
                         name_hint(table_, names));
  }

  void read_test(const Json& test) {
    const Json& metadata = object_member(test, "test_metadata");
    if (metadata.empty()) return read_singular(test);
    const Json& arguments = object_member(metadata, "kwargs");
    if (called_name(text_member(arguments, "model")) != table_) return;
    const std::string package = text_member(metadata, "namespace");
    const std::string type = (package.empty() ? "" : package + ".") + text_member(metadata, "name");
    const std::string column = text_member(arguments, "column_name");
    const std::string what = type + (column.empty() ? "" : " (" + column + ")");
    ExpectationRules found = rules_of(type, column, arguments);
    if (found.rules.empty()) {
      out_.not_carried.push_back({what, std::move(found.why)});
      return;
    }
    const Json& config = object_member(test, "config");
    const Json* share =
        type == "dbt_utils.not_null_proportion" ? member(arguments, "at_least") : nullptr;
    for (std::string& text : found.rules) {
      ProposedRule rule{.table = table_, .rule = std::move(text), .because = type};
      if (share != nullptr && share->is_number()) rule.at_least = share->get<double>();
      rule.is_warning = sql_lower(text_member(config, "severity")) == "warn";
      rule.where = text_member(config, "where");
      if (rule.where.empty()) rule.where = text_member(arguments, "row_condition");
      out_.rules.push_back(std::move(rule));
    }
    for (const char* limit : {"warn_if", "error_if"}) {
      const std::string text = text_member(config, limit);
      if (text.empty() || text == "!= 0") continue;
      out_.not_carried.push_back({std::string(limit) + " `" + text + "` of " + what,
                                  "it counts rows; the rule allows none: see `at_least`, a share"});
    }
  }

  /// A test that is a query of its own.
  void read_singular(const Json& test) {
    const Json* refs = member(test, "refs");
    const bool is_ours =
        refs != nullptr && std::any_of(refs->begin(), refs->end(), [&](const Json& ref) {
          return text_member(ref, "name") == table_;
        });
    if (!is_ours) return;
    out_.not_carried.push_back(
        {"the test " + text_member(test, "name"),
         "it is a query for bad rows; write the condition that good ones meet"});
  }

  static ExpectationRules one(std::string rule) { return {{std::move(rule)}, ""}; }
  static ExpectationRules none(std::string why = "there is no rule of this kind") {
    return {{}, std::move(why)};
  }

  ExpectationRules rules_of(const std::string& type, const std::string& column,
                            const Json& arguments) const {
    const std::string prefix = "dbt_expectations.";
    if (type.starts_with(prefix)) {
      Json renamed = arguments;
      renamed["column"] = column;
      return rules_of_expectation(type.substr(prefix.size()), renamed);
    }
    if (type == "dbt_utils.expression_is_true") {
      const std::string text = text_member(arguments, "expression");
      if (text.empty()) return none("`expression` is missing");
      return one(column.empty() ? text : sql_name(column) + " " + text);
    }
    if (type == "dbt_utils.unique_combination_of_columns") {
      const Json* columns = member(arguments, "combination_of_columns");
      const std::string list = columns == nullptr ? "" : name_list(*columns);
      return list.empty() ? none("`combination_of_columns` is missing") : one(list + " is unique");
    }
    return column.empty() ? none() : rule_of_column(type, sql_name(column), arguments);
  }

  static ExpectationRules rule_of_column(const std::string& type, const std::string& name,
                                         const Json& arguments) {
    if (type == "unique") return one(name + " is unique");
    if (type == "not_null") return one(name + " is not null");
    if (type == "accepted_values" || type == "dbt_utils.not_accepted_values") {
      return set_rule(name + (type == "accepted_values" ? " in " : " not in "), arguments);
    }
    if (type == "relationships") {
      const std::string other = called_name(text_member(arguments, "to"));
      const std::string field = text_member(arguments, "field");
      if (other.empty() || field.empty()) return none("`to` or `field` is missing");
      return one(name + " references " + sql_name(other) + "." + sql_name(field));
    }
    if (type == "dbt_utils.accepted_range") {
      const bool open = !true_member(arguments, "inclusive", true);
      const auto text = between(
          name, {member(arguments, "min_value"), member(arguments, "max_value"), open, open});
      return text && !text->empty() ? one(*text) : none("a bound is missing, or no plain value");
    }
    if (type == "dbt_utils.not_null_proportion") {
      const Json* most = member(arguments, "at_most");
      const bool bounded = most != nullptr && most->is_number() && most->get<double>() < 1;
      return bounded ? none("a rule has no largest share") : one(name + " is not null");
    }
    if (type == "dbt_utils.not_empty_string") return one("trim(" + name + ") <> ''");
    if (type == "dbt_utils.at_least_one") return one("count(" + name + ") > 0");
    if (type == "dbt_utils.not_constant") return one("count(distinct " + name + ") > 1");
    return none();
  }

  /// dbt compares with texts unless `quote` is false.
  static ExpectationRules set_rule(const std::string& begin, const Json& arguments) {
    Json values = Json::array();
    const Json* given = member(arguments, "values");
    for (const Json& one : given == nullptr ? Json::array() : *given) {
      const bool quoted = true_member(arguments, "quote", true) && !one.is_string();
      values.push_back(quoted ? Json(one.dump()) : one);
    }
    const auto list = sql_list(values);
    return list ? one(begin + *list) : none("`values` is no list of plain values");
  }

  void read_freshness(const Json& source) {
    const Json& freshness = object_member(source, "freshness");
    const std::string column = text_member(source, "loaded_at_field");
    for (const char* limit : {"warn_after", "error_after"}) {
      const Json& span = object_member(freshness, limit);
      const Json* count = member(span, "count");
      const std::string period = text_member(span, "period");
      if (count == nullptr || !count->is_number_integer() || period.empty()) continue;
      if (column.empty()) {
        out_.not_carried.push_back({limit, "the source has no `loaded_at_field`"});
        continue;
      }
      ProposedRule rule{
          .table = table_,
          .rule = sql_name(column) + " is fresh within '" + count->dump() + " " + period + "s'",
          .because = std::string("freshness, ") + limit};
      rule.is_warning = std::string_view(limit) == "warn_after";
      out_.rules.push_back(std::move(rule));
    }
  }

  const Json& json_;
  const std::string& table_;
  ImportedRules& out_;
};

}  // namespace

Status import_dbt(const Json& manifest, const std::string& table, ImportedRules& out) {
  return Manifest(manifest, table, out).read();
}

}  // namespace millgate
