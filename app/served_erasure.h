/// The logs of the server, asked for the rows that a `forget` is about.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/session.h"
#include "data/store/repository.h"
#include "system/monitor/served_eraser.h"

namespace millgate {

/// Rows of `table` named by `columns`. Beside the rows of models that predict for the table, those
/// of models whose rows name one of it: by a rule "columns references TABLE.columns" and by a view
/// whose entity is the key. A project file that is wrong tells of neither.
/// Errors: `not_found` for the table; those of erase_served.
[[nodiscard]] Result<ErasedServed> erase_served_rows(const Session& session,
                                                     const Repository& repository,
                                                     const std::string& table,
                                                     const std::vector<std::string>& columns,
                                                     const std::set<std::vector<std::string>>& rows,
                                                     bool dry_run);

/// Rows that any `forget` of the ledger was about: for logs that come from a backup, and for those
/// of a clone that learned of it by a pull.
[[nodiscard]] Result<ErasedServed> erase_served_rows_of_forgets(const Session& session,
                                                                const Repository& repository);

[[nodiscard]] Json to_json(const ErasedServed& served);
/// "7 predictions and 2 labels in 3 files".
[[nodiscard]] std::string text_of(const ErasedServed& served);

}  // namespace millgate
