#include "system/pipeline/task_cells.h"

#include <string>

#include "data/personal/answer_policy.h"
#include "data/query/sql_token.h"

namespace millgate {

Result<GuardedCells> cells_of_task(const Repository& repository, const Project& project,
                                   const Commit& commit) {
  GuardedCells cells;
  if (project.personal.empty() || !project.task) return cells;
  const auto guard = [&](const std::string& sql, const std::string& prefix) {
    return guard_answer(repository, project.personal, sql, commit, prefix, cells);
  };
  MILLGATE_TRY(guard("select * from " + sql_name(project.task->table), ""));
  for (const View& view : project.views) {
    MILLGATE_TRY(guard(view.sql, view.name + "."));
    for (const Window& window : view.windows) {
      if (window.argument.empty()) continue;
      MILLGATE_TRY(guard("select (" + window.argument + "\n) as " + sql_name(window.name) +
                             " from (" + view.sql + "\n)",
                         view.name + "."));
    }
  }
  return cells;
}

}  // namespace millgate
