/// What may be done with columns that hold personal data: `[source.personal]` of the project file.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// How the values of a column leave the project, as a file or as text on a screen.
enum class PersonalExit {
  as_they_are,
  masked,  ///< A text as `***`, everything else as missing: not even a length is told.
  hashed,  ///< As a pseudonym (personal_key.h): equal values stay equal, so that joins still work.
};

struct ColumnPolicy {
  std::string column;
  bool is_forbidden = false;  ///< No feature, label or view may be made from its values.
  PersonalExit exit = PersonalExit::as_they_are;
  /// As it is written: "hash", "forbid, hash".
  [[nodiscard]] std::string text() const;
};

struct TablePolicy {
  std::string table;
  std::vector<ColumnPolicy> columns;  ///< In the order of the file; none: nothing was decided.
  Section section;                    ///< [source.personal]

  /// Null when nothing was decided.
  [[nodiscard]] const ColumnPolicy* find(const std::string& column) const;
};

/// Of each source that has any.
using PersonalPolicies = std::vector<TablePolicy>;

/// `column = "allow"`, `"mask"`, `"hash"` or `"forbid"`, or a list of "forbid" and one of the
/// others; "forbid" alone also masks. `source` is one [[source]], whose table is `table`.
/// Errors: `invalid_input` with the place, and the nearest right word.
[[nodiscard]] Result<TablePolicy> read_personal_policy(Section& source, const std::string& table);

/// `policies` for whoever counts values: a masked column is hashed, so that its counts of
/// different, missing and most frequent values stay true.
[[nodiscard]] PersonalPolicies with_pseudonyms(PersonalPolicies policies);

/// Null when there is none for `table`.
[[nodiscard]] const TablePolicy* policy_of(const PersonalPolicies& policies,
                                           const std::string& table);

}  // namespace millgate
