#include "data/query/database.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/cast.h>

#include <algorithm>
#include <map>
#include <utility>

#include "data/query/duckdb_handle.h"
#include "data/query/result_reader.h"
#include "data/query/sql_error.h"
#include "data/query/sql_tables.h"
#include "data/query/sql_token.h"
#include "data/query/sql_type.h"
#include "data/query/statement_guard.h"
#include "data/query/version_function.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"

namespace millgate {

namespace {

/// DuckDB's own unit of work; longer chunks cannot be appended.
constexpr int64_t kChunkRows = 2048;

/// What `name` means in the database.
struct Definition {
  std::string name;
  std::string kind;  ///< "view" or "table".
  std::string sql;   ///< That made it; empty for rows that were copied.
};

using Columns = std::vector<std::pair<std::string, std::string>>;

/// A query with `columns` and no rows.
std::string empty_select(const Columns& columns) {
  std::string sql = "select ";
  for (size_t i = 0; i < columns.size(); ++i) {
    sql += (i == 0 ? "cast(null as " : ", cast(null as ") + columns[i].second + ") as " +
           quote_name(columns[i].first);
  }
  return sql + " where false";
}

/// `path` as a pattern that matches that file only.
std::string literal_pattern(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    const bool wild = c == '*' || c == '?' || c == '[';
    pattern += wild ? std::string("[") + c + "]" : std::string(1, c);
  }
  return pattern;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (size_t i = 0; i < texts.size(); ++i) list += (i == 0 ? "" : ", ") + quote_text(texts[i]);
  return list + "]";
}

Result<Columns> sql_columns(const arrow::Schema& schema) {
  std::map<std::string, std::string> names;
  for (const std::string& name : schema.field_names()) {
    const auto [known, is_new] = names.emplace(sql_lower(name), name);
    if (is_new) continue;
    return invalid_input(
        "columns `" + known->second + "` and `" + name + "` differ in the case of letters only",
        "SQL cannot tell them apart; rename one of them (`millgate rename`)");
  }
  Columns columns;
  for (const auto& field : schema.fields()) {
    auto type = sql_type(*field->type());
    if (!type.ok()) return std::move(type).error().inside("column `" + field->name() + "`");
    columns.emplace_back(field->name(), std::move(type).value());
  }
  return columns;
}

Error duckdb_failure(const std::string& what, duckdb_error_data raw) {
  const DuckErrorData error(raw);
  const char* message = error ? duckdb().error_data_message(error.get()) : nullptr;
  return read_sql_error(message == nullptr ? "unknown fault" : message, {}).error.inside(what);
}

}  // namespace

/// The open database and what was added to it.
struct Database::State {
  DatabaseOptions options;
  std::shared_ptr<_duckdb_database> database;
  std::shared_ptr<DuckConnection> connection;
  std::shared_ptr<ScannedVersions> versions;
  std::map<std::string, Definition> definitions;  // By name in lower case.
  std::vector<std::string> allowed_paths;
  std::optional<size_t> error_offset;
  bool locked = false;

  [[nodiscard]] Status open();
  [[nodiscard]] Result<std::shared_ptr<DuckConnection>> connect() const;
  [[nodiscard]] Status lock();
  [[nodiscard]] Error failed(const char* message, const std::string& sql);

  /// Whose SQL it is decides what it may do.
  enum class Author { engine, caller };
  [[nodiscard]] Result<DuckStatements> parse(const std::string& sql, idx_t& count);
  [[nodiscard]] Result<DuckPrepared> prepare(DuckConnection& on, const DuckStatements& statements,
                                             idx_t index, const std::string& sql, Author author);
  [[nodiscard]] Result<std::shared_ptr<ResultReader>> run(std::shared_ptr<DuckConnection> on,
                                                          const std::string& sql, Author author);
  [[nodiscard]] Result<std::shared_ptr<arrow::Table>> rows(const std::string& sql, Author author);

  [[nodiscard]] Status define(Definition definition);
  [[nodiscard]] Status define_files(const std::string& name, const std::vector<std::string>& paths,
                                    const Columns& columns, const std::string& selected,
                                    const std::string& reading);
};

