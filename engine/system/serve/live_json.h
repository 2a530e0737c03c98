/// How the served model came to serve, for whoever asks the server.
#pragma once

#include <string>

#include "ground/clock.h"
#include "model/release/registry.h"

namespace millgate {

/// {"how":"override","by":"grace","since":"...","verdict":"0a1b2c3d4e5f","environment":"staging",
/// "reason":"...","until":"...","override_expired":false}; from `environment` on only what there
/// is.
void append_live_json(std::string& out, const Serving& live, Time now);

}  // namespace millgate
