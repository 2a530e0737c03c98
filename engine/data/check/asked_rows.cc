#include "data/check/asked_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "data/query/revision_sql.h"
#include "data/query/sql_names.h"
#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"
#include "ground/source_text.h"

namespace millgate {

namespace {

/// Whether `text` is a whole query and not the name of a table.
bool is_query(const std::string& text) {
  const std::vector<SqlToken> tokens = sql_tokens(text);
  if (tokens.empty()) return false;
  constexpr std::array<std::string_view, 4> kFirst = {"select", "with", "from", "values"};
  return tokens.front().is_symbol('(') ||
         std::any_of(kFirst.begin(), kFirst.end(),
                     [&](std::string_view word) { return tokens.front().is_word(word); });
}

bool starts_with_any(const std::string& type, std::initializer_list<std::string_view> begins) {
  return std::any_of(begins.begin(), begins.end(),
                     [&](std::string_view begin) { return type.starts_with(begin); });
}

AskedColumn column_of(const std::string& name, const std::string& type) {
  AskedColumn column{name, type, ColumnKind::other, false};
  // "INTEGER[]", "STRUCT(...)", "MAP(...)": nested.
  if (type.ends_with(']')) return column;
  column.is_integer =
      starts_with_any(type, {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT",
                             "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"});
  if (column.is_integer || starts_with_any(type, {"DOUBLE", "FLOAT", "DECIMAL"})) {
    column.kind = ColumnKind::number;
  } else if (starts_with_any(type, {"VARCHAR", "BOOLEAN", "ENUM", "UUID"}) || type == "TIME") {
    column.kind = ColumnKind::category;
  } else if (starts_with_any(type, {"DATE", "TIMESTAMP"})) {
    column.kind = ColumnKind::time;
  }
  return column;
}

/// Fills in columns and number of rows.
Status look_at(Database& database, AskedRows& rows) {
  MILLGATE_ASSIGN(const auto columns, database.describe("select * from " + rows.name));
  for (const auto& [name, type] : columns) rows.columns.push_back(column_of(name, type));
  MILLGATE_ASSIGN(rows.row_count, database.count("select count(*) from " + rows.name));
  return {};
}

}  // namespace

std::string to_string(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::number:
      return "number";
    case ColumnKind::category:
      return "category";
    case ColumnKind::time:
      return "time";
    case ColumnKind::other:
      break;
  }
  return "other";
}

const AskedColumn* AskedRows::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const AskedColumn& one) { return one.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

Result<const AskedColumn*> AskedRows::require(const std::string& column) const {
  if (const AskedColumn* found = find(column)) return found;
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const AskedColumn& one : columns) names.push_back(one.name);
  return invalid_input("`" + text + "` has no column `" + column + "`", name_hint(column, names));
}

std::string with_quoted_columns(const std::string& expression, const AskedRows& rows) {
  return with_quoted_columns(expression,
                             [&](const std::string& name) { return rows.find(name) != nullptr; });
}

Result<std::string> expression_over(Database& database, const AskedRows& rows,
                                    const std::string& expression, const std::string& name) {
  const std::string before = "select (";
  const std::string sql = with_quoted_columns(expression, rows);
  const auto described = database.describe(before + sql + "\n) from " + rows.name);
  if (described.ok()) return sql;
  Error error = described.error();
  if (error.what.starts_with("SQL: ")) error.what = error.what.substr(5);
  error.where = name;
  error.excerpt.clear();
  const auto offset = database.error_offset();
  if (!offset || *offset < before.size() || *offset >= before.size() + sql.size()) return error;
  const SourceText text(name, sql);
  const size_t at = *offset - before.size();
  size_t end = at + 1;
  for (const SqlToken& token : sql_tokens(sql)) {
    if (token.offset <= at && at < token.end()) end = token.end();
  }
  error.where = text.where(text.place_at(at));
  error.excerpt = text.excerpt(text.place_at(at), text.place_at(end));
  return error;
}

