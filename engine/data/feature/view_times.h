/// The two times of a view's rows: when a fact happened, and when it could be known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/task.h"
#include "data/feature/vector.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// A view whose columns and times are known and were bound once by DuckDB.
struct ResolvedView {
  const View* view = nullptr;
  std::vector<Field> fields;         ///< Output columns and windows that features can read.
  std::vector<std::string> columns;  ///< All output columns.
  std::string sql;                   ///< The view's SQL without a `;` at the end.
  bool has_time = false;             ///< False: facts that always held, joined by equality.
  std::string happened_micros;       ///< SQL over the view's columns: 64-bit microseconds or null.
  std::string known_micros;
};

/// The task's table and the times of its rows.
struct ResolvedTask {
  const Source* source = nullptr;
  std::vector<Field> fields;         ///< Columns that features can read.
  std::vector<std::string> columns;  ///< All of them.
  std::string row_time_micros;       ///< SQL; `null::bigint` for a timeless table.
  std::string label_known_micros;    ///< SQL; the row's time where the task does not say.
};

/// Names of helper columns; a column of a person cannot hold these bytes by accident.
inline constexpr const char* kHappenedMicros = "\"millgate happened\"";
inline constexpr const char* kKnownMicros = "\"millgate known\"";

/// The rows of a view with times that have both, and these as kHappenedMicros and kKnownMicros.
[[nodiscard]] std::string timed_rows_sql(const ResolvedView& view);

/// Errors: `invalid_input` at the place in the project file.
[[nodiscard]] Result<ResolvedTask> resolve_task(Database& database, const JoinPlan& plan);
[[nodiscard]] Result<ResolvedView> resolve_view(Database& database, const JoinPlan& plan,
                                                const ResolvedTask& task, const View& view);

}  // namespace millgate
