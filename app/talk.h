/// How the program talks: errors, and progress on a terminal.
#pragma once

#include <functional>
#include <string>

#include "ground/error.h"

namespace millgate {

/// The documented exit code of `code`: 1 refused, 2 wrong request, 3 outside, 4 bug.
[[nodiscard]] int exit_code(ErrorCode code);

/// Prints `error` to stderr: fault, place, excerpt, causes, hint. With `json`, as one JSON
/// object on stdout.
void print_error(const Error& error, bool json);

/// A callback that shows "what ... 40 %" on one line of stderr, when that is a terminal.
[[nodiscard]] std::function<void(const std::string& what, double share)> progress_line();
/// Ends the progress line, if one is shown.
void end_progress();

/// Whether standard output is a pipe whose reader has gone, as with `| head`: it has read what it
/// wanted.
[[nodiscard]] bool reader_left();

}  // namespace millgate
