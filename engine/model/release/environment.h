/// Where a model can be live: `[[environment]]` of the project file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"
#include "model/release/requirement.h"

namespace millgate {

/// One place on the way of a model, for example "staging". A model goes through the environments
/// in the order of the project file. `release` opens the last one; `promote` each of them.
struct Environment {
  std::string name = "production";
  /// How the ledger calls it: empty for the last one, so that what served before there were
  /// environments stays known; its name otherwise.
  std::string key = {};
  /// What its gate asks for. Empty: not known to the caller, so no verdict is held against it.
  std::vector<Requirement> requirements = {};
  bool open = false;        ///< Any model may enter, without a verdict.
  std::string before = {};  ///< The one that a model must have been in; empty for the first.
};

/// Reads `[[environment]]` of `root`; without any, there is the one called "production".
///
/// An environment asks for its own `[[environment.requirement]]`. One that states none asks for
/// `common`, the `[[requirement]]` of the project, unless it is `open`; the last asks for `common`
/// and its own. Every list is checked as that of the project is.
/// Errors: `invalid_input` with the place: a name twice, no plain name or a reserved one, an open
/// environment with requirements, the last one open.
[[nodiscard]] Result<std::vector<Environment>> read_environments(
    Section& root, const std::vector<Requirement>& common);

/// The environment called `name`; empty: the last. Errors: `not_found` with the nearest name.
[[nodiscard]] Result<Environment> find_environment(const std::vector<Environment>& environments,
                                                   std::string_view name);

}  // namespace millgate
