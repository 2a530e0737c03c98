/// Rows sorted by key in bounded memory, and duplicate keys found.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

struct SortOptions {
  int64_t memory_bytes_max = 128 << 20;  ///< Beyond it, sorted runs go to `spill_folder`.
  std::string spill_folder;              ///< Must exist; files in it are removed again.
};

/// The rows of `rows` in ascending order of `key` (nulls first, texts by bytes, NaN last).
/// Errors: `invalid_input` when a key column is missing (nearest name) or two rows have the
/// same key (the key's values are named, and how many rows repeat).
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> sort_by_key(
    std::shared_ptr<arrow::RecordBatchReader> rows, const std::vector<std::string>& key,
    const SortOptions& options);

/// Proves that keys rise from row to row. One thread at a time.
class RisingKeys {
 public:
  /// `keys` are those of `rows`. Errors: one that `is_out_of_order` knows, when a key is not
  /// greater than that before it.
  [[nodiscard]] Status add(const RowKeys& keys, const arrow::RecordBatch& rows,
                           const RowKeyEncoder& encoder);

 private:
  std::string last_;
  bool any_ = false;
};

/// Whether rows did not rise by key: `sort_by_key` would sort them, or count the repeated keys.
[[nodiscard]] bool is_out_of_order(const Error& error);

}  // namespace millgate
