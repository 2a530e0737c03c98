/// What a source's data came from, as a commit records it in `origin_json`.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/table/source.h"
#include "data/tree/folder_source.h"
#include "ground/error.h"
#include "system/pipeline/source_files.h"

namespace millgate {

/// What a branch holds before something is added to it.
struct BranchState {
  std::optional<Commit> commit;                    ///< Nothing on an empty branch.
  std::unique_ptr<nlohmann::ordered_json> origin;  ///< By source; an object.
};

/// Errors: `damaged`, `outside`. A branch that does not exist is empty here.
[[nodiscard]] Result<BranchState> read_branch_state(const Repository& repository,
                                                    const std::string& branch);

/// What a table is made from; an equal one gives an equal table.
[[nodiscard]] nlohmann::ordered_json origin_of(const Source& source,
                                               const std::vector<SourceFile>& files);
[[nodiscard]] nlohmann::ordered_json origin_of(const FolderSource& source);

/// The source's `about`, as an object of texts.
[[nodiscard]] nlohmann::ordered_json about_of(const Source& source);

/// Whether the files and how they are read are the same; `about` may differ.
[[nodiscard]] bool is_same_origin(const nlohmann::ordered_json& one,
                                  const nlohmann::ordered_json& other);

}  // namespace millgate
