/// What the project file may hold: the reference that people read and the list that the parser
/// keeps to are the same.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct ProjectKey {
  std::string_view section;   ///< "task", "train.split".
  std::string_view key;       ///< "*": any name.
  std::string_view type;      ///< "list of columns".
  std::string_view fallback;  ///< The default as TOML, "required", or empty: it may be left out.
  std::string_view meaning;   ///< What it does, and what holds without it.
  std::string_view example;   ///< A value as TOML; for "*" a line.
};

struct ProjectSection {
  std::string_view name;              ///< "train.split"; a part that is "*" has any name.
  bool is_repeated = false;           ///< Written as [[name]].
  std::string_view what;              ///< One line.
  std::string_view guide = {};        ///< Of docs/guides: "gate.md".
  std::vector<ProjectKey> keys = {};  ///< In the order in which people write them.

  /// "[train.split]", "[[source]]".
  [[nodiscard]] std::string title() const;
};

/// All of them, in the order of the documentation.
[[nodiscard]] const std::vector<ProjectSection>& project_sections();

/// Errors: `not_found` with the nearest section.
[[nodiscard]] Result<const ProjectSection*> project_section(std::string_view name);

/// Refuses every key of the file `root` that the reference does not have. Called when the readers
/// of the sections have taken the file, so what it finds is a fault of this program: a key that was
/// made, and not described. `root` must have been parsed for this call alone, because it asks for
/// everything.
[[nodiscard]] Status check_described(Section root);

/// The whole reference as Markdown, for the site.
[[nodiscard]] std::string project_reference();
[[nodiscard]] nlohmann::ordered_json to_json(const ProjectSection& section);

}  // namespace millgate
