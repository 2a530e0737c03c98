/// Names of licences.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// The address of a licence that is named as SPDX names it (https://spdx.org/licenses), in any
/// case: "CC-BY-4.0" is "https://spdx.org/licenses/CC-BY-4.0.html". Empty for any other text but
/// "CC0"; the licences under which data are given away are known, not all of SPDX.
[[nodiscard]] std::string spdx_url(std::string_view licence);

}  // namespace millgate
