/// Another program, asked as a child process.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct ProgramCall {
  std::vector<std::string> words;  ///< The program, looked for in PATH, and its arguments.
  std::string input = {};          ///< On its standard input.
  std::string more = {};           ///< To be read as the file kMoreInput.
};

/// Where a program finds `ProgramCall::more`.
inline constexpr const char* kMoreInput = "/dev/fd/3";

struct ProgramAnswer {
  int exit_code = 0;
  std::string output;  ///< What it wrote to standard output.
};

/// Runs it to its end. What it says on standard error is dropped. No shell is involved, so no
/// argument can be taken for a command.
/// Errors: `outside` when it cannot be started or a signal ended it.
[[nodiscard]] Result<ProgramAnswer> run_program(ProgramCall call);

}  // namespace millgate
