#include "data/table/cell_compare.h"

#include <arrow/array.h>
#include <arrow/compare.h>
#include <arrow/type.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace millgate {

namespace {

bool same(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}
bool same(std::string_view a, std::string_view b) { return a == b; }
template <typename T>
bool same(T a, T b) {
  return a == b;
}

template <typename ArrayType>
void compare(const arrow::Array& left_array, const arrow::Array& right_array, const RowRun& run,
             const std::function<void(int64_t)>& differs) {
  const auto& left = static_cast<const ArrayType&>(left_array);
  const auto& right = static_cast<const ArrayType&>(right_array);
  const bool any_null = left.null_count() > 0 || right.null_count() > 0;
  for (int64_t i = 0; i < run.row_count; ++i) {
    const int64_t at = run.left_row + i;
    const int64_t other = run.right_row + i;
    if (any_null) {
      const bool null = left.IsNull(at);
      if (null != right.IsNull(other)) {
        differs(i);
        continue;
      }
      if (null) continue;
    }
    if (!same(left.GetView(at), right.GetView(other))) differs(i);
  }
}

/// For types whose values Arrow must compare itself.
void compare_any(const arrow::Array& left, const arrow::Array& right, const RowRun& run,
                 const std::function<void(int64_t)>& differs) {
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  for (int64_t i = 0; i < run.row_count; ++i) {
    const int64_t at = run.left_row + i;
    if (!left.RangeEquals(right, at, at + 1, run.right_row + i, options)) differs(i);
  }
}

}  // namespace

void compare_cells(const arrow::Array& left, const arrow::Array& right, const RowRun& run,
                   const std::function<void(int64_t)>& differs) {
  switch (left.type_id()) {
    case arrow::Type::BOOL:
      return compare<arrow::BooleanArray>(left, right, run, differs);
    case arrow::Type::INT64:
      return compare<arrow::Int64Array>(left, right, run, differs);
    case arrow::Type::DOUBLE:
      return compare<arrow::DoubleArray>(left, right, run, differs);
    case arrow::Type::DATE32:
      return compare<arrow::Date32Array>(left, right, run, differs);
    case arrow::Type::TIMESTAMP:
      return compare<arrow::TimestampArray>(left, right, run, differs);
    case arrow::Type::TIME64:
      return compare<arrow::Time64Array>(left, right, run, differs);
    case arrow::Type::DECIMAL128:
      return compare<arrow::Decimal128Array>(left, right, run, differs);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return compare<arrow::BinaryArray>(left, right, run, differs);
    default:
      return compare_any(left, right, run, differs);
  }
}

bool cells_equal(const arrow::Array& left, int64_t left_row, const arrow::Array& right,
                 int64_t right_row) {
  bool equal = true;
  compare_cells(left, right, {.left_row = left_row, .right_row = right_row, .row_count = 1},
                [&](int64_t) { equal = false; });
  return equal;
}

}  // namespace millgate
