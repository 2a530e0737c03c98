/// Settings from the command line or the environment, laid over a parsed file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/toml.h"

namespace millgate {

/// Where a value that is not from the file came from.
struct SettingOverride {
  std::string setting;  ///< "requirement.0.at_least=0.7", as it was given.
  std::string value;    ///< "0.7". Empty for what lies inside an overriding section.
};

/// The values of a tree that are not from the file, by their address in the tree.
using Overrides = std::map<const toml::node*, SettingOverride>;

/// Lays `setting`, "a.b=value", over `root` and notes every new value in `overrides`. A number
/// in the path is the index of a `[[...]]` section or of an entry of a list, from 0. The value
/// is TOML if it can be read as such, else a string. Missing sections are made.
/// Errors: `invalid_input` when there is no `=`, or the path leads through something that is
/// not a section.
[[nodiscard]] Status apply_override(const std::string& setting, toml::table& root,
                                    Overrides& overrides);

/// "a string", "an integer", "a section" ...
[[nodiscard]] std::string kind_of(const toml::node& node);

}  // namespace millgate
