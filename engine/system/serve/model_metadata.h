/// What the Open Inference Protocol tells about a model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/clock.h"
#include "system/serve/served_model.h"

namespace millgate {

/// What every model here is of.
inline constexpr std::string_view kModelPlatform = "millgate";
/// [-1], or [-1, -1] for a list.
[[nodiscard]] std::vector<int64_t> input_shape(const Field& input);

/// The answer to GET /v2/models/{name}. Inputs that may be left out say `optional`; `parameters`
/// tell how the model came to serve.
[[nodiscard]] std::string model_metadata_json(const ServedModel& model, Time now);
/// The answer to GET /v2/models/{name}/stats, of the statistics extension.
[[nodiscard]] std::string model_statistics_json(const ServedModels& models);
/// The answer to POST /v2/repository/index, of the model repository extension.
[[nodiscard]] std::string repository_index_json(const ServedModels& models);

}  // namespace millgate
