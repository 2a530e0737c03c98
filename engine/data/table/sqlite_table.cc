#include "data/table/sqlite_table.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <sqlite3.h>

#include <fstream>
#include <utility>
#include <vector>

#include "data/table/arrow_result.h"
#include "data/table/column_builder.h"
#include "data/table/column_type.h"
#include "data/table/text_stream.h"
#include "data/table/value_text.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr int64_t kBatchBytesMax = 32 << 20;

struct CloseFile {
  void operator()(sqlite3* file) const { sqlite3_close_v2(file); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using File = std::shared_ptr<sqlite3>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// Where rows come from.
struct Place {
  std::string path;
  std::string table;
  [[nodiscard]] std::string text() const { return "table `" + table + "` of `" + path + "`"; }
};

Error failure(sqlite3* file, const Place& place) {
  const int code = sqlite3_errcode(file) & 0xff;
  Error error = outside_failure(place.text() + " cannot be read: " + sqlite3_errmsg(file));
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) error.code = ErrorCode::damaged;
  error.where = place.path;
  return error;
}

std::string quoted_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + "\"";
}

Result<Statement> prepare(const File& file, const std::string& sql, const Place& place) {
  sqlite3_stmt* raw = nullptr;
  const int done =
      sqlite3_prepare_v2(file.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  Statement statement(raw);
  if (done != SQLITE_OK) return failure(file.get(), place);
  return statement;
}

Result<bool> step(const File& file, const Statement& statement, const Place& place) {
  const int done = sqlite3_step(statement.get());
  if (done == SQLITE_ROW) return true;
  if (done == SQLITE_DONE) return false;
  return failure(file.get(), place);
}

std::string_view text_at(const Statement& row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row.get(), column));
  return {text == nullptr ? "" : text,
          static_cast<size_t>(sqlite3_column_bytes(row.get(), column))};
}

/// Fails unless the file has the table.
Status check_table(const File& file, const Place& place) {
  MILLGATE_ASSIGN(
      const Statement tables,
      prepare(file, "select name from sqlite_master where type in ('table', 'view')", place));
  std::vector<std::string> names;
  while (true) {
    MILLGATE_ASSIGN(const bool more, step(file, tables, place));
    if (!more) break;
    names.emplace_back(text_at(tables, 0));
    if (names.back() == place.table) return {};
  }
  Error error = not_found("`" + place.path + "` has no table `" + place.table + "`",
                          names.empty() ? "it has no tables" : name_hint(place.table, names));
  error.where = place.path;
  return error;
}

