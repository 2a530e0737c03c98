#include "data/store/taken_columns.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/store/changes.h"
#include "data/store/logical_hash.h"
#include "data/store/merge_referee.h"
#include "data/store/row_finder.h"
#include "data/store/segment_file.h"
#include "data/store/version_draft.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

using CellChange = ChangesBuilder::CellChange;

constexpr const char* kWhat = "a column that is taken over";
/// Keys of rows in segments that only one has are held in memory; of more, going through all rows
/// costs no more.
constexpr size_t kOwnSegmentsMax = 16;

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A column to take: what it is in `theirs`.
struct TakenColumn {
  std::shared_ptr<arrow::Field> field;
  std::string stored_name;
  size_t place = 0;         ///< In the schema of `theirs`.
  int64_t null_growth = 0;  ///< So many more nulls than in `theirs`.
  bool lost_a_value = false;
};

/// The objects beside a segment that hold the columns; nothing when it holds one of them itself.
std::optional<std::vector<AddedColumns>> objects_beside(const Segment& segment,
                                                        const std::vector<TakenColumn>& columns) {
  std::vector<AddedColumns> beside;
  for (const TakenColumn& column : columns) {
    const auto found = std::find_if(
        segment.added.rbegin(), segment.added.rend(),
        [&](const AddedColumns& added) { return is_among(added.names, column.stored_name); });
    if (found == segment.added.rend()) return std::nullopt;
    const auto known = std::find_if(beside.begin(), beside.end(), [&](const AddedColumns& added) {
      return added.object == found->object;
    });
    if (known != beside.end()) {
      known->names.push_back(column.stored_name);
      continue;
    }
    beside.push_back(
        {.object = found->object, .size_bytes = found->size_bytes, .names = {column.stored_name}});
  }
  return beside;
}

class ColumnTaking {
 public:
  ColumnTaking(ObjectStore& objects, const TableVersion& ours, const TableVersion& theirs,
               const arrow::FieldVector& fields)
      : objects_(objects), ours_(ours), theirs_(theirs), fields_(fields) {
    columns_.reserve(fields.size());
    for (const auto& field : fields) {
      const auto place = static_cast<size_t>(theirs.schema->GetFieldIndex(field->name()));
      columns_.push_back({.field = field,
                          .stored_name = theirs.stored_names[place],
                          .place = place,
                          .null_growth = 0,
                          .lost_a_value = false});
    }
  }

  Result<std::optional<TableVersion>> run() {
    if (!names_are_free() || !match_segments()) return std::optional<TableVersion>();
    MILLGATE_ASSIGN(our_scan_, VersionScan::make(objects_, ours_));
    MILLGATE_ASSIGN(their_scan_, VersionScan::make(objects_, theirs_));
    if (!our_scan_->changes().has_before || !their_scan_->changes().has_before) {
      return std::optional<TableVersion>();
    }
    TableVersion next = with_columns();
    MILLGATE_TRY(lay_beside(next));
    MILLGATE_ASSIGN(const Changes delta, changes_over(next));
    const bool counts = !ours_.digests.empty() && !theirs_.digests.empty();
    std::vector<ColumnStatistics> statistics = counts ? counted(next) : next.columns;
    if (!counts) next.digests.clear();
    const std::vector<Segment> segments = next.segments;
    VersionDraft draft(objects_, std::move(next), counts);
    for (const Segment& segment : segments) MILLGATE_TRY(draft.keep(segment));
    MILLGATE_ASSIGN(TableVersion taken,
                    draft.finish(delta, ours_.row_count, std::move(statistics)));
    return std::make_optional(std::move(taken));
  }

 private:
  [[nodiscard]] bool names_are_free() const {
    return std::none_of(columns_.begin(), columns_.end(), [&](const TakenColumn& column) {
      return is_among(ours_.stored_names, column.stored_name) ||
             is_among(ours_.retired_names, column.stored_name);
    });
  }

  /// Finds what lies beside our segments in `theirs`. False where none or too few are of both.
  bool match_segments() {
    std::map<std::string_view, size_t> by_key;
    for (size_t i = 0; i < theirs_.segments.size(); ++i) {
      by_key.emplace(theirs_.segments[i].first_key, i);
    }
    std::vector<bool> is_shared(theirs_.segments.size());
    size_t own = 0;
    beside_.reserve(ours_.segments.size());
    for (const Segment& segment : ours_.segments) {
      const auto found = by_key.find(segment.first_key);
      std::optional<std::vector<AddedColumns>> beside;
      if (found != by_key.end()) {
        const Segment& other = theirs_.segments[found->second];
        if (other.object == segment.object) beside = objects_beside(other, columns_);
        if (beside) is_shared[found->second] = true;
      }
      if (!beside) ++own;
      beside_.push_back(std::move(beside));
    }
    for (size_t i = 0; i < is_shared.size(); ++i) {
      if (!is_shared[i]) their_own_.push_back(i);
    }
    return own < ours_.segments.size() && own + their_own_.size() <= kOwnSegmentsMax;
  }

