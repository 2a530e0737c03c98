/// The rows that a model was measured on, as they were at its training.
#pragma once

#include <cstdint>
#include <vector>

#include "data/feature/vector.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Labelled rows that the model has not learned from.
struct TestedRows {
  Block inputs;  ///< As model.features().inputs().
  std::vector<double> labels;
  std::vector<int64_t> event_micros;  ///< Row times; 0 where there is none.
};

/// Joined anew at the commit that the model was trained on, by the views of the project.
/// Errors: `not_found` when no run made the model or its commit is gone; `invalid_input` when the
/// project has no task, or no longer the tables and views that the model reads.
[[nodiscard]] Result<TestedRows> tested_rows(const Repository& repository, const Project& project,
                                             const Model& model);

}  // namespace millgate
