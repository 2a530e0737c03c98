/// Which commits come before which.
#pragma once

#include <unordered_set>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// `tip` and everything before it, by all parents. Commits that are not in the store end there.
/// Errors: `damaged`, `outside`.
[[nodiscard]] Result<std::unordered_set<Id>> history_of(const Repository& repository,
                                                        const Id& tip);

}  // namespace millgate
