/// `about` of a source in the project file: what people know of data and no program can find out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// Texts by any name. Some names have a meaning that other programs know, too (datasheet,
/// Croissant): from, url, licence, author, collected, labelled_by, description, citation,
/// personal_data, known_issues. docs/guides/datasheet.md says what each is for.
struct About {
  using Texts = std::vector<std::pair<std::string, std::string>>;
  Texts texts;  ///< In the order of the file.
  /// By column: `description`, `unit` and any other name.
  std::vector<std::pair<std::string, Texts>> columns;

  [[nodiscard]] bool empty() const { return texts.empty() && columns.empty(); }
};

/// Reads `about` of the source `section`; nothing when it has none. In `about.columns`, a text
/// alone is a description.
/// Errors: `invalid_input` with the place, also for another spelling of a name with a meaning.
[[nodiscard]] Result<About> read_about(Section& section);

/// {"licence": "CC0", "columns": {"fee": {"unit": "euro"}}}
[[nodiscard]] nlohmann::ordered_json to_json(const About& about);

}  // namespace millgate
