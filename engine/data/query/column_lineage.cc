#include "data/query/column_lineage.h"

#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"

namespace millgate {

namespace {

using Names = std::set<TableColumn>;

void add(Names& names, const Names& more) { names.insert(more.begin(), more.end()); }

/// A column between two operators of the plan.
struct PlanColumn {
  Names from = {};
  bool is_copy = false;
};

/// What an operator of the plan gives.
struct PlanRows {
  std::vector<PlanColumn> columns = {};
  bool is_known = true;  ///< Else there may be any columns, made from anything.
  Names rows = {};
  Names order = {};
};

std::string text_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& list_of(const Json& node, const char* key) {
  static const Json none = Json::array();
  const auto found = node.find(key);
  return found != node.end() && found->is_array() ? *found : none;
}

/// The number at `key`; nothing where it is none, or one of DuckDB's that mean "not a column".
std::optional<size_t> number_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  if (found == node.end()) return 0;
  if (!found->is_number_unsigned() && !found->is_number_integer()) return std::nullopt;
  return found->get<uint64_t>();
}

bool is_reference(const Json& expression) {
  return text_of(expression, "expression_class") == "BOUND_REF";
}

bool is_equality(std::string_view comparison) {
  return comparison == "COMPARE_EQUAL" || comparison == "COMPARE_NOT_DISTINCT_FROM";
}

PlanRows beside(PlanRows left, const PlanRows& right) {
  left.columns.insert(left.columns.end(), right.columns.begin(), right.columns.end());
  left.is_known = left.is_known && right.is_known;
  add(left.rows, right.rows);
  add(left.order, right.order);
  return left;
}

/// Reads one plan, from its root down.
class PlanReader {
 public:
  explicit PlanReader(const Json& plan) { find_tables(plan); }

  PlanRows read(const Json& op) {
    const std::string type = text_of(op, "type");
    if (has_projection(op)) return anything();
    if (type == "LOGICAL_GET") return table(op);
    if (type == "LOGICAL_MATERIALIZED_CTE") return with_definition(op);
    if (type == "LOGICAL_CTE_REF") return definition(op);
    if (type == "LOGICAL_DELIM_GET") return outer_columns(op);
    if (type == "LOGICAL_DELIM_JOIN") return correlated(op);
    if (type == "LOGICAL_DUMMY_SCAN") return {.columns = {PlanColumn{}}};
    if (type == "LOGICAL_CHUNK_GET" || type == "LOGICAL_EMPTY_RESULT") return constants(op);
    std::vector<PlanRows> inputs;
    for (const Json& child : list_of(op, "children")) inputs.push_back(read(child));
    if (inputs.size() == 2) return of_two(type, op, std::move(inputs[0]), inputs[1]);
    if (inputs.size() == 1) return of_one(type, op, std::move(inputs[0]));
    return anything();
  }

  [[nodiscard]] const Names& all() const { return all_; }

 private:
  void find_tables(const Json& node) {
    if (text_of(node, "type") == "LOGICAL_GET") {
      const std::string name = table_name(node);
      for (const Json& column : list_of(node, "names")) {
        if (!name.empty() && column.is_string()) all_.insert({name, column.get<std::string>()});
      }
    }
    for (const auto& child : list_of(node, "children")) find_tables(child);
  }

  static std::string table_name(const Json& get) {
    const auto data = get.find("function_data");
    return data != get.end() && data->is_object() ? text_of(*data, "table") : std::string();
  }

  [[nodiscard]] PlanRows anything() const {
    return {.columns = {}, .is_known = false, .rows = all_, .order = {}};
  }

  /// Columns that are left out on the way: only an optimizer does so.
  static bool has_projection(const Json& op) {
    const auto any = {"projection_map", "left_projection_map", "right_projection_map",
                      "projection_ids"};
    return std::any_of(any.begin(), any.end(),
                       [&](const char* key) { return !list_of(op, key).empty(); });
  }

  PlanRows table(const Json& op) const {
    const std::string name = table_name(op);
    if (!list_of(op, "children").empty()) return anything();
    PlanRows rows;
    const Json& names = list_of(op, "names");
    for (const Json& column : list_of(op, "column_indexes")) {
      const auto index = number_of(column, "index");
      PlanColumn one;
      // Beyond them lies the number of the row.
      if (!name.empty() && index && *index < names.size()) {
        one = {{{name, names.at(*index).get<std::string>()}}, true};
      }
      rows.columns.push_back(std::move(one));
    }
    return rows;
  }