  /// The next version as its segments alone hold it: all changes go into one new delta, which knows
  /// the columns as if they had always been there.
  [[nodiscard]] TableVersion with_columns() const {
    TableVersion next = ours_;
    arrow::FieldVector all = next.schema->fields();
    for (const TakenColumn& column : columns_) {
      all.push_back(column.field);
      next.stored_names.push_back(column.stored_name);
      if (is_among(theirs_.widened_names, column.stored_name)) {
        next.widened_names.push_back(column.stored_name);
      }
      next.columns.push_back({.name = column.field->name(),
                              .type = column.field->type()->ToString(),
                              .minimum = {},
                              .maximum = {}});
    }
    next.schema = arrow::schema(std::move(all));
    next.deltas.clear();
    for (Segment& segment : next.segments) segment.folded = 0;
    return next;
  }

  Status lay_beside(TableVersion& next) {
    for (size_t part = 0; part < next.segments.size(); ++part) {
      auto& added = next.segments[part].added;
      if (beside_[part]) {
        added.insert(added.end(), beside_[part]->begin(), beside_[part]->end());
        continue;
      }
      MILLGATE_ASSIGN(AddedColumns written, write_beside(part));
      added.push_back(std::move(written));
    }
    return {};
  }

  /// The columns of the rows of a segment that `theirs` has not.
  Result<AddedColumns> write_beside(size_t part) {
    MILLGATE_ASSIGN(const RowKeys keys, base_keys(*our_scan_, part));
    MILLGATE_ASSIGN(RowFinder finder, RowFinder::make(objects_, theirs_, fields_));
    AddedColumns written;
    std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
    arrow::FieldVector stored;
    for (const TakenColumn& column : columns_) {
      written.names.push_back(column.stored_name);
      stored.push_back(arrow::field(column.stored_name, column.field->type()));
      MILLGATE_ARROW(auto builder, arrow::MakeBuilder(column.field->type()), kWhat);
      builders.push_back(std::move(builder));
    }
    for (size_t row = 0; row < keys.size(); ++row) {
      MILLGATE_TRY(finder.find(keys[row]));
      for (size_t i = 0; i < builders.size(); ++i) {
        const Cell cell = finder.cell(i);
        if (cell.column == nullptr) {
          MILLGATE_ARROW_TRY(builders[i]->AppendNull(), kWhat);
        } else {
          MILLGATE_ARROW_TRY(builders[i]->AppendArraySlice(*cell.column->data(), cell.row, 1),
                             kWhat);
        }
      }
      own_keys_.emplace_back(keys[row]);
    }
    std::vector<std::shared_ptr<arrow::Array>> cells(builders.size());
    for (size_t i = 0; i < builders.size(); ++i) {
      MILLGATE_ARROW(cells[i], builders[i]->Finish(), kWhat);
    }
    const auto rows = arrow::RecordBatch::Make(arrow::schema(std::move(stored)),
                                               static_cast<int64_t>(keys.size()), std::move(cells));
    MILLGATE_ASSIGN(const ParquetObject object, write_parquet_object(objects_, *rows));
    written.object = object.object;
    written.size_bytes = object.size_bytes;
    return written;
  }

