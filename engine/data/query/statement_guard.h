/// What a person's SQL may do.
#pragma once

#include <string_view>

#include "ground/error.h"

namespace millgate {

/// Whether a statement of DuckDB's kind `statement_type` (duckdb_statement_type) with the text
/// `sql` only reads. A list of what is allowed: COPY, ATTACH, SET, LOAD and whatever DuckDB
/// learns later are refused, also behind EXPLAIN, because a statement that may read a file can
/// also write it. Tables made by CREATE live in memory and end with the database.
/// Errors: `refused`.
[[nodiscard]] Status check_only_reads(int statement_type, std::string_view sql);

/// Whether `sql` calls none of the functions that reach past the tables: those that write logs
/// and profiles, take raw addresses, or run SQL that is hidden in a string.
/// Errors: `refused`.
[[nodiscard]] Status check_calls(std::string_view sql);

}  // namespace millgate
