/// A table function of DuckDB over table versions that plain Parquet readers cannot read: with
/// deltas, added, dropped or widened columns. For .cc files of this room.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/query/duckdb_handle.h"
#include "data/store/row_change.h"
#include "data/store/version_scan.h"
#include "ground/error.h"

namespace millgate {

/// A version, and how its rows are changed on the way; null: not at all.
struct ScannedVersion {
  std::shared_ptr<const VersionScan> scan;
  std::shared_ptr<const RowChange> change;

  /// Of the rows that come out.
  [[nodiscard]] const arrow::Schema& schema() const {
    return change == nullptr ? *scan->version().schema : *change->schema;
  }
};

/// The versions that one database reads this way. Thread-safe.
class ScannedVersions {
 public:
  explicit ScannedVersions(std::weak_ptr<_duckdb_database> database)
      : database_(std::move(database)) {}

  /// SQL that gives the rows of `scanned`; the same for the same version and change.
  [[nodiscard]] std::string add(ScannedVersion scanned);
  /// Without a scan when there is none of that number.
  [[nodiscard]] ScannedVersion find(size_t number) const;
  /// Null when the database is closed.
  [[nodiscard]] std::unique_ptr<DuckConnection> connect() const;

 private:
  // Weak, since the function that the database owns holds this.
  std::weak_ptr<_duckdb_database> database_;
  mutable std::mutex mutex_;
  std::vector<ScannedVersion> scans_;
};

/// Makes the function known. Rows come in key order, or in parallel where order does not matter.
/// Errors: `bug` when DuckDB refuses it.
[[nodiscard]] Status register_version_function(duckdb_connection connection,
                                               std::shared_ptr<ScannedVersions> versions);

/// Whether the Parquet files of `version` are its rows as they are.
[[nodiscard]] bool is_plain_parquet(const TableVersion& version);

}  // namespace millgate
