/// The ledger that a backup holds. Inside the room.
#pragma once

#include <memory>
#include <string>

#include "data/keep/backup.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"

namespace millgate {

/// Opens the ledger at `path`, which was brought from `backup`, and proves its chain and that it
/// ends where the backup says. Errors: `damaged`; `outside`.
[[nodiscard]] Result<std::shared_ptr<Ledger>> open_backup_ledger(const std::string& path,
                                                                 const Backup& backup,
                                                                 const Clock& clock);

}  // namespace millgate
