#include "data/check/broken_rows.h"

#include <algorithm>

#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr size_t kColumnsShownMax = 6;

void add_once(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

}  // namespace

std::string text_sql(const std::string& column) {
  return "cast(" + sql_name(column) + " as varchar)";
}

std::vector<std::string> example_columns(const RuleSql& sql, const TableVersion& table) {
  std::vector<std::string> columns = table.key;
  add_once(columns, sql.columns);
  add_once(columns, sql.slice_columns);
  for (const ColumnStatistics& column : table.columns) {
    if (!columns.empty() && (!table.key.empty() || columns.size() >= kColumnsShownMax)) break;
    add_once(columns, {column.name});
  }
  return columns;
}

std::string examples_sql(const RuleSql& sql, const std::vector<std::string>& columns,
                         int64_t rows_max) {
  std::string select;
  for (const std::string& column : columns) {
    select += (select.empty() ? "" : ", ") + text_sql(column);
  }
  std::vector<std::string> order = sql.ordered_by;
  add_once(order, columns);
  std::string order_by;
  for (const std::string& column : order) {
    order_by += (order_by.empty() ? "" : ", ") + sql_name(sql.table) + "." + sql_name(column);
  }
  return "select " + select + " from " + sql_name(sql.table) + " where " + sql.broken +
         " order by " + order_by + " limit " + std::to_string(rows_max);
}

}  // namespace millgate
