#include "ground/json.h"

namespace millgate {

Result<Json> parse_json(std::string_view text, std::string_view object) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& failure) {
    return damaged(std::string(object) + " is not JSON at byte " + std::to_string(failure.byte));
  } catch (const nlohmann::json::out_of_range&) {
    return damaged(std::string(object) + " holds a number that is too large");
  }
}

std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json_pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millgate
