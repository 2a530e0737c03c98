/// What a source's data came from, as a commit records it in `origin_json`.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/table/source.h"
#include "data/tree/folder_source.h"
#include "ground/error.h"
#include "system/pipeline/file_note.h"
#include "system/pipeline/source_files.h"

namespace millgate {

/// What a branch holds before something is added to it.
struct BranchState {
  std::string branch;                              ///< Its name.
  std::optional<Commit> commit;                    ///< Nothing on an empty branch.
  std::unique_ptr<nlohmann::ordered_json> origin;  ///< By source; an object.
  /// By source, what the workspace noted (system/pipeline/file_note.h).
  std::map<std::string, FileNote> notes = {};
  /// Whoever names a branch asks about the files as they are, whatever they were before.
  bool files_as_they_are = false;
};

/// Errors: `not_found` when there is no such branch; `damaged`, `outside`.
[[nodiscard]] Result<BranchState> read_branch_state(const Repository& repository,
                                                    const std::string& branch);

/// A branch `branch` whose tip is `commit`, or which is empty; without notes.
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
