#include "system/serve/arrow_body.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <parquet/arrow/reader.h>

#include <cmath>
#include <optional>

#include "ground/clock.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"

namespace millgate {

namespace {

constexpr const char* kArrow = "the Arrow body";
constexpr const char* kParquet = "the Parquet body";
/// Doubles up to here are exact integers.
constexpr double kExactMax = 9007199254740992.0;

/// Memory of one body, with a bound: a few packed bytes can stand for very many.
struct BodyMemory {
  arrow::CappedMemoryPool pool{arrow::default_memory_pool(), kUnpackedBytesMax};
};

/// What Arrow says of a body. It lies in memory, so what cannot be read is the body's fault.
Error body_fault(const arrow::Status& status, const char* object) {
  if (!status.IsOutOfMemory()) {
    return invalid_input(std::string(object) + ": " + status.message(),
                         "is it whole, and of the type that Content-Type says?");
  }
  return Error{.code = ErrorCode::refused,
               .what = std::string(object) + " holds more than " +
                       std::to_string(kUnpackedBytesMax >> 20) + " MiB when it is unpacked",
               .hint = "send its rows in several requests"};
}

/// Numbers that a data frame made of integers, and texts that it made of times.
bool is_convertible(ValueType from, ValueType to) {
  if (from == ValueType::number) return to == ValueType::integer;
  return from == ValueType::text && (to == ValueType::time || to == ValueType::duration);
}

Error in_row(const std::string& name, size_t row, std::string_view what) {
  return invalid_input("column `" + name + "`: row " + std::to_string(row) + " " +
                       std::string(what));
}

Status convert(const Vector& from, const std::string& name, Vector& to) {
  for (size_t row = 0; row < from.size(); ++row) {
    if (from.valid[row] == 0) continue;
    to.valid[row] = 1;
    if (to.type == ValueType::integer) {
      const double value = from.numbers[row];
      if (std::trunc(value) != value || std::abs(value) > kExactMax) {
        return in_row(name, row, "is no integer");
      }
      to.integers[row] = static_cast<int64_t>(value);
    } else if (to.type == ValueType::time) {
      const Result<Time> time = parse_time(from.texts[row]);
      if (!time.ok()) return in_row(name, row, "is no time: " + time.error().what);
      to.integers[row] = time->micros;
    } else {
      const Result<int64_t> micros = parse_duration_micros(from.texts[row]);
      if (!micros.ok()) return in_row(name, row, "is no duration: " + micros.error().what);
      to.integers[row] = *micros;
    }
  }
  return {};
}

Status clean_numbers(const std::string& name, Vector& column) {
  for (size_t row = 0; row < column.numbers.size(); ++row) {
    if (column.valid[row] == 0) continue;
    if (std::isinf(column.numbers[row])) return in_row(name, row, "is infinite");
    if (!std::isnan(column.numbers[row])) continue;
    column.valid[row] = 0;
    column.numbers[row] = 0;
  }
  return {};
}

class ArrowBody final : public ColumnSource {
 public:
  ArrowBody(std::shared_ptr<BodyMemory> memory, std::shared_ptr<arrow::Table> table)
      : memory_(std::move(memory)), table_(std::move(table)), names_(table_->ColumnNames()) {}

  [[nodiscard]] size_t rows() const override { return static_cast<size_t>(table_->num_rows()); }
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
  [[nodiscard]] std::string_view noun() const override { return "column"; }

  [[nodiscard]] Status read(size_t index, Vector& column) const override {
    const std::string& name = names_[index];
    const std::shared_ptr<arrow::DataType> type = table_->column(static_cast<int>(index))->type();
    const std::optional<ValueType> found = value_type_of(*type);
    const bool is_null = type->id() == arrow::Type::NA;
    if (is_null) return {};
    const bool is_widened = found == ValueType::integer && column.type == ValueType::number;
    const bool is_changed = found && is_convertible(*found, column.type);
    if (found != column.type && !is_widened && !is_changed) {
      return invalid_input("column `" + name + "` is " +
                               (found ? std::string(to_string(*found)) : type->ToString()) +
                               ", not " + std::string(to_string(column.type)),
                           "cast it before it is sent");
    }
    MILLGATE_ASSIGN(Vector values, values_of(index, is_changed ? *found : column.type));
    MILLGATE_TRY(clean_numbers(name, values));
    if (is_changed) return convert(values, name, column);
    column = std::move(values);
    return {};
  }

