/// SQL in which tables carry revisions: `select ... from flights@main~1 join weather`.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/query/database.h"
#include "data/store/repository.h"

namespace millgate {

/// A table that SQL reads, and the commit whose version it is; none for a log of the project.
struct ReadTable {
  std::string table;
  std::optional<Id> commit;
};

/// How rows are changed before SQL sees them; as made: not at all.
struct SqlGuard {
  RowChanges changes = nullptr;            ///< Of every table.
  std::vector<std::string> left_out = {};  ///< Columns that the logs then lack.
};

/// Makes every table of `commit` a view of its own name.
[[nodiscard]] Status add_commit(Database& database, const Repository& repository,
                                const Commit& commit);

/// Prepares `database` for `sql`: `table@revision` becomes a view of that version, a plain name
/// that of `default_revision`; `predictions`, `shadow`, `feedback` and `outcomes` are the logs of
/// the project, unless it has tables of these names. Returns the SQL to run, in which the names
/// with revisions are quoted. Only tables that `sql` names are added.
///
/// A revision is `main~1`, `v1.2`, `a1b2c3`, `@{2013-05-01 10:00}`, `main@{2013-05-01}`: letters,
/// digits and `_ . ~ / : -` right after the `@`, and braces, in which anything may stand. A
/// quoted name holds it too: `"flights@main~1"`. Strings and comments are left alone.
///
/// With `read`, it is filled with the tables that `sql` reads (where DuckDB gives no parse tree, as
/// for PIVOT: that it names), in the order of the text.
/// Errors: `not_found` for an unknown table or revision, with the nearest name and the place;
/// `invalid_input` for wrong SQL.
[[nodiscard]] Result<std::string> prepare_revision_sql(Database& database,
                                                       const Repository& repository,
                                                       const std::string& sql,
                                                       const std::string& default_revision,
                                                       std::vector<ReadTable>* read = nullptr,
                                                       const SqlGuard& guard = {});

}  // namespace millgate
