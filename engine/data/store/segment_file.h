/// The rows of one segment as Parquet.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Writes `batches` as one Parquet object; the bytes depend on the rows alone, not on how they
/// are batched. Errors: `outside` when the disk refuses.
[[nodiscard]] Result<Segment> write_segment(
    ObjectStore& objects, const std::shared_ptr<arrow::Schema>& schema,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const std::string& scratch_folder);

/// The rows of `segment`, whose hash is checked first.
/// Errors: `not_found`, `damaged` (also when the object does not hold what the segment says).
[[nodiscard]] Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> read_segment(
    const ObjectStore& objects, const std::shared_ptr<arrow::Schema>& schema,
    const Segment& segment);

}  // namespace millgate
