#include "system/pipeline/view_work.h"

#include <utility>

#include "data/query/revision_sql.h"

namespace millgate {

Result<ViewWork> open_views(Repository& repository, const Project& project,
                            const std::string& revision) {
  if (!project.task) {
    return invalid_input("the project has no [task], whose rows views are joined to",
                         "write [task] with table, kind and label in millgate.toml");
  }
  MILLGATE_ASSIGN(Commit commit, repository.resolve(revision));
  DatabaseOptions how;
  how.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(auto database, Database::open(how));
  MILLGATE_TRY(add_commit(*database, repository, commit));
  return ViewWork{
      .commit = std::move(commit),
      .database = std::move(database),
      .plan = {.task = *project.task, .views = project.views, .sources = project.sources}};
}

}  // namespace millgate
