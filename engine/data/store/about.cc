#include "data/store/about.h"

#include <map>

#include "ground/json.h"
#include "ground/plain_name.h"

namespace millgate {

namespace {

constexpr const char* kColumns = "columns";

using Members = std::map<std::vector<std::string>, std::string>;

Members members_of(const Json& about) {
  Members members;
  for (const auto& [name, value] : about.items()) {
    if (value.is_string()) members[{name}] = value.get<std::string>();
    if (name != kColumns || !value.is_object()) continue;
    for (const auto& [column, texts] : value.items()) {
      for (const auto& [of_column, text] : texts.items()) {
        if (text.is_string()) members[{name, column, of_column}] = text.get<std::string>();
      }
    }
  }
  return members;
}

}  // namespace

Result<Json> about_in(const Commit& commit, const std::string& source) {
  MILLGATE_ASSIGN(const Json origin, parse_json(commit.origin_json, "origin of commit"));
  const auto entry = origin.find(source);
  if (entry == origin.end() || !entry->is_object()) return Json(Json::object());
  Json about = entry->value("about", Json::object());
  return about.is_object() ? about : Json(Json::object());
}

std::string AboutChange::name() const {
  std::string text;
  for (const std::string& part : path) {
    text += text.empty() ? "" : ".";
    text += is_plain_name(part) ? part : Json(part).dump();
  }
  return text;
}

std::vector<AboutChange> about_changes(const Json& before, const Json& after) {
  const Members old_members = members_of(before);
  const Members new_members = members_of(after);
  std::map<std::vector<std::string>, AboutChange> changes;
  for (const auto& [path, text] : old_members) {
    changes[path] = {.path = path, .before = text, .after = {}};
  }
  for (const auto& [path, text] : new_members) {
    AboutChange& change = changes[path];
    change.path = path;
    change.after = text;
  }
  std::vector<AboutChange> differing;
  for (auto& [path, change] : changes) {
    if (change.before != change.after) differing.push_back(std::move(change));
  }
  return differing;
}

void apply_about_change(Json& about, const AboutChange& change) {
  Json* place = &about;
  if (change.path.size() > 1) place = &about[kColumns][change.path[1]];
  if (change.after) {
    (*place)[change.path.back()] = *change.after;
    return;
  }
  if (place->is_object()) place->erase(change.path.back());
  if (change.path.size() > 1) {
    if (place->empty()) about[kColumns].erase(change.path[1]);
    if (about[kColumns].empty()) about.erase(kColumns);
  }
}

}  // namespace millgate
