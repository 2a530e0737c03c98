#include "model/measure/simple_model.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ground/nearest_name.h"

namespace millgate {
namespace {

constexpr std::pair<SimpleModelKind, std::string_view> kNames[] = {
    {SimpleModelKind::constant, "constant"},
    {SimpleModelKind::last_value, "last value"},
    {SimpleModelKind::linear, "linear"},
    {SimpleModelKind::tree, "tree"}};

/// "a, b" as {"a", "b"}.
std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t begin = name.find_first_not_of(' ');
    if (begin == std::string_view::npos) continue;
    names.emplace_back(name.substr(begin, name.find_last_not_of(' ') - begin + 1));
  }
  return names;
}

}  // namespace

Result<SimpleModel> read_simple_model(std::string_view text) {
  constexpr std::string_view kOf = " of ";
  const size_t of = text.find(kOf);
  const std::string_view name = text.substr(0, of);
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const auto& one) { return one.second == name; });
  if (found == std::end(kNames)) {
    std::vector<std::string> names;
    for (const auto& one : kNames) names.emplace_back(one.second);
    return invalid_input("`" + std::string(text) + "` is no simple model", name_hint(name, names));
  }
  SimpleModel simple{.kind = found->first, .groups = {}};
  if (of == std::string_view::npos) return simple;
  simple.groups = listed(text.substr(of + kOf.size()));
  if (simple.kind == SimpleModelKind::last_value && !simple.groups.empty()) return simple;
  return invalid_input("`" + std::string(text) + "` is no simple model",
                       "only the last value is that of a group: `last value of carrier`");
}

std::string_view to_text(SimpleModelKind kind) {
  return std::find_if(std::begin(kNames), std::end(kNames),
                      [&](const auto& one) { return one.first == kind; })
      ->second;
}

}  // namespace millgate
