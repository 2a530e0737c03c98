#include "data/delta/delta_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "data/delta/deletion_vector.h"
#include "data/delta/delta_schema.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"
#include "data/table/column_builder.h"
#include "data/table/reader.h"
#include "data/table/table_file.h"
#include "data/table/type_name.h"

namespace millgate {

namespace {

/// "a%20b" as "a b"; nothing when a `%` has no two digits behind it.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* begin = text.data() + i + 1;
    const auto read = std::from_chars(begin, begin + 2, value, 16);
    if (read.ec != std::errc() || read.ptr != begin + 2) return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

/// The path of a file of the table inside its folder.
Result<std::string> path_inside(const DeltaFile& file) {
  const auto decoded = percent_decoded(file.path);
  if (!decoded) return damaged("the Delta log names a file `" + file.path + "`, which is no path");
  const std::filesystem::path path(*decoded);
  const bool up = std::find(path.begin(), path.end(), "..") != path.end();
  if (path.is_absolute() || up || file.path.find(':') != std::string::npos) {
    return invalid_input("the Delta table has a file outside of its folder: `" + file.path + "`",
                         "write a whole copy of the table with the program that made it");
  }
  return *decoded;
}

/// `array` with the names of `type`, which differs from its own in those of members alone.
std::shared_ptr<arrow::ArrayData> with_names_of(const arrow::ArrayData& array,
                                                const std::shared_ptr<arrow::DataType>& type) {
  auto named = array.Copy();
  named->type = type;
  for (size_t i = 0; i < named->child_data.size(); ++i) {
    named->child_data[i] =
        with_names_of(*array.child_data[i], type->field(static_cast<int>(i))->type());
  }
  return named;
}

/// Says of the rows of a file, one batch after the other, which are still in the table.
class Deletions {
 public:
  Deletions() = default;
  explicit Deletions(std::vector<RowRange> ranges) : ranges_(std::move(ranges)) {}

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> without(
      std::shared_ptr<arrow::RecordBatch> rows) {
    const uint64_t first = row_;
    row_ += static_cast<uint64_t>(rows->num_rows());
    if (all_seen() || ranges_[next_].begin >= row_) return rows;
    arrow::BooleanBuilder kept;
    ARROW_RETURN_NOT_OK(kept.Reserve(rows->num_rows()));
    for (uint64_t row = first; row < row_; ++row) {
      while (!all_seen() && ranges_[next_].end <= row) ++next_;
      kept.UnsafeAppend(all_seen() || row < ranges_[next_].begin);
    }
    while (!all_seen() && ranges_[next_].end <= row_) ++next_;
    ARROW_ASSIGN_OR_RAISE(const auto mask, kept.Finish());
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum left,
                          arrow::compute::Filter(arrow::Datum(std::move(rows)), mask));
    return left.record_batch();
  }
  [[nodiscard]] bool all_seen() const { return next_ == ranges_.size(); }

 private:
  std::vector<RowRange> ranges_;
  size_t next_ = 0;  ///< The first range that does not end before `row_`.
  uint64_t row_ = 0;
};

class DeltaRows final : public arrow::RecordBatchReader {
 public:
  DeltaRows(std::string folder, const DeltaSnapshot& snapshot,
            std::shared_ptr<arrow::Schema> schema, std::shared_ptr<arrow::Schema> stored)
      : folder_(std::move(folder)),
        partition_columns_(snapshot.metadata.partition_columns),
        schema_(std::move(schema)),
        stored_(std::move(stored)) {
    files_.reserve(snapshot.files.size());
    for (const auto& [path, file] : snapshot.files) files_.push_back(file);
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (true) {
      if (rows_ == nullptr) {
        if (next_ == files_.size()) return arrow::Status::OK();
        MILLGATE_ARROW_PASS(open(files_[next_]));
        ++next_;
      }
      std::shared_ptr<arrow::RecordBatch> read;
      ARROW_RETURN_NOT_OK(rows_->ReadNext(&read));
      if (read == nullptr) {
        rows_ = nullptr;
        if (!deletions_.all_seen()) return arrow_status(beyond_end(files_[next_ - 1]));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(read, deletions_.without(std::move(read)));
      return completed(*read).Value(batch);
    }
  }

 private:
  Status open(const DeltaFile& file) {
    MILLGATE_ASSIGN(const std::string inside, path_inside(file));
    const std::string path = folder_ + "/" + inside;
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed || static_cast<int64_t>(size) != file.size_bytes) {
      Error error = damaged("the Delta log names `" + inside + "` with " +
                                std::to_string(file.size_bytes) + " bytes, but " +
                                (failed ? "it cannot be read: " + failed.message()
                                        : "it has " + std::to_string(size)),
                            "get the table again from where it came");
      error.where = path;
      return error;
    }
    deletions_ = Deletions();
    if (file.deletions) {
      MILLGATE_ASSIGN(auto ranges, read_deletion_vector(folder_, *file.deletions));
      deletions_ = Deletions(std::move(ranges));
    }
    const auto parquet = make_parquet_file(path, ReadOptions());
    MILLGATE_ASSIGN(const auto columns, parquet->guess_columns());
    arrow::FieldVector fields;
    constants_.assign(static_cast<size_t>(schema_->num_fields()), nullptr);
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const auto& field = stored_->field(i);
      if (is_partition(schema_->field(i)->name())) {
        MILLGATE_ASSIGN(constants_[static_cast<size_t>(i)], partition_value(file, *field));
      } else if (const auto found = std::find_if(
                     columns.begin(), columns.end(),
                     [&](const ColumnGuess& column) { return column.name == field->name(); });
                 found != columns.end()) {
        // A struct may have got members since the file was written.
        fields.push_back(is_nested_type(*field->type()) ? field->WithType(found->guess.type())
                                                        : field);
      }
    }
    MILLGATE_ASSIGN(rows_, parquet->open(arrow::schema(std::move(fields))));
    return {};
  }

