/// `[quarantine]`: whose rows are looked at before a merge lets them in.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class ArrivingDrift { tell, hold, off };

/// `*` stands for any characters in names. Without the section, branches called `quarantine/...`
/// are not trusted, and all authors are.
struct QuarantineSettings {
  std::vector<std::string> branches = {"quarantine/*"};
  std::vector<std::string> authors = {};
  /// Branches into which rows of those authors come by a merge only.
  std::vector<std::string> protects = {"main"};
  /// SQL over a row: its class, by which poison is looked for in every table that has its columns.
  /// Empty: the label of the task, in its table.
  std::string label = {};
  bool poison = true;  ///< Whether poison is looked for at all.
  /// Another distribution than the rows before is told, holds all rows, or is not looked at. A new
  /// source is rarely like the others, so it does not hold by itself.
  ArrivingDrift drift = ArrivingDrift::tell;

  [[nodiscard]] bool mistrusts_branch(const std::string& name) const;
  [[nodiscard]] bool mistrusts_author(const std::string& name) const;
  [[nodiscard]] bool protects_branch(const std::string& name) const;
};

struct Project;

/// Whether `author` may commit on `branch` without a merge that looks at the rows. Errors:
/// `refused`, with the branch to commit on instead.
[[nodiscard]] Status check_author(const Project& project, const std::string& branch,
                                  const std::string& author);

/// Reads `[quarantine]` of the project file's `root`. Errors: `invalid_input` with the place.
[[nodiscard]] Result<QuarantineSettings> read_quarantine_settings(Section& root);

}  // namespace millgate
