/// Who brought each row of a table into it.
#pragma once

#include <string>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// The column that says it.
inline constexpr const char* kAuthorColumn = "_author";

/// A select, for open_rows, of the rows of `table` at `revision` with the column kAuthorColumn: the
/// author of the oldest commit, over all parents, whose version of the table has that row as it is.
/// Who changes a cell, a label for example, is the author of the row from then on. At most
/// `commit_count_max` versions of the table are looked at, the newest first; older rows are those
/// of the author of the oldest one among them. After a column was added, all rows are new.
///
/// Errors: `not_found` for the revision and the table, with the nearest name; `invalid_input` for a
/// table that has a column of that name, or columns that SQL cannot compare; `damaged`.
[[nodiscard]] Result<std::string> rows_with_authors(const Repository& repository,
                                                    const std::string& table,
                                                    const std::string& revision,
                                                    int commit_count_max);

}  // namespace millgate
