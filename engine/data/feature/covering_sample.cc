#include "data/feature/covering_sample.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "data/query/sql_names.h"

namespace millgate {

namespace {

constexpr const char* kSampleTable = "millgate_row_sample";

using Columns = std::vector<std::pair<std::string, std::string>>;  // Name, DuckDB type.

/// A number that a row keeps, whatever the order of the table. Rows that are ranked together have
/// the same one: a query with some of its rows would be another one.
std::string row_hash(const JoinPlan& plan, const Columns& columns, uint64_t seed) {
  std::vector<std::string> key = plan.task.group;
  for (const Source& source : plan.sources) {
    if (source.name == plan.task.table && key.empty()) key = source.key;
  }
  if (key.empty()) {
    for (const auto& [name, type] : columns) key.push_back(name);
  }
  std::string text = "hash(" + std::to_string(seed);
  for (const std::string& name : key) text += ", " + quote_name(name);
  return text + ")";
}

bool has_few_values(const std::string& type) {
  return type == "VARCHAR" || type == "BOOLEAN" || type.starts_with("ENUM");
}

/// Types whose smallest and largest values are worth seeing.
bool has_ends(const std::string& type) {
  return type.ends_with("INT") || type == "INTEGER" || type == "DOUBLE" || type == "FLOAT" ||
         type.starts_with("DECIMAL") || type.starts_with("TIME") || type == "DATE";
}

/// Questions for the hashes of rows that the sample must have because of one column.
std::string wanted_of_column(const std::string& name, const std::string& type,
                             const std::string& table, const SampleOptions& options) {
  const std::string column = quote_name(name);
  const std::string each = std::to_string(options.value_row_count);
  std::string sql = " union all (select unnest(min(h, " + each + ")) from " + table + " where " +
                    column + " is null)";
  if (has_few_values(type)) {
    sql += " union all (select unnest(hashes) from (select min(h, " + each +
           ") hashes, count(*) over () value_count from " + table + " where " + column +
           " is not null group by " + column +
           ") where value_count <= " + std::to_string(options.values_max) + ")";
  }
  if (has_ends(type)) {
    sql += " union all (select unnest([arg_min(h, " + column + "), arg_max(h, " + column +
           ")]) from " + table + ")";
  }
  return sql;
}

}  // namespace

Result<std::string> sample_condition(Database& database, const JoinPlan& plan,
                                     const SampleOptions& options) {
  const std::string table = quote_name(plan.task.table);
  MILLGATE_ASSIGN(const Columns columns, database.describe("select * from " + table));
  const std::string hash = row_hash(plan, columns, options.seed);
  const std::string hashed = "(select *, " + hash + " h from " + table + ")";
  const std::string begin = std::string("create or replace temp table ") + kSampleTable +
                            " as select distinct h from ((select unnest(min(h, " +
                            std::to_string(options.row_count) + ")) h from " + hashed + ")";
  std::string sql = begin;
  if (has_classes(plan.task.kind)) {
    const std::string expression =
        with_quoted_columns(plan.task.label, [&](const std::string& name) {
          return std::any_of(columns.begin(), columns.end(),
                             [&](const auto& column) { return column.first == name; });
        });
    const std::string label = "(select unnest(min(h, " + std::to_string(options.label_row_count) +
                              ")) from " + hashed + " group by (" + expression + "))";
    if (database.describe(label).ok()) sql += " union all " + label;
  }
  for (const auto& [name, type] : columns) sql += wanted_of_column(name, type, hashed, options);
  MILLGATE_TRY(database.execute(sql + ") where h is not null"));
  return hash + " in (select h from " + kSampleTable + ")";
}

}  // namespace millgate
