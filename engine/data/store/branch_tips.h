/// Branches and tags as folds over the events of the ledger.
///
/// Events: kind "branch" (subject: its name; body {"commit": id or null}) makes a branch; kind
/// "commit" (subject: the branch; body {"commit": id, "parent": id or null}, and sometimes "note",
/// an object that says how it came about) moves it; kind "tag" (subject: its name; body {"commit":
/// id}) makes a tag.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// Where a branch stood.
struct BranchTip {
  std::optional<Id> commit;  ///< Nothing: the branch is empty.
};

/// Nothing when there was no such branch at that time. Errors: `damaged`, `outside`.
[[nodiscard]] Result<std::optional<BranchTip>> branch_tip(const Ledger& ledger,
                                                          const std::string& branch,
                                                          std::optional<Time> at = std::nullopt);
[[nodiscard]] Result<std::optional<Id>> tag_target(const Ledger& ledger, const std::string& tag);

/// Names in the order of their making.
[[nodiscard]] Result<std::vector<std::string>> branch_names(const Ledger& ledger);
[[nodiscard]] Result<std::map<std::string, Id>> all_tags(const Ledger& ledger);
/// Every commit that some branch ever had, oldest first.
[[nodiscard]] Result<std::vector<Id>> all_commits(const Ledger& ledger);

/// The events, ready to append. `parent` may be nothing.
[[nodiscard]] NewEvent commit_event(const std::string& branch, const std::string& author,
                                    const Id& commit, std::optional<Id> parent,
                                    const std::string& note_json = "");
[[nodiscard]] NewEvent branch_event(const std::string& branch, const std::string& author,
                                    std::optional<Id> commit);
[[nodiscard]] NewEvent tag_event(const std::string& tag, const std::string& author,
                                 const Id& commit);

}  // namespace millgate
