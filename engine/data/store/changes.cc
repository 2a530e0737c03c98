#include "data/store/changes.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/cell_compare.h"

namespace millgate {

namespace {

using Builders = std::vector<std::unique_ptr<arrow::ArrayBuilder>>;

arrow::Status append(arrow::ArrayBuilder& builder, const Cell& cell) {
  if (cell.column == nullptr) return builder.AppendNull();
  return builder.AppendArraySlice(*cell.column->data(), cell.row, 1);
}

Cell cell_of(const arrow::RecordBatch& rows, size_t column, int64_t row) {
  // The batch keeps the array alive.
  return {.column = rows.column(static_cast<int>(column)).get(), .row = row};
}

bool same_cell(const Cell& one, const Cell& other) {
  const bool null = one.column == nullptr || one.column->IsNull(one.row);
  const bool other_null = other.column == nullptr || other.column->IsNull(other.row);
  if (null || other_null) return null == other_null;
  return cells_equal(*one.column, one.row, *other.column, other.row);
}

}  // namespace

int64_t Changes::count(ChangeKind kind) const {
  return std::count(kinds.begin(), kinds.end(), kind);
}

struct ChangesBuilder::State {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<bool> is_key;
  Builders before;
  Builders after;
  std::vector<ChangeKind> kinds;
  RowKeys keys;
  std::vector<std::vector<bool>> changed;
  bool has_before = true;
};

ChangesBuilder::ChangesBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChangesBuilder::ChangesBuilder(ChangesBuilder&&) noexcept = default;
ChangesBuilder& ChangesBuilder::operator=(ChangesBuilder&&) noexcept = default;
ChangesBuilder::~ChangesBuilder() = default;

Result<ChangesBuilder> ChangesBuilder::make(std::shared_ptr<arrow::Schema> schema,
                                            const std::vector<std::string>& key, bool has_before) {
  MILLGATE_TRY(RowKeyEncoder::make(*schema, key));
  auto state = std::make_unique<State>();
  state->has_before = has_before;
  for (const auto& field : schema->fields()) {
    state->is_key.push_back(std::find(key.begin(), key.end(), field->name()) != key.end());
    for (auto* builders : {&state->before, &state->after}) {
      MILLGATE_ARROW(auto builder, arrow::MakeBuilder(field->type()), "changed rows");
      builders->push_back(std::move(builder));
    }
  }
  state->changed.resize(state->after.size());
  state->schema = std::move(schema);
  return ChangesBuilder(std::move(state));
}

Status ChangesBuilder::add(ChangeKind kind, std::string_view key, const CellChanges& cells) {
  for (size_t i = 0; i < state_->after.size(); ++i) {
    CellChange cell = cells(i);
    if (state_->is_key[i]) {
      cell = {.before = cell.after, .after = cell.after, .changed = false};
    } else if (kind == ChangeKind::inserted) {
      cell.before = {};
    } else if (kind == ChangeKind::removed) {
      cell.after = {};
    } else if (!cell.changed) {
      cell = {.before = {}, .after = {}, .changed = false};
    }
    MILLGATE_ARROW_TRY(append(*state_->before[i], cell.before), "changed rows");
    MILLGATE_ARROW_TRY(append(*state_->after[i], cell.after), "changed rows");
    state_->changed[i].push_back(cell.changed && kind == ChangeKind::updated);
  }
  state_->kinds.push_back(kind);
  state_->keys.add(key);
  return {};
}

Status ChangesBuilder::insert(std::string_view key, const Row& after) {
  return add(ChangeKind::inserted, key, [&](size_t i) {
    return CellChange{.before = {}, .after = cell_of(after.rows, i, after.row)};
  });
}

Status ChangesBuilder::remove(std::string_view key, const Row& before) {
  return add(ChangeKind::removed, key, [&](size_t i) {
    const Cell cell = cell_of(before.rows, i, before.row);
    return CellChange{.before = state_->has_before ? cell : Cell{}, .after = cell};
  });
}

Status ChangesBuilder::update(std::string_view key, const Row& before, const Row& after,
                              const std::vector<bool>& changed) {
  if (std::find(changed.begin(), changed.end(), true) == changed.end()) return {};
  return add(ChangeKind::updated, key, [&](size_t i) {
    return CellChange{.before = cell_of(before.rows, i, before.row),
                      .after = cell_of(after.rows, i, after.row),
                      .changed = changed[i]};
  });
}

Status ChangesBuilder::replace(std::string_view key, const Row& after,
                               const std::vector<bool>& changed) {
  return add(ChangeKind::updated, key, [&](size_t i) {
    return CellChange{
        .before = {}, .after = cell_of(after.rows, i, after.row), .changed = changed[i]};
  });
}

Status ChangesBuilder::add_rows(const Changes& from, int64_t begin, int64_t end) {
  for (size_t i = 0; i < state_->after.size(); ++i) {
    const auto column = static_cast<int>(i);
    MILLGATE_ARROW_TRY(
        state_->before[i]->AppendArraySlice(*from.before->column_data(column), begin, end - begin),
        "changed rows");
    MILLGATE_ARROW_TRY(
        state_->after[i]->AppendArraySlice(*from.after->column_data(column), begin, end - begin),
        "changed rows");
    state_->changed[i].insert(state_->changed[i].end(), from.changed[i].begin() + begin,
                              from.changed[i].begin() + end);
  }
  state_->kinds.insert(state_->kinds.end(), from.kinds.begin() + begin, from.kinds.begin() + end);
  for (int64_t row = begin; row < end; ++row) state_->keys.add(from.keys[static_cast<size_t>(row)]);
  return {};
}

int64_t ChangesBuilder::row_count() const { return static_cast<int64_t>(state_->kinds.size()); }

Result<Changes> ChangesBuilder::finish() {
  Changes changes;
  changes.kinds = std::exchange(state_->kinds, {});
  changes.keys = std::exchange(state_->keys, {});
  changes.changed =
      std::exchange(state_->changed, std::vector<std::vector<bool>>(state_->after.size()));
  changes.has_before = state_->has_before;
  for (auto [builders, target] :
       {std::pair(&state_->before, &changes.before), std::pair(&state_->after, &changes.after)}) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& builder : *builders) {
      MILLGATE_ARROW(auto column, builder->Finish(), "changed rows");
      columns.push_back(std::move(column));
    }
    *target = arrow::RecordBatch::Make(state_->schema, changes.row_count(), std::move(columns));
  }
  return changes;
}

