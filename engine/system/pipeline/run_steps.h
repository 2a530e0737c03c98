/// The `[[step]]`s of a project: which must run, and running them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"
#include "system/pipeline/step_report.h"

namespace millgate {

struct StepOptions {
  std::string author = {};
  std::vector<std::string> only = {};  ///< These, and what must be done before them; empty: all.
  bool force = false;                  ///< Run also what did not change.
  int workers = 0;                     ///< Commands at once; 0: one a core.
  /// Called with the name of a step when it begins (0) and when it ends (1); in this thread.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// What `run_steps` would do, and why, without doing it: of a step that must run, those that read
/// what it writes are told to wait for it, since they run only when it makes other files.
/// Errors: `not_found` for a name in `only`, with the nearest.
[[nodiscard]] Result<std::vector<StepReport>> plan_steps(const Repository& repository,
                                                         const Project& project,
                                                         const StepOptions& options);

/// Runs each step whose command, parameters, variables or read files are not those of the newest
/// time it ran, or whose written files are not what it wrote then; the others are reused. Files
/// that an earlier time made from the same are brought back instead. Steps that do not wait for
/// each other run side by side. In the order of the project file; empty without steps.
///
/// Every step that succeeded is an event "step" at once: a run that was broken off goes on where it
/// stopped. What the files were before a step comes back when it fails; what it had written by then
/// lies in `.millgate/steps/NAME/failed`, and what it said in `.millgate/steps/NAME/log`. Files
/// that lay where a step writes, and that it had not made, are copied to
/// `.millgate/steps/NAME/replaced` first. One process at a time runs the steps of a project;
/// another waits.
///
/// Errors: as plan_steps; `invalid_input` at the step whose command failed, took too long, wrote
/// not what it should, or that reads a file that is not there; `outside`.
[[nodiscard]] Result<std::vector<StepReport>> run_steps(Repository& repository,
                                                        const Project& project,
                                                        const StepOptions& options);

/// Commits the sources whose files steps write, as far as the newest commit of the current branch
/// has not these files; other sources stay as they are. Nothing when no step writes for a source.
/// Errors: as commit_sources.
[[nodiscard]] Result<std::optional<CommitReport>> commit_step_files(Repository& repository,
                                                                    const Project& project,
                                                                    const std::string& author);

}  // namespace millgate
