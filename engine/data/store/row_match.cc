#include "data/store/row_match.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "data/table/cell_compare.h"

namespace millgate {

std::vector<MatchedRun> match_rows(const RowKeys& old_keys, const RowKeys& new_keys) {
  using Where = MatchedRun::Where;
  std::vector<MatchedRun> runs;
  int64_t old_row = 0;
  int64_t new_row = 0;
  const auto old_count = static_cast<int64_t>(old_keys.size());
  const auto new_count = static_cast<int64_t>(new_keys.size());
  while (old_row < old_count || new_row < new_count) {
    Where where = Where::both;
    if (old_row == old_count) {
      where = Where::new_only;
    } else if (new_row == new_count) {
      where = Where::old_only;
    } else {
      const int order =
          old_keys[static_cast<size_t>(old_row)].compare(new_keys[static_cast<size_t>(new_row)]);
      if (order != 0) where = order < 0 ? Where::old_only : Where::new_only;
    }
    if (runs.empty() || runs.back().where != where) {
      runs.push_back({.where = where, .old_row = old_row, .new_row = new_row});
    }
    ++runs.back().row_count;
    if (where != Where::new_only) ++old_row;
    if (where != Where::old_only) ++new_row;
  }
  return runs;
}

RowMatch::RowMatch(const arrow::RecordBatch& old_rows, const RowKeys& old_keys,
                   const arrow::RecordBatch& new_rows, const RowKeys& new_keys,
                   const std::vector<int>& columns)
    : old_rows_(old_rows),
      old_keys_(old_keys),
      new_rows_(new_rows),
      new_keys_(new_keys),
      runs_(match_rows(old_keys, new_keys)),
      changed_(static_cast<size_t>(new_rows.num_columns())),
      any_changed_(new_keys.size()) {
  for (const MatchedRun& run : runs_) {
    if (run.where == MatchedRun::Where::old_only) removed_count_ += run.row_count;
    if (run.where == MatchedRun::Where::new_only) inserted_count_ += run.row_count;
  }
  for (const int column : columns) {
    const auto old_cells = old_rows.column(column);
    const auto new_cells = new_rows.column(column);
    for (const MatchedRun& run : runs_) {
      if (run.where != MatchedRun::Where::both) continue;
      compare_cells(*old_cells, *new_cells,
                    {.left_row = run.old_row, .right_row = run.new_row, .row_count = run.row_count},
                    [&](int64_t offset) { mark_changed(run.new_row + offset, column); });
    }
  }
}

bool RowMatch::is_in_both(int64_t new_row) const {
  // The last run that begins at or before the row, of those that have new rows.
  const MatchedRun* found = nullptr;
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), new_row,
                       [](int64_t row, const MatchedRun& run) { return row < run.new_row; });
  for (auto run = after; run != runs_.begin() && found == nullptr;) {
    --run;
    if (run->where != MatchedRun::Where::old_only) found = &*run;
  }
  return found != nullptr && found->where == MatchedRun::Where::both;
}

void RowMatch::mark_changed(int64_t new_row, int column) {
  auto& cells = changed_[static_cast<size_t>(column)];
  if (cells.empty()) cells.resize(new_keys_.size());
  const auto row = static_cast<size_t>(new_row);
  cells[row] = true;
  if (!any_changed_[row]) ++updated_count_;
  any_changed_[row] = true;
}

Status RowMatch::for_each(const Each& each) const {
  for (const MatchedRun& run : runs_) {
    for (int64_t i = 0; i < run.row_count; ++i) {
      switch (run.where) {
        case MatchedRun::Where::old_only:
          MILLGATE_TRY(each(ChangeKind::removed, run.old_row + i, -1));
          break;
        case MatchedRun::Where::new_only:
          MILLGATE_TRY(each(ChangeKind::inserted, -1, run.new_row + i));
          break;
        case MatchedRun::Where::both:
          if (!any_changed_[static_cast<size_t>(run.new_row + i)]) break;
          MILLGATE_TRY(each(ChangeKind::updated, run.old_row + i, run.new_row + i));
          break;
      }
    }
  }
  return {};
}

Status RowMatch::put(ChangesBuilder& out) const {
  std::vector<bool> changed(changed_.size());
  return for_each([&](ChangeKind kind, int64_t old_row, int64_t new_row) -> Status {
    if (kind == ChangeKind::removed) {
      return out.remove(old_keys_[static_cast<size_t>(old_row)], {old_rows_, old_row});
    }
    const std::string_view key = new_keys_[static_cast<size_t>(new_row)];
    if (kind == ChangeKind::inserted) return out.insert(key, {new_rows_, new_row});
    for (size_t i = 0; i < changed.size(); ++i) {
      changed[i] = cell_changed(new_row, static_cast<int>(i));
    }
    return out.update(key, {old_rows_, old_row}, {new_rows_, new_row}, changed);
  });
}

}  // namespace millgate
