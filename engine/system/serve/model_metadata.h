/// What the Open Inference Protocol tells about a model.
#pragma once

#include <string>

#include "ground/clock.h"
#include "system/serve/served_model.h"

namespace millgate {

/// The answer to GET /v2/models/{name}. Inputs that may be left out say `optional`; `parameters`
/// tell how the model came to serve.
[[nodiscard]] std::string model_metadata_json(const ServedModel& model, Time now);

}  // namespace millgate
