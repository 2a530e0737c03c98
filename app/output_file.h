/// Files that a command writes where its user says.
#pragma once

#include <string>

#include "ground/error.h"

namespace millgate {

/// Errors: `conflict` when there is something at `path`, unless `force` says to write over it.
[[nodiscard]] Status check_free(const std::string& path, bool force);

}  // namespace millgate
