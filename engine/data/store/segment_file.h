/// Parquet objects: the rows of a segment, and columns that were added to it later.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// A Parquet object as it was written.
struct ParquetObject {
  Id object;
  int64_t size_bytes = 0;
  Id footer;  ///< Hash of its end: the footer, the footer's length and "PAR1".
};

/// Writes `rows` as one Parquet object of one row group; the bytes depend on the rows alone.
/// Errors: `outside` when the disk refuses.
[[nodiscard]] Result<ParquetObject> write_parquet_object(ObjectStore& objects,
                                                         const arrow::RecordBatch& rows);

/// How a Parquet object is read.
struct ParquetReading {
  /// Check the hash of the whole object first. Else only the bytes that are asked for are read:
  /// pages have checksums, and the footer must hash to `footer`, which is needed then.
  bool check_hash = true;
  Id footer = {};
  bool use_threads = true;
};

/// The columns `names` of a Parquet object, in that order; `row_count` of them, unless that is
/// negative. Types are those in the file.
/// Errors: `not_found`, `damaged` (also when the object does not hold these columns and rows).
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read_parquet_object(
    const ObjectStore& objects, const Id& object, const std::vector<std::string>& names,
    int64_t row_count, const ParquetReading& reading);

/// All columns of a Parquet object, whose hash is checked. Errors: as `read_parquet_object`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read_whole_parquet_object(
    const ObjectStore& objects, const Id& object, int64_t row_count);

/// Columns of a segment by their stored names, those that were added later included. Without
/// `check_hash`, objects whose footer was not noted are checked all the same.
/// Errors: as `read_parquet_object`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read_segment(
    const ObjectStore& objects, const Segment& segment, const std::vector<std::string>& names,
    const ParquetReading& reading);

}  // namespace millgate
