/// A cell as JSON.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace millgate {

/// What NaN and infinity become, which JSON does not know.
enum class NotFinite : uint8_t {
  null,  ///< In files: a reader of JSON takes them for missing.
  text,  ///< "NaN", "inf": for people, who can tell them from missing.
};

/// Booleans and numbers as such; a float in the shortest digits that give it back; a list as a
/// list; a struct, and a map with its keys as texts, as an object; all else as `value_text`
/// (row_key.h) writes it. `column` is of a table type, or what a query gave.
[[nodiscard]] nlohmann::ordered_json cell_json(const arrow::Array& column, int64_t row,
                                               NotFinite not_finite);

}  // namespace millgate
