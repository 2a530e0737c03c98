/// `import`: rows of files, of a Delta table, of a database as all rows of a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ground/error.h"
#include "system/pipeline/commit_rows.h"

namespace millgate {

/// Where rows come from.
struct ImportPlace {
  /// A file or pattern (CSV, TSV, JSON lines, Parquet, Arrow), an SQLite file, or the folder of a
  /// Delta table, told apart by what is there; or the address of a PostgreSQL database.
  std::string from;
  /// Of a database: an SQLite file, or PostgreSQL ("sales.orders"). Empty: as the table here.
  std::string from_table;
  std::string query;                     ///< Of PostgreSQL: a select, in the place of a table.
  std::optional<int64_t> delta_version;  ///< Of a Delta table; nothing: the newest.
};

/// The rows as `NewRows` of `table`, without key; their origin names the place, with the SHA-256 of
/// files and the version of a Delta table.
/// Errors: `not_found` when nothing is there; `invalid_input` for options of another kind of place,
/// and for files in no known format; those of the readers.
[[nodiscard]] Result<NewRows> rows_of_import(const Repository& repository, const std::string& table,
                                             const ImportPlace& place);

}  // namespace millgate
