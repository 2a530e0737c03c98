/// How the program tells what was done to a remote, or by it.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/session.h"
#include "data/keep/remote_garbage.h"
#include "data/keep/transfer.h"

namespace millgate {

/// Prints it, with hints where branches have diverged; the exit code.
[[nodiscard]] int print_transfer(const Session& session, const TransferReport& report,
                                 const std::string& remote_name);

/// What was removed from a remote, or would be.
void print_remote_garbage(const RemoteGarbageReport& report, bool dry_run);
[[nodiscard]] nlohmann::ordered_json to_json(const RemoteGarbageReport& report);

/// Shows objects on the progress line, on a terminal.
[[nodiscard]] std::function<void(int64_t, int64_t)> transfer_progress(const std::string& what);

}  // namespace millgate
