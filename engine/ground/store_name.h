/// The rule for names in a file store, shared by its kinds so that they refuse the same.
#pragma once

#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// The folder of a local store that holds files while they are written.
inline constexpr std::string_view kTemporaryFolder = ".tmp";

/// Errors: `invalid_input` unless `name` is a relative path of parts between single `/`, none
/// of them "." or "..", without a zero byte, and not inside the folder for temporary files.
[[nodiscard]] Status check_store_name(const std::string& name);

}  // namespace millgate
