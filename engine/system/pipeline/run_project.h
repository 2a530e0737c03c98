/// The project file as it was when a model was made.
#pragma once

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"

namespace millgate {

/// The project that made `run`, read from the configuration that the run kept.
/// Errors: `not_found` where it is not in the store; as project_of.
[[nodiscard]] Result<Project> project_of_run(const Repository& repository, const RunReport& run);

}  // namespace millgate
