/// A `[[source]]` of the project file: what becomes one table.
#pragma once

#include <string>
#include <vector>

#include "data/table/about.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct Source {
  std::string name;  ///< The table's name.
  /// Glob of files, relative to the project. Empty: the rows come by commands (a query, a stream,
  /// an import), and the section says what they mean.
  std::string path;
  std::vector<std::string> key;  ///< Columns that name a row; empty: rows have no key.
  std::string happened;          ///< Expression: when the fact happened. Empty: timeless.
  std::string known;             ///< Expression: when it could be known. Empty: `happened`.
  std::vector<std::string> null_texts = {"", "NA"};  ///< CSV texts that mean null.
  About about;                                       ///< Origin, licence, labelling ...
  Section section;                                   ///< Where it stands, for messages.
};

/// Reads one `[[source]]`. Errors: `invalid_input` with the place.
[[nodiscard]] Result<Source> read_source(Section section);

}  // namespace millgate