  PlanRows constants(const Json& op) const {
    const Json& types =
        op.contains("chunk_types") ? list_of(op, "chunk_types") : list_of(op, "return_types");
    if (types.empty()) return anything();
    return {.columns = std::vector<PlanColumn>(types.size())};
  }

  PlanRows with_definition(const Json& op) {
    const Json& children = list_of(op, "children");
    const auto number = number_of(op, "table_index");
    if (children.size() != 2 || !number) return anything();
    PlanRows defined = read(children[0]);
    definitions_[*number] = defined;
    PlanRows rows = read(children[1]);
    return rows;
  }

  PlanRows definition(const Json& op) const {
    const auto number = number_of(op, "cte_index");
    const auto found = number ? definitions_.find(*number) : definitions_.end();
    return found == definitions_.end() ? anything() : found->second;
  }

  /// The columns of outer queries that a subquery reads. Which of them is not asked.
  PlanRows outer_columns(const Json& op) const {
    PlanRows rows;
    for (size_t i = 0; i < list_of(op, "chunk_types").size(); ++i) {
      PlanColumn one{.from = {}, .is_copy = !outer_.empty()};
      for (const auto& columns : outer_) {
        if (i >= columns.size()) continue;
        add(one.from, columns[i].from);
        one.is_copy = one.is_copy && columns[i].is_copy;
      }
      rows.columns.push_back(std::move(one));
    }
    return rows;
  }

  PlanRows correlated(const Json& op) {
    const Json& children = list_of(op, "children");
    if (children.size() != 2 || op.value("delim_flipped", false)) return anything();
    PlanRows left = read(children[0]);
    std::vector<PlanColumn> shared;
    for (const Json& one : list_of(op, "duplicate_eliminated_columns")) {
      shared.push_back(value_of(one, left));
    }
    outer_.push_back(std::move(shared));
    PlanRows right = read(children[1]);
    outer_.pop_back();
    return joined(op, std::move(left), right);
  }

  PlanRows of_one(const std::string& type, const Json& op, PlanRows input) const {
    if (type == "LOGICAL_PROJECTION") return projected(op, input);
    if (type == "LOGICAL_AGGREGATE_AND_GROUP_BY") return grouped(op, input);
    if (type == "LOGICAL_FILTER") {
      for (const Json& one : list_of(op, "expressions")) add(input.rows, decides(one, input));
      return input;
    }
    if (type == "LOGICAL_WINDOW") return with_windows(op, std::move(input));
    if (type == "LOGICAL_UNNEST") return unnested(op, std::move(input));
    if (type == "LOGICAL_EXPRESSION_GET") return listed(op, input);
    if (type == "LOGICAL_ORDER_BY") {
      add(input.order, references(list_of(op, "orders"), input));
      return input;
    }
    if (type == "LOGICAL_LIMIT" || type == "LOGICAL_TOP_N") {
      add(input.rows, references(op, input, false));
      add(input.rows, input.order);
      return input;
    }
    if (type == "LOGICAL_DISTINCT") {
      add(input.rows, group_names(list_of(op, "distinct_targets"), input));
      if (op.contains("order_by")) add(input.rows, references(op.at("order_by"), input));
      add(input.rows, input.order);
      return input;
    }
    return type == "LOGICAL_SAMPLE" ? input : anything();
  }

  PlanRows of_two(const std::string& type, const Json& op, PlanRows left,
                  const PlanRows& right) const {
    if (type == "LOGICAL_COMPARISON_JOIN" || type == "LOGICAL_ASOF_JOIN") {
      return joined(op, std::move(left), right);
    }
    if (type == "LOGICAL_CROSS_PRODUCT" || type == "LOGICAL_POSITIONAL_JOIN") {
      return beside(std::move(left), right);
    }
    if (type == "LOGICAL_ANY_JOIN") {
      const PlanRows both = beside(left, right);
      const auto condition = op.find("condition");
      return after_join(op, std::move(left), right,
                        condition == op.end() ? all_ : decides(*condition, both));
    }
    if (!left.is_known || !right.is_known || left.columns.size() != right.columns.size()) {
      return anything();
    }
    const bool is_union = type == "LOGICAL_UNION";
    if (!is_union && type != "LOGICAL_EXCEPT" && type != "LOGICAL_INTERSECT") return anything();
    for (size_t i = 0; i < left.columns.size(); ++i) {
      PlanColumn& one = left.columns[i];
      const PlanColumn& other = right.columns[i];
      const bool are_copies = one.is_copy && other.is_copy;
      if (!are_copies && (!is_union || !op.value("setop_all", true))) {
        add(left.rows, one.from);
        add(left.rows, other.from);
      }
      if (!is_union) continue;
      add(one.from, other.from);
      one.is_copy = are_copies;
    }
    add(left.rows, right.rows);
    add(left.order, right.order);
    return left;
  }

