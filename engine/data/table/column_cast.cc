#include "data/table/column_cast.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <set>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/column_type.h"
#include "data/table/text_stream.h"

namespace millgate {

namespace {

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

arrow::Result<std::shared_ptr<arrow::Array>> cast(const arrow::Array& column,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // Nanoseconds are dropped, as in text files.
  if (column.type_id() != arrow::Type::DICTIONARY) {
    return arrow::compute::Cast(column, type, options);
  }
  // Its few values first: Arrow cannot unpack every kind of them.
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(column);
  std::shared_ptr<arrow::Array> values = dictionary.dictionary();
  if (!values->type()->Equals(*type)) {
    ARROW_ASSIGN_OR_RAISE(values, arrow::compute::Cast(*values, type, options));
  }
  const auto& indices = dictionary.indices();
  ARROW_ASSIGN_OR_RAISE(const auto changed,
                        arrow::DictionaryArray::FromArrays(arrow::dictionary(indices->type(), type),
                                                           indices, values));
  return arrow::compute::Cast(*changed, type);
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
      if (!column->type()->Equals(*field->type())) {
        auto changed = cast(*column, field->type());
        if (!changed.ok()) return does_not_fit(*column, *field);
        column = *std::move(changed);
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  /// Finds the value by halving.
  [[nodiscard]] Error does_not_fit(const arrow::Array& column, const arrow::Field& field) const {
    int64_t begin = 0;
    int64_t end = column.length();
    while (end - begin > 1) {
      const int64_t middle = begin + (end - begin) / 2;
      const bool good = cast(*column.Slice(begin, middle - begin), field.type()).ok();
      (good ? begin : end) = middle;
    }
    const std::string row = std::to_string(next_row_ + begin);
    const auto value = column.GetScalar(begin);
    return Error{.code = ErrorCode::invalid_input,
                 .what = place_.object + ": column `" + field.name() + "` is of type " +
                         field.type()->ToString() + ", but row " + row + " has " +
                         quoted_briefly(value.ok() ? (*value)->ToString() : "?"),
                 .where = place_.path.empty() ? std::string() : place_.path + ":" + row,
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
                         there->type()->ToString() + ", in the table it is of type " +
                         field->type()->ToString(),
                 .where = place.path,
                 .hint = "write the column with the type of the table"};
  }
  return std::shared_ptr<arrow::RecordBatchReader>(std::make_shared<CastReader>(
      std::move(rows), std::move(schema), std::move(place), std::move(fault)));
}

}  // namespace millgate