Result<Changes> no_changes(const std::shared_ptr<arrow::Schema>& schema,
                           const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(ChangesBuilder builder, ChangesBuilder::make(schema, key));
  return builder.finish();
}

namespace {

/// Two changes of one row.
class RowPair {
 public:
  RowPair(const Changes& older, int64_t old_row, const Changes& newer, int64_t new_row)
      : older_(older), old_row_(old_row), newer_(newer), new_row_(new_row) {}

  Status put(ChangesBuilder& out) const {
    const ChangeKind was = older_.kinds[static_cast<size_t>(old_row_)];
    const ChangeKind is = newer_.kinds[static_cast<size_t>(new_row_)];
    const bool there = was != ChangeKind::removed;
    if (there == (is == ChangeKind::inserted)) {
      return damaged("two deltas of a table contradict each other",
                     "restore them from a backup, or import the data again");
    }
    if (was == ChangeKind::inserted) return is == ChangeKind::removed ? Status() : put_insert(out);
    if (was == ChangeKind::updated)
      return is == ChangeKind::removed ? put_remove(out) : put_update(out);
    return put_return(out);
  }

 private:
  [[nodiscard]] bool old_changed(size_t i) const {
    return older_.cell_changed(old_row_, static_cast<int>(i));
  }
  [[nodiscard]] bool new_changed(size_t i) const {
    return newer_.cell_changed(new_row_, static_cast<int>(i));
  }
  [[nodiscard]] Cell old_before(size_t i) const { return cell_of(*older_.before, i, old_row_); }
  [[nodiscard]] Cell old_after(size_t i) const { return cell_of(*older_.after, i, old_row_); }
  [[nodiscard]] Cell new_before(size_t i) const { return cell_of(*newer_.before, i, new_row_); }
  [[nodiscard]] Cell new_after(size_t i) const { return cell_of(*newer_.after, i, new_row_); }
  [[nodiscard]] std::string_view key() const { return older_.keys[static_cast<size_t>(old_row_)]; }

