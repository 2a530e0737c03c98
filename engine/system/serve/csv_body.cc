#include "system/serve/csv_body.h"

#include <cmath>
#include <optional>
#include <span>

#include "data/table/csv_record.h"
#include "data/table/value_text.h"
#include "ground/clock.h"

namespace millgate {

namespace {

constexpr std::string_view kName = "the CSV body";
/// Doubles up to here are exact integers.
constexpr double kExactMax = 9007199254740992.0;

struct Cell {
  std::string text;
  bool quoted = false;
  [[nodiscard]] bool is_null(ValueType type) const {
    if (quoted && type == ValueType::text) return false;
    return text.empty() || text == "NA";
  }
};

std::optional<int64_t> whole(std::string_view text) {
  if (const auto integer = integer_from(text)) return integer;
  const auto number = number_from(text);
  if (!number || std::trunc(*number) != *number || std::abs(*number) > kExactMax) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*number);
}

/// Texts that mean one thing only: NaN is null, infinity is none.
bool set_cell(std::string_view text, Vector& column, size_t row) {
  column.valid[row] = 1;
  switch (column.type) {
    case ValueType::boolean: {
      const auto value = boolean_from(trimmed(text));
      if (value) column.integers[row] = *value ? 1 : 0;
      return value.has_value();
    }
    case ValueType::integer: {
      const auto value = whole(trimmed(text));
      if (value) column.integers[row] = *value;
      return value.has_value();
    }
    case ValueType::number: {
      const auto value = number_from(trimmed(text));
      if (!value || std::isinf(*value)) return false;
      column.valid[row] = std::isnan(*value) ? 0 : 1;
      column.numbers[row] = std::isnan(*value) ? 0 : *value;
      return true;
    }
    case ValueType::text:
      column.texts[row] = text;
      return true;
    case ValueType::time: {
      const Result<Time> time = parse_time(trimmed(text));
      if (time.ok()) column.integers[row] = time->micros;
      return time.ok();
    }
    case ValueType::duration: {
      const Result<int64_t> micros = parse_duration_micros(trimmed(text));
      if (micros.ok()) column.integers[row] = *micros;
      return micros.ok();
    }
    case ValueType::list:  // Refused before any cell is read.
      return false;
  }
  return false;
}

class CsvBody final : public ColumnSource {
 public:
  [[nodiscard]] size_t rows() const override { return lines_.size(); }
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
  [[nodiscard]] std::string_view noun() const override { return "column"; }

  [[nodiscard]] Status read(size_t index, Vector& column) const override {
    if (column.type == ValueType::list) {
      return invalid_input("column `" + names_[index] + "` is a list, which CSV cannot hold",
                           "send JSON, Arrow or Parquet");
    }
    for (size_t row = 0; row < lines_.size(); ++row) {
      const Cell& cell = cells_[row * names_.size() + index];
      if (cell.is_null(column.type)) continue;
      if (!set_cell(cell.text, column, row)) {
        return invalid_input("line " + std::to_string(lines_[row]) + ", column `" + names_[index] +
                                 "`: " + quoted_briefly(cell.text) + " is no " +
                                 std::string(to_string(column.type)),
                             "a missing value is an empty field");
      }
    }
    return {};
  }
  [[nodiscard]] Status read_text(size_t index, Vector& column) const override {
    return read(index, column);
  }

  Status load(CsvRecords records, const std::vector<std::string>* names, size_t rows_max) {
    if (names != nullptr) {
      names_ = *names;
    } else {
      MILLGATE_ASSIGN(const bool any, records.next());
      if (!any) return invalid_input(std::string(kName) + " has no header line");
      for (const CsvField& field : records.fields()) names_.emplace_back(field.text);
    }
    while (true) {
      MILLGATE_ASSIGN(const bool more, records.next());
      if (!more) return {};
      const std::span<const CsvField> fields = records.fields();
      const bool is_empty = fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted;
      if (is_empty && names_.size() > 1) continue;
      if (fields.size() != names_.size()) return wrong_width(records);
      if (lines_.size() == rows_max) return too_many_rows(rows_max + 1, rows_max);
      lines_.push_back(records.line());
      for (const CsvField& field : fields)
        cells_.push_back({std::string(field.text), field.quoted});
    }
  }

 private:
  [[nodiscard]] Error wrong_width(const CsvRecords& records) const {
    return invalid_input("line " + std::to_string(records.line()) + " of " + std::string(kName) +
                             " has " + std::to_string(records.fields().size()) + " fields, not " +
                             std::to_string(names_.size()),
                         "a field that holds a comma must be quoted");
  }

  std::vector<std::string> names_;
  std::vector<int64_t> lines_;  ///< One a row.
  std::vector<Cell> cells_;     ///< Rows outermost.
};

}  // namespace

Result<std::unique_ptr<ColumnSource>> open_csv_body(std::string_view body,
                                                    const std::vector<std::string>* names,
                                                    size_t rows_max) {
  if (body.empty()) return invalid_input("the request has no body", "send lines of CSV");
  MILLGATE_ASSIGN(CsvRecords records, CsvRecords::of(std::string(kName), std::string(body), ','));
  auto csv = std::make_unique<CsvBody>();
  MILLGATE_TRY(csv->load(std::move(records), names, rows_max));
  return std::unique_ptr<ColumnSource>(std::move(csv));
}

}  // namespace millgate
