/// A `[[check]]` of the project file: one rule about one table.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// Whether a rule that is not met fails the check or is only shown.
enum class Severity { error, warning };

/// One rule, as it stands in the project file.
struct Rule {
  std::string table;
  std::string rule;       ///< SQL condition that a good row meets, or one of the forms
                          ///< "column is unique", "a, b references other.x, other.y".
  std::string where;      ///< Slice: only these rows are judged; empty: all.
  double at_least = 1.0;  ///< Share of the judged rows that must meet it.
  Severity severity = Severity::error;
  Section section;  ///< Where it stands, for messages.
};

/// Reads one `[[check]]`. Its forms and brackets are checked here, its names against a commit.
/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<Rule> read_rule(Section section);

}  // namespace millgate
