#include "data/check/imported_value.h"

#include <cmath>

#include "data/query/database.h"
#include "data/query/sql_token.h"
#include "ground/shortest_text.h"

namespace millgate {

std::optional<std::string> sql_value(const Json& value) {
  if (value.is_string()) return quote_text(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) {
    const double number = value.get<double>();
    if (std::isfinite(number)) return shortest_text(number);
  }
  return std::nullopt;
}

std::optional<std::string> sql_list(const Json& values) {
  if (!values.is_array() || values.empty()) return std::nullopt;
  std::string list;
  for (const Json& value : values) {
    const auto text = sql_value(value);
    if (!text) return std::nullopt;
    list += (list.empty() ? "" : ", ") + *text;
  }
  return "(" + list + ")";
}

std::string text_member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool true_member(const Json& json, const char* key, bool otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::optional<std::string> between(const std::string& value, const Bounds& bounds) {
  std::string text;
  for (const bool is_low : {true, false}) {
    const Json* bound = is_low ? bounds.low : bounds.high;
    if (bound == nullptr || bound->is_null()) continue;
    const auto limit = sql_value(*bound);
    if (!limit) return std::nullopt;
    const bool open = is_low ? bounds.open_low : bounds.open_high;
    text += (text.empty() ? "" : " and ") + value + (is_low ? " >" : " <") + (open ? " " : "= ") +
            *limit;
  }
  return text;
}

const Json* member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

std::string name_list(const Json& names) {
  if (!names.is_array()) return {};
  std::string list;
  for (const Json& name : names) {
    if (!name.is_string()) return {};
    list += (list.empty() ? "" : ", ") + sql_name(name.get<std::string>());
  }
  return list;
}

}  // namespace millgate
