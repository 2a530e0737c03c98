#include "data/store/change_set.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "data/store/column_rename.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_compare.h"
#include "data/table/sort.h"

namespace millgate {

namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

/// Reading so many segments whole is worth knowing what was there before.
constexpr size_t kWholePartsMax = 4;

/// Rows of a change set with all columns of the table.
struct WantedRows {
  Batch rows;
  RowKeys keys;
  std::vector<bool> given;    ///< By column: the change set has it.
  std::vector<bool> removes;  ///< By row.
};

Result<std::vector<bool>> read_change_column(const arrow::RecordBatch& rows) {
  std::vector<bool> removes(static_cast<size_t>(rows.num_rows()));
  const auto column = rows.GetColumnByName(kChangeColumn);
  if (column == nullptr) return removes;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const std::string text = value_text(*column, row);
    if (text != "upsert" && text != "delete") {
      return invalid_input("row " + std::to_string(row + 1) + " of the changes has `" + text +
                               "` in column `" + kChangeColumn + "`",
                           "write `upsert` or `delete`");
    }
    removes[static_cast<size_t>(row)] = text == "delete";
  }
  return removes;
}

Result<WantedRows> read_wanted(const TableVersion& version, const arrow::RecordBatch& rows) {
  for (const auto& field : rows.schema()->fields()) {
    const auto known = version.schema->GetFieldByName(field->name());
    if (field->name() == kChangeColumn && known == nullptr) continue;
    if (known == nullptr) {
      return invalid_input(
          "the changes have a column `" + field->name() + "`, which the table has not",
          column_hint(version, field->name()));
    }
    if (!known->type()->Equals(*field->type())) {
      return invalid_input("column `" + field->name() + "` of the changes is of type " +
                           field->type()->ToString() + ", in the table it is of type " +
                           known->type()->ToString());
    }
  }
  WantedRows wanted;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : version.schema->fields()) {
    auto column = rows.GetColumnByName(field->name());
    wanted.given.push_back(column != nullptr);
    const auto& key = version.key;
    if (column == nullptr && std::find(key.begin(), key.end(), field->name()) != key.end()) {
      return invalid_input("the changes have no column `" + field->name() +
                           "`, which is part of the table's key");
    }
    if (column == nullptr) {
      MILLGATE_ARROW(column, arrow::MakeArrayOfNull(field->type(), rows.num_rows()), "changes");
    }
    columns.push_back(std::move(column));
  }
  wanted.rows = arrow::RecordBatch::Make(version.schema, rows.num_rows(), std::move(columns));
  MILLGATE_ASSIGN(wanted.removes, read_change_column(rows));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
  encoder.encode(*wanted.rows, wanted.keys);
  RisingKeys order;
  MILLGATE_TRY(order.add(wanted.keys, *wanted.rows, encoder));
  return wanted;
}

/// Looks for the wanted rows among those of the table, part by part.
class RowSearch {
 public:
  RowSearch(const VersionScan& scan, const WantedRows& wanted, RowKeyEncoder encoder)
      : scan_(scan), wanted_(wanted), encoder_(std::move(encoder)) {}

  Result<Changes> run() {
    const std::vector<std::pair<size_t, size_t>> ranges = find_ranges();
    const auto used = [](const auto& range) { return range.first < range.second; };
    with_before_ =
        static_cast<size_t>(std::count_if(ranges.begin(), ranges.end(), used)) <= kWholePartsMax;
    const TableVersion& version = scan_.version();
    MILLGATE_ASSIGN(ChangesBuilder out,
                    ChangesBuilder::make(version.schema, version.key, with_before_));
    for (size_t part = 0; part < ranges.size(); ++part) {
      if (used(ranges[part])) MILLGATE_TRY(search(part, ranges[part], out));
    }
    return out.finish();
  }