  Status put_insert(ChangesBuilder& out) const {
    return out.add(ChangeKind::inserted, key(), [&](size_t i) {
      return ChangesBuilder::CellChange{.before = {},
                                        .after = new_changed(i) ? new_after(i) : old_after(i)};
    });
  }
  Status put_remove(ChangesBuilder& out) const {
    return out.add(ChangeKind::removed, key(), [&](size_t i) {
      return ChangesBuilder::CellChange{.before = old_changed(i) ? old_before(i) : new_before(i),
                                        .after = new_after(i)};
    });
  }
  Status put_update(ChangesBuilder& out) const {
    const bool has_before = older_.has_before && newer_.has_before;
    std::vector<ChangesBuilder::CellChange> cells(older_.changed.size());
    bool any = false;
    for (size_t i = 0; i < cells.size(); ++i) {
      auto& cell = cells[i];
      cell.before = old_changed(i) ? old_before(i) : new_before(i);
      cell.after = new_changed(i) ? new_after(i) : old_after(i);
      cell.changed = old_changed(i) || new_changed(i);
      if (cell.changed && has_before && same_cell(cell.before, cell.after)) cell.changed = false;
      any |= cell.changed;
    }
    if (!any) return {};
    return out.add(ChangeKind::updated, key(), [&](size_t i) { return cells[i]; });
  }
  /// Removed, and then inserted again.
  Status put_return(ChangesBuilder& out) const {
    std::vector<ChangesBuilder::CellChange> cells(older_.changed.size());
    bool any = false;
    for (size_t i = 0; i < cells.size(); ++i) {
      auto& cell = cells[i];
      cell = {.before = old_before(i), .after = new_after(i)};
      cell.changed = !older_.has_before || !same_cell(cell.before, cell.after);
      any |= cell.changed;
    }
    if (!any) return {};
    return out.add(ChangeKind::updated, key(), [&](size_t i) { return cells[i]; });
  }

  const Changes& older_;
  int64_t old_row_;
  const Changes& newer_;
  int64_t new_row_;
};

}  // namespace

Result<Changes> combined_changes(const std::shared_ptr<arrow::Schema>& schema,
                                 const std::vector<std::string>& key, const Changes& older,
                                 const Changes& newer) {
  if (newer.row_count() == 0) return older;
  if (older.row_count() == 0) return newer;
  MILLGATE_ASSIGN(ChangesBuilder out,
                  ChangesBuilder::make(schema, key, older.has_before && newer.has_before));
  size_t old_row = 0;
  for (size_t new_row = 0; new_row < newer.keys.size();) {
    const size_t same = older.keys.lower_bound(newer.keys[new_row], old_row);
    MILLGATE_TRY(out.add_rows(older, static_cast<int64_t>(old_row), static_cast<int64_t>(same)));
    old_row = same;
    if (same < older.keys.size() && older.keys[same] == newer.keys[new_row]) {
      MILLGATE_TRY(RowPair(older, static_cast<int64_t>(same), newer, static_cast<int64_t>(new_row))
                       .put(out));
      ++old_row;
      ++new_row;
      continue;
    }
    const size_t end = old_row == older.keys.size()
                           ? newer.keys.size()
                           : newer.keys.lower_bound(older.keys[old_row], new_row);
    MILLGATE_TRY(out.add_rows(newer, static_cast<int64_t>(new_row), static_cast<int64_t>(end)));
    new_row = end;
  }
  MILLGATE_TRY(out.add_rows(older, static_cast<int64_t>(old_row), older.row_count()));
  return out.finish();
}

Changes inverse_changes(const Changes& changes) {
  Changes inverse = changes;
  std::swap(inverse.before, inverse.after);
  for (ChangeKind& kind : inverse.kinds) {
    if (kind == ChangeKind::updated) continue;
    kind = kind == ChangeKind::inserted ? ChangeKind::removed : ChangeKind::inserted;
  }
  return inverse;
}

}  // namespace millgate
