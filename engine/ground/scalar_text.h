/// A value of the settings file, whatever scalar it is.
#pragma once

#include <string>

#include "ground/settings.h"

namespace millgate {

/// "5", "0.1", "true", or a string as it is; numbers as `shortest_text`.
/// Errors: `invalid_input` when it is missing, a list, a table or a time.
[[nodiscard]] Result<std::string> scalar_text(Section& section, const std::string& key);

}  // namespace millgate
