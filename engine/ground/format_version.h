/// What a stored JSON object says of itself by its members `format` and `version`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// Versions that this program reads.
struct FormatVersions {
  int64_t oldest = 1;
  int64_t newest = 1;
};

/// The version of the `format` that `json` is; `object` names it in errors.
/// Errors: `damaged` when it is another format or does not say; `invalid_input` for another
/// version.
[[nodiscard]] Result<int64_t> read_format_version(const nlohmann::ordered_json& json,
                                                  std::string_view format, FormatVersions versions,
                                                  std::string_view object);

}  // namespace millgate
