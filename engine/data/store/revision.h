/// Names of revisions: "main", "a1b2c3~2", "main@{2013-04-01}".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// A revision in its parts.
struct Revision {
  std::string name;        ///< A branch, a tag or digits of an id; empty: the current branch.
  std::optional<Time> at;  ///< The tip of branch `name` as of this time.
  int64_t back = 0;        ///< First parents to go back from there.
};

/// "@", "@{...}" and "~2" are about the current branch; "~" is "~1"; several "~N" add up.
/// Errors: `invalid_input` with the forms there are.
[[nodiscard]] Result<Revision> parse_revision(std::string_view text);

/// Errors: `invalid_input` unless `name` can be that of a branch or tag: letters, digits and
/// `._/-`, not beginning with one of `./-`, and not something that reads as an id.
[[nodiscard]] Status check_branch_name(const std::string& name);

}  // namespace millgate
