#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/column_builder.h"
#include "data/table/csv_record.h"
#include "data/table/table_file.h"

namespace millgate {

// Arrow's own CSV reader is not used: it decides types by the first block, and its errors know
// no line. Here one definition of a record serves for guessing, reading and messages.

namespace {

constexpr int64_t kBatchTextBytesMax = 32 << 20;
constexpr uintmax_t kHalvedBytesMin = 8 << 20;  ///< Smaller files are read before a thread begins.

/// A CSV file behind its header line.
class CsvRows {
 public:
  static Result<CsvRows> open(const std::string& path, char delimiter) {
    MILLGATE_ASSIGN(CsvRecords records, CsvRecords::open(path, delimiter));
    CsvRows rows(std::move(records));
    MILLGATE_TRY(rows.read_header());
    return rows;
  }
  /// The rows from byte `offset` on, which begins one; `names` are those of the header.
  static Result<CsvRows> open_at(const std::string& path, char delimiter, int64_t offset,
                                 std::vector<std::string> names) {
    MILLGATE_ASSIGN(CsvRecords records, CsvRecords::open_at(path, delimiter, offset));
    CsvRows rows(std::move(records));
    rows.names_ = std::move(names);
    return rows;
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const CsvRecords& records() const { return records_; }

  /// The next row, checked to have a field for each column; false at the end. Empty lines are
  /// no rows, unless there is one column only: then they are a missing value.
  Result<bool> next() {
    while (true) {
      MILLGATE_ASSIGN(const bool more, records_.next());
      if (!more) return false;
      const auto& fields = records_.fields();
      if (fields.size() == names_.size()) return true;
      if (fields.size() > 1 || fields[0].quoted || !fields[0].text.empty()) return wrong_width();
    }
  }

 private:
  explicit CsvRows(CsvRecords records) : records_(std::move(records)) {}

  Status read_header() {
    MILLGATE_ASSIGN(const bool any, records_.next());
    const std::string& path = records_.path();
    const auto header_fault = [&](std::string what, std::string hint) {
      return Error{.code = ErrorCode::invalid_input,
                   .what = "`" + path + "`: " + std::move(what),
                   .where = path + ":1",
                   .hint = std::move(hint)};
    };
    if (!any) return header_fault("there is no header line", "write the column names in line 1");
    std::set<std::string> seen;
    for (const CsvField& field : records_.fields()) {
      std::string name(field.text);
      if (name.empty()) {
        return header_fault("column " + std::to_string(names_.size() + 1) + " has no name",
                            "write the column names in line 1");
      }
      if (!seen.insert(name).second) {
        return header_fault("two columns are called `" + name + "`", "rename one of them");
      }
      names_.push_back(std::move(name));
    }
    return {};
  }

  [[nodiscard]] Error wrong_width() const {
    const size_t count = records_.fields().size();
    const std::string extra =
        count > names_.size()
            ? "; the first too many is " + quoted_briefly(records_.fields()[names_.size()].text)
            : "; `" + names_[count] + "` is the first without a value";
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + records_.path() + "`: line " + std::to_string(records_.line()) +
                         " has " + std::to_string(count) + " fields, the header has " +
                         std::to_string(names_.size()) + extra,
                 .where = records_.where(),
                 .hint = "a field that holds the delimiter must be quoted"};
  }

  CsvRecords records_;
  std::vector<std::string> names_;
};

/// The texts that mean null.
class NullTexts {
 public:
  explicit NullTexts(const std::vector<std::string>& texts) : texts_(texts) {
    for (const std::string& text : texts_) length_max_ = std::max(length_max_, text.size());
  }
  [[nodiscard]] bool contains(std::string_view text) const {
    if (text.size() > length_max_) return false;
    return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
  }

 private:
  std::vector<std::string> texts_;
  size_t length_max_ = 0;
};

class CsvBatchReader final : public arrow::RecordBatchReader {
 public:
  CsvBatchReader(CsvRows rows, std::shared_ptr<arrow::Schema> schema, const ReadOptions& options)
      : rows_(std::move(rows)),
        schema_(std::move(schema)),
        nulls_(options.null_texts),
        batch_rows_(options.batch_rows) {}

  Status prepare() {
    for (const auto& field : schema_->fields()) {
      MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(field->type()));
      builders_.push_back(std::move(builder));
    }
    for (const std::string& name : rows_.names()) {
      target_.push_back(static_cast<size_t>(schema_->GetFieldIndex(name)));
    }
    return {};
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    int64_t count = 0;
    int64_t bytes = 0;
    while (count < batch_rows_ && bytes < kBatchTextBytesMax) {
      auto more = rows_.next();
      if (!more.ok()) return arrow_status(std::move(more).error());
      if (!*more) break;
      MILLGATE_ARROW_PASS(add_row());
      bytes += static_cast<int64_t>(rows_.records().record_bytes());
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
  Status add_row() {
    const auto& fields = rows_.records().fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      ColumnBuilder& builder = builders_[target_[i]];
      // Some programs quote every field: a quoted null is a text only where texts are.
      if (nulls_.contains(fields[i].text) && !(fields[i].quoted && builder.is_text())) {
        builder.add_null();
      } else if (!builder.add_text(fields[i].text)) {
        return does_not_fit(i);
      }
    }
    return {};
  }

