#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <utility>

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

/// The rows of an open file.
struct OpenRows {
  std::unique_ptr<parquet::arrow::FileReader> file;  ///< Must outlive `batches`.
  std::unique_ptr<arrow::RecordBatchReader> batches;
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
    auto rows = std::make_shared<OpenRows>();
    MILLGATE_ASSIGN(rows->file, open_file());
    auto batches = rows->file->GetRecordBatchReader();
    if (!batches.ok()) return unreadable(path_, batches.status());
    rows->batches = *std::move(batches);
    arrow::RecordBatchReader* reader = rows->batches.get();
    return cast_rows(std::shared_ptr<arrow::RecordBatchReader>(std::move(rows), reader), schema,
                     place(),
                     [path = path_](const auto& fault) { return unreadable(path, fault); });
  }

 private:
  [[nodiscard]] RowsPlace place() const { return {.object = "`" + path_ + "`", .path = path_}; }

  Result<std::unique_ptr<parquet::arrow::FileReader>> open_file() const {
    auto input = arrow::io::ReadableFile::Open(path_);
    if (!input.ok()) return not_found("cannot open `" + path_ + "`: " + input.status().message());
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(batch_rows_);
    properties.set_use_threads(true);
    // Else all row groups would be read ahead, and memory would not be bounded.
    properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    if (const auto opened = builder.Open(*input); !opened.ok()) return unreadable(path_, opened);
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
