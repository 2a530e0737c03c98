/// Owners of the handles of DuckDB's C interface. Include in .cc files only.
#pragma once

#include <duckdb.h>

#include <memory>
#include <utility>

namespace millgate {

/// Frees a handle by the function that DuckDB has for its kind.
template <auto kFree>
struct DuckFree {
  template <typename T>
  void operator()(T* handle) const {
    kFree(&handle);
  }
};

using DuckDatabase = std::unique_ptr<_duckdb_database, DuckFree<duckdb_close>>;
using DuckStatements =
    std::unique_ptr<_duckdb_extracted_statements, DuckFree<duckdb_destroy_extracted>>;
using DuckPrepared = std::unique_ptr<_duckdb_prepared_statement, DuckFree<duckdb_destroy_prepare>>;
using DuckPending = std::unique_ptr<_duckdb_pending_result, DuckFree<duckdb_destroy_pending>>;
using DuckChunk = std::unique_ptr<_duckdb_data_chunk, DuckFree<duckdb_destroy_data_chunk>>;
using DuckType = std::unique_ptr<_duckdb_logical_type, DuckFree<duckdb_destroy_logical_type>>;
using DuckAppender = std::unique_ptr<_duckdb_appender, DuckFree<duckdb_appender_destroy>>;
using DuckErrorData = std::unique_ptr<_duckdb_error_data, DuckFree<duckdb_destroy_error_data>>;
using DuckArrowOptions =
    std::unique_ptr<_duckdb_arrow_options, DuckFree<duckdb_destroy_arrow_options>>;
using DuckArrowSchema = std::unique_ptr<_duckdb_arrow_converted_schema,
                                        DuckFree<duckdb_destroy_arrow_converted_schema>>;

/// A connection and the database that it belongs to, which stays open as long.
class DuckConnection {
 public:
  explicit DuckConnection(std::shared_ptr<_duckdb_database> database)
      : database_(std::move(database)) {}
  ~DuckConnection() { duckdb_disconnect(&connection_); }
  DuckConnection(const DuckConnection&) = delete;
  DuckConnection& operator=(const DuckConnection&) = delete;

  [[nodiscard]] bool connect() {
    return duckdb_connect(database_.get(), &connection_) == DuckDBSuccess;
  }
  [[nodiscard]] duckdb_connection get() const { return connection_; }

 private:
  std::shared_ptr<_duckdb_database> database_;
  duckdb_connection connection_ = nullptr;
};

/// A result in place; empty until a call of DuckDB fills it.
class DuckResult {
 public:
  DuckResult() = default;
  ~DuckResult() { duckdb_destroy_result(&result_); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  [[nodiscard]] duckdb_result* get() { return &result_; }

 private:
  duckdb_result result_{};
};

}  // namespace millgate
