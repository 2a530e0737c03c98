#include "ground/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "ground/clock.h"
#include "ground/nearest_name.h"
#include "ground/setting_override.h"
#include "ground/toml.h"

namespace millgate {

namespace {

/// A file after parsing; never changed again, so addresses in `root` stay good.
struct File {
  explicit File(SourceText text) : source(std::move(text)) {}
  SourceText source;
  toml::table root;
  Overrides overrides;

  [[nodiscard]] const SettingOverride* override_of(const toml::node& node) const {
    const auto found = overrides.find(&node);
    return found == overrides.end() ? nullptr : &found->second;
  }
};

Place place_from(const toml::source_position& position) {
  return {static_cast<uint32_t>(position.line), static_cast<uint32_t>(position.column)};
}

struct Entry {
  const toml::key* key;
  const toml::node* value;
};

/// The entries in the order of the file; those from overrides follow, by name.
std::vector<Entry> entries_in_order(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : table) entries.push_back({&key, &value});
  const auto position = [](const Entry& entry) {
    const auto& begin = entry.key->source().begin;
    return std::tuple(begin.line == 0, begin.line, begin.column);
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return position(a) < position(b); });
  return entries;
}

/// Whether `value` is written as `[x]` or `[[x]]`.
bool is_section(const toml::node& value) {
  if (const toml::table* table = value.as_table()) return !table->is_inline();
  const toml::array* list = value.as_array();
  return list != nullptr && list->is_array_of_tables();
}

std::string bracketed(const std::string& name, bool repeated) {
  return repeated ? "[[" + name + "]]" : "[" + name + "]";
}

Error parse_fault(const SourceText& source, const TomlFault& fault) {
  Error error = invalid_input("not valid TOML: " + fault.what);
  error.where = source.where(fault.place);
  error.excerpt = source.excerpt(fault.place, {fault.place.line, fault.place.column + 1});
  return error;
}

std::string quotes_hint(const toml::node& found, std::string_view expected) {
  const bool scalar = found.is_value() && !found.is_string();
  if (expected == "a string" && scalar) return "write the value in quotes";
  const auto text = found.value_exact<std::string>();
  if (!text || !(expected == "a number" || expected == "an integer")) return {};
  const auto document = parse_toml("v = " + *text);
  const toml::table* table = std::get_if<toml::table>(&document);
  if (table == nullptr || table->size() != 1 || !table->get("v")->is_number()) return {};
  return "write the number without quotes";
}

}  // namespace

struct Section::Node {
  std::shared_ptr<const File> file;
  const toml::table* table = nullptr;  ///< Null when the section is missing.
  std::string name;                    ///< "train.split"; empty for the whole file.
  bool repeated = false;               ///< Written as [[name]].
  std::vector<std::string> asked;
  std::map<std::string, std::shared_ptr<Node>> children;

  /// The value of `key`, or null; notes that `key` is known.
  const toml::node* ask(const std::string& key) {
    if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.push_back(key);
    return peek(key);
  }

  [[nodiscard]] const toml::node* peek(const std::string& key) const {
    return table == nullptr ? nullptr : table->get(key);
  }

  /// "[task]", or what stands for the part of the file above the first section.
  [[nodiscard]] std::string title() const {
    return name.empty() ? "the file" : bracketed(name, repeated);
  }
  /// "`kind` in [task]".
  [[nodiscard]] std::string label(const std::string& key) const {
    return "`" + key + "`" + (name.empty() ? "" : " in " + title());
  }
  [[nodiscard]] std::string child_name(const std::string& key) const {
    return name.empty() ? key : name + "." + key;
  }

  std::shared_ptr<Node> child(const std::string& key, const std::string& slot,
                              const toml::table* at, bool is_repeated) {
    std::shared_ptr<Node>& kept = children[slot];
    if (!kept) {
      kept = std::make_shared<Node>();
      kept->file = file;
      kept->table = at;
      kept->name = child_name(key);
      kept->repeated = is_repeated;
    }
    return kept;
  }

  /// Points `error` at `region` unless `node` came from an override.
  void point(Error& error, const toml::node& node, const toml::source_region& region) const {
    if (const SettingOverride* origin = file->override_of(node)) {
      error.where = "override `" + origin->setting + "`";
      return;
    }
    error.where = file->source.where(place_from(region.begin));
    error.excerpt = file->source.excerpt(place_from(region.begin), place_from(region.end));
  }

  [[nodiscard]] Error error_on(const toml::node& node, std::string what,
                               std::string hint = {}) const {
    Error error = invalid_input(std::move(what), std::move(hint));
    point(error, node, node.source());
    return error;
  }

  /// An error that points at this section as a whole.
  [[nodiscard]] Error error_here(std::string what, std::string hint = {}) const {
    if (table != nullptr && !name.empty()) {
      return error_on(*table, std::move(what), std::move(hint));
    }
    Error error = invalid_input(std::move(what), std::move(hint));
    error.where = file->source.path();
    return error;
  }

