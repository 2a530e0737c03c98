/// Owners of the handles of DuckDB's C interface. Include in .cc files only.
#pragma once

#include <memory>
#include <utility>

#include "data/query/duckdb_library.h"

namespace millgate {

/// Frees a handle by the function that DuckDB has for its kind.
template <auto kFree>
struct DuckFree {
  template <typename T>
  void operator()(T* handle) const {
    (duckdb().*kFree)(&handle);
  }
};

using DuckDatabase = std::unique_ptr<_duckdb_database, DuckFree<&DuckdbFunctions::close>>;
using DuckStatements =
    std::unique_ptr<_duckdb_extracted_statements, DuckFree<&DuckdbFunctions::destroy_extracted>>;
using DuckPrepared =
    std::unique_ptr<_duckdb_prepared_statement, DuckFree<&DuckdbFunctions::destroy_prepare>>;
using DuckPending =
    std::unique_ptr<_duckdb_pending_result, DuckFree<&DuckdbFunctions::destroy_pending>>;
using DuckChunk =
    std::unique_ptr<_duckdb_data_chunk, DuckFree<&DuckdbFunctions::destroy_data_chunk>>;
using DuckType =
    std::unique_ptr<_duckdb_logical_type, DuckFree<&DuckdbFunctions::destroy_logical_type>>;
using DuckAppender =
    std::unique_ptr<_duckdb_appender, DuckFree<&DuckdbFunctions::appender_destroy>>;
using DuckErrorData =
    std::unique_ptr<_duckdb_error_data, DuckFree<&DuckdbFunctions::destroy_error_data>>;
using DuckArrowOptions =
    std::unique_ptr<_duckdb_arrow_options, DuckFree<&DuckdbFunctions::destroy_arrow_options>>;
using DuckArrowSchema = std::unique_ptr<_duckdb_arrow_converted_schema,
                                        DuckFree<&DuckdbFunctions::destroy_arrow_converted_schema>>;

/// A connection and the database that it belongs to, which stays open as long.
class DuckConnection {
 public:
  explicit DuckConnection(std::shared_ptr<_duckdb_database> database)
      : database_(std::move(database)) {}
  ~DuckConnection() { duckdb().disconnect(&connection_); }
  DuckConnection(const DuckConnection&) = delete;
  DuckConnection& operator=(const DuckConnection&) = delete;

  [[nodiscard]] bool connect() {
    return duckdb().connect(database_.get(), &connection_) == DuckDBSuccess;
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
  ~DuckResult() { duckdb().destroy_result(&result_); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  [[nodiscard]] duckdb_result* get() { return &result_; }

 private:
  duckdb_result result_{};
};

}  // namespace millgate
