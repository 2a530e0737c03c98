/// Two versions of a table that come from a common one, merged cell by cell.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Who is right where both sides changed one cell, or one changed a row that the other removed.
enum class MergePolicy {
  conflict,  ///< A person decides.
  ours,
  theirs,
  newest,   ///< The side whose commit is younger.
  sum,      ///< base + what each side added to it. Numbers only; null counts as 0.
  maximum,  ///< The greater value; null is the smallest.
  minimum,
};

/// Errors: `invalid_input` with the policies there are.
[[nodiscard]] Result<MergePolicy> parse_merge_policy(const std::string& name);

/// One cell, or one whole row, that both sides changed.
struct Conflict {
  std::string key;       ///< Key bytes (table/row_key.h).
  std::string key_text;  ///< "id = 5, part = a".
  std::string column;    ///< Empty: one side removed the row.
  std::string base;      ///< The three values as text; "null" for none.
  std::string ours;
  std::string theirs;
};

/// What a person decided about a conflict.
struct Resolution {
  enum class Take { ours, theirs, value } take = Take::ours;
  std::string value;  ///< For `value`: the text of the cell, "null" for none.
};

struct MergeOptions {
  MergePolicy policy = MergePolicy::conflict;  ///< Of columns that `by_column` has not.
  std::map<std::string, MergePolicy> by_column;
  bool theirs_is_newer = false;  ///< For MergePolicy::newest.
  /// By key bytes and column, as in Conflict.
  std::map<std::pair<std::string, std::string>, Resolution> resolutions;
};

struct TableMerge {
  /// Ours with what theirs changed; where there are conflicts it holds our cells.
  TableVersion version;
  std::vector<Conflict> conflicts;  ///< Those that nothing settled, in the order of keys.
  int64_t merged_row_count = 0;     ///< Rows taken from theirs, whole or in part.
  int64_t settled_count = 0;        ///< Conflicts that a policy or a person settled.
};

/// Costs what both sides changed since `base`. Equal changes of both sides are no conflict. Both
/// tables must have one key; when one side changed the columns, the other must not have.
/// Errors: `conflict` when both sides changed the columns or the key; `invalid_input` for a policy
/// or a value that the column's type cannot have; `damaged`, `outside` for objects.
[[nodiscard]] Result<TableMerge> merge_versions(ObjectStore& objects, const TableVersion& base,
                                                const TableVersion& ours,
                                                const TableVersion& theirs,
                                                const MergeOptions& options);

}  // namespace millgate