Status Database::State::open() {
  MILLGATE_TRY(load_duckdb());
  // Nothing may be fetched, and nothing of the user's home be read.
  const std::vector<std::pair<const char*, std::string>> settings = {
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_persistent_secrets", "false"},
      {"temp_directory", options.spill_folder},
      {"memory_limit", std::to_string(options.memory_bytes_max) + "B"},
      {"threads", std::to_string(options.threads)}};
  duckdb_config config = nullptr;
  if (duckdb().create_config(&config) != DuckDBSuccess) return bug("DuckDB has no configuration");
  const std::unique_ptr<_duckdb_config, DuckFree<&DuckdbFunctions::destroy_config>> owner(config);
  for (const auto& [name, value] : settings) {
    if (name == std::string("threads") && options.threads <= 0) continue;
    if (duckdb().set_config(config, name, value.c_str()) != DuckDBSuccess) {
      return bug(std::string("DuckDB does not know the setting ") + name + " = " + value);
    }
  }
  duckdb_database raw = nullptr;
  char* message = nullptr;
  if (duckdb().open_ext(nullptr, &raw, config, &message) != DuckDBSuccess) {
    Error error = outside_failure("cannot open a database in memory");
    if (message != nullptr) error.because.emplace_back(message);
    duckdb().free(message);
    return error;
  }
  database = std::shared_ptr<_duckdb_database>(raw, DuckFree<&DuckdbFunctions::close>());
  MILLGATE_ASSIGN(connection, connect());
  versions = std::make_shared<ScannedVersions>(database);
  MILLGATE_TRY(register_version_function(connection->get(), versions));
  for (const char* sql : {"set global errors_as_json = true", "set global TimeZone = 'UTC'"}) {
    MILLGATE_TRY(rows(sql, Author::engine));
  }
  return {};
}

Result<std::shared_ptr<DuckConnection>> Database::State::connect() const {
  auto made = std::make_shared<DuckConnection>(database);
  if (!made->connect()) return outside_failure("cannot connect to the database in memory");
  return made;
}

/// From here on SQL reaches the files of the tables only, and cannot lift this.
Status Database::State::lock() {
  if (!options.user_sql || locked) return {};
  for (const std::string& sql : {"set global allowed_paths = " + list_of(allowed_paths),
                                 std::string("set global enable_external_access = false"),
                                 std::string("set global lock_configuration = true")}) {
    MILLGATE_TRY(rows(sql, Author::engine));
  }
  locked = true;
  return {};
}

Error Database::State::failed(const char* message, const std::string& sql) {
  SqlError error = read_sql_error(message == nullptr ? "unknown fault" : message, sql);
  error_offset = error.offset;
  return std::move(error.error);
}

Result<DuckStatements> Database::State::parse(const std::string& sql, idx_t& count) {
  error_offset.reset();
  if (sql.find('\0') != std::string::npos) return invalid_input("SQL: it holds a zero byte");
  duckdb_extracted_statements raw = nullptr;
  count = duckdb().extract_statements(connection->get(), sql.c_str(), &raw);
  DuckStatements statements(raw);
  if (count > 0) return statements;
  const char* message = duckdb().extract_statements_error(raw);
  if (message != nullptr && *message != '\0') return failed(message, sql);
  return invalid_input("SQL: there is no statement", "for example: select count(*) from flights");
}

Result<DuckPrepared> Database::State::prepare(DuckConnection& on, const DuckStatements& statements,
                                              idx_t index, const std::string& sql, Author author) {
  // Before it is prepared: functions that make a table are bound by running parts of them.
  const bool guarded = options.user_sql && author == Author::caller;
  if (guarded) MILLGATE_TRY(check_calls(sql));
  duckdb_prepared_statement raw = nullptr;
  const duckdb_state done =
      duckdb().prepare_extracted_statement(on.get(), statements.get(), index, &raw);
  DuckPrepared prepared(raw);
  if (done != DuckDBSuccess) return failed(duckdb().prepare_error(raw), sql);
  if (guarded) MILLGATE_TRY(check_only_reads(duckdb().prepared_statement_type(raw), sql));
  return prepared;
}

