/// The one query of a join: rows that ask, with what each view answers as of their times.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/feature/view_times.h"
#include "data/feature/window.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// A view and what is wanted of it.
struct JoinedView {
  ResolvedView resolved;
  std::vector<std::string> columns;
  std::vector<const Window*> windows;  ///< For the caller: the query knows nothing of them.
  /// Adds when the joined row happened and was known, as two columns of 64-bit microseconds named
  /// `happened_column` and `known_column`; null where no row was joined. Of views with times.
  bool with_times = false;
  /// Its rows of one entity became known in the order in which they happened, and none that is
  /// asked for with another one: the last that was known is the newest. Set by `joined_rows`.
  bool in_order = false;

  /// Whether a row of it is joined, not only windows.
  [[nodiscard]] bool is_joined() const { return !columns.empty() || with_times; }
};

[[nodiscard]] std::string happened_column(const ResolvedView& view);
[[nodiscard]] std::string known_column(const ResolvedView& view);

/// Every row of `task` (limited by `where`, SQL over its table) in the order of its key, with the
/// newest row of each view that could be known at the row's time and is not older than the view's
/// `max_age`. Columns: those of the task, `view.column` of each view and its times, then row time
/// and label time as 64-bit microseconds.
/// Errors: those of the database.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> joined_rows(Database& database,
                                                                const ResolvedTask& task,
                                                                std::vector<JoinedView> views,
                                                                const std::string& where);

/// Facts without time must be one for each entity, or rows would multiply.
/// Errors: `invalid_input` at `entity` of the view.
[[nodiscard]] Status check_one_row_each(Database& database, const ResolvedView& view);

}  // namespace millgate