  [[nodiscard]] Error wrong_type(const std::string& key, const toml::node& found,
                                 std::string_view expected) const {
    return error_on(
        found, label(key) + ": expected " + std::string(expected) + ", found " + kind_of(found),
        quotes_hint(found, expected));
  }

  [[nodiscard]] Error missing(const std::string& key) const {
    if (table == nullptr) {
      return error_here("missing section " + title() + ", which must give `" + key + "`",
                        "add " + title() + " with a line `" + key + " = ...`");
    }
    // A slip in the name of a key that must be there: the slip is what should be seen.
    for (const Entry& entry : entries_in_order(*table)) {
      const bool is_asked = std::find(asked.begin(), asked.end(), entry.key->str()) != asked.end();
      if (is_asked || !nearest_name(entry.key->str(), std::array{key})) continue;
      Error error = unknown(entry);
      error.hint = name_hint(entry.key->str(), std::array{key});
      return error;
    }
    return error_here("missing key " + label(key), "add a line `" + key + " = ...`");
  }

  [[nodiscard]] Error unknown(const Entry& entry) const {
    const std::string key(entry.key->str());
    const bool repeated_value = entry.value->is_array();
    const std::string what =
        is_section(*entry.value)
            ? "unknown section " + bracketed(child_name(key), repeated_value)
            : "unknown key " + (name.empty() ? "`" + key + "` outside any section" : label(key));
    Error error = invalid_input(what, name_hint(key, asked));
    // An override may give a new value to a key of the file; the fault is then the key's. In a
    // section that is itself an override, places are those of its own text.
    if (entry.key->source().begin.line != 0 && file->override_of(*table) == nullptr) {
      error.where = file->source.where(place_from(entry.key->source().begin));
      error.excerpt = file->source.excerpt(place_from(entry.key->source().begin),
                                           place_from(entry.key->source().end));
    } else {
      point(error, *entry.value, entry.value->source());
    }
    return error;
  }

  /// The string in `found`; nothing when it is of another type.
  [[nodiscard]] std::optional<std::string> text_in(const toml::node& found) const {
    if (auto text = found.value_exact<std::string>()) return text;
    // A shell takes the quotes off: name="2013" arrives as 2013, and a string is meant.
    const SettingOverride* origin = file->override_of(found);
    if (origin != nullptr && !origin->value.empty() && found.is_value()) return origin->value;
    return std::nullopt;
  }
};

Result<std::string> Section::text(const std::string& key) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return node_->missing(key);
  if (auto text = node_->text_in(*found)) return std::move(*text);
  return node_->wrong_type(key, *found, "a string");
}

Result<std::string> Section::text_or(const std::string& key, std::string fallback) {
  if (node_->ask(key) == nullptr) return fallback;
  return text(key);
}

Result<std::optional<double>> Section::number(const std::string& key) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return std::optional<double>();
  if (!found->is_number()) return node_->wrong_type(key, *found, "a number");
  const std::optional<double> value = found->value<double>();
  // Integers above 2^53 have no exact double; rounding them is what a reader expects.
  const double number = value ? *value : static_cast<double>(found->value<int64_t>().value_or(0));
  if (!std::isfinite(number)) {
    return node_->error_on(*found, node_->label(key) + " must be finite");
  }
  return std::optional<double>(number);
}

Result<std::optional<int64_t>> Section::integer(const std::string& key) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return std::optional<int64_t>();
  if (!found->is_integer()) return node_->wrong_type(key, *found, "an integer");
  return found->value_exact<int64_t>();
}

Result<bool> Section::boolean_or(const std::string& key, bool fallback) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return fallback;
  if (const auto value = found->value_exact<bool>()) return *value;
  return node_->wrong_type(key, *found, "true or false");
}

