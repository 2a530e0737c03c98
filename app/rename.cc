#include "system/pipeline/rename_column.h"

#include "app/commands.h"
#include "app/commit_report.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  ColumnRename rename;
  std::string branch = kCurrentBranch;
  std::string message;
};

Result<int> rename(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  CommitOptions how;
  how.branch = options.branch;
  how.message = options.message;
  how.author = author_name();
  MILLGATE_ASSIGN(const CommitReport report, rename_column(*place.repository, place.project,
                                                           options.table, options.rename, how));
  show_commit(session, report);
  return kDone;
}

}  // namespace

void add_rename(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("rename", "give a column of a table another name, without writing a row",
                          "millgate rename flights dep_delay departure_delay");
  command.add_option("table", options->table, "the table").required();
  command.add_option("column", options->rename.before, "the column as it is called").required();
  command.add_option("name", options->rename.after, "its new name").required();
  command.add_option("-m,--message", options->message,
                     "what this version is; without it, the names are told");
  command.add_option("-b,--branch", options->branch, "branch that moves").shows_default();
  command.does([&session, options] { return rename(session, *options); });
}

}  // namespace millgate
