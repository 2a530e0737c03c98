#include "system/pipeline/step_key.h"

#include <algorithm>

#include "ground/json.h"

namespace millgate {

namespace {

using Part = std::pair<std::string, std::string>;

const Part* find_part(const std::vector<Part>& parts, const std::string& name) {
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [&](const Part& part) { return part.first == name; });
  return found == parts.end() ? nullptr : &*found;
}

void append(std::string& sentence, const std::string& words) {
  if (!sentence.empty()) sentence += ", ";
  sentence += words;
}

}  // namespace

void StepKey::add(std::string name, std::string value) {
  parts_.emplace_back(std::move(name), std::move(value));
}

Id StepKey::id() const {
  Hasher hasher;
  for (const auto& [name, value] : parts_) {
    hasher.add_field(name);
    hasher.add_field(value);
  }
  return hasher.finish();
}

std::string StepKey::difference_from(const StepKey& before) const {
  std::string changed, added, removed;
  for (const auto& [name, value] : parts_) {
    const Part* earlier = find_part(before.parts_, name);
    if (earlier == nullptr) {
      append(added, name);
    } else if (earlier->second != value) {
      append(changed, name);
    }
  }
  for (const auto& part : before.parts_) {
    if (find_part(parts_, part.first) == nullptr) append(removed, part.first);
  }
  std::string sentence;
  for (const auto& [words, verb] : {std::pair{changed, " changed"}, std::pair{added, " added"},
                                    std::pair{removed, " removed"}}) {
    if (!words.empty()) sentence += (sentence.empty() ? "" : "; ") + words + verb;
  }
  if (!sentence.empty()) return sentence;
  return id() == before.id() ? "nothing changed" : "the order changed";
}

Json StepKey::save() const {
  Json json = Json::array();
  for (const auto& [name, value] : parts_) json.push_back(Json::array({name, value}));
  return json;
}

Result<StepKey> StepKey::load(const Json& json) {
  StepKey key;
  for (const Json& part : json) {
    if (!part.is_array() || part.size() != 2 || !part[0].is_string() || !part[1].is_string()) {
      return damaged("step key: a part is not a pair of texts");
    }
    key.add(part[0].get<std::string>(), part[1].get<std::string>());
  }
  return key;
}

}  // namespace millgate
