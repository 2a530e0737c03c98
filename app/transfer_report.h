/// How the program tells what a push, a pull or a clone did.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/session.h"
#include "data/keep/transfer.h"

namespace millgate {

/// Prints it, with hints where branches have diverged; the exit code.
[[nodiscard]] int print_transfer(const Session& session, const TransferReport& report,
                                 const std::string& remote_name);

/// Shows objects on the progress line, on a terminal.
[[nodiscard]] std::function<void(int64_t, int64_t)> transfer_progress(const std::string& what);

}  // namespace millgate
