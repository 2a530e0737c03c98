#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
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
constexpr uintmax_t kLargeBytesMin = 8 << 20;  ///< Smaller files are read before a thread begins.
constexpr int64_t kFirstBytes = 1 << 20;       ///< Of a large file they tell the types.
constexpr int64_t kProbeBytes = 32 << 10;
constexpr int kProbeCount = 16;

constexpr std::string_view kLateType = "the first rows do not tell the types of `";

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
    for (const std::string& text : texts_) {
      if (text.empty()) {
        holds_empty_ = true;
      } else {
        is_first_[static_cast<unsigned char>(text[0])] = true;
      }
    }
  }
  [[nodiscard]] bool contains(std::string_view text) const {
    if (text.empty()) return holds_empty_;
    if (!is_first_[static_cast<unsigned char>(text[0])]) return false;  // Nearly always.
    return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
  }

 private:
  std::vector<std::string> texts_;
  bool holds_empty_ = false;
  std::array<bool, 256> is_first_{};  ///< Bytes with which one of them begins.
};

class CsvBatchReader final : public arrow::RecordBatchReader {
 public:
  CsvBatchReader(CsvRows rows, std::shared_ptr<arrow::Schema> schema, const ReadOptions& options)
      : rows_(std::move(rows)),
        schema_(std::move(schema)),
        nulls_(options.null_texts),
        batch_rows_(options.batch_rows),
        types_are_early_(options.kept_schema == nullptr &&
                         options.types_by == TypesBy::first_rows) {}

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
    if (types_are_early_)
      return bug(std::string(kLateType) + records.path() + "`: see line " + line);
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
  bool types_are_early_;
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
  [[nodiscard]] bool has_values_everywhere() const {
    return std::all_of(columns_.begin(), columns_.end(),
                       [](const ColumnGuess& column) { return column.guess.has_values(); });
  }
  /// Whether `others` would change no type.
  [[nodiscard]] bool agrees(const std::vector<ColumnGuess>& others) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      TypeGuess both = columns_[i].guess;
      both.merge(others[i].guess);
      if (!both.type()->Equals(*columns_[i].guess.type())) return false;
    }
    return true;
  }

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
    const int64_t size = large_size();
    if (options_.types_by == TypesBy::first_rows && size > 0) {
      MILLGATE_TRY(add_rows(rows, kFirstBytes, guessing));
      if (guessing.has_values_everywhere() && probes_agree(rows, size, guessing)) {
        return guessing.columns();
      }
    }
    const auto middle = line_behind(size / 2);
    std::future<Result<std::vector<ColumnGuess>>> second;
    if (middle) {
      second = std::async(std::launch::async, [&] {
        return guess_from(*middle, std::numeric_limits<int64_t>::max(), rows);
      });
    }
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
  /// Rows up to the first that begins at byte `end` or behind.
  static Status add_rows(CsvRows& rows, int64_t end, Guessing& guessing) {
    while (true) {
      MILLGATE_ASSIGN(const bool more, rows.next());
      if (!more) return {};
      guessing.add(rows.records().fields());
      if (rows.records().offset() >= end) return {};
    }
  }

  /// Of the rows that begin in [offset, end).
  Result<std::vector<ColumnGuess>> guess_from(int64_t offset, int64_t end,
                                              const CsvRows& first) const {
    MILLGATE_ASSIGN(CsvRows rows, CsvRows::open_at(path_, delimiter_, offset, first.names()));
    Guessing guessing(rows.names(), options_.null_texts);
    MILLGATE_TRY(add_rows(rows, end, guessing));
    return guessing.columns();
  }

  /// Whether some lines all over the file have the types of the first ones. They may be no rows,
  /// since a line may begin inside of a quoted field: so they can only make us look at all rows.
  [[nodiscard]] bool probes_agree(const CsvRows& first, int64_t size,
                                  const Guessing& guessing) const {
    for (int i = 1; i <= kProbeCount; ++i) {
      const auto begin = line_behind(i < kProbeCount ? size / kProbeCount * i : size - kProbeBytes);
      if (!begin) continue;
      const auto probe = guess_from(*begin, *begin + kProbeBytes, first);
      if (!probe.ok() || !guessing.agrees(*probe)) return false;
    }
    return true;
  }

  /// Bytes of a large file in which one can read anywhere; 0 of others.
  [[nodiscard]] int64_t large_size() const {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path_, failed);
    const bool is_large = !failed && size >= kLargeBytesMin && !path_.ends_with(".gz");
    return is_large ? static_cast<int64_t>(size) : 0;
  }

  /// Where the first line behind byte `offset` begins; nothing when it is 0 or no line follows.
  [[nodiscard]] std::optional<int64_t> line_behind(int64_t offset) const {
    if (offset == 0) return std::nullopt;
    std::ifstream file(path_, std::ios::binary);
    file.seekg(offset);
    constexpr std::streamsize kLineMax = 1 << 20;
    file.ignore(kLineMax, '\n');
    if (!file || file.gcount() == kLineMax || file.peek() == EOF) return std::nullopt;
    return static_cast<int64_t>(file.tellg());
  }

  std::string path_;
  char delimiter_;
  ReadOptions options_;
};

}  // namespace

bool is_late_type(const Error& error) {
  return error.code == ErrorCode::bug && error.what.starts_with(kLateType);
}

std::unique_ptr<TableFile> make_csv_file(std::string path, char delimiter,
                                         const ReadOptions& options) {
  return std::make_unique<CsvFile>(std::move(path), delimiter, options);
}

}  // namespace millgate
