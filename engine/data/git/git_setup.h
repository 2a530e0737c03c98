/// Millgate set up inside git: the drivers by which git compares and merges data files, and hooks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct GitSetupOptions {
  /// For every repository of this user instead of the one that holds the folder.
  bool global = false;
  std::string program;       ///< Full path of millgate, which git starts.
  bool guard = false;        ///< A pre-commit hook: large files do not enter git unnoticed.
  std::string size_max;      ///< Of `guard`, as git writes numbers ("10m"). Empty: as it is set.
  std::string large_action;  ///< "refuse" or "warn". Empty: as it is set.
  bool trailer = false;      ///< A commit-msg hook: the commit names that of the data.
  std::string project;       ///< Of `trailer`: the folder of the project.
};

struct GitSetupReport {
  std::vector<std::string> files;  ///< That were written or removed.
  /// Hooks that were there before and go on to work.
  std::vector<std::string> kept_hooks;
};

/// Sets the drivers in git's configuration (`diff.millgate`, `merge.millgate`) and names the data
/// files in `.gitattributes` (global: the user's file of attributes). May be called again. A hook
/// that is there is kept beside under the name HOOK.before-millgate and called first.
/// Errors: `not_found` outside a work tree; `invalid_input` for hooks with `global`, and for a
/// size that is no number; `conflict` when an old hook is kept already and another one is there;
/// `outside`.
[[nodiscard]] Result<GitSetupReport> install_in_git(const std::string& folder,
                                                    const GitSetupOptions& options);

/// Takes all of it out again, and puts old hooks back. Errors: as `install_in_git`.
[[nodiscard]] Result<GitSetupReport> uninstall_from_git(const std::string& folder, bool global);

/// `text` as one word of a POSIX shell.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace millgate