/// Runs all statements and opens the rows of the last one.
Result<std::shared_ptr<ResultReader>> Database::State::run(std::shared_ptr<DuckConnection> on,
                                                           const std::string& sql, Author author) {
  if (author == Author::caller) MILLGATE_TRY(lock());
  idx_t count = 0;
  MILLGATE_ASSIGN(const DuckStatements statements, parse(sql, count));
  auto result = std::make_unique<DuckResult>();
  for (idx_t i = 0; i < count; ++i) {
    MILLGATE_ASSIGN(const DuckPrepared prepared, prepare(*on, statements, i, sql, author));
    duckdb_pending_result raw = nullptr;
    // The only way of the C interface to rows in bounded memory.
    const duckdb_state planned = duckdb().pending_prepared_streaming(prepared.get(), &raw);
    const DuckPending pending(raw);
    if (planned != DuckDBSuccess) return failed(duckdb().pending_error(raw), sql);
    result = std::make_unique<DuckResult>();
    if (duckdb().execute_pending(pending.get(), result->get()) != DuckDBSuccess) {
      return failed(duckdb().result_error(result->get()), sql);
    }
    // A stream that nobody reads does nothing: a statement before the last is read to its end.
    while (i + 1 < count && DuckChunk(duckdb().fetch_chunk(*result->get())) != nullptr) {
    }
    const char* message = duckdb().result_error(result->get());
    if (message != nullptr && *message != '\0') return failed(message, sql);
  }
  return ResultReader::make(std::move(on), std::move(result), sql);
}

Result<std::shared_ptr<arrow::Table>> Database::State::rows(const std::string& sql, Author author) {
  MILLGATE_ASSIGN(const auto reader, run(connection, sql, author));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    auto batch = reader->next();
    if (!batch.ok()) {
      error_offset = reader->error_offset();
      return std::move(batch).error();
    }
    if (*batch == nullptr) break;
    batches.push_back(std::move(batch).value());
  }
  MILLGATE_ARROW(auto table, arrow::Table::FromRecordBatches(reader->schema(), batches),
                 "the answer of the SQL");
  MILLGATE_ARROW(table, table->CombineChunks(), "the answer of the SQL");
  return table;
}

Status Database::State::define(Definition definition) {
  const std::string key = sql_lower(definition.name);
  if (const auto old = definitions.find(key); old != definitions.end()) {
    if (old->second.name != definition.name) {
      return invalid_input("tables `" + old->second.name + "` and `" + definition.name +
                               "` differ in the case of letters only",
                           "SQL cannot tell them apart; rename one of them");
    }
    if (!definition.sql.empty() && old->second.sql == definition.sql) return {};
    // Whoever needed it for one question may have dropped it himself.
    MILLGATE_TRY(rows("drop " + old->second.kind + " if exists " + quote_name(definition.name),
                      Author::engine));
    definitions.erase(old);
  }
  if (!definition.sql.empty()) MILLGATE_TRY(rows(definition.sql, Author::engine));
  definitions.emplace(key, std::move(definition));
  return {};
}

Status Database::State::define_files(const std::string& name, const std::vector<std::string>& paths,
                                     const Columns& columns, const std::string& selected,
                                     const std::string& reading) {
  const std::string create = "create view " + quote_name(name) + " as ";
  if (paths.empty()) return define({name, "view", create + empty_select(columns)});
  std::vector<std::string> patterns;
  patterns.reserve(paths.size());
  for (const std::string& path : paths) patterns.push_back(literal_pattern(path));
  const std::string sql = create + "select " + selected + " from read_parquet(" +
                          list_of(patterns) + ", hive_partitioning = false" + reading + ")";
  const auto old = definitions.find(sql_lower(name));
  const bool known = old != definitions.end() && old->second.sql == sql;
  if (locked && !known) {
    return bug("table `" + name + "` was added after the first query of a locked database");
  }
  allowed_paths.insert(allowed_paths.end(), paths.begin(), paths.end());
  allowed_paths.insert(allowed_paths.end(), patterns.begin(), patterns.end());
  return define({name, "view", sql});
}

