#include "system/pipeline/import_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "data/delta/delta_log.h"
#include "data/delta/delta_rows.h"
#include "data/postgres/postgres_rows.h"
#include "data/table/arrow_result.h"
#include "data/table/column_cast.h"
#include "data/table/column_type.h"
#include "data/table/reader.h"
#include "data/table/sqlite_table.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/local_folder.h"
#include "system/pipeline/source_files.h"

namespace millgate {

namespace {

using Rows = Result<std::shared_ptr<arrow::RecordBatchReader>>;

Error not_for(const std::string& option, const std::string& from, const std::string& kind) {
  return invalid_input("`" + option + "` is not for `" + from + "`, which is " + kind,
                       "leave it out");
}

Result<NewRows> from_files(const Repository& repository, const ImportPlace& place) {
  if (!place.from_table.empty()) return not_for("--from-table", place.from, "no database");
  if (place.delta_version) return not_for("--delta-version", place.from, "no Delta table");
  const std::vector<std::string> paths = expand_glob(place.from);
  if (paths.empty()) {
    return not_found("there is nothing at `" + place.from + "`",
                     "name a file, a pattern in quotes, an SQLite file, or a folder with a Delta "
                     "table");
  }
  HashCache cache(repository.folder("cache") + "/files.json");
  Json files = Json::array();
  for (const std::string& path : paths) {
    MILLGATE_ASSIGN(const SourceFile file, cache.hash(path));
    files.push_back({{"path", path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}});
  }
  NewRows rows;
  rows.origin_json = dump_json(Json{{"import", {{"kind", "files"}, {"files", std::move(files)}}}});
  rows.open = [paths](const std::shared_ptr<arrow::Schema>& kept, TypesBy types_by) -> Rows {
    ReadOptions options;
    options.kept_schema = kept;
    options.types_by = types_by;
    return read_table_files(paths, options);
  };
  return rows;
}

Result<NewRows> from_sqlite(const std::string& table, const ImportPlace& place) {
  if (place.delta_version) return not_for("--delta-version", place.from, "an SQLite file");
  const std::string from_table = place.from_table.empty() ? table : place.from_table;
  NewRows rows;
  rows.origin_json = dump_json(
      Json{{"import", {{"kind", "sqlite"}, {"path", place.from}, {"table", from_table}}}});
  rows.sorts_first = true;  // Another reading may find other rows.
  rows.open = [path = place.from, from_table](const std::shared_ptr<arrow::Schema>& kept,
                                              TypesBy) -> Rows {
    ReadOptions options;
    options.kept_schema = kept;
    return read_sqlite_table(path, from_table, options);
  };
  return rows;
}

Result<NewRows> from_delta(const ImportPlace& place, const FileStore& files) {
  if (!place.from_table.empty()) return not_for("--from-table", place.from, "a Delta table");
  MILLGATE_ASSIGN(DeltaSnapshot read, read_delta_log(files, place.delta_version));
  const auto snapshot = std::make_shared<const DeltaSnapshot>(std::move(read));
  NewRows rows;
  rows.origin_json = dump_json(Json{{"import",
                                     {{"kind", "delta"},
                                      {"path", place.from},
                                      {"table_id", snapshot->metadata.id},
                                      {"version", snapshot->version}}}});
  rows.open = [folder = place.from, snapshot](const std::shared_ptr<arrow::Schema>& kept,
                                              TypesBy) -> Rows {
    const RowsPlace where{.object = "`" + folder + "`", .path = folder};
    MILLGATE_ASSIGN(auto stream, read_delta_rows(folder, *snapshot));
    if (kept == nullptr) return stream;
    MILLGATE_TRY(check_column_names(folder, stream->schema()->field_names(), kept->field_names(),
                                    "the table"));
    return cast_rows(std::move(stream), kept, where,
                     [where](const auto& fault) { return arrow_error(fault, where.object); });
  };
  return rows;
}

Result<NewRows> from_postgres(const std::string& table, const ImportPlace& place) {
  if (place.delta_version) {
    return not_for("--delta-version", "postgresql://...", "a PostgreSQL database");
  }
  if (!place.query.empty() && !place.from_table.empty()) {
    return invalid_input("`--from-table` and `--query` are two ways to name rows", "give one");
  }
  const std::string from_table = place.from_table.empty() ? table : place.from_table;
  MILLGATE_ASSIGN(
      const PostgresRelation relation,
      find_postgres_relation({.address = place.from, .table = from_table, .query = place.query}));
  // The address is not kept: it may say more than where the database is.
  Json import = {{"kind", "postgresql"},
                 {"host", relation.place.host},
                 {"port", relation.place.port},
                 {"database", relation.place.database}};
  if (relation.table.empty()) {
    import["query"] = relation.select;
  } else {
    import["table"] = relation.table;
  }
  NewRows rows;
  rows.own_key = relation.key;
  rows.from =
      (relation.table.empty() ? "a query" : relation.table) + " of " + relation.place.text();
  rows.origin_json = dump_json(Json{{"import", std::move(import)}});
  rows.sorts_first = true;  // Another reading may find other rows.
  rows.open = [address = place.from, select = relation.select](
                  const std::shared_ptr<arrow::Schema>& kept, TypesBy) -> Rows {
    ReadOptions options;
    options.kept_schema = kept;
    return read_postgres_rows(address, select, options);
  };
  return rows;
}

}  // namespace

Result<NewRows> rows_of_import(const Repository& repository, const std::string& table,
                               const ImportPlace& place) {
  Result<NewRows> rows = NewRows();
  std::error_code ignored;
  const bool is_postgres = is_postgres_address(place.from);
  if (!is_postgres && !place.query.empty()) {
    return not_for("--query", place.from, "no PostgreSQL database");
  }
  if (is_postgres) {
    rows = from_postgres(table, place);
  } else if (std::filesystem::is_directory(place.from, ignored)) {
    const auto files = read_local_folder(place.from);
    if (!has_delta_log(*files)) {
      return invalid_input("the folder `" + place.from + "` holds no Delta table",
                           "name its files by a pattern in quotes: '" + place.from + "/*.parquet'");
    }
    rows = from_delta(place, *files);
  } else if (is_sqlite_file(place.from)) {
    rows = from_sqlite(table, place);
  } else {
    rows = from_files(repository, place);
  }
  if (rows.ok()) {
    rows->table = table;
    if (rows->from.empty()) rows->from = place.from;
  }
  return rows;
}

}  // namespace millgate
