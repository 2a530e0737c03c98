#include "ground/scalar_text.h"

#include "ground/shortest_text.h"

namespace millgate {

Result<std::string> scalar_text(Section& section, const std::string& key) {
  if (auto whole = section.integer(key); whole.ok() && *whole) return std::to_string(**whole);
  if (auto number = section.number(key); number.ok() && *number) return shortest_text(**number);
  if (auto truth = section.boolean_or(key, false); truth.ok()) {
    return std::string(*truth ? "true" : "false");
  }
  auto text = section.text(key);
  if (text.ok()) return text;
  return section.error_at(key, "`" + key + "` must be a number, a text, true or false");
}

}  // namespace millgate
