/// A `[[source]]` of the project file: files of the user that become one table.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct Source {
  std::string name;              ///< The table's name.
  std::string path;              ///< Glob, relative to the project: CSV, Parquet, JSON lines.
  std::vector<std::string> key;  ///< Columns that name a row; empty: rows have no key.
  std::string happened;          ///< Expression: when the fact happened. Empty: timeless.
  std::string known;             ///< Expression: when it could be known. Empty: `happened`.
  std::vector<std::string> null_texts = {"", "NA"};        ///< CSV texts that mean null.
  std::vector<std::pair<std::string, std::string>> about;  ///< Origin, licence, labelling ...
  Section section;                                         ///< Where it stands, for messages.
};

/// Reads one `[[source]]`. Errors: `invalid_input` with the place.
[[nodiscard]] Result<Source> read_source(Section section);

}  // namespace millgate
