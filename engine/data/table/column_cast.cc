#include "data/table/column_cast.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <set>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"
#include "data/table/column_type.h"
#include "data/table/text_stream.h"
#include "data/table/type_name.h"

namespace millgate {

namespace {

/// The cells as a table of that type holds them.
arrow::Result<std::shared_ptr<arrow::Array>> fitted(const std::shared_ptr<arrow::Array>& cells,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  ARROW_ASSIGN_OR_RAISE(const auto changed, cast_cells(cells, type));
  return with_ordered_maps(changed);
}

class CastReader final : public arrow::RecordBatchReader {
 public:
  CastReader(std::shared_ptr<arrow::RecordBatchReader> rows, std::shared_ptr<arrow::Schema> schema,
             RowsPlace place, std::function<Error(const arrow::Status&)> fault)
      : rows_(std::move(rows)),
        schema_(std::move(schema)),
        place_(std::move(place)),
        fault_(std::move(fault)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    std::shared_ptr<arrow::RecordBatch> read;
    const arrow::Status status = rows_->ReadNext(&read);
    if (!status.ok()) return arrow_status(fault_(status));
    batch->reset();
    if (read == nullptr) return arrow::Status::OK();
    auto changed = apply(*read);
    if (!changed.ok()) return arrow_status(std::move(changed).error());
    next_row_ += read->num_rows();
    *batch = *std::move(changed);
    return arrow::Status::OK();
  }

 private:
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> apply(
      const arrow::RecordBatch& batch) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    columns.reserve(static_cast<size_t>(schema_->num_fields()));
    for (const auto& field : schema_->fields()) {
      std::shared_ptr<arrow::Array> column = batch.GetColumnByName(field->name());
      auto changed = fitted(column, field->type());
      if (!changed.ok()) return does_not_fit(column, *field);
      columns.push_back(*std::move(changed));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  /// Finds the value by halving.
  [[nodiscard]] Error does_not_fit(const std::shared_ptr<arrow::Array>& column,
                                   const arrow::Field& field) const {
    int64_t begin = 0;
    int64_t end = column->length();
    while (end - begin > 1) {
      const int64_t middle = begin + (end - begin) / 2;
      const bool good = fitted(column->Slice(begin, middle - begin), field.type()).ok();
      (good ? begin : end) = middle;
    }
    const std::string row = std::to_string(next_row_ + begin);
    const auto value = column->GetScalar(begin);
    const auto fault = fitted(column->Slice(begin, 1), field.type());
    // Of a nested value it is not plain to see what is wrong.
    std::vector<std::string> because;
    if (is_nested_type(*field.type())) because.push_back(fault.status().message());
    return Error{.code = ErrorCode::invalid_input,
                 .what = place_.object + ": column `" + field.name() + "` is of type " +
                         type_name(*field.type()) + ", but row " + row + " has " +
                         quoted_briefly(value.ok() ? (*value)->ToString() : "?"),
                 .where = place_.path.empty() ? std::string() : place_.path + ":" + row,
                 .because = std::move(because),
                 .hint = "correct the value where the rows come from"};
  }

  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::Schema> schema_;
  RowsPlace place_;
  std::function<Error(const arrow::Status&)> fault_;
  int64_t next_row_ = 1;
};

/// What to do about a column of a type that tables cannot hold.
std::string type_hint(const arrow::DataType& type) {
  using arrow::Type;
  if (arrow::is_decimal(type.id())) {
    return "write it with 38 digits at most, as a double, or as text";
  }
  if (type.id() == Type::DURATION || arrow::is_interval(type.id())) {
    return "write it as a number whose name says the unit, such as `wait_seconds`";
  }
  if (type.id() == Type::EXTENSION) return "write its values as text or as plain bytes";
  if (type.id() == Type::STRUCT && type.num_fields() == 0) {
    return "a struct without members holds nothing: leave it out";
  }
  for (const auto& part : type.fields()) {
    if (table_type_of(*part->type()) == nullptr) return type_hint(*part->type());
  }
  if (is_nested_type(type)) {
    return "tables hold lists, structs and maps of plain values and of each other, to " +
           std::to_string(kTypeLevelsMax) +
           " levels; the keys of a map are plain, the members of a struct have different names";
  }
  return "split it into columns of plain values, or leave it out";
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> table_schema_of(const arrow::Schema& own,
                                                       const RowsPlace& place) {
  std::set<std::string> seen;
  arrow::FieldVector fields;
  fields.reserve(static_cast<size_t>(own.num_fields()));
  for (const auto& field : own.fields()) {
    const auto type = table_type_of(*field->type());
    if (type == nullptr || !seen.insert(field->name()).second) {
      return Error{
          .code = ErrorCode::invalid_input,
          .what = place.object + ": " +
                  (type == nullptr ? "column `" + field->name() + "` is of type " +
                                         field->type()->ToString() + ", which tables cannot hold"
                                   : "two columns are called `" + field->name() + "`"),
          .where = place.path,
          .hint = type == nullptr ? type_hint(*field->type()) : "rename one of them"};
    }
    fields.push_back(arrow::field(field->name(), type));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> cast_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, std::shared_ptr<arrow::Schema> schema,
    RowsPlace place, std::function<Error(const arrow::Status&)> fault) {
  MILLGATE_ASSIGN(const auto own, table_schema_of(*rows->schema(), place));
  for (const auto& field : schema->fields()) {
    const auto there = own->GetFieldByName(field->name());
    if (there != nullptr && may_cast(*there->type(), *field->type())) continue;
    if (there == nullptr) return bug(place.object + " has no column `" + field->name() + "`");
    return Error{.code = ErrorCode::invalid_input,
                 .what = place.object + ": column `" + field->name() + "` is of type " +
                         type_name(*there->type()) + ", in the table it is of type " +
                         type_name(*field->type()),
                 .where = place.path,
                 .hint = "write the column with the type of the table"};
  }
  return std::shared_ptr<arrow::RecordBatchReader>(std::make_shared<CastReader>(
      std::move(rows), std::move(schema), std::move(place), std::move(fault)));
}

}  // namespace millgate
