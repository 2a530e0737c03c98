#include "data/table/writer.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "data/table/arrow_result.h"
#include "data/table/batch_bytes.h"
#include "data/table/cell_json.h"
#include "data/table/column_type.h"
#include "data/table/row_key.h"
#include "data/table/table_format.h"
#include "ground/descriptor.h"
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

void put_json_rows(const arrow::RecordBatch& batch, std::string& out) {
  const auto& columns = batch.columns();
  const auto names = batch.schema()->field_names();
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    Json object = Json::object();
    for (size_t i = 0; i < columns.size(); ++i) {
      object[names[i]] = cell_json(*columns[i], row, NotFinite::null);
    }
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

/// A row group ends after so much of rows in memory: until it does, all of it is held.
constexpr int64_t kRowGroupBytes = 128 << 20;

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
  int64_t group_bytes = 0;
  MILLGATE_ASSIGN(const int64_t count, for_each_batch(rows, [&](const auto& batch) -> Status {
                    if (group_bytes > kRowGroupBytes) {
                      MILLGATE_ARROW_TRY(writer->NewBufferedRowGroup(), object);
                      group_bytes = 0;
                    }
                    group_bytes += bytes_of(batch);
                    MILLGATE_ARROW_TRY(writer->WriteRecordBatch(batch), object);
                    return {};
                  }));
  MILLGATE_ARROW_TRY(writer->Close(), object);
  return count;
}

Result<int64_t> write_arrow(arrow::RecordBatchReader& rows,
                            const std::shared_ptr<arrow::io::OutputStream>& file,
                            const std::string& object, bool stream) {
  const auto schema = rows.schema();
  MILLGATE_ARROW(auto writer,
                 stream ? arrow::ipc::MakeStreamWriter(file, schema)
                        : arrow::ipc::MakeFileWriter(file, schema),
                 object);
  MILLGATE_ASSIGN(const int64_t count, for_each_batch(rows, [&](const auto& batch) -> Status {
                    MILLGATE_ARROW_TRY(writer->WriteRecordBatch(batch), object);
                    return {};
                  }));
  MILLGATE_ARROW_TRY(writer->Close(), object);
  return count;
}

Result<TableFormat> written_format(const std::string& path) {
  const auto format = format_of_name(path);
  const bool packed = path.ends_with(".gz");
  if (format && *format != TableFormat::tsv && !packed) return *format;
  return invalid_input("cannot write `" + path + "`: its name tells no known format",
                       "let it end in .csv, .jsonl, .ndjson, .parquet, .arrow or .arrows");
}

Result<int64_t> write_stream(arrow::RecordBatchReader& rows, TableFormat format,
                             const std::shared_ptr<arrow::io::OutputStream>& out,
                             const std::string& object) {
  switch (format) {
    case TableFormat::parquet:
      return write_parquet(rows, out, object);
    case TableFormat::arrow_file:
    case TableFormat::arrow_stream:
      return write_arrow(rows, out, object, format == TableFormat::arrow_stream);
    default:
      return write_text(rows, *out, object, format == TableFormat::csv);
  }
}

Result<int64_t> write_local_file(arrow::RecordBatchReader& rows, const std::string& path,
                                 TableFormat format, const std::string& object) {
  MILLGATE_ARROW(const auto file, arrow::io::FileOutputStream::Open(path), object);
  MILLGATE_ASSIGN(const int64_t count, write_stream(rows, format, file, object));
  MILLGATE_ARROW_TRY(file->Close(), object);
  return count;
}

Error exists_already(const std::string& path) {
  return Error{.code = ErrorCode::conflict, .what = "`" + path + "` exists already"};
}

/// An open descriptor that somebody else closes, for example standard output.
class DescriptorOutput final : public arrow::io::OutputStream {
 public:
  DescriptorOutput(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return written_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t size) override {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(size));
    MILLGATE_ARROW_PASS(write_all(descriptor_, bytes, name_));
    written_ += size;
    return arrow::Status::OK();
  }

 private:
  int descriptor_;
  std::string name_;
  int64_t written_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<int64_t> write_table_file(arrow::RecordBatchReader& rows, const std::string& path,
                                 bool overwrite) {
  MILLGATE_ASSIGN(const TableFormat format, written_format(path));
  // Said before the work; whether nobody made the file meanwhile shows when it gets its name.
  if (!overwrite && ::access(path.c_str(), F_OK) == 0) return exists_already(path);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) MILLGATE_TRY(make_folders(folder));
  const std::string name = unique_name(".millgate-");
  const std::string temporary = folder.empty() ? name : folder + "/" + name;
  auto count = write_local_file(rows, temporary, format, "cannot write `" + path + "`");
  if (!count.ok()) {
    ::unlink(temporary.c_str());
  } else if (overwrite) {
    MILLGATE_TRY(
        publish_file(temporary, {.temporary_path = temporary + "-copy", .final_path = path}));
  } else {
    MILLGATE_TRY(sync_path(temporary));
    MILLGATE_TRY(publish_new_file(temporary, path));
  }
  return count;
}

Result<int64_t> write_table_stream(arrow::RecordBatchReader& rows, TableFormat format,
                                   int descriptor, const std::string& name) {
  const auto out = std::make_shared<DescriptorOutput>(descriptor, name);
  return write_stream(rows, format, out, "cannot write " + name);
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
