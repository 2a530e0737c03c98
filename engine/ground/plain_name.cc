#include "ground/plain_name.h"

#include <algorithm>

namespace millgate {

Result<std::string> read_plain_name(Section& section, std::string_view thing) {
  MILLGATE_ASSIGN(std::string name, section.text("name"));
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || !is_letter(name.front()) ||
      !std::all_of(name.begin(), name.end(), is_plain)) {
    return section.error_at("name", "`" + name + "` cannot be the name of " + std::string(thing),
                            "use letters, digits and `_`, beginning with a letter");
  }
  return name;
}

}  // namespace millgate
