/// Who reads the versions of views that the online store has, and which ones nobody does.
#pragma once

#include <string>
#include <vector>

#include "data/online/online_store.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

/// A model that reads a version of a view and may be asked for a prediction.
struct OnlineReader {
  Id model;
  std::string why;  ///< "serves", "was released", "is the newest".
};

struct OnlineUse {
  OnlineView view;
  bool is_defined = false;  ///< The project file has this very definition.
  std::vector<OnlineReader> readers;

  [[nodiscard]] bool is_used() const { return is_defined || !readers.empty(); }
};

/// One entry a version of a view in the store. A version is used while the project, at `revision`,
/// defines it, or a model reads it that serves, was released (a rollback may bring it back) or is
/// the newest. Errors: those of the store; `invalid_input` for a definition that cannot be read;
/// `damaged` for a model.
[[nodiscard]] Result<std::vector<OnlineUse>> online_uses(Repository& repository,
                                                         const Project& project,
                                                         const std::string& revision,
                                                         const OnlineStore& store);

}  // namespace millgate
