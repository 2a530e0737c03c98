/// What a remote knows to be forgotten. Format: docs/formats/remote.md, backup.md.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "data/keep/remote.h"
#include "data/store/forget_record.h"
#include "data/store/forgotten.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/file_store.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// "forgets/ID" for each record that was pushed. Errors: `outside`.
[[nodiscard]] Result<std::set<Id>> forgets_of(const FileStore& files);
/// The records themselves. Errors: `not_found`, `damaged`, `outside`.
[[nodiscard]] Result<std::vector<Forgotten::Entry>> read_forgets(const ObjectStore& there,
                                                                 const std::set<Id>& ids);

/// To be called after the record, and the versions that it names, are there. Errors: `outside`.
[[nodiscard]] Status tell_forget(FileStore& files, const Id& record);

/// "forgotten/NAME/ID" for each record that the project of a series of backups had when the last
/// one was made: also who restores an older one learns of it.
[[nodiscard]] Result<std::set<Id>> forgets_of_backups(const FileStore& files,
                                                      const std::string& series);
/// As tell_forget, for all of a project, whose records are there. Errors: `outside`.
[[nodiscard]] Status tell_backups(FileStore& files, const std::string& series,
                                  const Forgotten& forgotten);

/// Between two backups: all records of the project and the versions that they name go to where the
/// series lies, so that what is restored from there lacks the rows from now on.
/// Errors: `conflict` when somebody removes from the remote; `damaged`, `outside`.
[[nodiscard]] Status send_forgets(const Repository& repository, Remote& remote,
                                  const std::string& series, const std::string& author);

/// Who told a project of a `forget`.
struct ForgetTeller {
  std::string from;  ///< "remote" or "backup".
  std::string name;
  std::string author;  ///< Who asked it.
};

/// The event of a `forget` that happened elsewhere.
[[nodiscard]] NewEvent learned_forget_event(const Id& id, const ForgetRecord& record,
                                            const ForgetTeller& teller);

}  // namespace millgate
