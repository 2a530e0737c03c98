/// What differs between two versions of a table, or of a file, as people and programs read it.
#pragma once

#include <string>
#include <vector>

#include "data/check/column_moves.h"
#include "data/store/about.h"
#include "data/store/table_diff.h"
#include "data/store/table_version.h"
#include "ground/json.h"

namespace millgate {

/// One table as both sides have it.
struct DiffedTable {
  std::string name;
  bool added = false;
  bool dropped = false;
  TableVersion before;
  TableVersion after;
  TableDiff diff;
  std::vector<ColumnMove> moves;   ///< Of columns with changes; empty where nobody asked.
  std::vector<AboutChange> about;  ///< What is said of it otherwise than before.
};

/// Words of `print_changes` that differ by command.
struct ChangesText {
  std::string noun = "table";
  std::string more_hint = "--rows N shows them";  ///< How more changed rows are shown.
};

void print_changes(const DiffedTable& table, const ChangesText& text = {});
[[nodiscard]] Json changes_json(const DiffedTable& table);
[[nodiscard]] const char* name_of(ChangeKind kind);
/// Whether column number `column` of the diff is part of the key.
[[nodiscard]] bool is_key(const DiffedTable& table, int column);

}  // namespace millgate
