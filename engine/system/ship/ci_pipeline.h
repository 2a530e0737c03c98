/// The file by which a CI server tries every change of a project, and releases what was merged.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// "github", "gitlab".
[[nodiscard]] std::vector<std::string> ci_servers();

/// Writes the file for `server` below `folder`; gives back its path. The project's state (ledger,
/// data, models) comes from a backup, whose address is the variable MILLGATE_BACKUPS, and after a
/// release goes back there.
/// Errors: `not_found` for a server that is unknown; `conflict` when the file is there: it is never
/// overwritten; `outside`. Images and actions in it are named by their hashes.
[[nodiscard]] Result<std::string> write_ci_pipeline(const std::string& folder,
                                                    const std::string& server);

}  // namespace millgate
