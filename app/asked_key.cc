#include "app/asked_key.h"

#include <algorithm>

namespace millgate {

std::vector<std::string> key_of(const Project& project, const AskedRows& rows) {
  const std::string table = rows.text.substr(0, rows.text.find('@'));
  for (const Source& source : project.sources) {
    if (source.name != table && rows.text.find(source.name) == std::string::npos) continue;
    const bool has_all =
        std::all_of(source.key.begin(), source.key.end(),
                    [&](const std::string& column) { return rows.find(column) != nullptr; });
    if (has_all) return source.key;
  }
  return {};
}

}  // namespace millgate
