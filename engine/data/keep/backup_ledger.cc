#include "data/keep/backup_ledger.h"

#include <vector>

namespace millgate {

Result<std::shared_ptr<Ledger>> open_backup_ledger(const std::string& path, const Backup& backup,
                                                   const Clock& clock) {
  MILLGATE_ASSIGN(auto ledger, open_ledger(path, clock));
  MILLGATE_TRY(ledger->verify());
  MILLGATE_ASSIGN(const int64_t count, ledger->head());
  MILLGATE_ASSIGN(const std::vector<Event> last, ledger->events(count - 1));
  if (count != backup.event_count || (count > 0 && last.back().id != backup.newest_event)) {
    return damaged("the ledger in the backup is not the one that it names",
                   "restore an older one by --number");
  }
  return ledger;
}

}  // namespace millgate