Database::Database() : state_(std::make_unique<State>()) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  std::unique_ptr<Database> database(new Database());
  database->state_->options = options;
  MILLGATE_TRY(database->state_->open());
  return database;
}

Status Database::add_table(const std::string& name, const ObjectStore& objects,
                           const TableVersion& version, std::shared_ptr<const RowChange> change) {
  auto columns = sql_columns(change == nullptr ? *version.schema : *change->schema);
  if (!columns.ok()) return std::move(columns).error().inside("table `" + name + "`");
  if (change != nullptr || !is_plain_parquet(version)) {
    MILLGATE_ASSIGN(auto scan, VersionScan::make(objects, version));
    return state_->define({name, "view",
                           "create view " + quote_name(name) + " as " +
                               state_->versions->add({std::move(scan), std::move(change)})});
  }
  std::string selected;
  for (const auto& [column, type] : *columns) {
    selected += (selected.empty() ? "" : ", ") + quote_name(column);
  }
  std::vector<std::string> paths;
  for (const Segment& segment : version.segments) {
    if (segment.row_count == 0) continue;
    MILLGATE_ASSIGN(std::string path, objects.verified_path(segment.object));
    paths.push_back(std::move(path));
  }
  return state_->define_files(name, paths, *columns, selected, "");
}

Status Database::add_parquet(const std::string& name, const std::vector<std::string>& paths,
                             const std::vector<std::pair<std::string, std::string>>& columns,
                             const std::vector<std::string>& left_out) {
  std::string names;
  for (const std::string& one : left_out) names += (names.empty() ? "" : ", ") + quote_text(one);
  // A name that the files lack is no error, as it would be of `exclude`.
  const std::string kept =
      names.empty() ? "*" : "columns(c -> not list_contains([" + names + "], c))";
  return state_->define_files(name, paths, columns, kept, ", union_by_name = true");
}

Status Database::add_arrow(const std::string& name, std::shared_ptr<arrow::Table> table) {
  const std::string object = "table `" + name + "`";
  auto columns = sql_columns(*table->schema());
  if (!columns.ok()) return std::move(columns).error().inside(object);
  MILLGATE_TRY(state_->define({name, "table", {}}));
  MILLGATE_TRY(state_->rows("create table " + quote_name(name) + " as " + empty_select(*columns),
                            State::Author::engine));
  duckdb_connection connection = state_->connection->get();
  ArrowSchema schema{};
  MILLGATE_ARROW_TRY(arrow::ExportSchema(*table->schema(), &schema), object);
  duckdb_arrow_converted_schema raw_schema = nullptr;
  duckdb_error_data error = duckdb().schema_from_arrow(connection, &schema, &raw_schema);
  const DuckArrowSchema converted(raw_schema);
  if (schema.release != nullptr) schema.release(&schema);
  if (error != nullptr) return duckdb_failure(object, error);

  duckdb_appender raw_appender = nullptr;
  duckdb_state done = duckdb().appender_create(connection, nullptr, name.c_str(), &raw_appender);
  const DuckAppender appender(raw_appender);
  arrow::TableBatchReader batches(std::move(table));
  batches.set_chunksize(kChunkRows);
  while (done == DuckDBSuccess) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(batches.ReadNext(&batch), object);
    if (batch == nullptr) break;
    ArrowArray array{};
    MILLGATE_ARROW_TRY(arrow::ExportRecordBatch(*batch, &array), object);
    duckdb_data_chunk raw_chunk = nullptr;
    error = duckdb().data_chunk_from_arrow(connection, &array, converted.get(), &raw_chunk);
    const DuckChunk chunk(raw_chunk);
    if (error != nullptr) return duckdb_failure(object, error);
    done = duckdb().append_data_chunk(appender.get(), chunk.get());
  }
  if (done == DuckDBSuccess) done = duckdb().appender_close(appender.get());
  if (done != DuckDBSuccess) {
    return duckdb_failure(object, duckdb().appender_error_data(appender.get()));
  }
  return {};
}

