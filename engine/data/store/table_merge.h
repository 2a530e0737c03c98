/// Versions of a table that were changed apart, merged cell by cell.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// Who is right where several sides changed one cell, or one changed a row that another removed.
enum class MergePolicy {
  conflict,  ///< A person decides.
  ours,
  theirs,    ///< Where those that are merged agree.
  newest,    ///< The side whose commit is youngest.
  majority,  ///< Each side that changed the cell has one vote; a tie is a conflict.
  sum,       ///< What each side added to the base. Numbers only; null counts as 0.
  maximum,   ///< The greatest value; null is the smallest.
  minimum,
};

/// Errors: `invalid_input` with the policies there are.
[[nodiscard]] Result<MergePolicy> parse_merge_policy(const std::string& name);

/// One cell, or one whole row, that several sides changed.
struct Conflict {
  std::string key;       ///< Key bytes (table/row_key.h).
  std::string key_text;  ///< "id = 5, part = a".
  std::string column;    ///< Empty: one side removed the row.
  std::string base;      ///< The values as text; "null" for none.
  std::string ours;
  std::string theirs;  ///< Of branches that differ with their votes: "dog (2) | cow".
};

/// What a person decided about a conflict.
struct Resolution {
  enum class Take { ours, theirs, value } take = Take::ours;
  std::string value;  ///< For `value`: the text of the cell, "null" for none.
};

struct MergeOptions {
  MergePolicy policy = MergePolicy::conflict;  ///< Of columns that `by_column` has not.
  std::map<std::string, MergePolicy> by_column;
  std::vector<Time> times;  ///< For MergePolicy::newest: of our commit, then of each of theirs.
  /// By key bytes and column, as in Conflict.
  std::map<std::pair<std::string, std::string>, Resolution> resolutions;
  /// Whether changes of other members of one struct, or of other entries of one map, are no
  /// conflict (member_merge.h). Not for who can only take a whole cell from a side.
  bool by_parts = true;
};

struct TableMerge {
  /// Ours with what theirs changed; where there are conflicts it holds our cells.
  TableVersion version;
  std::vector<Conflict> conflicts;  ///< Those that nothing settled, in the order of keys.
  /// Rows taken from theirs, whole or in part; not those that only got cells of columns which came
  /// along as a whole.
  int64_t merged_row_count = 0;
  int64_t merged_column_count = 0;  ///< Columns that came along as a whole.
  int64_t settled_count = 0;        ///< Conflicts that a policy or a person settled.
};

/// A version to merge, and the one that it shares with ours.
struct MergeSide {
  TableVersion base;
  TableVersion theirs;
};

/// Costs what the sides changed since their bases. Equal changes are no conflict. A side counts for
/// a cell when it changed the cell since its base, and ours when it did so since all their bases:
/// what every other side has seen and changed is no say of ours. All must have one key, or none:
/// then rows are merged by content (content_merge.h).
///
/// What comes out has the columns of all: a column that some added is merged as if the bases had it
/// with nulls, one that a version removed is gone, and each is of the widest type that a version
/// gives it. A cell of an added column keeps no row that another side removed. A column that a side
/// renamed has its new name in what comes out, in conflicts, and in `options`. The rows of
/// the table are read once more for an added column that is not of one side alone.
///
/// Errors: `conflict` when a side changed the key, a column has types that do not fit, one column
/// got two names, or one side removed a column of which another changed cells; `invalid_input` for
/// a policy or a value that the column's type cannot have; `damaged`, `outside` for objects.
[[nodiscard]] Result<TableMerge> merge_versions(ObjectStore& objects, const TableVersion& ours,
                                                const std::vector<MergeSide>& sides,
                                                const MergeOptions& options);

}  // namespace millgate
