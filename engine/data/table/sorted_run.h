/// Sorted rows in memory or in a file: what a sort is merged from.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// Rows with the keys they are sorted by.
struct KeyedBatch {
  std::shared_ptr<arrow::RecordBatch> rows;
  RowKeys keys;
};

/// Sorts `batches`, one behind the other, by `keys` (those of all their rows). The result is cut
/// into batches of at most 64 Ki rows and about 16 MB. Rows with equal keys keep their order. Rows
/// that are in order already are not copied.
[[nodiscard]] Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> sort_batches(
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches, const RowKeys& keys);

/// A run in a file, removed when the last copy of the pointer goes.
class RunFile {
 public:
  /// Errors: `outside` when the disk refuses.
  [[nodiscard]] static Result<std::shared_ptr<RunFile>> write(
      const std::string& folder, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> open() const;

  explicit RunFile(std::string path) : path_(std::move(path)) {}
  ~RunFile();
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;

 private:
  std::string path_;
};

/// Merges sorted runs; of equal keys the earlier run comes first. `files` are kept until the
/// reader is gone. Fails with `duplicate_keys_error` when two rows have the same key.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> merge_runs(
    std::shared_ptr<arrow::Schema> schema, RowKeyEncoder encoder,
    std::vector<std::shared_ptr<RunFile>> files);

/// `row` of `batch` has the key of another row, and `repeated_count` rows have that of a row
/// before them.
[[nodiscard]] Error duplicate_keys_error(const std::string& key_values, int64_t repeated_count);

}  // namespace millgate