  [[nodiscard]] Status read_text(size_t index, Vector& column) const override {
    const auto& type = *table_->column(static_cast<int>(index))->type();
    const std::optional<ValueType> found = value_type_of(type);
    if (type.id() == arrow::Type::NA) return {};
    if (!found) return invalid_input("column `" + names_[index] + "` is " + type.ToString());
    MILLGATE_ASSIGN(const Vector values, values_of(index, *found));
    for (size_t row = 0; row < values.size(); ++row) {
      column.valid[row] = values.valid[row];
      if (values.valid[row] == 0) continue;
      if (values.type == ValueType::text) {
        column.texts[row] = values.texts[row];
      } else if (values.type == ValueType::time) {
        column.texts[row] = to_string(Time{values.integers[row]});
      } else if (values.type == ValueType::duration) {
        column.texts[row] = std::to_string(values.integers[row]) + "us";
      } else {
        append_json_value(column.texts[row], values, row);
      }
    }
    return {};
  }

 private:
  [[nodiscard]] Result<Vector> values_of(size_t index, ValueType type) const {
    const auto one = arrow::Table::Make(arrow::schema({table_->field(static_cast<int>(index))}),
                                        {table_->column(static_cast<int>(index))});
    MILLGATE_ASSIGN(Block block, block_from(*one, {{names_[index], type}}));
    return std::move(block.columns.front());
  }

  std::shared_ptr<BodyMemory> memory_;  ///< Outlives the table, whose buffers are in it.
  std::shared_ptr<arrow::Table> table_;
  std::vector<std::string> names_;
};

std::shared_ptr<arrow::io::BufferReader> reader_of(std::string_view body) {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(body)));
}

Result<std::unique_ptr<ColumnSource>> as_source(const std::shared_ptr<BodyMemory>& memory,
                                                std::shared_ptr<arrow::Table> table,
                                                const char* object) {
  if (const arrow::Status status = table->ValidateFull(); !status.ok()) {
    return body_fault(status, object);
  }
  return std::unique_ptr<ColumnSource>(std::make_unique<ArrowBody>(memory, std::move(table)));
}

}  // namespace

Result<std::unique_ptr<ColumnSource>> open_arrow_body(std::string_view body, size_t rows_max) {
  if (body.empty()) return invalid_input("the request has no body", "send an Arrow IPC stream");
  auto memory = std::make_shared<BodyMemory>();
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = &memory->pool;
  options.use_threads = false;
  const auto reader = arrow::ipc::RecordBatchStreamReader::Open(reader_of(body), options);
  if (!reader.ok()) return body_fault(reader.status(), kArrow);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  size_t rows = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    const arrow::Status status = (*reader)->ReadNext(&batch);
    if (!status.ok()) return body_fault(status, kArrow);
    if (batch == nullptr) break;
    rows += static_cast<size_t>(batch->num_rows());
    if (rows > rows_max) return too_many_rows(rows, rows_max);
    batches.push_back(std::move(batch));
  }
  auto table = arrow::Table::FromRecordBatches((*reader)->schema(), batches);
  if (!table.ok()) return body_fault(table.status(), kArrow);
  return as_source(memory, *std::move(table), kArrow);
}

Result<std::unique_ptr<ColumnSource>> open_parquet_body(std::string_view body, size_t rows_max) {
  if (body.empty()) return invalid_input("the request has no body", "send a Parquet file");
  auto memory = std::make_shared<BodyMemory>();
  parquet::arrow::FileReaderBuilder builder;
  const arrow::Status opened =
      builder.Open(reader_of(body), parquet::ReaderProperties(&memory->pool));
  if (!opened.ok()) return body_fault(opened, kParquet);
  const auto reader = builder.memory_pool(&memory->pool)->Build();
  if (!reader.ok()) return body_fault(reader.status(), kParquet);
  const int64_t rows = (*reader)->parquet_reader()->metadata()->num_rows();
  if (rows < 0) return invalid_input(std::string(kParquet) + " has fewer than no rows");
  if (static_cast<size_t>(rows) > rows_max) {
    return too_many_rows(static_cast<size_t>(rows), rows_max);
  }
  auto table = (*reader)->ReadTable();
  if (!table.ok()) return body_fault(table.status(), kParquet);
  return as_source(memory, *std::move(table), kParquet);
}

}  // namespace millgate
