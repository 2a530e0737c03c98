#include "data/store/added_columns.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "data/store/column_plan.h"
#include "data/store/table_diff.h"
#include "data/store/version_scan.h"
#include "data/store/version_update.h"

namespace millgate {

namespace {

using CellChange = ChangesBuilder::CellChange;

Cell cell_of(const arrow::RecordBatch& rows, size_t column, int64_t row) {
  return {.column = rows.column(static_cast<int>(column)).get(), .row = row};
}

bool is_null(const Cell& cell) { return cell.column == nullptr || cell.column->IsNull(cell.row); }

/// The version with its key and the columns `names` alone.
TableVersion key_and_columns(const TableVersion& version, const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  for (const std::vector<std::string>* list : {&version.key, &names}) {
    for (const std::string& name : *list) fields.push_back(version.schema->GetFieldByName(name));
  }
  return version_with_columns(version, arrow::schema(std::move(fields)));
}

/// `version`, whose column `column` may be read as `type`, with it as that: no file changes.
Result<TableVersion> widened(ObjectStore& objects, const TableVersion& version, int column,
                             const std::shared_ptr<arrow::DataType>& type) {
  arrow::FieldVector fields = version.schema->fields();
  auto& field = fields[static_cast<size_t>(column)];
  field = arrow::field(field->name(), type);
  TableVersion view = version_with_columns(version, arrow::schema(std::move(fields)));
  MILLGATE_ASSIGN(const auto rows, read_rows(objects, view));
  return write_next_version(objects, version, *rows, version.key);
}

/// Lays the cells of the added columns over the changes of one side.
class AddedCells {
 public:
  /// `cells` says by `values`, one of its batches, what the side holds in the columns of `schema`
  /// that `added` names, in rows that both sides have otherwise; rows of the kind `alone` are only
  /// on this side.
  AddedCells(const Changes& cells, const arrow::RecordBatch& values, ChangeKind alone,
             const std::vector<bool>& added)
      : cells_(cells), values_(values), alone_(alone), added_(added) {}

  Result<Changes> over(const Changes& changes, const std::vector<std::string>& key) const {
    MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(changes.after->schema(), key));
    int64_t next = 0;
    for (int64_t row = 0; row < cells_.row_count(); ++row) {
      const std::string_view at = cells_.keys[static_cast<size_t>(row)];
      const auto found =
          static_cast<int64_t>(changes.keys.lower_bound(at, static_cast<size_t>(next)));
      MILLGATE_TRY(out.add_rows(changes, next, found));
      next = found;
      const bool there =
          found < changes.row_count() && changes.keys[static_cast<size_t>(found)] == at;
      if (there) {
        MILLGATE_TRY(add_both(changes, found, row, out));
        ++next;
      } else if (kind(row) == ChangeKind::updated) {
        MILLGATE_TRY(add_cells(row, out));
      }
    }
    MILLGATE_TRY(out.add_rows(changes, next, changes.row_count()));
    return out.finish();
  }

 private:
  [[nodiscard]] ChangeKind kind(int64_t row) const {
    return cells_.kinds[static_cast<size_t>(row)];
  }

  /// Whether the side has a cell of its own in an added column.
  [[nodiscard]] bool has_cell(int64_t row, size_t column) const {
    if (!added_[column]) return false;
    if (kind(row) == ChangeKind::updated) return cells_.cell_changed(row, static_cast<int>(column));
    return kind(row) == alone_;
  }

  /// A change that is known already, and the cells beside it.
  Status add_both(const Changes& changes, int64_t change, int64_t row, ChangesBuilder& out) const {
    const ChangeKind what = changes.kinds[static_cast<size_t>(change)];
    return out.add(what, cells_.keys[static_cast<size_t>(row)], [&](size_t i) {
      const Cell value = has_cell(row, i) ? cell_of(values_, i, row) : Cell{};
      if (what != ChangeKind::removed && !is_null(value)) {
        return CellChange{.before = {}, .after = value};
      }
      return CellChange{.before = cell_of(*changes.before, i, change),
                        .after = cell_of(*changes.after, i, change),
                        .changed = changes.cell_changed(change, static_cast<int>(i))};
    });
  }

  /// A row of which the side changed nothing else.
  Status add_cells(int64_t row, ChangesBuilder& out) const {
    std::vector<bool> changed(added_.size());
    for (size_t i = 0; i < changed.size(); ++i) {
      changed[i] = has_cell(row, i) && !is_null(cell_of(values_, i, row));
    }
    if (std::find(changed.begin(), changed.end(), true) == changed.end()) return {};
    return out.add(ChangeKind::updated, cells_.keys[static_cast<size_t>(row)], [&](size_t i) {
      return CellChange{.before = {}, .after = cell_of(values_, i, row), .changed = changed[i]};
    });
  }

  const Changes& cells_;
  const arrow::RecordBatch& values_;
  ChangeKind alone_;
  const std::vector<bool>& added_;
};

/// The rows of a version, found by key; keys must rise from call to call.
class RowFinder {
 public:
  static Result<RowFinder> make(const ObjectStore& objects, const TableVersion& version) {
    MILLGATE_ASSIGN(auto scan, VersionScan::make(objects, version));
    MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
    return RowFinder(std::move(scan), std::move(encoder));
  }

  /// The row of `rows()` with the key. Errors: `damaged` when there is none.
  Result<int64_t> find(std::string_view key) {
    if (const size_t part = scan_->part_of(key); part_ != part) {
      MILLGATE_ASSIGN(rows_, scan_->read(part));
      keys_.clear();
      encoder_.encode(*rows_, keys_);
      part_ = part;
    }
    const size_t row = keys_.lower_bound(key);
    if (row == keys_.size() || keys_[row] != key) return damaged("a removed row is not there");
    return static_cast<int64_t>(row);
  }
  [[nodiscard]] const arrow::RecordBatch& rows() const { return *rows_; }

