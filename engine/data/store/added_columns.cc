#include "data/store/added_columns.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "data/store/merge_referee.h"
#include "data/store/row_finder.h"
#include "data/store/table_diff.h"
#include "data/store/taken_columns.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

using CellChange = ChangesBuilder::CellChange;

constexpr const char* kObject = "an added column";

Cell cell_of(const arrow::RecordBatch& rows, size_t column, int64_t row) {
  return {.column = rows.column(static_cast<int>(column)).get(), .row = row};
}

bool has_column(const TableVersion& version, const std::string& name) {
  return version.schema->GetFieldIndex(name) >= 0;
}

/// The rows of a version with the cells of some columns merged: those that it has are replaced,
/// others come behind.
class AddedCells final : public arrow::RecordBatchReader {
 public:
  struct Side {
    RowFinder base;
    RowFinder theirs;
  };

  AddedCells(std::shared_ptr<arrow::RecordBatchReader> rows, RowKeyEncoder encoder,
             arrow::FieldVector fields, RowFinder ours, std::vector<Side> sides,
             const MergeOptions& options, const Changes& changes, TableMerge& merge)
      : rows_(std::move(rows)),
        encoder_(std::move(encoder)),
        fields_(std::move(fields)),
        ours_(std::move(ours)),
        sides_(std::move(sides)),
        changes_(changes),
        merge_(merge),
        referee_(options, merge) {
    arrow::FieldVector all = rows_->schema()->fields();
    for (const auto& field : fields_) {
      if (rows_->schema()->GetFieldIndex(field->name()) < 0) all.push_back(field);
    }
    schema_ = arrow::schema(std::move(all));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    std::shared_ptr<arrow::RecordBatch> rows;
    ARROW_RETURN_NOT_OK(rows_->ReadNext(&rows));
    batch->reset();
    if (rows == nullptr) return arrow::Status::OK();
    auto merged = merged_rows(*rows);
    if (!merged.ok()) return arrow_status(std::move(merged).error());
    *batch = *std::move(merged);
    return arrow::Status::OK();
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> merged_rows(const arrow::RecordBatch& rows) {
    std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
    for (const auto& field : fields_) {
      MILLGATE_ARROW(auto builder, arrow::MakeBuilder(field->type()), kObject);
      MILLGATE_ARROW_TRY(builder->Reserve(rows.num_rows()), kObject);
      builders.push_back(std::move(builder));
    }
    RowKeys keys;
    encoder_.encode(rows, keys);
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      MILLGATE_TRY(merge_row(rows, row, keys[static_cast<size_t>(row)], builders));
    }
    std::vector<std::shared_ptr<arrow::Array>> columns = rows.columns();
    columns.resize(static_cast<size_t>(schema_->num_fields()));
    for (size_t i = 0; i < fields_.size(); ++i) {
      const int place = schema_->GetFieldIndex(fields_[i]->name());
      MILLGATE_ARROW(columns[static_cast<size_t>(place)], builders[i]->Finish(), kObject);
    }
    return arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
  }

  Status merge_row(const arrow::RecordBatch& rows, int64_t row, std::string_view key,
                   std::vector<std::unique_ptr<arrow::ArrayBuilder>>& builders) {
    MILLGATE_TRY(ours_.find(key));
    for (Side& side : sides_) {
      MILLGATE_TRY(side.base.find(key));
      MILLGATE_TRY(side.theirs.find(key));
    }
    bool any = false;
    for (size_t i = 0; i < fields_.size(); ++i) {
      MILLGATE_ASSIGN(const Cell cell, merge_cell(rows, row, key, i));
      any |= !is_same_cell(cell, ours_.cell(i));
      if (cell.column == nullptr) {
        MILLGATE_ARROW_TRY(builders[i]->AppendNull(), kObject);
      } else {
        MILLGATE_ARROW_TRY(builders[i]->AppendArraySlice(*cell.column->data(), cell.row, 1),
                           kObject);
      }
    }
    change_ = changes_.keys.lower_bound(key, change_);
    const bool counted = change_ < changes_.keys.size() && changes_.keys[change_] == key;
    if (any && !counted) ++merge_.merged_row_count;
    return {};
  }

  Result<Cell> merge_cell(const arrow::RecordBatch& rows, int64_t row, std::string_view key,
                          size_t column) {
    const Cell ours = ours_.cell(column);
    const bool we_have_it = ours.column != nullptr;
    CellBallot ballot{
        .column = {}, .ours = ours, .ours_votes = we_have_it, .our_base = {}, .theirs = {}};
    std::optional<Cell> unchanged;
    bool equal = true;
    for (size_t i = 0; i < sides_.size(); ++i) {
      const RowFinder& base = sides_[i].base;
      const RowFinder& theirs = sides_[i].theirs;
      if (!theirs.has_row() || !theirs.has_column_at(column)) continue;
      const Cell was = base.cell(column);
      const Cell is = theirs.cell(column);
      if (base.has_row() && is_same_cell(was, is)) {
        if (!unchanged) unchanged = is;
        continue;
      }
      ballot.theirs.push_back({.side = i + 1, .base = was, .value = is});
      equal &= is_same_cell(ballot.theirs.front().value, is);
      // What a side has seen and changed is no say of ours.
      ballot.ours_votes &= !base.has_row() || !is_same_cell(ours, was);
      ballot.our_base = was;
    }
    // A row that ours has not, and nobody changed here, is as those have it who bring it.
    if (ballot.theirs.empty()) return ours_.has_row() || !unchanged ? ours : *unchanged;
    const Cell theirs = ballot.theirs.front().value;
    if (equal && (!ballot.ours_votes || is_same_cell(ours, theirs))) return theirs;
    ballot.column = fields_[column]->name();
    MILLGATE_ASSIGN(const auto taken,
                    referee_.decide(std::string(key), encoder_.describe(rows, row), ballot));
    return taken.value_or(ours);
  }

