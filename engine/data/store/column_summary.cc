#include "data/store/column_summary.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "data/table/arrow_result.h"
#include "data/table/column_builder.h"
#include "data/table/type_name.h"

#include <algorithm>
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
  const bool has_nulls = column.null_count() > 0;
  Rows rows;
  std::optional<int64_t> not_a_number;
  decltype(values.GetView(0)) smallest = {};
  auto largest = smallest;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (has_nulls && values.IsNull(row)) continue;
    const auto value = values.GetView(row);
    if constexpr (std::is_same_v<ArrayType, arrow::DoubleArray>) {
      if (std::isnan(value)) {
        not_a_number = row;
        continue;
      }
    }
    if (!rows.smallest) {
      rows = {.smallest = row, .largest = row};
      smallest = largest = value;
    } else if (value < smallest) {
      rows.smallest = row;
      smallest = value;
    } else if (largest < value) {
      rows.largest = row;
      largest = value;
    }
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

/// The key bytes of a value from its text; nothing for types that texts do not give back.
std::optional<std::string> key_of_text(const arrow::Field& field, const RowKeyEncoder& encoder,
                                       const std::string& text) {
  auto builder = ColumnBuilder::make(field.type());
  if (!builder.ok() || !builder->add_text(text)) return std::nullopt;
  const auto column = builder->finish();
  if (!column.ok()) return std::nullopt;
  std::string key;
  encoder.encode_row(*arrow::RecordBatch::Make(arrow::schema({field.Copy()}), 1, {*column}), 0,
                     key);
  return key;
}

}  // namespace

Result<ColumnSummary> ColumnSummary::make(const arrow::Schema& schema) {
  ColumnSummary summary;
  for (const auto& field : schema.fields()) {
    Extremes& extremes = summary.extremes_.emplace_back();
    if (!is_nested_type(*field->type())) {
      MILLGATE_ASSIGN(extremes.encoder,
                      RowKeyEncoder::make(*arrow::schema({field}), {field->name()}));
    }
    ColumnStatistics& column = summary.statistics_.emplace_back();
    column.name = field->name();
    column.type = type_name(*field->type());
  }
  return summary;
}

Result<ColumnSummary> ColumnSummary::resume(const arrow::Schema& schema,
                                            const std::vector<ColumnStatistics>& statistics,
                                            int64_t row_count) {
  MILLGATE_ASSIGN(ColumnSummary summary, make(schema));
  for (size_t i = 0; i < statistics.size(); ++i) {
    summary.statistics_[i] = statistics[i];
    if (statistics[i].null_count == row_count) continue;
    const auto& field = schema.field(static_cast<int>(i));
    Extremes& extremes = summary.extremes_[i];
    if (!extremes.encoder) continue;
    auto minimum = key_of_text(*field, *extremes.encoder, statistics[i].minimum);
    auto maximum = key_of_text(*field, *extremes.encoder, statistics[i].maximum);
    if (!minimum || !maximum) {
      summary.statistics_[i].exact = false;
      continue;
    }
    extremes.minimum_key = *std::move(minimum);
    extremes.maximum_key = *std::move(maximum);
    extremes.any = true;
  }
  return summary;
}

std::string statistic_text(const arrow::Array& column, int64_t row) {
  return cut(value_text(column, row));
}

void ColumnSummary::add(const arrow::RecordBatch& batch) {
  for (size_t i = 0; i < statistics_.size(); ++i) {
    const auto column = batch.column(static_cast<int>(i));
    statistics_[i].null_count += column->null_count();
    if (!extremes_[i].encoder) continue;
    const Rows rows = extreme_rows_of(*column);
    if (!rows.smallest) continue;
    add_extreme(i, batch, *rows.smallest);
    add_extreme(i, batch, *rows.largest);
  }
}

void ColumnSummary::add_extreme(size_t column, const arrow::RecordBatch& batch, int64_t row) {
  Extremes& extremes = extremes_[column];
  std::string key;
  const auto cells = batch.column(static_cast<int>(column));
  // NaN is an extreme only while nothing else is there.
  constexpr std::string_view kNotANumber = "NaN";
  const bool of_numbers = cells->type_id() == arrow::Type::DOUBLE;
  if (of_numbers && extremes.any) {
    if (value_text(*cells, row) == kNotANumber) return;
    if (statistics_[column].maximum == kNotANumber) extremes.any = false;
  }
  extremes.encoder->encode_row(
      *arrow::RecordBatch::Make(arrow::schema({batch.schema()->field(static_cast<int>(column))}),
                                batch.num_rows(), {cells}),
      row, key);
  const bool smaller = !extremes.any || key < extremes.minimum_key;
  const bool larger = !extremes.any || extremes.maximum_key < key;
  if (!smaller && !larger) return;
  const std::string text = statistic_text(*batch.column(static_cast<int>(column)), row);
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

namespace {

/// The rows of `before` whose cells are gone: all columns of removed rows.
Result<std::shared_ptr<arrow::RecordBatch>> removed_rows(const Changes& changes) {
  arrow::BooleanBuilder builder;
  for (const ChangeKind kind : changes.kinds) {
    MILLGATE_ARROW_TRY(builder.Append(kind == ChangeKind::removed), "changed rows");
  }
  MILLGATE_ARROW(const auto mask, builder.Finish(), "changed rows");
  MILLGATE_ARROW(const auto rows, arrow::compute::Filter(changes.before, mask), "changed rows");
  return rows.record_batch();
}

int64_t null_growth(const Changes& changes, int column) {
  const auto& before = *changes.before->column(column);
  const auto& after = *changes.after->column(column);
  int64_t growth = 0;
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    if (kind == ChangeKind::updated && !changes.cell_changed(row, column)) continue;
    if (kind != ChangeKind::inserted && before.IsNull(row)) --growth;
    if (kind != ChangeKind::removed && after.IsNull(row)) ++growth;
  }
  return growth;
}

}  // namespace

Result<std::vector<ColumnStatistics>> changed_statistics(
    const arrow::Schema& schema, const std::vector<std::string>& key,
    const std::vector<ColumnStatistics>& statistics, int64_t row_count, const Changes& changes) {
  MILLGATE_ASSIGN(ColumnSummary summary, ColumnSummary::resume(schema, statistics, row_count));
  summary.add(*changes.after);
  std::vector<ColumnStatistics> changed = summary.statistics();
  MILLGATE_ASSIGN(ColumnSummary gone, ColumnSummary::make(schema));
  gone.add(*changes.before);
  MILLGATE_ASSIGN(ColumnSummary gone_keys, ColumnSummary::make(schema));
  MILLGATE_ASSIGN(const auto removed, removed_rows(changes));
  gone_keys.add(*removed);
  for (size_t i = 0; i < changed.size(); ++i) {
    changed[i].null_count = statistics[i].null_count + null_growth(changes, static_cast<int>(i));
    // Keys of rows that stay are in `before`, too, but not gone.
    if (is_nested_type(*schema.field(static_cast<int>(i))->type())) continue;
    const bool is_key = std::find(key.begin(), key.end(), changed[i].name) != key.end();
    const ColumnStatistics lost = (is_key ? gone_keys : gone).statistics()[i];
    const int64_t rows_gone = is_key ? removed->num_rows() : changes.row_count();
    if (lost.null_count == rows_gone) continue;
    // What is still the extreme may have been the value that went.
    if (lost.minimum == changed[i].minimum || lost.maximum == changed[i].maximum) {
      changed[i].exact = false;
    }
  }
  return changed;
}

}  // namespace millgate