Result<File> open_file(const Place& place) {
  if (!std::ifstream(place.path)) return not_found("cannot open `" + place.path + "`");
  sqlite3* raw = nullptr;
  const int done = sqlite3_open_v2(place.path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  File file(raw, CloseFile());
  if (done != SQLITE_OK) return failure(raw, place);
  sqlite3_busy_timeout(raw, 30'000);
  // One moment for all that is read.
  if (sqlite3_exec(raw, "begin", nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(raw, place);
  }
  return file;
}

Status check_text(std::string_view text, const std::string& column, int64_t row,
                  const Place& place) {
  if (invalid_utf8_at(text) == std::string_view::npos) return {};
  Error error = invalid_input(
      place.text() + ": column `" + column + "` of row " + std::to_string(row) + " is not UTF-8",
      "correct the value; bytes belong into a blob");
  error.where = place.path;
  return error;
}

/// The types that fit all cells.
Result<std::vector<ColumnGuess>> guess_columns(const File& file, const Statement& rows,
                                               const Place& place) {
  std::vector<ColumnGuess> columns;
  columns.reserve(static_cast<size_t>(sqlite3_column_count(rows.get())));
  for (int i = 0; i < sqlite3_column_count(rows.get()); ++i) {
    columns.push_back({.name = sqlite3_column_name(rows.get(), i), .guess = {}});
  }
  for (int64_t row = 1;; ++row) {
    MILLGATE_ASSIGN(const bool more, step(file, rows, place));
    if (!more) break;
    for (size_t i = 0; i < columns.size(); ++i) {
      const int column = static_cast<int>(i);
      TypeGuess& guess = columns[i].guess;
      switch (sqlite3_column_type(rows.get(), column)) {
        case SQLITE_INTEGER:
          guess.add_integer(sqlite3_column_int64(rows.get(), column));
          break;
        case SQLITE_FLOAT:
          guess.add_number();
          break;
        case SQLITE_TEXT:
          MILLGATE_TRY(check_text(text_at(rows, column), columns[i].name, row, place));
          guess.add_json_text(text_at(rows, column));
          break;
        case SQLITE_BLOB:
          guess.add_type(arrow::binary());
          break;
        default:
          break;
      }
    }
  }
  sqlite3_reset(rows.get());
  return columns;
}

class SqliteRows final : public arrow::RecordBatchReader {
 public:
  SqliteRows(File file, Statement rows, Place place, std::shared_ptr<arrow::Schema> schema,
             int64_t batch_rows)
      : file_(std::move(file)),
        rows_(std::move(rows)),
        place_(std::move(place)),
        schema_(std::move(schema)),
        batch_rows_(batch_rows) {}

  /// `schema` has the columns of the rows in any order.
  Status prepare() {
    for (int i = 0; i < sqlite3_column_count(rows_.get()); ++i) {
      const auto field = schema_->GetFieldByName(sqlite3_column_name(rows_.get(), i));
      if (field == nullptr) return bug(place_.text() + " has other columns than it had");
      fields_.push_back(field);
      MILLGATE_ASSIGN(ColumnBuilder column, ColumnBuilder::make_with_bytes(field->type()));
      columns_.push_back(std::move(column));
    }
    return {};
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    int64_t count = 0;
    int64_t bytes = 0;
    while (!done_ && count < batch_rows_ && bytes < kBatchBytesMax) {
      auto more = step(file_, rows_, place_);
      if (!more.ok()) return arrow_status(std::move(more).error());
      done_ = !*more;
      if (done_) break;
      ++row_;
      for (size_t i = 0; i < columns_.size(); ++i) {
        MILLGATE_ARROW_PASS(add_cell(i));
        bytes += 8 + sqlite3_column_bytes(rows_.get(), static_cast<int>(i));
      }
      ++count;
    }
    if (count == 0) return arrow::Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> arrays(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      auto& array = arrays[static_cast<size_t>(schema_->GetFieldIndex(fields_[i]->name()))];
      auto finished = columns_[i].finish();
      if (!finished.ok()) return arrow_status(std::move(finished).error());
      array = *std::move(finished);
    }
    *batch = arrow::RecordBatch::Make(schema_, count, std::move(arrays));
    return arrow::Status::OK();
  }

 private:
  Status add_cell(size_t index) {
    const int column = static_cast<int>(index);
    ColumnBuilder& to = columns_[index];
    const int type = sqlite3_column_type(rows_.get(), column);
    bool fits = false;
    switch (type) {
      case SQLITE_INTEGER:
        fits = to.add_integer(sqlite3_column_int64(rows_.get(), column));
        break;
      case SQLITE_FLOAT: {
        const double value = sqlite3_column_double(rows_.get(), column);
        fits = to.add_number(value, number_text(value));
        break;
      }
      case SQLITE_TEXT:
        MILLGATE_TRY(check_text(text_at(rows_, column), fields_[index]->name(), row_, place_));
        fits = to.add_json_text(text_at(rows_, column));
        break;
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(rows_.get(), column));
        const auto size = static_cast<size_t>(sqlite3_column_bytes(rows_.get(), column));
        fits = to.add_bytes({bytes == nullptr ? "" : bytes, size});
        break;
      }
      default:
        to.add_null();
        fits = true;
    }
    if (fits) return {};
    Error error = invalid_input(
        place_.text() + ": column `" + fields_[index]->name() + "` is of type " +
            fields_[index]->type()->ToString() + ", but row " + std::to_string(row_) + " has " +
            (type == SQLITE_BLOB ? "a blob" : quoted_briefly(text_at(rows_, column))),
        "correct the value in the database");
    error.where = place_.path;
    return error;
  }

  File file_;  // Before the statement: it goes last.
  Statement rows_;
  Place place_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t batch_rows_;
  std::vector<std::shared_ptr<arrow::Field>> fields_;  ///< In the order of the rows.
  std::vector<ColumnBuilder> columns_;
  int64_t row_ = 0;
  bool done_ = false;
};

}  // namespace

bool is_sqlite_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(kMagic.size(), '\0');
  return file.read(head.data(), static_cast<std::streamsize>(head.size())) && head == kMagic;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> read_sqlite_table(const std::string& path,
                                                                    const std::string& table,
                                                                    const ReadOptions& options) {
  const Place place{.path = path, .table = table};
  MILLGATE_ASSIGN(const File file, open_file(place));
  MILLGATE_TRY(check_table(file, place));
  MILLGATE_ASSIGN(Statement rows, prepare(file, "select * from " + quoted_name(table), place));
  std::shared_ptr<arrow::Schema> schema = options.kept_schema;
  if (schema == nullptr) {
    MILLGATE_ASSIGN(const auto columns, guess_columns(file, rows, place));
    arrow::FieldVector fields;
    fields.reserve(columns.size());
    for (const ColumnGuess& column : columns) {
      fields.push_back(arrow::field(column.name, column.guess.type()));
    }
    schema = arrow::schema(std::move(fields));
  } else {
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(sqlite3_column_count(rows.get())));
    for (int i = 0; i < sqlite3_column_count(rows.get()); ++i) {
      names.emplace_back(sqlite3_column_name(rows.get(), i));
    }
    MILLGATE_TRY(check_column_names(path, names, schema->field_names(), "the table"));
  }
  auto reader = std::make_shared<SqliteRows>(file, std::move(rows), place, std::move(schema),
                                             options.batch_rows);
  MILLGATE_TRY(reader->prepare());
  return std::shared_ptr<arrow::RecordBatchReader>(std::move(reader));
}

}  // namespace millgate