  std::shared_ptr<arrow::RecordBatchReader> rows_;
  RowKeyEncoder encoder_;
  arrow::FieldVector fields_;
  RowFinder ours_;
  std::vector<Side> sides_;
  const Changes& changes_;
  TableMerge& merge_;
  MergeReferee referee_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t change_ = 0;
};

/// Whether the columns are new in the one side alone, so that no cell of them can be a conflict.
bool nobody_else_has(const MergedVersions& versions, const arrow::FieldVector& fields) {
  return std::none_of(fields.begin(), fields.end(), [&](const auto& field) {
    return has_column(versions.ours, field->name()) ||
           has_column(versions.sides[0].base, field->name());
  });
}

}  // namespace

Status put_added_cells(ObjectStore& objects, const MergedVersions& versions,
                       const MergeOptions& options, const Changes& changes, TableMerge& merge) {
  arrow::FieldVector fields;
  for (const std::string& name : versions.columns.added) {
    const auto has_it = [&](const MergeSide& side) { return has_column(side.theirs, name); };
    if (std::any_of(versions.sides.begin(), versions.sides.end(), has_it)) {
      fields.push_back(versions.columns.schema->GetFieldByName(name));
    }
  }
  if (fields.empty()) return {};
  if (versions.sides.size() == 1 && nobody_else_has(versions, fields)) {
    MILLGATE_ASSIGN(auto taken,
                    take_columns(objects, merge.version, versions.sides[0].theirs, fields));
    if (taken) {
      merge.version = *std::move(taken);
      return {};
    }
  }
  MILLGATE_ASSIGN(RowFinder ours, RowFinder::make(objects, versions.ours, fields));
  std::vector<AddedCells::Side> sides;
  for (const MergeSide& side : versions.sides) {
    MILLGATE_ASSIGN(RowFinder base, RowFinder::make(objects, side.base, fields));
    MILLGATE_ASSIGN(RowFinder theirs, RowFinder::make(objects, side.theirs, fields));
    sides.push_back({.base = std::move(base), .theirs = std::move(theirs)});
  }
  const TableVersion parent = merge.version;
  MILLGATE_ASSIGN(auto rows, read_rows(objects, parent));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*parent.schema, parent.key));
  AddedCells merged(std::move(rows), std::move(encoder), std::move(fields), std::move(ours),
                    std::move(sides), options, changes, merge);
  MILLGATE_ASSIGN(merge.version, write_next_version(objects, parent, merged, parent.key));
  // Conflicts of rows and of the other columns were there first.
  std::stable_sort(merge.conflicts.begin(), merge.conflicts.end(),
                   [](const Conflict& one, const Conflict& other) { return one.key < other.key; });
  return {};
}

Result<Changes> with_whole_removed_rows(const ObjectStore& objects, const TableVersion& ours,
                                        const std::vector<std::string>& names, Changes changes) {
  arrow::FieldVector fields;
  for (const std::string& name : names) {
    if (has_column(ours, name)) fields.push_back(ours.schema->GetFieldByName(name));
  }
  if (fields.empty() || changes.count(ChangeKind::removed) == 0) return changes;
  std::vector<int> places(static_cast<size_t>(ours.schema->num_fields()), -1);
  for (size_t i = 0; i < fields.size(); ++i) {
    places[static_cast<size_t>(ours.schema->GetFieldIndex(fields[i]->name()))] =
        static_cast<int>(i);
  }
  MILLGATE_ASSIGN(RowFinder finder, RowFinder::make(objects, ours, fields));
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(ours.schema, ours.key));
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    if (changes.kinds[at] != ChangeKind::removed) {
      MILLGATE_TRY(out.add_rows(changes, row, row + 1));
      continue;
    }
    MILLGATE_TRY(finder.find(changes.keys[at]));
    if (!finder.has_row()) return damaged("a removed row is not there");
    MILLGATE_TRY(out.add(ChangeKind::removed, changes.keys[at], [&](size_t i) {
      CellChange cell{.before = cell_of(*changes.before, i, row),
                      .after = cell_of(*changes.after, i, row)};
      if (places[i] >= 0) cell.before = finder.cell(static_cast<size_t>(places[i]));
      return cell;
    }));
  }
  return out.finish();
}

Result<Changes> changes_with_schema(const Changes& changes,
                                    const std::shared_ptr<arrow::Schema>& schema,
                                    const std::vector<std::string>& without,
                                    const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(schema, key));
  std::vector<int> from;
  for (const auto& field : schema->fields()) {
    const bool left_out = std::find(without.begin(), without.end(), field->name()) != without.end();
    from.push_back(left_out ? -1 : changes.after->schema()->GetFieldIndex(field->name()));
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
