/// The rows of a merged file: in which order, and each cell from which side.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/git/file_versions.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

/// One row, by its places in the files of the three versions.
struct MergedRow {
  std::optional<size_t> base;
  std::optional<size_t> ours;
  std::optional<size_t> theirs;
  /// Of each merged column: whether theirs holds the cell; ours otherwise.
  std::vector<bool> takes_theirs;
  /// Of each merged column: whether both sides changed the cell, each in its way. Empty: none.
  std::vector<bool> conflicts;
  /// One side removed the row, which the other changed; it has the one place.
  bool is_removal_conflict = false;

  [[nodiscard]] bool has_conflict() const { return is_removal_conflict || !conflicts.empty(); }
};

/// All of them, in their order.
struct MergedRows {
  std::vector<std::string> columns;
  std::vector<MergedRow> rows;
  std::vector<Conflict> conflicts;
};

/// Whether their file writes a cell that has our value in other letters than the base does, and
/// ours does not ("1.50" for "1.5"): rows in the three files, and the column.
using Rewrote = std::function<bool(size_t base, size_t ours, size_t theirs, const std::string&)>;

/// Merges `versions` [base, ours, theirs] as the store does (store/table_merge.h). Rows stand as in
/// ours. Those that only theirs has stand by their key where both files are sorted by it; else
/// behind the row that they stand behind in theirs. Columns stand as in ours, or as in theirs when
/// ours has them as the base.
/// Errors: those of `merge_versions`; `conflict` when both sides added one column, and when rows
/// are told apart by content and both sides changed the same one.
[[nodiscard]] Result<MergedRows> merge_rows(FileVersions& versions, const Rewrote& rewrote);

}  // namespace millgate