  PlanRows projected(const Json& op, const PlanRows& input) const {
    PlanRows rows{.columns = {}, .is_known = true, .rows = input.rows, .order = input.order};
    for (const Json& one : list_of(op, "expressions")) rows.columns.push_back(value_of(one, input));
    return rows;
  }

  PlanRows grouped(const Json& op, const PlanRows& input) const {
    PlanRows rows{.columns = {}, .is_known = true, .rows = input.rows, .order = {}};
    add(rows.rows, input.order);
    add(rows.rows, group_names(list_of(op, "groups"), input));
    for (const char* key : {"groups", "expressions"}) {
      for (const Json& one : list_of(op, key)) rows.columns.push_back(value_of(one, input));
    }
    rows.columns.resize(rows.columns.size() + list_of(op, "grouping_functions").size());
    return rows;
  }

  PlanRows with_windows(const Json& op, PlanRows input) const {
    const PlanRows before = input;
    for (Json one : list_of(op, "expressions")) {
      PlanColumn column;
      const Json partitions = list_of(one, "partitions");
      one.erase("partitions");
      add(column.from, references(one, before));
      add(column.from, group_names(partitions, before));
      add(column.from, before.order);
      input.columns.push_back(std::move(column));
    }
    return input;
  }

  PlanRows unnested(const Json& op, PlanRows input) const {
    const PlanRows before = input;
    for (const Json& one : list_of(op, "expressions")) {
      input.columns.push_back({references(one, before), false});
      add(input.rows, input.columns.back().from);
    }
    return input;
  }

  /// `values (1, 2), (3, 4)`.
  PlanRows listed(const Json& op, const PlanRows& input) const {
    PlanRows rows{.columns = {}, .is_known = true, .rows = input.rows, .order = {}};
    for (const Json& line : list_of(op, "expressions")) {
      if (!line.is_array()) return anything();
      rows.columns.resize(std::max(rows.columns.size(), line.size()));
      for (size_t i = 0; i < line.size(); ++i) {
        add(rows.columns[i].from, references(line[i], input));
      }
    }
    return rows;
  }

  PlanRows joined(const Json& op, PlanRows left, const PlanRows& right) const {
    Names compared;
    for (const Json& one : list_of(op, "conditions")) {
      if (!one.contains("left") || !one.contains("right")) return anything();
      const PlanColumn a = value_of(one.at("left"), left);
      const PlanColumn b = value_of(one.at("right"), right);
      if (is_equality(text_of(one, "comparison")) && are_comparable(a, b)) continue;
      add(compared, a.from);
      add(compared, b.from);
    }
    return after_join(op, std::move(left), right, compared);
  }

  PlanRows after_join(const Json& op, PlanRows left, const PlanRows& right,
                      const Names& compared) const {
    const std::string how = text_of(op, "join_type");
    const auto with = [&](PlanRows rows) {
      add(rows.rows, compared);
      return rows;
    };
    if (how == "MARK") {
      add(left.rows, right.rows);
      left.columns.push_back({compared, false});
      left.is_known = left.is_known && right.is_known;
      return left;
    }
    if (how == "SEMI" || how == "ANTI") {
      add(left.rows, right.rows);
      return with(std::move(left));
    }
    if (how == "RIGHT_SEMI" || how == "RIGHT_ANTI") {
      PlanRows rows = right;
      add(rows.rows, left.rows);
      return with(std::move(rows));
    }
    return with(beside(std::move(left), right));
  }

  /// Two columns of tables: replaced in both, one for one, the same rows are equal.
  static bool are_comparable(const PlanColumn& a, const PlanColumn& b) {
    return a.is_copy && b.is_copy && !a.from.empty() && !b.from.empty();
  }

