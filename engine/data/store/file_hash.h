/// The name that a local file would have as an object.
#pragma once

#include <string>

#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// The SHA-256 of a file's bytes, without holding it in memory. Errors: `not_found`, `outside`.
[[nodiscard]] Result<Id> hash_of_file(const std::string& path);

}  // namespace millgate
