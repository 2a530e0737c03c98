#include "ground/setting_override.h"

#include <charconv>
#include <optional>

namespace millgate {

namespace {

/// One override on its way down the tree.
struct Walk {
  const std::string& setting;
  std::vector<std::string> path;
  std::string value;
  Overrides& overrides;

  [[nodiscard]] Error fault(const std::string& what, std::string hint = {}) const {
    return invalid_input("override `" + setting + "`: " + what, std::move(hint));
  }
  /// The first `count` parts of the path.
  [[nodiscard]] std::string prefix(size_t count) const {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ".") + path[i];
    return text;
  }
  [[nodiscard]] bool at_end(size_t depth) const { return depth + 1 == path.size(); }
};

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const size_t dot = path.find('.');
    parts.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

/// The document `v = <text>`, if `text` is one TOML value and nothing else.
std::optional<toml::table> read_value(const std::string& text) {
  auto parsed = parse_toml("v = " + text);
  auto* table = std::get_if<toml::table>(&parsed);
  if (table == nullptr || table->size() != 1 || !table->contains("v")) return std::nullopt;
  return std::move(*table);
}

void note(const toml::node& node, const SettingOverride& origin, Overrides& overrides) {
  overrides[&node] = origin;
  const SettingOverride inner{.setting = origin.setting, .value = {}};
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table) note(value, inner, overrides);
  } else if (const toml::array* list = node.as_array()) {
    for (const toml::node& value : *list) note(value, inner, overrides);
  }
}

/// Gives the new value to `put`, which stores a copy and gives back its address.
template <typename Put>
void put_value(const Walk& walk, const Put& put) {
  const toml::node* stored = nullptr;
  if (const auto document = read_value(walk.value)) {
    document->get("v")->visit([&](const auto& value) { stored = put(value); });
  } else {
    stored = put(toml::value<std::string>(walk.value));
  }
  note(*stored, {.setting = walk.setting, .value = walk.value}, walk.overrides);
}

Status descend(const Walk& walk, size_t depth, toml::node& node);

Status enter_table(const Walk& walk, size_t depth, toml::table& table) {
  const std::string& key = walk.path[depth];
  if (walk.at_end(depth)) {
    put_value(walk, [&](const auto& value) -> const toml::node* {
      table.insert_or_assign(key, value);
      return table.get(key);
    });
    return {};
  }
  if (!table.contains(key)) {
    table.insert(key, toml::table{});
    walk.overrides[table.get(key)] = {.setting = walk.setting, .value = {}};
  }
  return descend(walk, depth + 1, *table.get(key));
}

Status enter_list(const Walk& walk, size_t depth, toml::array& list) {
  const std::string& part = walk.path[depth];
  size_t index = 0;
  const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (fault != std::errc() || end != part.data() + part.size() || index >= list.size()) {
    const std::string object = "`" + walk.prefix(depth) + "`";
    if (list.empty()) return walk.fault(object + " is empty");
    return walk.fault("`" + part + "` is not an entry of " + object,
                      "its entries are numbered 0 to " + std::to_string(list.size() - 1));
  }
  if (walk.at_end(depth)) {
    put_value(walk, [&](const auto& value) -> const toml::node* {
      list.replace(list.cbegin() + static_cast<std::ptrdiff_t>(index), value);
      return list.get(index);
    });
    return {};
  }
  return descend(walk, depth + 1, *list.get(index));
}

Status descend(const Walk& walk, size_t depth, toml::node& node) {
  if (toml::table* table = node.as_table()) return enter_table(walk, depth, *table);
  if (toml::array* list = node.as_array()) return enter_list(walk, depth, *list);
  return walk.fault("`" + walk.prefix(depth) + "` is " + kind_of(node) + ", not a section");
}

}  // namespace

Status apply_override(const std::string& setting, toml::table& root, Overrides& overrides) {
  const size_t equals = setting.find('=');
  Walk walk{.setting = setting, .path = {}, .value = {}, .overrides = overrides};
  const std::string hint = "write key=value, for example requirement.0.at_least=0.7";
  if (equals == std::string::npos) return walk.fault("there is no `=` in it", hint);
  walk.path = split_path(std::string_view(setting).substr(0, equals));
  walk.value = setting.substr(equals + 1);
  for (const std::string& part : walk.path) {
    if (part.empty()) return walk.fault("a part of its key is empty", hint);
  }
  return descend(walk, 0, root);
}

std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time of day";
    case toml::node_type::date_time:
      return "a date and time";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a section";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

}  // namespace millgate
