#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <set>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/table_file.h"
#include "data/table/text_stream.h"

namespace millgate {

namespace {

Error unreadable(const std::string& path, const arrow::Status& status) {
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path + "` cannot be read as Parquet",
               .where = path,
               .because = {status.message()},
               .hint = "is it complete? a Parquet file ends with the letters PAR1; get it again"};
}

/// Whether values of `from` may become `to` when each of them means the same afterwards.
bool may_cast(const arrow::DataType& from, const arrow::DataType& to) {
  using arrow::Type;
  if (from.Equals(to)) return true;
  const auto is_number = [](Type::type id) {
    return id == Type::INT64 || id == Type::DOUBLE || id == Type::DECIMAL128;
  };
  if (is_number(from.id()) && is_number(to.id())) return true;
  if (from.id() == Type::DATE32 && to.id() == Type::TIMESTAMP) {
    return static_cast<const arrow::TimestampType&>(to).timezone().empty();
  }
  return false;
}

/// Changes the columns of a file into those of a table.
class ColumnCast {
 public:
  ColumnCast(std::string path, std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)), schema_(std::move(schema)) {}

  [[nodiscard]] const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// `first_row` is the number of the batch's first row in the file, from 1.
  Result<std::shared_ptr<arrow::RecordBatch>> apply(const arrow::RecordBatch& batch,
                                                    int64_t first_row) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : schema_->fields()) {
      std::shared_ptr<arrow::Array> column = batch.GetColumnByName(field->name());
      if (!column->type()->Equals(*field->type())) {
        auto changed = cast(*column, field->type());
        if (!changed.ok()) return does_not_fit(*column, *field, first_row);
        column = *std::move(changed);
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

 private:
  static arrow::Result<std::shared_ptr<arrow::Array>> cast(
      const arrow::Array& column, const std::shared_ptr<arrow::DataType>& type) {
    arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
    options.allow_time_truncate = true;  // Nanoseconds are dropped, as in text files.
    if (column.type_id() == arrow::Type::DICTIONARY) {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(column);
      const auto& values = dictionary.dictionary()->type();
      ARROW_ASSIGN_OR_RAISE(auto plain, arrow::compute::Cast(column, values));
      if (values->Equals(*type)) return plain;
      return arrow::compute::Cast(*plain, type, options);
    }
    return arrow::compute::Cast(column, type, options);
  }

  /// Finds the value by halving.
  [[nodiscard]] Error does_not_fit(const arrow::Array& column, const arrow::Field& field,
                                   int64_t first_row) const {
    int64_t begin = 0;
    int64_t end = column.length();
    while (end - begin > 1) {
      const int64_t middle = begin + (end - begin) / 2;
      const bool good = cast(*column.Slice(begin, middle - begin), field.type()).ok();
      (good ? begin : end) = middle;
    }
    const std::string row = std::to_string(first_row + begin);
    const auto value = column.GetScalar(begin);
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + path_ + "`: column `" + field.name() + "` is of type " +
                         field.type()->ToString() + ", but row " + row + " has " +
                         quoted_briefly(value.ok() ? (*value)->ToString() : "?"),
                 .where = path_ + ":" + row,
                 .hint = "correct the value in what wrote the file"};
  }

  std::string path_;
  std::shared_ptr<arrow::Schema> schema_;
};

class ParquetBatchReader final : public arrow::RecordBatchReader {
 public:
  ParquetBatchReader(std::unique_ptr<parquet::arrow::FileReader> file,
                     std::unique_ptr<arrow::RecordBatchReader> batches, ColumnCast cast,
                     std::string path)
      : file_(std::move(file)),
        batches_(std::move(batches)),
        cast_(std::move(cast)),
        path_(std::move(path)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return cast_.schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    std::shared_ptr<arrow::RecordBatch> read;
    const arrow::Status status = batches_->ReadNext(&read);
    if (!status.ok()) return arrow_status(unreadable(path_, status));
    batch->reset();
    if (read == nullptr) return arrow::Status::OK();
    auto changed = cast_.apply(*read, next_row_);
    if (!changed.ok()) return arrow_status(std::move(changed).error());
    next_row_ += read->num_rows();
    *batch = *std::move(changed);
    return arrow::Status::OK();
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;  // Must outlive `batches_`.
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  ColumnCast cast_;
  std::string path_;
  int64_t next_row_ = 1;
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
    std::vector<ColumnGuess> columns;
    for (const auto& field : schema->fields()) {
      columns.push_back({.name = field->name(), .guess = {}});
      columns.back().guess.add_type(field->type());
    }
    return columns;
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const override {
    MILLGATE_ASSIGN(auto file, open_file());
    MILLGATE_ASSIGN(const auto own, table_schema_of(*file));
    for (const auto& field : schema->fields()) {
      const auto there = own->GetFieldByName(field->name());
      if (there != nullptr && !may_cast(*there->type(), *field->type())) {
        return Error{.code = ErrorCode::invalid_input,
                     .what = "`" + path_ + "`: column `" + field->name() + "` is of type " +
                             there->type()->ToString() + ", in the table it is of type " +
                             field->type()->ToString(),
                     .where = path_,
                     .hint = "write the column with the type of the table"};
      }
    }
    auto batches = file->GetRecordBatchReader();
    if (!batches.ok()) return unreadable(path_, batches.status());
    return std::shared_ptr<arrow::RecordBatchReader>(std::make_shared<ParquetBatchReader>(
        std::move(file), *std::move(batches), ColumnCast(path_, schema), path_));
  }

 private:
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
    return table_schema_of(*file);
  }

  Result<std::shared_ptr<arrow::Schema>> table_schema_of(parquet::arrow::FileReader& file) const {
    std::shared_ptr<arrow::Schema> schema;
    if (const auto read = file.GetSchema(&schema); !read.ok()) return unreadable(path_, read);
    std::set<std::string> seen;
    arrow::FieldVector fields;
    for (const auto& field : schema->fields()) {
      const auto type = table_type_of(*field->type());
      if (type == nullptr || !seen.insert(field->name()).second) {
        return Error{
            .code = ErrorCode::invalid_input,
            .what = "`" + path_ + "`: " +
                    (type == nullptr ? "column `" + field->name() + "` is of type " +
                                           field->type()->ToString() + ", which tables cannot hold"
                                     : "two columns are called `" + field->name() + "`"),
            .where = path_,
            .hint = type == nullptr ? "split it into columns of plain values, or leave "
                                      "it out"
                                    : "rename one of them"};
      }
      fields.push_back(arrow::field(field->name(), type));
    }
    return arrow::schema(std::move(fields));
  }

  std::string path_;
  int64_t batch_rows_;
};

}  // namespace

std::unique_ptr<TableFile> make_parquet_file(std::string path, const ReadOptions& options) {
  return std::make_unique<ParquetFile>(std::move(path), options.batch_rows);
}

}  // namespace millgate