Result<std::vector<std::string>> Section::texts(const std::string& key) {
  const toml::node* found = node_->ask(key);
  std::vector<std::string> texts;
  if (found == nullptr) return texts;
  if (auto text = node_->text_in(*found)) return std::vector<std::string>{std::move(*text)};
  const toml::array* list = found->as_array();
  if (list == nullptr) return node_->wrong_type(key, *found, "a list of strings");
  for (const toml::node& entry : *list) {
    auto text = node_->text_in(entry);
    if (!text) {
      return node_->error_on(
          entry,
          node_->label(key) + ": expected a list of strings, found " + kind_of(entry) + " in it",
          quotes_hint(entry, "a string"));
    }
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<std::optional<int64_t>> Section::duration_micros(const std::string& key) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return std::optional<int64_t>();
  const auto text = node_->text_in(*found);
  if (!text) return node_->wrong_type(key, *found, "a duration such as \"30d\"");
  auto micros = parse_duration_micros(*text);
  if (!micros.ok()) {
    return node_->error_on(*found, node_->label(key) + ": " + micros.error().what,
                           micros.error().hint);
  }
  return std::optional<int64_t>(*micros);
}

Result<std::string> Section::one_of(const std::string& key, std::string fallback,
                                    const std::vector<std::string>& allowed) {
  MILLGATE_ASSIGN(std::string chosen, text_or(key, std::move(fallback)));
  if (node_->peek(key) == nullptr) return chosen;
  if (std::find(allowed.begin(), allowed.end(), chosen) != allowed.end()) return chosen;
  return error_at(key, node_->label(key) + " cannot be `" + chosen + "`",
                  name_hint(chosen, allowed));
}

Section::Section() : node_(parse_settings({}, {}).value().node_) {}

Result<Section> Section::section(const std::string& key) {
  const toml::node* found = node_->ask(key);
  if (found == nullptr) return Section(node_->child(key, key, nullptr, false));
  const toml::table* table = found->as_table();
  if (table != nullptr) return Section(node_->child(key, key, table, false));
  const std::string wanted = bracketed(node_->child_name(key), false);
  Error error = node_->wrong_type(key, *found, "a section " + wanted);
  if (is_section(*found)) error.hint = "write it once, as " + wanted + " with one bracket";
  return error;
}

Result<std::vector<Section>> Section::sections(const std::string& key) {
  const toml::node* found = node_->ask(key);
  std::vector<Section> sections;
  if (found == nullptr) return sections;
  const std::string wanted = bracketed(node_->child_name(key), true);
  const toml::array* list = found->as_array();
  if (list == nullptr) {
    Error error = node_->wrong_type(key, *found, "sections " + wanted);
    if (is_section(*found)) error.hint = "write it with two brackets: " + wanted;
    return error;
  }
  for (const toml::node& entry : *list) {
    const toml::table* table = entry.as_table();
    if (table == nullptr) return node_->wrong_type(key, entry, "sections " + wanted);
    const std::string slot = key + "[" + std::to_string(sections.size()) + "]";
    sections.push_back(Section(node_->child(key, slot, table, true)));
  }
  return sections;
}

Result<std::vector<std::pair<std::string, std::string>>> Section::all_texts() {
  std::vector<std::pair<std::string, std::string>> texts;
  if (node_->table == nullptr) return texts;
  for (const Entry& entry : entries_in_order(*node_->table)) {
    const std::string key(entry.key->str());
    MILLGATE_ASSIGN(std::string value, text(key));
    texts.emplace_back(key, std::move(value));
  }
  return texts;
}

std::vector<std::string> Section::keys() const {
  std::vector<std::string> names;
  if (node_->table == nullptr) return names;
  for (const Entry& entry : entries_in_order(*node_->table)) {
    names.emplace_back(entry.key->str());
  }
  return names;
}

bool Section::has(const std::string& key) const { return node_->ask(key) != nullptr; }

bool Section::empty() const { return node_->table == nullptr || node_->table->empty(); }

Status Section::finish() const {
  if (node_->table == nullptr) return {};
  for (const Entry& entry : entries_in_order(*node_->table)) {
    const auto& asked = node_->asked;
    if (std::find(asked.begin(), asked.end(), entry.key->str()) == asked.end()) {
      return node_->unknown(entry);
    }
  }
  return {};
}

Error Section::error_at(const std::string& key, std::string what, std::string hint,
                        std::optional<uint32_t> offset) const {
  const toml::node* found = node_->peek(key);
  if (found == nullptr) return node_->error_here(std::move(what), std::move(hint));
  Error error = node_->error_on(*found, std::move(what), std::move(hint));
  if (offset && found->is_string() && node_->file->override_of(*found) == nullptr) {
    const SourceText& source = node_->file->source;
    const Place place = source.inside_string(place_from(found->source().begin), *offset);
    error.where = source.where(place);
    error.excerpt = source.excerpt(place, {place.line, place.column + 1});
  }
  return error;
}

Place Section::place_of(const std::string& key) const {
  const toml::node* found = node_->peek(key);
  if (found == nullptr) found = node_->name.empty() ? nullptr : node_->table;
  if (found == nullptr || node_->file->override_of(*found) != nullptr) return {};
  return place_from(found->source().begin);
}

Result<Section> parse_settings(std::string text, std::string path,
                               const std::vector<std::string>& overrides) {
  auto file = std::make_shared<File>(SourceText(std::move(path), std::move(text)));
  auto parsed = parse_toml(file->source.text());
  if (const auto* fault = std::get_if<TomlFault>(&parsed)) return parse_fault(file->source, *fault);
  file->root = std::get<toml::table>(std::move(parsed));
  for (const std::string& setting : overrides) {
    MILLGATE_TRY(apply_override(setting, file->root, file->overrides));
  }
  auto node = std::make_shared<Section::Node>();
  node->table = &file->root;
  node->file = std::move(file);
  return Section(std::move(node));
}

}  // namespace millgate
