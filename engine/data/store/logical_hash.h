/// A hash of rows that does not depend on their order, their files or the order of columns, and
/// that a changed cell changes by one subtraction and one addition.
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/row_key.h"
#include "ground/id.h"

namespace millgate {

/// The digest of each column: over all its cells, the sum of a wide hash of the row's identity
/// and the cell, word by word, modulo 2^64. Specification: docs/formats/table-version.md. It
/// finds equal tables; it is no signature, because its mixing is not cryptographic. One thread
/// at a time.
class ColumnDigests {
 public:
  /// Of no rows. `schema` has table types only (table/column_type.h).
  explicit ColumnDigests(const arrow::Schema& schema);
  /// Goes on from what `values` gave.
  ColumnDigests(const arrow::Schema& schema, const std::vector<Id>& values);

  /// Adds all cells of `rows`; `row_hashes` says who the rows are.
  void add(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes);
  void add_column(size_t column, const arrow::Array& cells, std::span<const uint64_t> row_hashes);
  /// Adds or takes away one cell.
  void add_cell(size_t column, const arrow::Array& cells, int64_t row, uint64_t row_hash);
  void remove_cell(size_t column, const arrow::Array& cells, int64_t row, uint64_t row_hash);

  /// Forgets all cells of a column.
  void reset(size_t column) { sums_[column] = {}; }

  [[nodiscard]] std::vector<Id> values() const;

 private:
  std::vector<std::array<uint64_t, 4>> sums_;
};

/// One hash for a table: over its key, and each column's name, type and digest, by name.
[[nodiscard]] Id logical_hash_of(const arrow::Schema& schema, const std::vector<std::string>& key,
                                 const std::vector<Id>& digests);

/// Who the rows with these keys are: `mixed_hash` of each.
[[nodiscard]] std::vector<uint64_t> key_hashes(const RowKeys& keys);
/// Who the rows of a table without a key are: a hash of all their cells.
[[nodiscard]] std::vector<uint64_t> content_hashes(const arrow::RecordBatch& rows);

/// 64 well-mixed bits of `bytes`: where tables are cut, and who a row with that key is.
[[nodiscard]] uint64_t mixed_hash(std::string_view bytes);

}  // namespace millgate
