/// Whether the project keeps to its own policy for personal data.
#pragma once

#include <map>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

/// No feature, view, calendar or label is made from the values of a column that is forbidden, and
/// every policy is about a column that is there. Which columns a view is made from is read off
/// DuckDB's plan (data/query/column_lineage.h), so another name hides nothing. Allowed stays what
/// needs no values: key, `entity`, joins and groups by the column, and slices, by which fairness is
/// measured. `tables` are those of a commit, or of one that is being made; policies of other tables
/// are not judged. Nothing is read where the project has no policy.
///
/// Errors: `refused` at the feature, view, calendar or label, naming the column; `invalid_input`
/// for a policy of a column that its table lacks, with the nearest.
[[nodiscard]] Status check_personal_use(const Repository& repository, const Project& project,
                                        const std::map<std::string, Id>& tables);

/// Rows that a query makes, to become a table.
struct MadeRows {
  std::string table;
  std::string sql;  ///< Tables with revisions as quoted names: "people@main~1".
  Commit commit;    ///< Whose tables are those without a revision.
};

/// No column of the new rows hands on personal data unnoticed: one that is made from a column whose
/// policy is not `allow` needs a policy of its own.
/// Errors: `refused` naming both columns; those of the query.
[[nodiscard]] Status check_personal_copy(const Repository& repository, const Project& project,
                                         const MadeRows& made);

}  // namespace millgate
