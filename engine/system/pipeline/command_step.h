/// A `[[step]]` of the project file: a command that makes files from files, before they are
/// committed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// All paths are relative to the project's folder, in which the command runs.
struct CommandStep {
  std::string name;
  std::vector<std::string> command;  ///< Program and arguments; a text alone is for `sh -c`.
  std::vector<std::string> reads;    ///< Files, globs, and folders with all that is in them.
  std::vector<std::string> writes;   ///< Files, and folders with all that is in them.
  std::map<std::string, std::string> parameters;  ///< The command gets them in its environment.
  std::vector<std::string> environment;           ///< Variables that its result depends on.
  double seconds_max = 0;                         ///< 0: no limit.
  Section section;                                ///< Where it stands, for messages.

  /// The name of the variable by which the command gets a parameter: "MILLGATE_PARAMETER_MIN_AGE"
  /// for `min_age`.
  [[nodiscard]] static std::string variable_of(const std::string& parameter);
};

/// Errors: `invalid_input` with the place: a name that is there twice, a path outside the project
/// or inside `.millgate`, two steps that write the same file, steps that wait for each other in a
/// circle.
[[nodiscard]] Result<std::vector<CommandStep>> read_command_steps(Section& root);

/// Whether `read`, a path or a glob, names something that `step` writes.
[[nodiscard]] bool reads_from(const std::string& read, const CommandStep& step);

/// Of each step, those that must be done before it, as indices: they write what it reads. The
/// order of `steps` does not matter.
[[nodiscard]] std::vector<std::vector<size_t>> steps_before(const std::vector<CommandStep>& steps);

}  // namespace millgate
