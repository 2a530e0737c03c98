#include "data/store/column_summary.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <optional>
#include <type_traits>

namespace millgate {

namespace {

struct Rows {
  std::optional<int64_t> smallest;
  std::optional<int64_t> largest;
};

template <typename ArrayType>
Rows extreme_rows(const arrow::Array& column) {
  const auto& values = static_cast<const ArrayType&>(column);
  Rows rows;
  std::optional<int64_t> not_a_number;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    if constexpr (std::is_same_v<ArrayType, arrow::DoubleArray>) {
      if (std::isnan(values.Value(row))) {
        not_a_number = row;
        continue;
      }
    }
    if (!rows.smallest || values.GetView(row) < values.GetView(*rows.smallest)) rows.smallest = row;
    if (!rows.largest || values.GetView(*rows.largest) < values.GetView(row)) rows.largest = row;
  }
  if (!rows.smallest && not_a_number) rows = {.smallest = not_a_number, .largest = not_a_number};
  return rows;
}

Rows extreme_rows_of_decimals(const arrow::Array& column) {
  const auto& values = static_cast<const arrow::Decimal128Array&>(column);
  const auto at = [&](int64_t row) { return arrow::Decimal128(values.GetValue(row)); };
  Rows rows;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    if (!rows.smallest || at(row) < at(*rows.smallest)) rows.smallest = row;
    if (!rows.largest || at(*rows.largest) < at(row)) rows.largest = row;
  }
  return rows;
}

Rows extreme_rows_of(const arrow::Array& column) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return extreme_rows<arrow::BooleanArray>(column);
    case arrow::Type::INT64:
      return extreme_rows<arrow::Int64Array>(column);
    case arrow::Type::DOUBLE:
      return extreme_rows<arrow::DoubleArray>(column);
    case arrow::Type::DATE32:
      return extreme_rows<arrow::Date32Array>(column);
    case arrow::Type::TIMESTAMP:
      return extreme_rows<arrow::TimestampArray>(column);
    case arrow::Type::TIME64:
      return extreme_rows<arrow::Time64Array>(column);
    case arrow::Type::DECIMAL128:
      return extreme_rows_of_decimals(column);
    default:
      return extreme_rows<arrow::BinaryArray>(column);
  }
}

std::string cut(std::string text) {
  constexpr size_t kBytesMax = 100;
  if (text.size() <= kBytesMax) return text;
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

Result<ColumnSummary> ColumnSummary::make(const arrow::Schema& schema) {
  ColumnSummary summary;
  for (const auto& field : schema.fields()) {
    MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(schema, {field->name()}));
    summary.extremes_.push_back(
        {.encoder = std::move(encoder), .minimum_key = {}, .maximum_key = {}});
    ColumnStatistics& column = summary.statistics_.emplace_back();
    column.name = field->name();
    column.type = field->type()->ToString();
  }
  return summary;
}

void ColumnSummary::add(const arrow::RecordBatch& batch) {
  for (size_t i = 0; i < statistics_.size(); ++i) {
    const auto column = batch.column(static_cast<int>(i));
    statistics_[i].null_count += column->null_count();
    const Rows rows = extreme_rows_of(*column);
    if (!rows.smallest) continue;
    add_extreme(i, batch, *rows.smallest);
    add_extreme(i, batch, *rows.largest);
  }
}

void ColumnSummary::add_extreme(size_t column, const arrow::RecordBatch& batch, int64_t row) {
  Extremes& extremes = extremes_[column];
  RowKeys keys;
  extremes.encoder.encode(*batch.Slice(row, 1), keys);
  const std::string key(keys[0]);
  const bool smaller = !extremes.any || key < extremes.minimum_key;
  const bool larger = !extremes.any || extremes.maximum_key < key;
  if (!smaller && !larger) return;
  const std::string text = cut(value_text(*batch.column(static_cast<int>(column)), row));
  if (smaller) {
    extremes.minimum_key = key;
    statistics_[column].minimum = text;
  }
  if (larger) {
    extremes.maximum_key = key;
    statistics_[column].maximum = text;
  }
  extremes.any = true;
}

}  // namespace millgate
