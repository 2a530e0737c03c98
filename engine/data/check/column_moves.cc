#include "data/check/column_moves.h"

#include <arrow/type.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace millgate {

namespace {

/// Rows of a version without a value; nothing when nobody counted.
std::optional<int64_t> null_count(const TableVersion& version, const std::string& column) {
  if (version.digests.empty()) return std::nullopt;
  for (const ColumnStatistics& one : version.columns) {
    if (one.name == column) return one.null_count;
  }
  return std::nullopt;
}

/// See effect_bound: of at most `larger` things at least `same` are on both sides.
double bound(int64_t larger, int64_t same) {
  if (larger <= 0) return 0;
  return static_cast<double>(larger - std::max<int64_t>(0, same)) / static_cast<double>(larger);
}

}  // namespace

double effect_bound(const TableDiff& diff, const TableVersion& before, const TableVersion& after,
                    int column) {
  const std::string& name = diff.schema->field(column)->name();
  const auto nulls_before = null_count(before, name);
  const auto nulls_after = null_count(after, name);
  if ((!nulls_before && !nulls_after) || diff.key_changed) return 1;
  const int64_t changed = diff.changed_cells[static_cast<size_t>(column)];
  const int64_t gone = changed + diff.removed_count;
  const int64_t came = changed + diff.inserted_count;
  const int64_t there_before = before.row_count - nulls_before.value_or(0);
  const int64_t there_after = after.row_count - nulls_after.value_or(0);
  double values = 0;
  if (!nulls_after) {
    values = bound(there_before + came, there_before - gone);
  } else if (!nulls_before) {
    values = bound(there_after + gone, there_after - came);
  } else {
    // A cell that was null and is not counts as gone and as come: either count may miss fewer.
    values = bound(std::max(there_before, there_after),
                   std::max(there_before - gone, there_after - came));
  }
  return std::max(bound(std::max(before.row_count, after.row_count), before.row_count - gone),
                  values);
}

Result<std::vector<ColumnMove>> column_moves(const Repository& repository, const MovedTable& table,
                                             const TableDriftOptions& options) {
  std::vector<ColumnMove> moves;
  if (table.before.row_count == 0 || table.after.row_count == 0) return moves;
  const double counts_from = std::min(options.effect_min, options.missing_effect_min);
  std::vector<std::string> unsettled;
  for (int i = 0; i < table.diff.schema->num_fields(); ++i) {
    const bool touched = table.diff.changed_cells[static_cast<size_t>(i)] > 0 ||
                         table.diff.inserted_count + table.diff.removed_count > 0 ||
                         table.diff.key_changed;
    if (!touched) continue;
    ColumnMove move;
    move.name = table.diff.schema->field(i)->name();
    move.effect_at_most = effect_bound(table.diff, table.before, table.after, i);
    if (move.effect_at_most >= counts_from) unsettled.push_back(move.name);
    moves.push_back(std::move(move));
  }
  if (unsettled.empty()) return moves;
  MILLGATE_ASSIGN(const auto database,
                  Database::open({.spill_folder = repository.folder("scratch"), .user_sql = true}));
  const auto named = [&](const Commit& commit) {
    return quote_name(table.name + "@" + commit.id.hex());
  };
  std::string before = named(table.before_commit);
  if (!table.diff.renames.empty()) {
    std::string names;
    for (const ColumnRename& rename : table.diff.renames) {
      names += (names.empty() ? "" : ", ") + quote_name(rename.before) + " as " +
               quote_name(rename.after);
    }
    before = "select * rename (" + names + ") from " + before;
  }
  MILLGATE_ASSIGN(std::vector<AskedRows> sides,
                  open_rows(*database, repository, {before, named(table.after_commit)},
                            table.after_commit.id.hex()));
  for (AskedRows& side : sides) {
    std::erase_if(side.columns, [&](const AskedColumn& column) {
      return std::find(unsettled.begin(), unsettled.end(), column.name) == unsettled.end();
    });
  }
  MILLGATE_ASSIGN(const TableDrift drift, compare_rows(*database, sides[0], sides[1], options));
  for (ColumnMove& move : moves) {
    const auto found =
        std::find_if(drift.columns.begin(), drift.columns.end(),
                     [&](const ColumnShift& shift) { return shift.name == move.name; });
    if (found != drift.columns.end()) move.measured = *found;
  }
  return moves;
}

}  // namespace millgate