  [[nodiscard]] Error does_not_fit(size_t index) const {
    const CsvRecords& records = rows_.records();
    const std::string line = std::to_string(records.line_of_field(index));
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + records.path() + "`: column `" + rows_.names()[index] +
                         "` is of type " + builders_[target_[index]].type()->ToString() +
                         ", but line " + line + " has " +
                         quoted_briefly(records.fields()[index].text),
                 .where = records.path() + ":" + line,
                 .hint =
                     "correct the value; if it means a missing one, name it in `null_texts` "
                     "of the source"};
  }

  CsvRows rows_;
  std::shared_ptr<arrow::Schema> schema_;
  NullTexts nulls_;
  int64_t batch_rows_;
  std::vector<ColumnBuilder> builders_;
  std::vector<size_t> target_;  ///< Index in the schema of each column of the file.
};

/// What the columns of a file can be, by the rows seen so far.
class Guessing {
 public:
  Guessing(const std::vector<std::string>& names, const std::vector<std::string>& null_texts)
      : nulls_(null_texts) {
    for (const std::string& name : names) columns_.push_back({.name = name, .guess = {}});
  }
  void add(std::span<const CsvField> fields) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!nulls_.contains(fields[i].text)) columns_[i].guess.add_text(fields[i].text);
    }
  }
  void merge(const std::vector<ColumnGuess>& others) {
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].guess.merge(others[i].guess);
  }
  [[nodiscard]] const std::vector<ColumnGuess>& columns() const { return columns_; }

 private:
  NullTexts nulls_;
  std::vector<ColumnGuess> columns_;
};

class CsvFile final : public TableFile {
 public:
  CsvFile(std::string path, char delimiter, ReadOptions options)
      : path_(std::move(path)), delimiter_(delimiter), options_(std::move(options)) {}

  Result<std::optional<std::vector<std::string>>> column_names() const override {
    MILLGATE_ASSIGN(const CsvRows rows, CsvRows::open(path_, delimiter_));
    return std::make_optional(rows.names());
  }

  /// Another thread looks at the second half of a large file meanwhile. Where that half begins is
  /// known only when the first one is read: a line may begin inside of a quoted field. Then, and
  /// when the other thread meets a fault, whose line it cannot tell, this one reads to the end.
  Result<std::vector<ColumnGuess>> guess_columns() const override {
    MILLGATE_ASSIGN(CsvRows rows, CsvRows::open(path_, delimiter_));
    Guessing guessing(rows.names(), options_.null_texts);
    const auto middle = line_behind_middle();
    std::future<Result<std::vector<ColumnGuess>>> second;
    if (middle) second = std::async(std::launch::async, [&] { return guess_from(*middle, rows); });
    while (true) {
      MILLGATE_ASSIGN(const bool more, rows.next());
      if (!more) return guessing.columns();
      if (middle && rows.records().offset() == *middle) {
        if (const auto rest = second.get(); rest.ok()) {
          guessing.merge(*rest);
          return guessing.columns();
        }
      }
      guessing.add(rows.records().fields());
    }
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const override {
    MILLGATE_ASSIGN(CsvRows rows, CsvRows::open(path_, delimiter_));
    auto reader = std::make_shared<CsvBatchReader>(std::move(rows), schema, options_);
    MILLGATE_TRY(reader->prepare());
    return std::shared_ptr<arrow::RecordBatchReader>(std::move(reader));
  }

 private:
  Result<std::vector<ColumnGuess>> guess_from(int64_t offset, const CsvRows& first) const {
    MILLGATE_ASSIGN(CsvRows rows, CsvRows::open_at(path_, delimiter_, offset, first.names()));
    Guessing guessing(rows.names(), options_.null_texts);
    while (true) {
      MILLGATE_ASSIGN(const bool more, rows.next());
      if (!more) return guessing.columns();
      guessing.add(rows.records().fields());
    }
  }

  /// Where the first line behind the middle of a large file begins; nothing of others.
  [[nodiscard]] std::optional<int64_t> line_behind_middle() const {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path_, failed);
    if (failed || size < kHalvedBytesMin || path_.ends_with(".gz")) return std::nullopt;
    std::ifstream file(path_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(size / 2));
    constexpr std::streamsize kLineMax = 1 << 20;
    file.ignore(kLineMax, '\n');
    if (!file || file.gcount() == kLineMax) return std::nullopt;
    const auto offset = static_cast<int64_t>(file.tellg());
    return offset < static_cast<int64_t>(size) ? std::make_optional(offset) : std::nullopt;
  }

  std::string path_;
  char delimiter_;
  ReadOptions options_;
};

}  // namespace

std::unique_ptr<TableFile> make_csv_file(std::string path, char delimiter,
                                         const ReadOptions& options) {
  return std::make_unique<CsvFile>(std::move(path), delimiter, options);
}

}  // namespace millgate