  /// What a condition says of values, beyond that two columns are equal.
  Names decides(const Json& condition, const PlanRows& input) const {
    const std::string type = text_of(condition, "type");
    if (type == "CONJUNCTION_AND") {
      Names names;
      for (const Json& one : list_of(condition, "children")) add(names, decides(one, input));
      return names;
    }
    if (is_equality(type) && condition.contains("left") && condition.contains("right")) {
      const PlanColumn a = value_of(condition.at("left"), input);
      const PlanColumn b = value_of(condition.at("right"), input);
      if (are_comparable(a, b)) return {};
    }
    return references(condition, input);
  }

  /// Of what groups rows, all that is more than the values of a column as they are.
  Names group_names(const Json& expressions, const PlanRows& input) const {
    Names names;
    for (const Json& one : expressions) {
      const PlanColumn value = value_of(one, input);
      if (!value.is_copy) add(names, value.from);
    }
    return names;
  }

  PlanColumn value_of(const Json& expression, const PlanRows& input) const {
    if (is_reference(expression)) {
      const auto index = number_of(expression, "index");
      if (input.is_known && index && *index < input.columns.size()) return input.columns[*index];
    }
    return {references(expression, input), false};
  }

  /// All columns of `input` in an expression; with `deep`, also in those below.
  Names references(const Json& node, const PlanRows& input, bool deep = true) const {
    Names names;
    if (node.is_object()) {
      const std::string kind = text_of(node, "expression_class");
      if (kind == "BOUND_SUBQUERY" || kind == "BOUND_COLUMN_REF") return all_;
      if (kind == "BOUND_REF") {
        const auto index = number_of(node, "index");
        const bool is_there = input.is_known && index && *index < input.columns.size();
        return is_there ? input.columns[*index].from : all_;
      }
    }
    if (node.is_object() || node.is_array()) {
      for (const auto& member : node.items()) {
        if (!deep && member.key() == "children") continue;
        add(names, references(member.value(), input));
      }
    }
    return names;
  }

  Names all_;
  std::map<size_t, PlanRows> definitions_;
  std::vector<std::vector<PlanColumn>> outer_;
};

/// Of a query whose plan cannot be had: every column of the tables that it names.
Names columns_of(const TableSchemas& tables, const std::vector<std::string>& read) {
  Names names;
  for (const auto& [table, schema] : tables) {
    const bool is_read = std::any_of(read.begin(), read.end(), [&](const std::string& one) {
      return sql_lower(one) == sql_lower(table);
    });
    if (!is_read) continue;
    for (const auto& field : schema->fields()) names.insert({table, field->name()});
  }
  return names;
}

}  // namespace

LineageReader::LineageReader(std::unique_ptr<Database> database, TableSchemas tables)
    : database_(std::move(database)), tables_(std::move(tables)) {}

Result<LineageReader> LineageReader::open(const TableSchemas& tables) {
  DatabaseOptions options;
  options.threads = 1;
  MILLGATE_ASSIGN(auto database, Database::open(options));
  for (const auto& [name, schema] : tables) {
    MILLGATE_ARROW(auto empty, arrow::Table::MakeEmpty(schema), "table `" + name + "`");
    MILLGATE_TRY(database->add_arrow(name, std::move(empty)));
  }
  return LineageReader(std::move(database), tables);
}

Result<ColumnLineage> LineageReader::read(const std::string& sql) {
  MILLGATE_ASSIGN(const auto columns, database_->describe(sql));
  MILLGATE_ASSIGN(const auto answer, database_->query("select json_serialize_plan(" +
                                                      quote_text(sql) + ", optimize := false)"));
  MILLGATE_ARROW(const auto value, answer->column(0)->GetScalar(0), "the plan of the SQL");
  MILLGATE_ASSIGN(const Json json, parse_json(value->ToString(), "plan of the SQL"));
  PlanRows rows;
  Names all;
  if (json.value("error", false) || list_of(json, "plans").size() != 1) {
    MILLGATE_ASSIGN(const auto read, database_->tables_of(sql));
    all = columns_of(tables_, read);
    rows = {.columns = {}, .is_known = false, .rows = all, .order = {}};
  } else {
    PlanReader reader(json.at("plans").front());
    rows = reader.read(json.at("plans").front());
    all = reader.all();
  }
  const bool fits = rows.is_known && rows.columns.size() == columns.size();
  ColumnLineage lineage{.columns = {}, .rows = std::move(rows.rows)};
  for (size_t i = 0; i < columns.size(); ++i) {
    lineage.columns.push_back({.name = columns[i].first,
                               .from = fits ? rows.columns[i].from : all,
                               .is_copy = fits && rows.columns[i].is_copy});
  }
  return lineage;
}

}  // namespace millgate
