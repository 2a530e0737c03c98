#include "data/table/reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/read_ahead.h"
#include "data/table/table_file.h"
#include "data/table/table_format.h"

namespace millgate {

namespace {

using TableFiles = std::vector<std::unique_ptr<TableFile>>;

Result<std::unique_ptr<TableFile>> make_table_file(const std::string& path,
                                                   const ReadOptions& options) {
  const auto format = format_of_name(path);
  if (!format) {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + path + "` is in no known format",
                 .where = path,
                 .hint =
                     "known by their names: .csv, .tsv, .jsonl, .ndjson (each also with .gz), "
                     ".parquet, .arrow, .arrows"};
  }
  switch (*format) {
    case TableFormat::csv:
      return make_csv_file(path, ',', options);
    case TableFormat::tsv:
      return make_csv_file(path, '\t', options);
    case TableFormat::json_lines:
      return make_json_lines_file(path, options);
    case TableFormat::parquet:
      return make_parquet_file(path, options);
    default:
      return make_arrow_file(path, *format == TableFormat::arrow_stream);
  }
}

/// All files one after the other; each is opened when its turn comes.
class FilesReader final : public arrow::RecordBatchReader {
 public:
  FilesReader(TableFiles files, std::shared_ptr<arrow::Schema> schema)
      : files_(std::move(files)), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    while (true) {
      if (current_ != nullptr) {
        ARROW_RETURN_NOT_OK(current_->ReadNext(batch));
        if (*batch != nullptr) return arrow::Status::OK();
        current_ = nullptr;
        ++next_;
      }
      batch->reset();
      if (next_ == files_.size()) return arrow::Status::OK();
      auto opened = files_[next_]->open(schema_);
      if (!opened.ok()) return arrow_status(std::move(opened).error());
      current_ = *std::move(opened);
    }
  }

 private:
  TableFiles files_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
  std::shared_ptr<arrow::RecordBatchReader> current_;
};

/// `told_by` is the file, or the table, that decided what the columns are.
struct ExpectedColumns {
  std::vector<std::string> names;
  std::string told_by;
};

/// Checks every file before the first row of any is read.
Status check_files(const std::vector<std::string>& paths, const TableFiles& files,
                   std::optional<ExpectedColumns> expected) {
  for (size_t i = 0; i < files.size(); ++i) {
    MILLGATE_ASSIGN(const auto names, files[i]->column_names());
    if (!names.has_value()) continue;
    if (expected) {
      MILLGATE_TRY(check_column_names(paths[i], *names, expected->names, expected->told_by));
    } else {
      expected = {.names = *names, .told_by = "`" + paths[i] + "`"};
    }
  }
  return {};
}

/// Columns in the order in which they first appear, with types that fit all rows.
Result<std::shared_ptr<arrow::Schema>> guess_schema(const TableFiles& files) {
  std::vector<ColumnGuess> all;
  for (const auto& file : files) {
    MILLGATE_ASSIGN(const auto columns, file->guess_columns());
    for (const ColumnGuess& column : columns) {
      const auto known = std::find_if(all.begin(), all.end(), [&](const ColumnGuess& other) {
        return other.name == column.name;
      });
      if (known == all.end()) {
        all.push_back(column);
      } else {
        known->guess.merge(column.guess);
      }
    }
  }
  arrow::FieldVector fields;
  for (const ColumnGuess& column : all) {
    fields.push_back(arrow::field(column.name, column.guess.type()));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> read_table_files(
    const std::vector<std::string>& paths, const ReadOptions& options) {
  if (paths.empty()) return invalid_input("there is no file to read");
  TableFiles files;
  for (const std::string& path : paths) {
    MILLGATE_ASSIGN(auto file, make_table_file(path, options));
    files.push_back(std::move(file));
  }
  std::shared_ptr<arrow::Schema> schema = options.kept_schema;
  std::optional<ExpectedColumns> expected;
  if (schema != nullptr) {
    expected = {.names = schema->field_names(), .told_by = "the table"};
  }
  MILLGATE_TRY(check_files(paths, files, std::move(expected)));
  if (schema == nullptr) {
    MILLGATE_ASSIGN(schema, guess_schema(files));
  }
  if (schema->num_fields() == 0) {
    return invalid_input("`" + paths[0] + "` has no columns",
                         "a table needs at least one row or a header");
  }
  return std::shared_ptr<arrow::RecordBatchReader>(
      read_ahead(std::make_shared<FilesReader>(std::move(files), std::move(schema))));
}

}  // namespace millgate
