#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <unordered_map>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/column_builder.h"
#include "data/table/json_row.h"
#include "data/table/table_file.h"
#include "data/table/type_name.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr int64_t kBatchTextBytesMax = 32 << 20;

void add_to_guess(const JsonValue& value, TypeGuess& guess) {
  using Kind = JsonValue::Kind;
  switch (value.kind) {
    case Kind::null:
      return;
    case Kind::boolean:
      return guess.add_boolean();
    case Kind::integer:
      return guess.add_integer(value.integer);
    case Kind::number:
      return guess.add_number();
    case Kind::big_integer:
      return guess.add_type(arrow::utf8());
    case Kind::text:
      return guess.add_json_text(value.text);
    case Kind::list: {
      TypeGuess& items = guess.add_list();
      for (const JsonValue& item : value.items) add_to_guess(item, items);
      return;
    }
    case Kind::object:
      guess.add_object();
      for (const JsonValue& member : value.items) add_to_guess(member, guess.member(member.name));
      return;
  }
}

class JsonBatchReader final : public arrow::RecordBatchReader {
 public:
  JsonBatchReader(JsonRows rows, std::shared_ptr<arrow::Schema> schema, int64_t batch_rows)
      : rows_(std::move(rows)), schema_(std::move(schema)), batch_rows_(batch_rows) {}

  Status prepare() {
    for (const auto& field : schema_->fields()) {
      MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(field->type()));
      index_.emplace(field->name(), builders_.size());
      builders_.push_back(std::move(builder));
    }
    row_of_value_.assign(builders_.size(), -1);
    return {};
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    int64_t count = 0;
    int64_t bytes = 0;
    std::fill(row_of_value_.begin(), row_of_value_.end(), -1);
    while (count < batch_rows_ && bytes < kBatchTextBytesMax) {
      auto more = rows_.next();
      if (!more.ok()) return arrow_status(std::move(more).error());
      if (!*more) break;
      MILLGATE_ARROW_PASS(add_row(count));
      bytes += static_cast<int64_t>(rows_.row_bytes());
      ++count;
    }
    if (count == 0) return arrow::Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (ColumnBuilder& builder : builders_) {
      auto column = builder.finish();
      if (!column.ok()) return arrow_status(std::move(column).error());
      columns.push_back(*std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, count, std::move(columns));
    return arrow::Status::OK();
  }

 private:
  Status add_row(int64_t row) {
    for (const JsonValue& field : rows_.fields()) {
      const auto found = index_.find(field.name);
      if (found == index_.end()) return unknown_field(field);
      if (!builders_[found->second].add_json(field)) {
        return does_not_fit(field, *builders_[found->second].type());
      }
      row_of_value_[found->second] = row;
    }
    for (size_t i = 0; i < builders_.size(); ++i) {
      if (row_of_value_[i] != row) builders_[i].add_null();
    }
    return {};
  }

  [[nodiscard]] Error unknown_field(const JsonValue& field) const {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + rows_.path() + "`: line " + std::to_string(rows_.line()) +
                         " has a field `" + field.name + "` that the table has not",
                 .where = rows_.where(),
                 .hint = name_hint(field.name, schema_->field_names())};
  }

  [[nodiscard]] Error does_not_fit(const JsonValue& field, const arrow::DataType& type) const {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + rows_.path() + "`: column `" + field.name + "` is of type " +
                         type_name(type) + ", but line " + std::to_string(rows_.line()) + " has " +
                         quoted_briefly(json_text(field)),
                 .where = rows_.where(),
                 .hint = "correct the value; a missing one is written null"};
  }

  JsonRows rows_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t batch_rows_;
  std::vector<ColumnBuilder> builders_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<int64_t> row_of_value_;  ///< Of each column: the last row that had a value.
};

class JsonLinesFile final : public TableFile {
 public:
  JsonLinesFile(std::string path, int64_t batch_rows)
      : path_(std::move(path)), batch_rows_(batch_rows) {}

  Result<std::optional<std::vector<std::string>>> column_names() const override {
    MILLGATE_TRY(JsonRows::open(path_));
    return std::optional<std::vector<std::string>>();
  }

  Result<std::vector<ColumnGuess>> guess_columns() const override {
    MILLGATE_ASSIGN(JsonRows rows, JsonRows::open(path_));
    std::vector<ColumnGuess> columns;
    std::unordered_map<std::string, size_t> index;
    while (true) {
      MILLGATE_ASSIGN(const bool more, rows.next());
      if (!more) return columns;
      for (const JsonValue& field : rows.fields()) {
        const auto [found, added] = index.emplace(field.name, columns.size());
        if (added) columns.push_back({.name = field.name, .guess = {}});
        add_to_guess(field, columns[found->second].guess);
      }
    }
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const override {
    MILLGATE_ASSIGN(JsonRows rows, JsonRows::open(path_));
    auto reader = std::make_shared<JsonBatchReader>(std::move(rows), schema, batch_rows_);
    MILLGATE_TRY(reader->prepare());
    return std::shared_ptr<arrow::RecordBatchReader>(std::move(reader));
  }

 private:
  std::string path_;
  int64_t batch_rows_;
};

}  // namespace

std::unique_ptr<TableFile> make_json_lines_file(std::string path, const ReadOptions& options) {
  return std::make_unique<JsonLinesFile>(std::move(path), options.batch_rows);
}

}  // namespace millgate
