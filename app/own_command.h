/// This program's own commands, run on a project as somebody would type them.
#pragma once

#include <string>
#include <vector>

#include "app/session.h"
#include "ground/error.h"

namespace millgate {

/// How one of them ended.
struct CommandSaid {
  int code = 0;  ///< kDone or kAnswerIsNo.
  std::string output;
};

/// Runs `millgate WORDS...` on the project. It ends when this process does.
/// Errors: `outside` where it failed for a reason of the world: another try may do; `refused` for a
/// request that is wrong, and will be the next time.
[[nodiscard]] Result<CommandSaid> run_own_command(const Project& project,
                                                  const std::vector<std::string>& words);

}  // namespace millgate