 private:
  RowFinder(std::shared_ptr<const VersionScan> scan, RowKeyEncoder encoder)
      : scan_(std::move(scan)), encoder_(std::move(encoder)) {}

  std::shared_ptr<const VersionScan> scan_;
  RowKeyEncoder encoder_;
  std::optional<size_t> part_;
  std::shared_ptr<arrow::RecordBatch> rows_;
  RowKeys keys_;
};

}  // namespace

std::vector<std::string> columns_added_by_both(const TableVersion& base, const TableVersion& ours,
                                               const TableVersion& theirs) {
  std::vector<std::string> names;
  for (const std::string& name : ours.schema->field_names()) {
    if (base.schema->GetFieldIndex(name) >= 0 || theirs.schema->GetFieldIndex(name) < 0) continue;
    names.push_back(name);
  }
  return names;
}

Status widen_added_columns(ObjectStore& objects, const std::vector<std::string>& names,
                           TableVersion& ours, TableVersion& theirs) {
  for (const std::string& name : names) {
    const int our_column = ours.schema->GetFieldIndex(name);
    const int their_column = theirs.schema->GetFieldIndex(name);
    const auto our_type = ours.schema->field(our_column)->type();
    const auto their_type = theirs.schema->field(their_column)->type();
    if (our_type->Equals(*their_type)) continue;
    if (widens(ours, our_column, *their_type)) {
      MILLGATE_ASSIGN(ours, widened(objects, ours, our_column, their_type));
    } else if (widens(theirs, their_column, *our_type)) {
      MILLGATE_ASSIGN(theirs, widened(objects, theirs, their_column, our_type));
    } else {
      return Error{.code = ErrorCode::conflict,
                   .what = "both sides added the column `" + name + "`, as " +
                           our_type->ToString() + " and as " + their_type->ToString(),
                   .hint =
                       "give it one type on both sides, or another name on one "
                       "(`millgate rename`), then merge"};
    }
  }
  return {};
}

Status put_added_cells(const ObjectStore& objects, const TableVersion& ours,
                       const TableVersion& theirs, const std::vector<std::string>& names,
                       BothChanges& changes) {
  const DiffOptions all{.rows_max = INT64_MAX};
  MILLGATE_ASSIGN(const TableDiff diff, diff_versions(objects, key_and_columns(ours, names),
                                                      key_and_columns(theirs, names), all));
  const auto& schema = ours.schema;
  MILLGATE_ASSIGN(const Changes cells, changes_with_schema(diff.changes, schema, ours.key));
  std::vector<bool> added;
  for (const std::string& name : schema->field_names()) {
    added.push_back(std::find(names.begin(), names.end(), name) != names.end());
  }
  const AddedCells our_cells(cells, *cells.before, ChangeKind::removed, added);
  MILLGATE_ASSIGN(changes.ours, our_cells.over(changes.ours, ours.key));
  const AddedCells their_cells(cells, *cells.after, ChangeKind::inserted, added);
  MILLGATE_ASSIGN(changes.theirs, their_cells.over(changes.theirs, ours.key));
  return {};
}

Result<Changes> with_whole_removed_rows(const ObjectStore& objects, const TableVersion& base,
                                        const TableVersion& ours, Changes changes) {
  std::vector<std::string> names;
  for (const std::string& name : ours.schema->field_names()) {
    if (base.schema->GetFieldIndex(name) < 0) names.push_back(name);
  }
  if (names.empty() || changes.count(ChangeKind::removed) == 0) return changes;
  MILLGATE_ASSIGN(RowFinder finder, RowFinder::make(objects, key_and_columns(ours, names)));
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(ours.schema, ours.key));
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    if (changes.kinds[at] != ChangeKind::removed) {
      MILLGATE_TRY(out.add_rows(changes, row, row + 1));
      continue;
    }
    MILLGATE_ASSIGN(const int64_t found, finder.find(changes.keys[at]));
    MILLGATE_TRY(out.add(ChangeKind::removed, changes.keys[at], [&](size_t i) {
      const std::string& name = ours.schema->field(static_cast<int>(i))->name();
      CellChange cell{.before = cell_of(*changes.before, i, row),
                      .after = cell_of(*changes.after, i, row)};
      if (base.schema->GetFieldIndex(name) < 0) {
        const int column = finder.rows().schema()->GetFieldIndex(name);
        cell.before = cell_of(finder.rows(), static_cast<size_t>(column), found);
      }
      return cell;
    }));
  }
  return out.finish();
}

Result<Changes> changes_with_schema(const Changes& changes,
                                    const std::shared_ptr<arrow::Schema>& schema,
                                    const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(schema, key));
  std::vector<int> from;
  for (const auto& field : schema->fields()) {
    from.push_back(changes.after->schema()->GetFieldIndex(field->name()));
  }
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    MILLGATE_TRY(out.add(changes.kinds[at], changes.keys[at], [&](size_t i) {
      if (from[i] < 0) return CellChange{.before = {}, .after = {}, .changed = false};
      return CellChange{.before = {.column = changes.before->column(from[i]).get(), .row = row},
                        .after = {.column = changes.after->column(from[i]).get(), .row = row},
                        .changed = changes.cell_changed(row, from[i])};
    }));
  }
  return out.finish();
}

}  // namespace millgate
