/// What the drift of rows does to a model: each of its features, ranked by the harm.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/study/loss_scale.h"
#include "system/pipeline/project.h"

namespace millgate {

struct ModelDrift {
  std::string loss_name;  ///< "log_loss" or "squared_error".
  double loss = 0;        ///< Mean of the labelled rows.
  int64_t labelled_rows = 0, reference_rows = 0, current_rows = 0;
  std::vector<FeatureDrift> features;  ///< The largest growth of the loss first.
};

/// Holds the features of `current` against those of `reference`, both joined for the model, and
/// weighs what differs by the losses of the model's test rows, which it has not learned from.
/// Errors: `invalid_input` when a side has no rows; those of tested_rows and of predicting.
[[nodiscard]] Result<ModelDrift> weigh_drift(const Repository& repository, const Project& project,
                                             const Model& model, const arrow::Table& reference,
                                             const arrow::Table& current);

[[nodiscard]] nlohmann::ordered_json to_json(const ModelDrift& drift);

}  // namespace millgate
