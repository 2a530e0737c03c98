/// Parts of other tools' rules, which are JSON, as SQL. For .cc files of this room.
#pragma once

#include <optional>
#include <string>

#include "ground/json.h"

namespace millgate {

/// A JSON value as SQL writes it; nothing for lists and objects.
[[nodiscard]] std::optional<std::string> sql_value(const Json& value);

/// "('a', 'b')"; nothing when it is no list of plain values, or empty.
[[nodiscard]] std::optional<std::string> sql_list(const Json& values);

/// "a, b"; empty when it is no list of texts, or empty.
[[nodiscard]] std::string name_list(const Json& names);

/// The member `key`, or null: also where `json` is no object.
[[nodiscard]] const Json* member(const Json& json, const char* key);
[[nodiscard]] std::string text_member(const Json& json, const char* key);
[[nodiscard]] bool true_member(const Json& json, const char* key, bool otherwise = false);

/// Limits of a value; a null pointer or a JSON null is none.
struct Bounds {
  const Json* low = nullptr;
  const Json* high = nullptr;
  bool open_low = false;
  bool open_high = false;
};
/// "x >= 1 and x < 5"; "" without bounds; nothing for a bound that is no plain value.
[[nodiscard]] std::optional<std::string> between(const std::string& value, const Bounds& bounds);

}  // namespace millgate
