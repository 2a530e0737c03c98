/// A rollback rehearsed beside what serves: the same ledger, models and code, in a copy.
#pragma once

#include <chrono>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/release/drill.h"
#include "model/release/registry.h"

namespace millgate {

struct RollbackDrillOptions {
  int clients = 2;                             ///< Connections that ask without a pause.
  std::chrono::milliseconds patience{10'000};  ///< Until when it must have taken effect.
};

/// Copies the ledger into a folder of its own that shares the project's objects, serves from there
/// on loopback what serves now, has clients ask for predictions all the while, rolls back as
/// `rollback` says, and measures until every client is answered by the model gone back to. What
/// serves, and the project's ledger, stay as they are. The rows sent have every input unknown.
/// Errors: those of `roll_back`; `not_found` when nothing serves; `outside` when the model does not
/// serve in time.
[[nodiscard]] Result<Drill> drill_rollback(const Repository& repository, const Rollback& rollback,
                                           const RollbackDrillOptions& options = {});

}  // namespace millgate
