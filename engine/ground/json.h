/// The one JSON type of the engine. Fields keep the order in which code wrote them, so the
/// same object has the same bytes. Include "nlohmann/json_fwd.hpp" in headers instead.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

using Json = nlohmann::ordered_json;

/// Errors: `damaged` with the byte at which `text` stops being JSON; `object` names it.
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view object);

/// One line without spaces. NaN and infinity become null; invalid UTF-8 is replaced.
[[nodiscard]] std::string dump_json(const Json& json);
/// Indented by two spaces, for people.
[[nodiscard]] std::string dump_json_pretty(const Json& json);

/// The member `key` of `json` as T.
/// Errors: `damaged` naming `object` and `key` when it is missing or of another type.
template <typename T>
[[nodiscard]] Result<T> json_member(const Json& json, const char* key, std::string_view object) {
  if (json.is_object()) {
    if (const auto found = json.find(key); found != json.end()) {
      try {
        return found->template get<T>();
      } catch (const nlohmann::json::exception&) {
        return damaged(std::string(object) + ": member `" + key + "` has the wrong type");
      }
    }
  }
  return damaged(std::string(object) + ": member `" + key + "` is missing");
}

}  // namespace millgate
