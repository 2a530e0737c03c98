/// What the policy for personal data says of the answer of a query.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/personal/guarded_cells.h"
#include "data/personal/personal_policy.h"
#include "data/query/column_lineage.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// A column of the answer that is made from columns whose policy is not `allow`.
struct AnswerColumn {
  struct Origin {
    TableColumn column;
    ColumnPolicy policy;
  };
  std::string name;
  bool is_copy = false;      ///< It holds the values of its one origin as they are.
  bool is_plain = false;     ///< Those are texts, whole numbers or booleans.
  std::vector<Origin> from;  ///< At least one.
};

/// `sql` names tables of `commit`, or with revisions as quoted names: "people@main~1". Nothing when
/// the columns cannot be followed, because it is wrong or reads a log.
/// Errors: `damaged`, `outside`.
[[nodiscard]] Result<std::optional<std::vector<AnswerColumn>>> answer_columns(
    const Repository& repository, const PersonalPolicies& policies, const std::string& sql,
    const Commit& commit);

/// The first table with a policy that `sql` names, with a revision or without; null: none.
[[nodiscard]] const TablePolicy* named_policy(const PersonalPolicies& policies,
                                              const std::string& sql);

/// Whether `sql` names the log of what was served, whose inputs are those of the task's table.
[[nodiscard]] bool reads_predictions(const std::string& sql);

/// How the values of rows that somebody asks for (data/check/asked_rows.h: a table, table@revision
/// or select) are shown. Rows that cannot be followed and name a table with a policy, or the log
/// `predictions`, are all guarded. Errors: those of prepare_revision_sql, and of the key.
[[nodiscard]] Result<GuardedCells> cells_of_rows(const Repository& repository,
                                                 const PersonalPolicies& policies,
                                                 const std::string& rows,
                                                 const std::string& revision);

/// Adds the columns of the answer to `sql` to `cells`, their names after `prefix`.
[[nodiscard]] Status guard_answer(const Repository& repository, const PersonalPolicies& policies,
                                  const std::string& sql, const Commit& commit,
                                  const std::string& prefix, GuardedCells& cells);

}  // namespace millgate
