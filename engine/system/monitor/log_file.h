/// Files that are given to be watched: read into a database, their columns found by role.
#pragma once

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

using LogColumns = std::vector<std::pair<std::string, std::string>>;  ///< Name and DuckDB's type.

/// Usual names of what names a prediction and of when it happened, the surest first.
inline constexpr std::array kIdNames = {"prediction_id", "id", "inference_id", "request_id",
                                        "event_id"};
inline constexpr std::array kTimeNames = {"row_time",    "event_time", "timestamp", "time",
                                          "answered_at", "created_at", "date",      "ts"};

/// Reads the files of `patterns` (as read_table_files; events of KServe's logger are unfolded in
/// `scratch`) as the table `name`. Errors: `not_found`; those of reading.
[[nodiscard]] Status load_log_files(Database& database, const std::vector<std::string>& patterns,
                                    const std::string& scratch, const std::string& name,
                                    std::vector<std::string>& notes);

/// `asked`, which must be there, or the first of the usual names that is, upper and lower case
/// alike; empty: none. `role` is the option that names it.
[[nodiscard]] Result<std::string> find_log_column(const LogColumns& columns,
                                                  const std::string& asked,
                                                  std::span<const char* const> usual,
                                                  const std::string& role, const std::string& file);

[[nodiscard]] std::vector<std::string> names_of(const LogColumns& columns);
/// Empty: there is no such column.
[[nodiscard]] std::string type_of(const LogColumns& columns, const std::string& name);
/// Whether DuckDB's type holds numbers.
[[nodiscard]] bool is_number_type(const std::string& type);

/// A time of the column: numbers are seconds, milli-, micro- or nanoseconds since 1970, told apart
/// by their size: seconds stay below 1e11 until the year 5138.
[[nodiscard]] std::string time_sql_of(const std::string& column, const std::string& type);

}  // namespace millgate
