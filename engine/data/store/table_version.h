/// One version of a table: a manifest over sorted Parquet segments cut by content.
/// Format: docs/formats/table-version.md.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// A run of rows in one Parquet object.
struct Segment {
  Id object;
  int64_t row_count = 0;
  int64_t size_bytes = 0;
};

/// What a column holds, counted while it is written.
struct ColumnStatistics {
  std::string name;
  std::string type;  ///< Arrow's name of the type.
  int64_t null_count = 0;
  std::string minimum;  ///< As text; empty when all are null.
  std::string maximum;
};

struct TableVersion {
  Id id;  ///< Hash of the manifest.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> key;
  std::vector<Segment> segments;
  int64_t row_count = 0;
  Id logical_hash;  ///< Equal rows give equal hashes, whatever their history.
  std::vector<ColumnStatistics> columns;
};

/// Writes `rows` (sorted by `key`, see table/sort.h) as segments of 16 to 64 thousand rows cut
/// where the hash of a key says so, so that equal ranges of keys are equal objects. Returns the
/// version; nothing refers to it until it is committed.
[[nodiscard]] Result<TableVersion> write_table_version(ObjectStore& objects,
                                                       arrow::RecordBatchReader& rows,
                                                       const std::vector<std::string>& key,
                                                       const std::string& scratch_folder);

/// Errors: `not_found`, `damaged`.
[[nodiscard]] Result<TableVersion> read_table_version(const ObjectStore& objects, const Id& id);

/// All rows in key order. Each segment's hash is checked on the way.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_rows(
    const ObjectStore& objects, const TableVersion& version);

}  // namespace millgate
