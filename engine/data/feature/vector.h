/// Typed columns of values with nulls: what row-layer expressions read and write.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

enum class ValueType { boolean, integer, number, text, time, duration, list };

[[nodiscard]] std::string_view to_string(ValueType type);
/// Errors: `invalid_input` with the valid names.
[[nodiscard]] Result<ValueType> parse_value_type(std::string_view name);

/// A column by name and type.
struct Field {
  std::string name;
  ValueType type = ValueType::number;
  bool operator==(const Field&) const = default;
};

/// One value of type list: numbers in their order, of which some may be null.
struct NumberList {
  std::vector<double> values;  ///< 0.0 where null. NaN is a value, not null.
  std::vector<uint8_t> nulls;  ///< 1: null, one entry a value; empty: none is.

  [[nodiscard]] size_t size() const { return values.size(); }
  [[nodiscard]] bool is_null(size_t i) const { return !nulls.empty() && nulls[i] != 0; }
  void add(double value);
  void add_null();
  void clear();
  bool operator==(const NumberList&) const = default;
};

struct Operand;

/// `size()` values. Only the array of the type is filled; it has one entry a row, also where
/// `valid` is 0 (there: 0, 0.0 or empty).
struct Vector {
  ValueType type = ValueType::number;
  std::vector<uint8_t> valid;      ///< 1: there is a value; 0: null.
  std::vector<int64_t> integers;   ///< boolean 0/1, integer, time and duration in microseconds.
  std::vector<double> numbers;     ///< number. NaN is a value, not null.
  std::vector<std::string> texts;  ///< text, UTF-8.
  std::vector<NumberList> lists;   ///< list.

  [[nodiscard]] size_t size() const { return valid.size(); }
  /// Empties it and makes room for `rows` nulls of `new_type`; keeps its memory.
  void reset(ValueType new_type, size_t rows);
  /// Adds the values of rows [0, rows) of `values`, which are of the type of those before.
  void append(const Operand& values, size_t rows);
  /// Becomes rows [first, first + rows) of `other`.
  void assign_rows(const Vector& other, size_t first, size_t rows);
};

/// Columns of equal length, in an order agreed elsewhere (FeatureProgram::inputs).
struct Block {
  size_t rows = 0;
  std::vector<Vector> columns;
};

/// The columns `fields` of `table` as a Block. Integers widen to number where asked for; dates
/// become times. Errors: `invalid_input` for a missing column (nearest name) or another type.
[[nodiscard]] Result<Block> block_from(const arrow::Table& table, const std::vector<Field>& fields);

/// The value type that an Arrow column is read as; nothing for nested types, but lists of numbers.
[[nodiscard]] std::optional<ValueType> value_type_of(const arrow::DataType& type);

}  // namespace millgate
