#include "app/about_text.h"

#include <iostream>

#include "app/text_table.h"

namespace millgate {

std::string text_of(const AboutChange& change) {
  const std::string name = change.name() + ": ";
  if (!change.before) return name + *change.after + " (new)";
  if (!change.after) return name + *change.before + " (gone)";
  return name + *change.before + " -> " + *change.after;
}

Json about_json(const std::vector<AboutChange>& changes) {
  Json json = Json::array();
  for (const AboutChange& change : changes) {
    json.push_back({{"member", change.name()},
                    {"before", change.before ? Json(*change.before) : Json(nullptr)},
                    {"after", change.after ? Json(*change.after) : Json(nullptr)}});
  }
  return json;
}

void print_about(const Json& about) {
  const std::vector<AboutChange> members = about_changes(Json::object(), about);
  if (members.empty()) return;
  TextTable lines({"about", ""});
  for (const AboutChange& member : members) lines.add({member.name(), *member.after});
  lines.print(std::cout);
}

void print_about_changes(const std::vector<AboutChange>& changes) {
  if (changes.empty()) return;
  TextTable lines({"about", "before", "after"});
  for (const AboutChange& change : changes) {
    lines.add({change.name(), change.before.value_or(""), change.after.value_or("")});
  }
  lines.print(std::cout);
}

}  // namespace millgate
