/// A hash of rows that does not depend on their order, their files or the order of columns.
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ground/id.h"

namespace millgate {

/// The wide hash of one row: four words that are computed alike from different seeds.
using RowDigest = std::array<uint64_t, 4>;

/// The sum of the digests of all rows, word by word, modulo 2^64. So rows may come in any order,
/// and a changed row is one subtraction and one addition. Specification:
/// docs/formats/table-version.md. It finds equal tables; it is no signature, because its mixing
/// is not cryptographic. One thread at a time.
class LogicalHash {
 public:
  /// `schema` has table types only (table/column_type.h).
  explicit LogicalHash(const arrow::Schema& schema);

  /// Adds the rows of `batch` and returns their digests, in order.
  const std::vector<RowDigest>& add(const arrow::RecordBatch& batch);
  /// The hash of all rows so far: the words, each with its lowest byte first.
  [[nodiscard]] Id value() const;

 private:
  std::vector<RowDigest> seeds_;  ///< Of each column.
  std::vector<RowDigest> rows_;
  RowDigest sum_{};
};

/// 64 well-mixed bits of `bytes`: where tables are cut.
[[nodiscard]] uint64_t mixed_hash(std::string_view bytes);

}  // namespace millgate
