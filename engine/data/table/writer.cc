#include "data/table/writer.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "data/table/arrow_result.h"
#include "data/table/column_type.h"
#include "data/table/row_key.h"
#include "ground/durable_file.h"
#include "ground/json.h"

namespace millgate {

namespace {

using BatchSink = std::function<Status(const arrow::RecordBatch&)>;

/// Gives every batch to `sink`; returns the number of rows.
Result<int64_t> for_each_batch(arrow::RecordBatchReader& rows, const BatchSink& sink) {
  int64_t row_count = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows.ReadNext(&batch), "rows to write");
    if (batch == nullptr) return row_count;
    MILLGATE_TRY(sink(*batch));
    row_count += batch->num_rows();
  }
}

/// A text that means null, or that holds what separates fields, must stand in quotes.
void put_csv_text(std::string_view text, std::string& out) {
  const bool plain = !text.empty() && text != "NA" &&
                     text.find_first_of("\",\r\n") == std::string_view::npos &&
                     text.front() != ' ' && text.back() != ' ';
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void put_csv_header(const arrow::Schema& schema, std::string& out) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (i > 0) out += ',';
    put_csv_text(schema.field(i)->name(), out);
  }
  out += '\n';
}

void put_csv_rows(const arrow::RecordBatch& batch, std::string& out) {
  const auto& columns = batch.columns();
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      if (!columns[i]->IsNull(row)) put_csv_text(value_text(*columns[i], row), out);
    }
    out += '\n';
  }
}

Json json_value(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return nullptr;
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(column).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(column).Value(row);
    case arrow::Type::DOUBLE: {
      const double value = static_cast<const arrow::DoubleArray&>(column).Value(row);
      return std::isfinite(value) ? Json(value) : Json(nullptr);
    }
    default:
      return value_text(column, row);
  }
}

void put_json_rows(const arrow::RecordBatch& batch, std::string& out) {
  const auto& columns = batch.columns();
  const auto names = batch.schema()->field_names();
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    Json object = Json::object();
    for (size_t i = 0; i < columns.size(); ++i) object[names[i]] = json_value(*columns[i], row);
    out += dump_json(object);
    out += '\n';
  }
}

Result<int64_t> write_text(arrow::RecordBatchReader& rows, arrow::io::OutputStream& file,
                           const std::string& object, bool csv) {
  std::string text;
  if (csv) put_csv_header(*rows.schema(), text);
  MILLGATE_ARROW_TRY(file.Write(text), object);
  return for_each_batch(rows, [&](const arrow::RecordBatch& batch) -> Status {
    text.clear();
    csv ? put_csv_rows(batch, text) : put_json_rows(batch, text);
    MILLGATE_ARROW_TRY(file.Write(text), object);
    return {};
  });
}

Result<int64_t> write_parquet(arrow::RecordBatchReader& rows,
                              const std::shared_ptr<arrow::io::OutputStream>& file,
                              const std::string& object) {
  auto properties = parquet::WriterProperties::Builder()
                        .created_by("millgate")
                        ->compression(arrow::Compression::ZSTD)
                        ->build();
  MILLGATE_ARROW(auto writer,
                 parquet::arrow::FileWriter::Open(*rows.schema(), arrow::default_memory_pool(),
                                                  file, std::move(properties)),
                 object);
  MILLGATE_ASSIGN(const int64_t count, for_each_batch(rows, [&](const auto& batch) -> Status {
                    MILLGATE_ARROW_TRY(writer->WriteRecordBatch(batch), object);
                    return {};
                  }));
  MILLGATE_ARROW_TRY(writer->Close(), object);
  return count;
}

Result<int64_t> write_arrow(arrow::RecordBatchReader& rows,
                            const std::shared_ptr<arrow::io::OutputStream>& file,
                            const std::string& object) {
  MILLGATE_ARROW(auto writer, arrow::ipc::MakeFileWriter(file, rows.schema()), object);
  MILLGATE_ASSIGN(const int64_t count, for_each_batch(rows, [&](const auto& batch) -> Status {
                    MILLGATE_ARROW_TRY(writer->WriteRecordBatch(batch), object);
                    return {};
                  }));
  MILLGATE_ARROW_TRY(writer->Close(), object);
  return count;
}

enum class Format { csv, json_lines, parquet, arrow };

Result<Format> format_of(const std::string& path) {
  if (path.ends_with(".csv")) return Format::csv;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return Format::json_lines;
  if (path.ends_with(".parquet")) return Format::parquet;
  if (path.ends_with(".arrow")) return Format::arrow;
  return invalid_input("cannot write `" + path + "`: its name tells no known format",
                       "let it end in .csv, .jsonl, .ndjson, .parquet or .arrow");
}

Result<int64_t> write_format(arrow::RecordBatchReader& rows, const std::string& path,
                             Format format) {
  const std::string object = "cannot write `" + path + "`";
  MILLGATE_ARROW(const auto file, arrow::io::FileOutputStream::Open(path), object);
  Result<int64_t> count = int64_t{0};
  if (format == Format::parquet) {
    count = write_parquet(rows, file, object);
  } else if (format == Format::arrow) {
    count = write_arrow(rows, file, object);
  } else {
    count = write_text(rows, *file, object, format == Format::csv);
  }
  MILLGATE_ARROW_TRY(file->Close(), object);
  return count;
}

}  // namespace

Result<int64_t> write_table_file(arrow::RecordBatchReader& rows, const std::string& path) {
  MILLGATE_ASSIGN(const Format format, format_of(path));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) MILLGATE_TRY(make_folders(folder));
  const std::string name = unique_name(".millgate-");
  const std::string temporary = folder.empty() ? name : folder + "/" + name;
  auto count = write_format(rows, temporary, format);
  if (count.ok()) {
    MILLGATE_TRY(
        publish_file(temporary, {.temporary_path = temporary + "-copy", .final_path = path}));
  } else {
    ::unlink(temporary.c_str());
  }
  return count;
}

Status write_csv_text(arrow::RecordBatchReader& rows, std::string& out) {
  put_csv_header(*rows.schema(), out);
  MILLGATE_TRY(for_each_batch(rows, [&](const arrow::RecordBatch& batch) -> Status {
    put_csv_rows(batch, out);
    return {};
  }));
  return {};
}

}  // namespace millgate
