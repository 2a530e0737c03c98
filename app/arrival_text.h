/// How a merge tells which rows from quarantine it lets in.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/personal/guarded_cells.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/json.h"
#include "system/pipeline/quarantine.h"

namespace millgate {

/// What was judged, as it may be shown: reasons under the policy for personal data.
struct QuarantineReport {
  std::vector<std::string> origins;  ///< Empty: all is trusted, and nothing was judged.
  Arrivals arrivals;
  std::map<std::string, GuardedCells> cells = {};  ///< Of tables with a policy.
  std::string override_reason, override_name;      ///< Empty: nobody sets it aside.

  /// Whether something stays outside.
  [[nodiscard]] bool holds() const { return override_name.empty() && arrivals.any_held(); }
};

/// Guards what `report` says of values. `commit` is one that has its tables.
[[nodiscard]] Status guard_reasons(const Repository& repository, const Id& commit,
                                   QuarantineReport& report);

/// Counts and reasons on stdout; nothing where nothing was judged.
void print_quarantine(const QuarantineReport& report);
/// Null where nothing was judged. With `with_rows` each held row and its reason.
[[nodiscard]] Json to_json(const QuarantineReport& report, bool with_rows);

/// Keeps in the ledger what was judged about a merge into `branch`, before it is done. Kind
/// `quarantine` of docs/formats/ledger-events.md: counts and reasons, no rows.
[[nodiscard]] Status record_quarantine(Repository& repository, const MergeRequest& request,
                                       const QuarantineReport& report);

/// Writes the held rows of each table to `path`, or where several tables hold some to one file
/// each, with the table before the ending: key, `_change`, `_note_reason`. `commit --changes` takes
/// it, and rows that had arrived out of the branch.
[[nodiscard]] Status write_held_rows(const QuarantineReport& report, const std::string& path);

}  // namespace millgate
