/// The program git, asked as a child process.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/program.h"

namespace millgate {

using GitAnswer = ProgramAnswer;

/// Runs `git -C folder arguments...` to its end, with `input` on its standard input. What it says
/// on standard error is dropped. No shell is involved, so no name can be taken for a command.
/// Errors: `outside` when git cannot be started or a signal ended it.
[[nodiscard]] Result<GitAnswer> run_git(const std::string& folder,
                                        const std::vector<std::string>& arguments,
                                        const std::string& input = {});

/// The same where anything but success is an error. Errors: `outside` with the call.
[[nodiscard]] Result<std::string> ask_git(const std::string& folder,
                                          const std::vector<std::string>& arguments,
                                          const std::string& input = {});

/// The top of the work tree that holds `folder`. Errors: `not_found` outside one.
[[nodiscard]] Result<std::string> git_top_folder(const std::string& folder);

/// `text` without the line ends behind it.
[[nodiscard]] std::string without_line_end(std::string text);

}  // namespace millgate