std::string expression_text_sql(const std::string& expression) {
  return "cast((" + expression + "\n) as varchar)";
}

std::string text_at(const arrow::RecordBatch& batch, int column, int64_t row) {
  const auto& texts = static_cast<const arrow::StringArray&>(*batch.column(column));
  return texts.IsNull(row) ? "null" : texts.GetString(row);
}

std::string select_of(const std::string& text) {
  return is_query(text) ? text : "select * from " + text;
}

Result<std::vector<AskedRows>> open_rows(Database& database, const Repository& repository,
                                         const std::vector<std::string>& texts,
                                         const std::string& revision, const SqlGuard& guard) {
  // All tables are added before the first query, which locks the database.
  std::vector<std::string> prepared;
  for (const std::string& text : texts) {
    MILLGATE_ASSIGN(std::string sql, prepare_revision_sql(database, repository, select_of(text),
                                                          revision, nullptr, guard));
    prepared.push_back(std::move(sql));
  }
  std::vector<AskedRows> all;
  for (size_t i = 0; i < texts.size(); ++i) {
    AskedRows rows;
    rows.text = texts[i];
    rows.name = quote_name("millgate rows " + std::to_string(i));
    const std::string kind = is_query(texts[i]) ? "table " : "view ";
    if (Status made = database.execute("create " + kind + rows.name + " as " + prepared[i]);
        !made.ok()) {
      // Asked once more by itself, so that a fault has its place in the words that were given.
      MILLGATE_TRY(database.describe(prepared[i]));
      return std::move(made).error();
    }
    MILLGATE_TRY(look_at(database, rows));
    all.push_back(std::move(rows));
  }
  return all;
}

Result<AskedRows> rows_of_table(Database& database, std::shared_ptr<arrow::Table> table,
                                const std::string& text) {
  constexpr const char* kName = "millgate rows";
  AskedRows rows;
  rows.text = text;
  rows.name = quote_name(kName);
  MILLGATE_TRY(database.add_arrow(kName, std::move(table)));
  MILLGATE_TRY(look_at(database, rows));
  return rows;
}

Result<AskedRows> rows_of_query(Database& database, const std::string& name, const std::string& sql,
                                const std::string& text) {
  AskedRows rows;
  rows.text = text;
  rows.name = quote_name(name);
  MILLGATE_TRY(database.execute("create table " + rows.name + " as " + sql));
  MILLGATE_TRY(look_at(database, rows));
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> noted_rows(Database& database,
                                                             const AskedRows& rows,
                                                             const std::vector<std::string>& shown,
                                                             const arrow::Table& notes) {
  arrow::Int64Builder ranks;
  for (int64_t rank = 0; rank < notes.num_rows(); ++rank) {
    MILLGATE_ARROW_TRY(ranks.Append(rank), "notes");
  }
  MILLGATE_ARROW(auto rank_column, ranks.Finish(), "notes");
  MILLGATE_ARROW(auto ranked,
                 notes.AddColumn(0, arrow::field("rank", arrow::int64()),
                                 std::make_shared<arrow::ChunkedArray>(std::move(rank_column))),
                 "notes");
  constexpr const char* kName = "millgate notes";
  MILLGATE_TRY(database.add_arrow(kName, std::move(ranked)));
  std::string select;
  for (const std::string& name : shown) {
    select += (select.empty() ? "" : ", ") + ("numbered." + quote_name(name));
  }
  for (const auto& field : notes.schema()->fields()) {
    if (field->name() == kNumberColumn) continue;
    select += (select.empty() ? "" : ", ") + ("notes." + quote_name(field->name()));
  }
  return database.stream("select " + select + " from " + quote_name(kName) +
                         " as notes join (select *, row_number() over () as \"millgate number\" "
                         "from " +
                         rows.name + ") as numbered on \"millgate number\" = notes." +
                         kNumberColumn + " order by notes.rank");
}

}  // namespace millgate
