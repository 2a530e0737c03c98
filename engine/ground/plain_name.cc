#include "ground/plain_name.h"

#include <algorithm>

namespace millgate {

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), is_plain);
}

Result<std::string> read_plain_name(Section& section, std::string_view thing) {
  MILLGATE_ASSIGN(std::string name, section.text("name"));
  if (!is_plain_name(name)) {
    return section.error_at("name", "`" + name + "` cannot be the name of " + std::string(thing),
                            "use letters, digits and `_`, beginning with a letter");
  }
  return name;
}

}  // namespace millgate
