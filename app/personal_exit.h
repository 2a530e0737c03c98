/// How rows leave by a command: under the project's policy for personal data, or against it.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/personal/guarded_cells.h"
#include "data/personal/personal_guard.h"
#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "ground/error.h"

namespace millgate {

/// What the project file asks of rows that are shown or written. It is read without overrides, and
/// also where other parts of it are wrong. Errors: `invalid_input` with the place.
[[nodiscard]] Result<RowChanges> open_guard(const Repository& repository);

/// `guard` that also says on stderr what it changes of each table; none where there is none.
[[nodiscard]] RowChanges noting(RowChanges guard);

/// open_guard for commands that count values (with_pseudonyms).
[[nodiscard]] Result<RowChanges> open_counting_guard(const Repository& repository);

/// How commands show single values of rows that they compute with as they are: those that were
/// asked for, with the revision of tables without one. Read as open_guard does.
[[nodiscard]] Result<GuardedCells> open_cells(const Repository& repository, const std::string& rows,
                                              const std::string& revision);

/// The columns of `table`, one that is written, which have the names that they have in `version`,
/// under its policy. Columns of other names stay.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> guarded_table(
    const Repository& repository, const std::string& name, const std::string& revision,
    std::shared_ptr<arrow::Table> table);

/// Says on stderr which guarded columns a file for `commit --changes` holds as they are, because
/// rows are found by them.
void note_clear_key(const GuardedCells& cells, const std::vector<std::string>& columns,
                    const std::string& path);

/// Columns of the log `predictions` that SQL which names it does not see: inputs that are made from
/// columns that the policy hides. Errors: those of read_project.
[[nodiscard]] Result<std::vector<std::string>> hidden_log_columns(const Repository& repository,
                                                                  const std::string& sql);

/// Who answers for rows that leave as they are, and why.
struct Disclosure {
  std::string table;
  Id commit;
  std::string to;  ///< File or folder; "-" for standard output.
  std::string reason;
  std::string name;
};

/// Records the disclosure in the ledger, before any row leaves. The columns that leave against the
/// policy. Errors: `invalid_input` without a name, and where no policy is in the way.
[[nodiscard]] Result<std::vector<std::string>> record_disclosure(Repository& repository,
                                                                 const Disclosure& disclosure);

/// "note: personal data of people: mail masked" on stderr; nothing for an empty `text`.
void print_change_note(const std::string& table, const std::string& text);

}  // namespace millgate
