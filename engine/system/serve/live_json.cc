#include "system/serve/live_json.h"

#include <string_view>

#include "system/serve/json_text.h"

namespace millgate {

void append_live_json(std::string& out, const Serving& live, Time now) {
  char before = '{';
  const auto add = [&](std::string_view name, const std::string& text) {
    out += before;
    before = ',';
    append_json_text(out, name);
    out += ':';
    append_json_text(out, text);
  };
  add("how", live.how);
  add("by", live.by);
  add("since", to_string(live.since));
  add("verdict", live.verdict);
  if (!live.environment.empty()) add("environment", live.environment);
  if (!live.reason.empty()) add("reason", live.reason);
  if (live.until) {
    add("until", to_string(*live.until));
    out += live.has_expired(now) ? ",\"override_expired\":true" : ",\"override_expired\":false";
  }
  out += '}';
}

}  // namespace millgate
