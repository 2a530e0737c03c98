/// Which Millgate this is.
#pragma once

#include <string_view>

namespace millgate {

/// By semantic versioning; what it brought is in CHANGELOG.md.
inline constexpr std::string_view kProgramVersion = "0.1.0";

}  // namespace millgate
