/// Universal Binary JSON, which XGBoost writes its models in. Inside the room.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// The value in `bytes`, which must hold one and nothing after it. Of UBJ (draft 12) all but
/// numbers of high precision; also lists whose numbers share a type (`$`). Memory grows with what
/// the bytes hold, not with what they claim, and lists in lists are followed 64 deep.
/// Errors: `damaged` with the byte; `object` names what is read.
[[nodiscard]] Result<nlohmann::ordered_json> parse_ubjson(std::string_view bytes,
                                                          std::string_view object);

}  // namespace millgate