Status Database::execute(const std::string& sql) {
  MILLGATE_TRY(query(sql));
  return {};
}

Result<std::shared_ptr<arrow::Table>> Database::query(const std::string& sql) {
  return state_->rows(sql, State::Author::caller);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Database::stream(const std::string& sql) {
  // Its own connection, since the next query on this one would end the stream.
  MILLGATE_ASSIGN(auto connection, state_->connect());
  MILLGATE_ASSIGN(auto reader, state_->run(std::move(connection), sql, State::Author::caller));
  return std::static_pointer_cast<arrow::RecordBatchReader>(std::move(reader));
}

Result<int64_t> Database::count(const std::string& sql) {
  MILLGATE_ASSIGN(const auto table, query(sql));
  const bool one = table->num_rows() == 1 && table->num_columns() == 1;
  const std::shared_ptr<arrow::DataType> type = one ? table->field(0)->type() : arrow::null();
  if (arrow::is_integer(type->id()) || type->Equals(arrow::decimal128(38, 0))) {
    MILLGATE_ARROW(const auto value, table->column(0)->GetScalar(0), "the answer of the SQL");
    if (value->is_valid) {
      MILLGATE_ARROW(const auto number, arrow::compute::Cast(value, arrow::int64()),
                     "the answer of the SQL");
      return static_cast<const arrow::Int64Scalar&>(*number.scalar()).value;
    }
  }
  return invalid_input("SQL: it does not give one integer", "for example: select count(*) from t");
}

Result<std::vector<std::pair<std::string, std::string>>> Database::describe(
    const std::string& sql) {
  MILLGATE_TRY(state_->lock());
  idx_t count = 0;
  MILLGATE_ASSIGN(const DuckStatements statements, state_->parse(sql, count));
  if (count != 1) return invalid_input("SQL: there is more than one statement");
  // Prepared first, so that a fault has its place in `sql` itself.
  MILLGATE_TRY(state_->prepare(*state_->connection, statements, 0, sql, State::Author::caller));
  MILLGATE_ASSIGN(const auto table, state_->rows("describe " + sql, State::Author::engine));
  Columns columns;
  for (int64_t row = 0; row < table->num_rows(); ++row) {
    MILLGATE_ARROW(const auto name, table->column(0)->GetScalar(row), "the answer of DESCRIBE");
    MILLGATE_ARROW(const auto type, table->column(1)->GetScalar(row), "the answer of DESCRIBE");
    columns.emplace_back(name->ToString(), type->ToString());
  }
  return columns;
}

Result<std::vector<std::string>> Database::tables_of(const std::string& sql) {
  idx_t count = 0;
  MILLGATE_ASSIGN(const DuckStatements statements, state_->parse(sql, count));
  MILLGATE_ASSIGN(
      const auto table,
      state_->rows("select json_serialize_sql(" + quote_text(sql) + ")", State::Author::engine));
  MILLGATE_ARROW(const auto value, table->column(0)->GetScalar(0), "the SQL");
  MILLGATE_ASSIGN(const Json tree, parse_json(value->ToString(), "parse tree of the SQL"));
  if (tree.value("error", false)) {
    return invalid_input("SQL: " + tree.value("error_message", std::string("it is no SELECT")));
  }
  return tables_in_tree(tree);
}

Result<bool> Database::has_table(const std::string& name) {
  const std::string text = quote_text(sql_lower(name));
  MILLGATE_ASSIGN(const auto found,
                  state_->rows("select 1 from duckdb_views() where lower(view_name) = " + text +
                                   " union all select 1 from duckdb_tables() where "
                                   "lower(table_name) = " +
                                   text,
                               State::Author::engine));
  return found->num_rows() > 0;
}

std::optional<size_t> Database::error_offset() const { return state_->error_offset; }

namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

}  // namespace

std::string quote_name(std::string_view name) { return quoted(name, '"'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

}  // namespace millgate
