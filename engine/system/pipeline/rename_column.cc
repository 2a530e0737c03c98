#include "system/pipeline/rename_column.h"

#include <vector>

#include "data/store/table_version.h"
#include "ground/nearest_name.h"
#include "system/pipeline/column_mention.h"
#include "system/pipeline/git_commit.h"
#include "system/pipeline/quarantine_settings.h"

namespace millgate {

Result<CommitReport> rename_column(Repository& repository, const Project& project,
                                   const std::string& table, const ColumnRename& rename,
                                   const CommitOptions& options) {
  MILLGATE_ASSIGN(const std::string branch, repository.branch_name(options.branch));
  MILLGATE_TRY(check_author(project, branch, options.author));
  MILLGATE_ASSIGN(const Commit before, repository.resolve(branch));
  const auto found = before.tables.find(table);
  if (found == before.tables.end()) {
    std::vector<std::string> names;
    names.reserve(before.tables.size());
    for (const auto& [name, version] : before.tables) names.push_back(name);
    return not_found("table `" + table + "` is not in commit " + before.id.brief(),
                     name_hint(table, names));
  }
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), found->second));
  auto renamed = rename_columns(repository.objects(), version, {rename});
  if (!renamed.ok()) {
    return std::move(renamed).error().inside("cannot rename a column of table `" + table + "`");
  }
  MILLGATE_TRY(check_column_unnamed(project, table, rename.before, rename.after));
  CommitReport report;
  report.tables.push_back({.name = table,
                           .row_count = renamed->row_count,
                           .row_count_before = version.row_count,
                           .new_bytes = bytes_not_in(*renamed, version),
                           .changed = true});
  report.changed = true;
  NewCommit commit;
  commit.tables[table] = renamed->id;
  commit.based_on = before.id;
  commit.author = options.author;
  commit.message = options.message.empty()
                       ? "column " + rename.before + " of " + table + " is called " + rename.after
                       : options.message;
  commit.git_commit = git_commit_of(project.folder);
  MILLGATE_ASSIGN(report.commit, repository.commit(branch, commit));
  return report;
}

}  // namespace millgate
