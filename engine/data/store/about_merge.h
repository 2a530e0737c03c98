/// `about` of one table or folder that was changed apart, merged member by member.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

/// What a conflict about a member has as its `key_text`; its `key` is empty, as no row's is.
inline constexpr const char* kAboutRow = "about";

struct AboutMerge {
  std::string about_json;           ///< Ours with what theirs changed; where in conflict, ours.
  std::vector<Conflict> conflicts;  ///< Those that nothing settled; `column` is the member.
  int64_t merged_count = 0;         ///< Members taken from theirs.
  int64_t settled_count = 0;        ///< Conflicts that a policy or a person settled.
};

/// A commit to merge, and the one that it shares with ours.
struct AboutSide {
  Commit base;
  Commit theirs;
};

/// A member that one side changed is taken; one that several changed otherwise is a conflict, which
/// a resolution or the policy of `options` settles: ours, theirs, newest and majority as for cells;
/// the others are about numbers, and leave it to a person. `times` of `options` are those of our
/// commit, then of each side. Errors: `damaged`.
[[nodiscard]] Result<AboutMerge> merge_about(const Commit& ours,
                                             const std::vector<AboutSide>& sides,
                                             const std::string& source,
                                             const MergeOptions& options);

}  // namespace millgate
