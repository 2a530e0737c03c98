/// Rows of a PostgreSQL database as a stream of Arrow record batches.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/postgres/postgres_connection.h"
#include "data/table/reader.h"
#include "ground/error.h"

namespace millgate {

/// Which rows: of `table`, or of `query`.
struct PostgresSource {
  std::string address;  ///< As PostgresConnection::open takes it.
  std::string table;    ///< "orders", which the search path finds, or "sales.orders".
  std::string query;    ///< A select; then `table` does not count.
};

/// What is there.
struct PostgresRelation {
  PostgresPlace place;
  std::string table;             ///< With its schema; empty for a query.
  std::vector<std::string> key;  ///< The primary key; empty without one.
  std::string select;            ///< Gives its rows.
};

/// Errors: those of PostgresConnection; `not_found` for the table, with the nearest name.
[[nodiscard]] Result<PostgresRelation> find_postgres_relation(const PostgresSource& source);

/// The rows that `select` gives, as of one moment, in the order in which the server gives them; a
/// few ten thousand are in memory at once. Types: docs/guides/postgresql.md. Of `options`, the kept
/// schema and the number of rows of a batch count. A numeric without precision is a decimal of 38
/// digits, with as many behind the point as the rows need; they are looked at once for that, unless
/// the kept schema says it.
///
/// Errors: those of PostgresConnection; `invalid_input` for columns of types that tables cannot
/// hold and for single values, with what to write into a query instead.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_postgres_rows(
    const std::string& address, const std::string& select, const ReadOptions& options);

}  // namespace millgate
