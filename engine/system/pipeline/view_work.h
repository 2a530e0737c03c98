/// The views of a project over one commit, ready to be resolved and computed.
#pragma once

#include <memory>
#include <string>

#include "data/feature/join.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct ViewWork {
  Commit commit;
  std::unique_ptr<Database> database;  ///< Has the commit's tables.
  JoinPlan plan;
};

/// Errors: `not_found` for the revision; `invalid_input` without a task, whose rows views are
/// joined to.
[[nodiscard]] Result<ViewWork> open_views(Repository& repository, const Project& project,
                                          const std::string& revision);

}  // namespace millgate
