/// Copies of the project's rows that commands of this workspace made elsewhere: backups and Delta
/// tables. Format: docs/formats/workspace.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/keep/backup.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

struct KnownBackup {
  std::string address;
  std::string name;    ///< Of the series.
  int64_t number = 0;  ///< The newest that is known.
};

struct KnownExport {
  std::string table;
  std::string folder;  ///< Of the Delta table, absolute.
};

/// In the order in which they were made.
struct KnownCopies {
  std::vector<KnownBackup> backups;
  std::vector<KnownExport> exports;
};

/// Kept in `.millgate/copies.json`; without that file there are none. A Delta table that is gone is
/// left out; a backup is not, its disk may only be away. Errors: `damaged`, `outside`.
[[nodiscard]] Result<KnownCopies> read_known_copies(const Repository& repository);

/// Of two commands at once each is noted. Errors: as read_known_copies.
[[nodiscard]] Status note_backup(const Repository& repository, const std::string& address,
                                 const Backup& backup);
[[nodiscard]] Status note_export(const Repository& repository, const std::string& table,
                                 const std::string& folder);

}  // namespace millgate