  static Result<RowKeys> base_keys(const VersionScan& scan, size_t part) {
    std::vector<int> columns;
    columns.reserve(scan.version().key.size());
    for (const std::string& name : scan.version().key) {
      columns.push_back(scan.version().schema->GetFieldIndex(name));
    }
    MILLGATE_ASSIGN(const auto rows, scan.read_base(part, columns, {}));
    MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                    RowKeyEncoder::make(*rows->schema(), scan.version().key));
    RowKeys keys;
    encoder.encode(*rows, keys);
    return keys;
  }

  /// All keys whose rows may differ between the two, in their order.
  Result<std::vector<std::string>> looked_at() {
    std::vector<std::string> keys = std::move(own_keys_);
    for (const size_t part : their_own_) {
      MILLGATE_ASSIGN(const RowKeys base, base_keys(*their_scan_, part));
      for (size_t row = 0; row < base.size(); ++row) keys.emplace_back(base[row]);
    }
    for (const VersionScan* scan : {our_scan_.get(), their_scan_.get()}) {
      const RowKeys& changed = scan->changes().keys;
      for (size_t row = 0; row < changed.size(); ++row) keys.emplace_back(changed[row]);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  /// The net changes of ours over the segments of `next`, with the cells of the columns.
  Result<Changes> changes_over(const TableVersion& next) {
    MILLGATE_ASSIGN(const std::vector<std::string> keys, looked_at());
    MILLGATE_ASSIGN(RowFinder base, RowFinder::make(objects_, next, fields_));
    MILLGATE_ASSIGN(RowFinder theirs, RowFinder::make(objects_, theirs_, fields_));
    MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(next.schema, next.key));
    const Changes& changes = our_scan_->changes();
    const auto first = static_cast<size_t>(ours_.schema->num_fields());
    size_t row = 0;
    for (const std::string& key : keys) {
      MILLGATE_TRY(base.find(key));
      MILLGATE_TRY(theirs.find(key));
      row = changes.keys.lower_bound(key, row);
      const bool is_changed = row < changes.keys.size() && changes.keys[row] == key;
      const bool is_ours = is_changed ? changes.kinds[row] != ChangeKind::removed : base.has_row();
      if (is_ours != theirs.has_row()) MILLGATE_TRY(count_row(key, is_ours, theirs));
      if (!is_changed && !is_ours) continue;
      bool differs = is_changed;
      for (size_t i = 0; i < columns_.size(); ++i) {
        differs |= !is_same_cell(base.cell(i), theirs.cell(i));
      }
      if (!differs) continue;
      const ChangeKind kind = is_changed ? changes.kinds[row] : ChangeKind::updated;
      MILLGATE_TRY(out.add(kind, key, [&](size_t i) {
        if (i >= first) {
          const Cell was = base.cell(i - first);
          const Cell is = theirs.cell(i - first);
          return CellChange{.before = was, .after = is, .changed = !is_same_cell(was, is)};
        }
        const auto column = static_cast<int>(i);
        if (is_changed) {
          const auto at = static_cast<int64_t>(row);
          return CellChange{.before = {.column = changes.before->column(column).get(), .row = at},
                            .after = {.column = changes.after->column(column).get(), .row = at},
                            .changed = changes.cell_changed(at, column)};
        }
        return CellChange{.before = {}, .after = key_cell(base, i), .changed = false};
      }));
    }
    return out.finish();
  }

  /// The cell of the row that was found, if the column is of the key.
  [[nodiscard]] Cell key_cell(const RowFinder& base, size_t column) const {
    const std::string& name = ours_.schema->field(static_cast<int>(column))->name();
    const auto found = std::find(ours_.key.begin(), ours_.key.end(), name);
    return found == ours_.key.end() ? Cell{}
                                    : base.key_cell(static_cast<size_t>(found - ours_.key.begin()));
  }

  /// Counts a row that only one of the two has: what `theirs` counted loses its cell, or gets null.
  Status count_row(std::string_view key, bool is_ours, const RowFinder& theirs) {
    if (theirs_.digests.empty()) return {};
    if (!digests_) digests_.emplace(*theirs_.schema, theirs_.digests);
    const uint64_t row_hash = mixed_hash(key);
    for (size_t i = 0; i < columns_.size(); ++i) {
      TakenColumn& column = columns_[i];
      if (is_ours) {
        MILLGATE_ARROW(const auto null, arrow::MakeArrayOfNull(column.field->type(), 1), kWhat);
        digests_->add_cell(column.place, *null, 0, row_hash);
        ++column.null_growth;
        continue;
      }
      const Cell cell = theirs.cell(i);
      digests_->remove_cell(column.place, *cell.column, cell.row, row_hash);
      if (cell.column->IsNull(cell.row)) {
        --column.null_growth;
      } else {
        column.lost_a_value = true;
      }
    }
    return {};
  }

  /// Statistics of the next version; its digests go into `next`.
  [[nodiscard]] std::vector<ColumnStatistics> counted(TableVersion& next) const {
    std::vector<ColumnStatistics> statistics = ours_.columns;
    const std::vector<Id> digests = digests_ ? digests_->values() : theirs_.digests;
    for (const TakenColumn& column : columns_) {
      next.digests.push_back(digests[column.place]);
      ColumnStatistics counts = theirs_.columns[column.place];
      counts.null_count += column.null_growth;
      counts.exact = counts.exact && !column.lost_a_value;
      if (counts.null_count == ours_.row_count) {
        counts.minimum.clear();
        counts.maximum.clear();
        counts.exact = true;
      }
      statistics.push_back(std::move(counts));
    }
    return statistics;
  }

  ObjectStore& objects_;
  const TableVersion& ours_;
  const TableVersion& theirs_;
  const arrow::FieldVector& fields_;
  std::vector<TakenColumn> columns_;
  std::vector<std::optional<std::vector<AddedColumns>>> beside_;  ///< Of each of our segments.
  std::vector<size_t> their_own_;  ///< Segments of `theirs` that ours has not.
  std::shared_ptr<const VersionScan> our_scan_;
  std::shared_ptr<const VersionScan> their_scan_;
  std::vector<std::string> own_keys_;     ///< Of rows in segments that `theirs` has not.
  std::optional<ColumnDigests> digests_;  ///< Of `theirs` with our rows, where those are others.
};

}  // namespace

Result<std::optional<TableVersion>> take_columns(ObjectStore& objects, const TableVersion& ours,
                                                 const TableVersion& theirs,
                                                 const arrow::FieldVector& fields) {
  return ColumnTaking(objects, ours, theirs, fields).run();
}

}  // namespace millgate
