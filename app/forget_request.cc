#include "app/forget_request.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <map>
#include <optional>
#include <utility>

#include "data/keep/forget.h"
#include "data/query/database.h"
#include "data/store/row_history.h"
#include "data/store/table_version.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

using Rows = std::set<std::vector<std::string>>;

Result<Rows> texts_of(arrow::RecordBatchReader& reader, const std::string& object) {
  Rows rows;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(reader.ReadNext(&batch), object);
    if (batch == nullptr) return rows;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      std::vector<std::string> texts;
      for (const auto& column : batch->columns()) texts.push_back(value_text(*column, row));
      rows.insert(std::move(texts));
    }
  }
}

Result<Rows> rows_of_file(const TableVersion& version, const std::string& path) {
  arrow::FieldVector fields;
  for (const std::string& name : version.key) {
    fields.push_back(version.schema->GetFieldByName(name));
  }
  ReadOptions how;
  how.kept_schema = arrow::schema(std::move(fields));
  MILLGATE_ASSIGN(const auto reader, read_table_files({path}, how));
  MILLGATE_ASSIGN(Rows rows, texts_of(*reader, path));
  if (rows.empty()) return invalid_input("`" + path + "` names no row");
  return rows;
}

std::string listed(const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& name : columns) sql += (sql.empty() ? "" : ", ") + quote_name(name);
  return sql;
}

Result<std::vector<NamedRows>> rows_that_meet(const Repository& repository,
                                              const std::string& table, const std::vector<Id>& ids,
                                              const std::string& where) {
  std::map<std::vector<std::string>, Rows> found;
  std::optional<Error> failed;
  bool any_asked = false;
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository.objects(), *id));
    const std::vector<std::string> columns =
        version.key.empty() ? version.schema->field_names() : version.key;
    MILLGATE_ASSIGN(
        const auto database,
        Database::open({.spill_folder = repository.folder("scratch"), .user_sql = true}));
    MILLGATE_TRY(database->add_table(table, repository.objects(), version));
    auto reader = database->stream("select " + listed(columns) + " from " + quote_name(table) +
                                   " where (" + where + ")");
    if (!reader.ok()) {
      // An older version may lack a column; that of the newest is the error to tell.
      if (!failed) failed = std::move(reader).error();
      continue;
    }
    any_asked = true;
    MILLGATE_ASSIGN(Rows rows, texts_of(**reader, "table `" + table + "`"));
    found[columns].merge(rows);
  }
  if (!any_asked && failed) return *std::move(failed);
  std::vector<NamedRows> named;
  for (auto& [columns, rows] : found) {
    if (!rows.empty()) named.push_back({.columns = columns, .rows = std::move(rows)});
  }
  if (named.empty()) {
    return not_found("no row of any version of table `" + table + "` meets `" + where + "`",
                     "`millgate sql` shows what the rows hold");
  }
  return named;
}

}  // namespace

Result<std::vector<NamedRows>> rows_to_forget(const Repository& repository,
                                              const std::string& table, const RowsToForget& asked) {
  const int ways = (asked.key.empty() ? 0 : 1) + (asked.keys_file.empty() ? 0 : 1) +
                   (asked.where.empty() ? 0 : 1);
  if (ways != 1) {
    return invalid_input(ways == 0 ? "which rows?" : "rows are named in one way at a time",
                         "give a value for each column of the key, --keys FILE, or --where SQL");
  }
  MILLGATE_ASSIGN(const std::vector<Id> ids, versions_of_table(repository, table));
  if (!asked.where.empty()) return rows_that_meet(repository, table, ids, asked.where);
  MILLGATE_ASSIGN(const TableVersion newest, read_table_version(repository.objects(), ids.back()));
  if (newest.key.empty()) {
    return invalid_input("table `" + table + "` has no key, so no row can be named",
                         "say which rows by --where \"SQL condition\"");
  }
  NamedRows named{.columns = newest.key, .rows = {}};
  if (!asked.keys_file.empty()) {
    MILLGATE_ASSIGN(named.rows, rows_of_file(newest, asked.keys_file));
  } else {
    MILLGATE_ASSIGN(auto texts, key_as_written(newest, asked.key));
    named.rows.insert(std::move(texts));
  }
  return std::vector<NamedRows>{std::move(named)};
}

}  // namespace millgate
