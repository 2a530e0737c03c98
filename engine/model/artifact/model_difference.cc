#include "model/artifact/model_difference.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "ground/json.h"
#include "model/artifact/manifest.h"

namespace millgate {

namespace {

constexpr size_t kValueBytesMax = 60;

std::string shown(const Json& value) {
  std::string text = dump_json(value);
  if (text.size() > kValueBytesMax) text = text.substr(0, kValueBytesMax) + "...";
  return text;
}

std::string both(const std::string& place, const std::string& before, const std::string& after) {
  return place + ": " + before + ", then " + after;
}

/// The first place, depth first in the order of `before`, where the two differ.
std::optional<std::string> first_difference(const Json& before, const Json& after,
                                            const std::string& place) {
  if (before == after) return std::nullopt;
  if (before.is_object() && after.is_object()) {
    for (const auto& [name, value] : before.items()) {
      const auto other = after.find(name);
      if (other == after.end()) return both(place + "/" + name, shown(value), "nothing");
      if (auto found = first_difference(value, *other, place + "/" + name)) return found;
    }
    for (const auto& [name, value] : after.items()) {
      if (!before.contains(name)) return both(place + "/" + name, "nothing", shown(value));
    }
  } else if (before.is_array() && after.is_array()) {
    for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      if (auto found = first_difference(before[i], after[i], place + "/" + std::to_string(i))) {
        return found;
      }
    }
    return both(place, std::to_string(before.size()) + " entries", std::to_string(after.size()));
  }
  return both(place.empty() ? "/" : place, shown(before), shown(after));
}

/// The first line that differs, below the last heading ("Tree=12") that both have.
std::string first_line(std::string_view before, std::string_view after) {
  std::string heading;
  for (int64_t line = 1;; ++line) {
    const size_t end = before.find('\n'), other_end = after.find('\n');
    const std::string_view one = before.substr(0, end), other = after.substr(0, other_end);
    const bool is_last = end == std::string_view::npos || other_end == std::string_view::npos;
    if (one != other || is_last) {
      const std::string place = "line " + std::to_string(line) + heading;
      return both(place, shown(Json(std::string(one))), shown(Json(std::string(other))));
    }
    if (one.starts_with("Tree=")) heading = ", " + std::string(one);
    before.remove_prefix(end + 1);
    after.remove_prefix(other_end + 1);
  }
}

/// Of parts that are no text.
std::string first_byte(std::string_view before, std::string_view after) {
  const size_t length = std::min(before.size(), after.size());
  const size_t at = static_cast<size_t>(
      std::mismatch(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(length),
                    after.begin())
          .first -
      before.begin());
  return "byte " + std::to_string(at) + " of " + std::to_string(before.size()) + ", then of " +
         std::to_string(after.size());
}

bool is_text(std::string_view bytes) { return bytes.find('\0') == std::string_view::npos; }

Result<std::string> difference_of_objects(const ObjectStore& objects, const Id& before,
                                          const Id& after) {
  MILLGATE_ASSIGN(const std::string one, objects.get(before));
  MILLGATE_ASSIGN(const std::string other, objects.get(after));
  if (!is_text(one) || !is_text(other)) return first_byte(one, other);
  const Json one_json = Json::parse(one, nullptr, false);
  const Json other_json = Json::parse(other, nullptr, false);
  if (one_json.is_discarded() || other_json.is_discarded()) return first_line(one, other);
  return first_difference(one_json, other_json, "").value_or("in how it is written");
}

/// Null where there is none.
template <typename T>
Json json_or_null(const std::optional<T>& part) {
  return part ? to_json(*part) : Json();
}

Result<StoredManifest> stored_manifest(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  return read_manifest(bytes);
}

}  // namespace

Result<std::vector<ModelDifference>> model_differences(const ObjectStore& objects, const Id& before,
                                                       const Id& after) {
  std::vector<ModelDifference> differences;
  MILLGATE_ASSIGN(const StoredManifest one, stored_manifest(objects, before));
  MILLGATE_ASSIGN(const StoredManifest other, stored_manifest(objects, after));
  const auto compare = [&](const char* part, const Json& old, const Json& now) {
    if (auto what = first_difference(old, now, "")) differences.push_back({part, *what});
  };
  const auto compare_objects = [&](const char* part, const Id& old, const Id& now) -> Status {
    if (old == now) return {};
    MILLGATE_ASSIGN(std::string what, difference_of_objects(objects, old, now));
    differences.push_back({part, std::move(what)});
    return {};
  };
  Json facts = to_json(one.manifest), other_facts = to_json(other.manifest);
  const Json libraries = facts["dependencies"], other_libraries = other_facts["dependencies"];
  facts.erase("dependencies");
  other_facts.erase("dependencies");
  compare("manifest", facts, other_facts);
  compare("dependencies", libraries, other_libraries);
  MILLGATE_TRY(compare_objects("features", one.features, other.features));
  compare("model", one.model_format, other.model_format);
  if (one.model_format == other.model_format) {
    MILLGATE_TRY(compare_objects("model", one.model, other.model));
  }
  compare("calibration", json_or_null(one.calibration), json_or_null(other.calibration));
  compare("uncertainty", json_or_null(one.uncertainty), json_or_null(other.uncertainty));
  MILLGATE_TRY(compare_objects("profiles", one.profiles, other.profiles));
  return differences;
}

}  // namespace millgate
