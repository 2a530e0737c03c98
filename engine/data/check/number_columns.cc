#include "data/check/number_columns.h"

#include <arrow/api.h>

#include <cmath>
#include <limits>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

std::string select_numbers(const AskedRows& rows, const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + ("cast(" + quote_name(column) + " as double)");
  }
  return "select " + list + " from " + rows.name;
}

/// Calls `take(column, row, value)` for every cell; NaN where there is no finite value.
template <typename Take>
Status each_cell(Database& database, const std::string& sql, Take take) {
  MILLGATE_ASSIGN(const auto reader, database.stream(sql));
  int64_t first_row = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows");
    if (batch == nullptr) return {};
    for (int c = 0; c < batch->num_columns(); ++c) {
      const auto& values = static_cast<const arrow::DoubleArray&>(*batch->column(c));
      const double* raw = values.raw_values();
      for (int64_t row = 0; row < values.length(); ++row) {
        const bool usable = values.IsValid(row) && std::isfinite(raw[row]);
        take(static_cast<size_t>(c), first_row + row,
             usable ? raw[row] : std::numeric_limits<double>::quiet_NaN());
      }
    }
    first_row += batch->num_rows();
  }
}

}  // namespace

Result<std::vector<std::vector<double>>> read_values(Database& database, const AskedRows& rows,
                                                     const std::vector<std::string>& columns) {
  std::vector<std::vector<double>> values(columns.size());
  for (auto& column : values) column.reserve(static_cast<size_t>(rows.row_count));
  MILLGATE_TRY(
      each_cell(database, select_numbers(rows, columns), [&](size_t column, int64_t, double value) {
        if (!std::isnan(value)) values[column].push_back(value);
      }));
  return values;
}

Result<std::vector<std::vector<double>>> read_spaced_rows(Database& database, const AskedRows& rows,
                                                          const std::vector<std::string>& columns,
                                                          int64_t rows_max) {
  std::vector<std::vector<double>> values(columns.size());
  const int64_t stride = std::max<int64_t>(1, (rows.row_count + rows_max - 1) / rows_max);
  MILLGATE_TRY(each_cell(database, select_numbers(rows, columns),
                         [&](size_t column, int64_t row, double value) {
                           if (row % stride == 0) values[column].push_back(value);
                         }));
  return values;
}

}  // namespace millgate
