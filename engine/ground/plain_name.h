/// Names that stand unquoted in SQL, in revisions (`flights@main`), in expressions (`weather.temp`)
/// and before the `/` of a path: letters, digits and `_`, beginning with a letter or `_`.
#pragma once

#include <string>
#include <string_view>

#include "ground/settings.h"

namespace millgate {

[[nodiscard]] bool is_plain_name(std::string_view name);

/// The value of `name` in `section`; `thing` as in "a table". Errors: `invalid_input` with its
/// place.
[[nodiscard]] Result<std::string> read_plain_name(Section& section, std::string_view thing);

}  // namespace millgate