 private:
  /// Of each part: the wanted rows that belong there.
  [[nodiscard]] std::vector<std::pair<size_t, size_t>> find_ranges() const {
    std::vector<std::pair<size_t, size_t>> ranges;
    const auto& segments = scan_.version().segments;
    size_t begin = 0;
    for (size_t part = 0; part < scan_.part_count(); ++part) {
      const size_t end = part + 1 >= segments.size()
                             ? wanted_.keys.size()
                             : wanted_.keys.lower_bound(segments[part + 1].first_key, begin);
      ranges.emplace_back(begin, end);
      begin = end;
    }
    return ranges;
  }

  Status search(size_t part, std::pair<size_t, size_t> range, ChangesBuilder& out) const {
    const TableVersion& version = scan_.version();
    std::vector<int> columns;
    if (with_before_) {
      for (int i = 0; i < version.schema->num_fields(); ++i) columns.push_back(i);
    } else {
      for (const std::string& name : version.key) {
        columns.push_back(version.schema->GetFieldIndex(name));
      }
    }
    MILLGATE_ASSIGN(const Batch there,
                    scan_.read(part, columns, {.check_hash = with_before_, .use_threads = false}));
    MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                    RowKeyEncoder::make(*there->schema(), version.key));
    int64_t from = 0;
    std::string key;
    for (size_t row = range.first; row < range.second; ++row) {
      const std::string_view wanted = wanted_.keys[row];
      from = lower_bound(*there, encoder, wanted, from);
      bool found = false;
      if (from < there->num_rows()) {
        key.clear();
        encoder.encode_row(*there, from, key);
        found = key == wanted;
      }
      MILLGATE_TRY(put(row, found ? there.get() : nullptr, from, out));
    }
    return {};
  }

  /// The first row at or after `from` whose key does not come before `key`. Few rows are looked
  /// for in many, so keys are made only of those that are met on the way.
  static int64_t lower_bound(const arrow::RecordBatch& rows, const RowKeyEncoder& encoder,
                             std::string_view key, int64_t from) {
    std::string met;
    int64_t end = rows.num_rows();
    while (from < end) {
      const int64_t middle = from + (end - from) / 2;
      met.clear();
      encoder.encode_row(rows, middle, met);
      if (met < key) {
        from = middle + 1;
      } else {
        end = middle;
      }
    }
    return from;
  }

  Status put(size_t row, const arrow::RecordBatch* there, int64_t there_row,
             ChangesBuilder& out) const {
    const ChangesBuilder::Row wanted{*wanted_.rows, static_cast<int64_t>(row)};
    const std::string_view key = wanted_.keys[row];
    if (wanted_.removes[row]) {
      if (there == nullptr) {
        return invalid_input("the changes delete a row that is not there: " +
                                 encoder_.describe(*wanted_.rows, wanted.row),
                             "was it deleted before? look with `millgate blame`");
      }
      return out.remove(key, with_before_ ? ChangesBuilder::Row{*there, there_row} : wanted);
    }
    if (there == nullptr) return out.insert(key, wanted);
    std::vector<bool> changed = wanted_.given;
    for (size_t i = 0; i < changed.size() && with_before_; ++i) {
      const auto column = static_cast<int>(i);
      changed[i] = changed[i] && !cells_equal(*there->column(column), there_row,
                                              *wanted_.rows->column(column), wanted.row);
    }
    return with_before_ ? out.update(key, {*there, there_row}, wanted, changed)
                        : out.replace(key, wanted, changed);
  }

  const VersionScan& scan_;
  const WantedRows& wanted_;
  RowKeyEncoder encoder_;
  bool with_before_ = true;
};

}  // namespace

Result<Changes> changes_from_rows(const ObjectStore& objects, const TableVersion& version,
                                  const arrow::RecordBatch& rows) {
  if (version.key.empty()) {
    return invalid_input("the table has no key, so no row of it can be named",
                         "give it a `key` in millgate.toml and commit it whole");
  }
  MILLGATE_ASSIGN(const WantedRows wanted, read_wanted(version, rows));
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects, version));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
  return RowSearch(*scan, wanted, std::move(encoder)).run();
}

}  // namespace millgate
