/// What a source's data came from, as a commit records it in `origin_json`.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/about.h"
#include "data/store/repository.h"
#include "data/table/source.h"
#include "data/tree/folder_source.h"
#include "ground/error.h"
#include "system/pipeline/source_files.h"

namespace millgate {

/// What a branch holds before something is added to it.
struct BranchState {
  std::string branch;                              ///< Its name.
  std::optional<Commit> commit;                    ///< Nothing on an empty branch.
  std::unique_ptr<nlohmann::ordered_json> origin;  ///< By source; an object.
  /// Files that were carried here from another branch and are no change while they stay as they are
  /// (data/store/workspace.h). Whoever names a branch asks about the files as they are: then empty.
  std::map<std::string, std::string> carried_files;

  /// Whether the table `source`, whose files are now as `origin` says, has nothing to commit.
  [[nodiscard]] bool table_is_unchanged(const std::string& source,
                                        const nlohmann::ordered_json& origin) const;
  /// The tree that folder `source` was carried here with.
  [[nodiscard]] std::optional<Id> carried_tree(const std::string& source) const;
  /// How the project file's `about` of `source` differs from that of the commit. Nothing where the
  /// commit does not have the source, and where the project file says what it said when the source
  /// was carried here.
  [[nodiscard]] std::vector<AboutChange> about_news(const std::string& source,
                                                    const nlohmann::ordered_json& about) const;
  /// `about` of the source while there is no news: as it was carried here, else of the commit.
  [[nodiscard]] nlohmann::ordered_json known_about(const std::string& source) const;
};

/// Errors: `not_found` when there is no such branch; `damaged`, `outside`.
[[nodiscard]] Result<BranchState> read_branch_state(const Repository& repository,
                                                    const std::string& branch);

/// A branch `branch` whose tip is `commit`, or which is empty.
[[nodiscard]] Result<BranchState> branch_state_at(const std::string& branch,
                                                  const std::optional<Commit>& commit);

/// What a table is made from; an equal one gives an equal table.
[[nodiscard]] nlohmann::ordered_json origin_of(const Source& source,
                                               const std::vector<SourceFile>& files);
[[nodiscard]] nlohmann::ordered_json origin_of(const FolderSource& source);

/// Whether the files and how they are read are the same; `about` may differ.
[[nodiscard]] bool is_same_origin(const nlohmann::ordered_json& one,
                                  const nlohmann::ordered_json& other);

}  // namespace millgate
