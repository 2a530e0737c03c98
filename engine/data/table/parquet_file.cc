#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <utility>

#include "data/table/batch_bytes.h"
#include "data/table/column_cast.h"
#include "data/table/table_file.h"

namespace millgate {

namespace {

Error unreadable(const std::string& path, const arrow::Status& status) {
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path + "` cannot be read as Parquet",
               .where = path,
               .because = {status.message()},
               .hint = "is it complete? a Parquet file ends with the letters PAR1; get it again"};
}

/// So much of a file is decoded at a time.
constexpr int64_t kBatchBytesMax = 16 << 20;
/// What a value takes in memory is not known before some were decoded: a dictionary may hold it
/// once.
constexpr int64_t kFirstBatchRows = 512;
constexpr int64_t kBatchGrowth = 8;
/// Of the bytes of a column in the file, so many are read at a time.
constexpr int64_t kReadBytes = 512 << 10;

/// The rows of an open file in batches bounded by bytes: each batch tells how many rows the next
/// may have.
class SizedBatches final : public arrow::RecordBatchReader {
 public:
  SizedBatches(std::unique_ptr<parquet::arrow::FileReader> file,
               std::unique_ptr<arrow::RecordBatchReader> batches, int64_t batch_rows)
      : file_(std::move(file)), batches_(std::move(batches)), batch_rows_(batch_rows) {}

  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(batches_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    const int64_t rows_max = std::min(batch_rows_, kBatchGrowth * file_->properties().batch_size());
    file_->set_batch_size(rows_that_fill(kBatchBytesMax, **batch, rows_max));
    return arrow::Status::OK();
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;  // Must outlive `batches_`.
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  int64_t batch_rows_;
};

class ParquetFile final : public TableFile {
 public:
  ParquetFile(std::string path, int64_t batch_rows)
      : path_(std::move(path)), batch_rows_(batch_rows) {}

  Result<std::optional<std::vector<std::string>>> column_names() const override {
    MILLGATE_ASSIGN(const auto schema, table_schema());
    return std::make_optional(schema->field_names());
  }

  Result<std::vector<ColumnGuess>> guess_columns() const override {
    MILLGATE_ASSIGN(const auto schema, table_schema());
    return guesses_of(*schema);
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const override {
    MILLGATE_ASSIGN(auto file, open_file());
    auto batches = file->GetRecordBatchReader();
    if (!batches.ok()) return unreadable(path_, batches.status());
    return cast_rows(
        std::make_shared<SizedBatches>(std::move(file), *std::move(batches), batch_rows_), schema,
        place(), [path = path_](const auto& fault) { return unreadable(path, fault); });
  }

 private:
  [[nodiscard]] RowsPlace place() const { return {.object = "`" + path_ + "`", .path = path_}; }

  Result<std::unique_ptr<parquet::arrow::FileReader>> open_file() const {
    auto input = arrow::io::ReadableFile::Open(path_);
    if (!input.ok()) return not_found("cannot open `" + path_ + "`: " + input.status().message());
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(std::min(batch_rows_, kFirstBatchRows));
    properties.set_use_threads(true);
    // Else all row groups would be read ahead, and memory would not be bounded.
    properties.set_pre_buffer(false);
    // Else a column of a row group would be read whole, and a row group may be the whole file.
    parquet::ReaderProperties reading;
    reading.enable_buffered_stream();
    reading.set_buffer_size(kReadBytes);
    parquet::arrow::FileReaderBuilder builder;
    if (const auto opened = builder.Open(*input, reading); !opened.ok()) {
      return unreadable(path_, opened);
    }
    std::unique_ptr<parquet::arrow::FileReader> reader;
    const auto built = builder.properties(properties)->Build(&reader);
    if (!built.ok()) return unreadable(path_, built);
    return reader;
  }

  Result<std::shared_ptr<arrow::Schema>> table_schema() const {
    MILLGATE_ASSIGN(const auto file, open_file());
    std::shared_ptr<arrow::Schema> schema;
    if (const auto read = file->GetSchema(&schema); !read.ok()) return unreadable(path_, read);
    return table_schema_of(*schema, place());
  }

  std::string path_;
  int64_t batch_rows_;
};

}  // namespace

std::unique_ptr<TableFile> make_parquet_file(std::string path, const ReadOptions& options) {
  return std::make_unique<ParquetFile>(std::move(path), options.batch_rows);
}

}  // namespace millgate