  [[nodiscard]] bool is_partition(const std::string& name) const {
    return std::find(partition_columns_.begin(), partition_columns_.end(), name) !=
           partition_columns_.end();
  }

  /// One cell; an empty text means null, whatever the type.
  static Result<std::shared_ptr<arrow::Array>> partition_value(const DeltaFile& file,
                                                               const arrow::Field& field) {
    MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(field.type()));
    const auto value = file.partition_values.find(field.name());
    if (value == file.partition_values.end() || !value->second || value->second->empty()) {
      builder.add_null();
    } else if (!builder.add_text(*value->second) && !builder.add_text(*value->second + "Z")) {
      return damaged("the Delta log says that partition `" + field.name() + "` of `" + file.path +
                     "` is `" + *value->second + "`, which is no " + field.type()->ToString());
    }
    return builder.finish();
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> completed(const arrow::RecordBatch& read) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    columns.reserve(static_cast<size_t>(schema_->num_fields()));
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const auto& field = schema_->field(i);
      const auto& constant = constants_[static_cast<size_t>(i)];
      const auto& stored = stored_->field(i);
      std::shared_ptr<arrow::Array> column = read.GetColumnByName(stored->name());
      if (constant != nullptr) {
        ARROW_ASSIGN_OR_RAISE(const auto value, constant->GetScalar(0));
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayFromScalar(*value, read.num_rows()));
      } else if (column == nullptr) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), read.num_rows()));
      } else {
        ARROW_ASSIGN_OR_RAISE(column, cast_cells(column, stored->type()));
        column = arrow::MakeArray(with_names_of(*column->data(), field->type()));
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(schema_, read.num_rows(), std::move(columns));
  }

  static Error beyond_end(const DeltaFile& file) {
    return damaged("the deletion vector of `" + file.path + "` deletes rows behind its last",
                   "get the table again from where it came");
  }

  std::string folder_;
  std::vector<std::string> partition_columns_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> stored_;  ///< The same columns under the names in the files.
  std::vector<DeltaFile> files_;
  size_t next_ = 0;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  Deletions deletions_;                                   ///< Of the file that is read.
  std::vector<std::shared_ptr<arrow::Array>> constants_;  ///< By column; null: from the file.
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> read_delta_rows(const std::string& folder,
                                                                  const DeltaSnapshot& snapshot) {
  MILLGATE_ASSIGN(auto schema,
                  parse_delta_schema(snapshot.metadata.schema_text, "the Delta table"));
  std::shared_ptr<arrow::Schema> stored = schema;
  if (snapshot.maps_columns()) {
    MILLGATE_ASSIGN(stored, parse_stored_schema(snapshot.metadata.schema_text, "the Delta table"));
  }
  return std::shared_ptr<arrow::RecordBatchReader>(
      std::make_shared<DeltaRows>(folder, snapshot, std::move(schema), std::move(stored)));
}

}  // namespace millgate
