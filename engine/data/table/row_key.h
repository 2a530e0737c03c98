/// The key of a row as one byte string whose order is the order of rows.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Keys of many rows behind each other.
class RowKeys {
 public:
  [[nodiscard]] size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view operator[](size_t row) const {
    const size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(bytes_).substr(begin, ends_[row] - begin);
  }
  [[nodiscard]] size_t memory_bytes() const {
    return bytes_.capacity() + ends_.capacity() * sizeof(size_t);
  }
  void clear() {
    bytes_.clear();
    ends_.clear();
  }
  void add(std::string_view key) {
    bytes_ += key;
    ends_.push_back(bytes_.size());
  }
  /// The first row at or after `from` whose key does not come before `key`. Keys must rise.
  [[nodiscard]] size_t lower_bound(std::string_view key, size_t from = 0) const;

 private:
  friend class RowKeyEncoder;
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// Encodes key columns so that bytes compare as rows do: by the first column, then the next;
/// nulls first, numbers by value with NaN last, false before true, texts by their bytes. Equal
/// keys, and only they, have equal bytes (-0.0 equals 0.0; all NaN are equal). The bytes are part
/// of the format of a table version: docs/formats/table-version.md.
/// Immutable; thread-safe.
class RowKeyEncoder {
 public:
  /// Errors: `invalid_input` when `schema` lacks a column (nearest name) or has it in a type
  /// that is no table type, or nested: lists, structs and maps have no order.
  [[nodiscard]] static Result<RowKeyEncoder> make(const arrow::Schema& schema,
                                                  const std::vector<std::string>& key);

  /// Appends the keys of all rows of `batch`, which has the schema given to `make`.
  void encode(const arrow::RecordBatch& batch, RowKeys& keys) const;
  /// Appends the key of one row to `key`.
  void encode_row(const arrow::RecordBatch& batch, int64_t row, std::string& key) const;

  /// "origin = EWR, day = 2013-01-01" of one row, for messages.
  [[nodiscard]] std::string describe(const arrow::RecordBatch& batch, int64_t row) const;

 private:
  std::vector<int> columns_;
};

/// One value of a table type as a person reads it: times in ISO 8601, doubles in their shortest
/// form, binary in hexadecimal digits, lists, structs and maps as JSON in one line, "null".
[[nodiscard]] std::string value_text(const arrow::Array& column, int64_t row);

}  // namespace millgate
