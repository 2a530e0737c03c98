/// From DuckDB's errors to ours.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// An error of DuckDB, and where in the SQL it was found.
struct SqlError {
  Error error;
  std::optional<size_t> offset;  ///< In bytes; nothing where DuckDB does not say.
};

/// `message` is as DuckDB gives it with `errors_as_json` on; other text is taken as it is.
/// `sql` is what was run.
///
/// The code is `invalid_input`; `refused` for what the lock forbids; `outside` for disk and
/// memory; `bug` for DuckDB's own faults. The hint holds what DuckDB thinks was meant.
[[nodiscard]] SqlError read_sql_error(std::string_view message, std::string_view sql);

/// `error` with the place `offset` in `sql`: line, column, the line and carets under the
/// `length` bytes from there.
[[nodiscard]] Error at_sql_place(Error error, std::string_view sql, size_t offset, size_t length);

}  // namespace millgate
