/// The commits that made a table what it is, and what each of them changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/store/about.h"
#include "data/store/repository.h"
#include "data/store/table_diff.h"
#include "ground/error.h"

namespace millgate {

/// One commit that touched a table.
struct TableStep {
  Commit commit;
  int64_t age = 0;    ///< So many steps back from the commit that was asked for.
  bool made = false;  ///< Its first parent has no such table: all rows are inserted.
  int64_t row_count = 0;
  int64_t inserted_count = 0, updated_count = 0, removed_count = 0;
  bool key_changed = false;
  std::vector<ColumnChange> columns;
  std::vector<ColumnRename> renames;
  std::vector<AboutChange> about;  ///< What is said of it otherwise than before.

  /// Rows, cells or columns that were there are gone or different.
  [[nodiscard]] bool breaks() const;
  /// Rows or columns were added.
  [[nodiscard]] bool adds() const;
};

/// Going back from `commit` by first parents to where the table begins; oldest first. Versions that
/// were rewritten to forget rows are compared as they are now. Cost: that of one diff a step.
/// Errors: `not_found` when `commit` has no such table; `damaged`.
[[nodiscard]] Result<std::vector<TableStep>> table_history(const Repository& repository,
                                                           const Commit& commit,
                                                           const std::string& table);

/// The version of data by Semantic Versioning as Croissant reads it, from what their commits did:
/// the first is 1.0.0; what was there changed or went away: the first number; something was only
/// added: the second; only what is said of them changed: the third. `histories` are those of
/// the tables that belong together, each as `table_history` gives it for one commit.
[[nodiscard]] std::string semantic_version(const std::vector<std::vector<TableStep>>& histories);

}  // namespace millgate
