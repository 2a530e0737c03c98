/// Rows that a command brings (a query, a stream, another system) as the next version of a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"
#include "system/pipeline/table_import.h"

namespace millgate {

/// What takes the place of all rows of a table, which may be new.
struct NewRows {
  std::string table;
  /// Nothing: that of the table's `[[source]]`, else that of its last commit, else none.
  std::optional<std::vector<std::string>> key;
  /// Where neither that nor those say it: the key that the rows have where they come from.
  std::vector<std::string> own_key = {};
  decltype(TableImport::open) open;
  bool sorts_first = false;  ///< As in TableImport.
  std::string from = {};     ///< Where they come from, for people; nothing secret.
  /// What the rows came from: a JSON object, kept in the commit beside the key.
  std::string origin_json = "{}";
};

/// Commits `rows` on top of the branch. The table needs no `[[source]]`; with one, it must be
/// without files, whose rows would take the place of these at the next commit.
///
/// Errors: `invalid_input` for a name that cannot be a table's, for a table that has files, for
/// another key than the source's, and for rows that do not fit; `conflict` when another commit of
/// the same table won.
[[nodiscard]] Result<CommitReport> commit_rows(Repository& repository, const Project& project,
                                               const NewRows& rows, const CommitOptions& options);

/// The rows of an SQL select over versions, as `NewRows` of `table` (`sorts_first`, without key).
/// Tables without a revision are those of `branch`; the origin holds the text and the commits that
/// were read. Errors: those of prepare_revision_sql; `refused` for a column that would hand on
/// personal data (personal_use.h).
[[nodiscard]] Result<NewRows> rows_of_query(const Repository& repository, const Project& project,
                                            const std::string& table, const std::string& sql,
                                            const std::string& branch);

}  // namespace millgate
