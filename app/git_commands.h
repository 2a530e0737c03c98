/// Parts of `millgate git`: what people call, and what git calls.
#pragma once

#include "app/command.h"
#include "app/session.h"

namespace millgate {

/// `diff`, `merge` and `text`: git's drivers.
void add_git_drivers(const Command& git);
/// `guard` and `trailer`: git's hooks; `data`: what they left.
void add_git_hooks(const Command& git, Session& session);

}  // namespace millgate
