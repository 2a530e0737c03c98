#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "system/pipeline/commit_changes.h"
#include "system/pipeline/run.h"

namespace millgate {

namespace {

struct Options {
  std::string branch = "main";
  std::string message;
  bool accept_schema = false;
  std::string changes;
  std::string table;
};

/// "+3 ~1 -2", or that nothing changed.
std::string file_changes(const StoredFolder& stored) {
  if (!stored.changed) return "unchanged";
  return "+" + grouped(stored.added) + " ~" + grouped(stored.modified) + " -" +
         grouped(stored.removed);
}

void print_folders(const CommitReport& report) {
  TextTable table({"folder", "files", "size", "change", "stored"});
  for (const CommittedFolder& one : report.folders) {
    table.add({one.name, grouped(one.stored.file_count), byte_size(one.stored.size_bytes),
               file_changes(one.stored),
               one.stored.changed ? byte_size(one.stored.new_bytes) : ""});
  }
  table.print(std::cout);
}

void print_tables(const CommitReport& report) {
  TextTable table({"table", "rows", "change", "stored"});
  for (const CommitReport::Table& one : report.tables) {
    const int64_t change = one.row_count - one.row_count_before;
    table.add({one.name, grouped(one.row_count),
               one.changed ? (change >= 0 ? "+" : "") + grouped(change) : "unchanged",
               one.changed ? byte_size(one.new_bytes) : ""});
  }
  table.print(std::cout);
}

void print_report(const CommitReport& report) {
  if (!report.tables.empty()) print_tables(report);
  if (!report.folders.empty()) print_folders(report);
  if (report.changed) {
    std::cout << "commit " << report.commit.id.brief() << ": " << report.commit.message << '\n';
  } else {
    std::cout << "nothing changed since commit " << report.commit.id.brief() << '\n';
  }
}

Json to_json(const CommitReport& report) {
  Json tables = Json::array();
  for (const CommitReport::Table& one : report.tables) {
    tables.push_back({{"table", one.name},
                      {"row_count", one.row_count},
                      {"row_count_before", one.row_count_before},
                      {"new_bytes", one.new_bytes},
                      {"changed", one.changed}});
  }
  Json folders = Json::array();
  for (const CommittedFolder& one : report.folders) {
    folders.push_back({{"folder", one.name},
                       {"tree", one.stored.tree.hex()},
                       {"file_count", one.stored.file_count},
                       {"size_bytes", one.stored.size_bytes},
                       {"added", one.stored.added},
                       {"modified", one.stored.modified},
                       {"removed", one.stored.removed},
                       {"new_bytes", one.stored.new_bytes},
                       {"changed", one.stored.changed}});
  }
  return {{"commit", report.commit.id.hex()},
          {"message", report.commit.message},
          {"changed", report.changed},
          {"tables", tables},
          {"folders", folders}};
}

Result<int> commit(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  CommitOptions how;
  how.branch = options.branch;
  how.message = options.message;
  how.author = author_name();
  how.accept_schema = options.accept_schema;
  how.progress = progress_line();
  const auto commit_all = [&] { return commit_sources(*place.repository, place.project, how); };
  const auto commit_some = [&] {
    return commit_changes(*place.repository, place.project,
                          {.path = options.changes, .table = options.table}, how);
  };
  MILLGATE_ASSIGN(const CommitReport report,
                  options.changes.empty() ? commit_all() : commit_some());
  end_progress();
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return kDone;
}

}  // namespace

void add_commit(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "commit", "record the sources' rows and files as one new version of the data",
      "millgate commit -m \"January to March\"");
  command.add_option("-m,--message", options->message, "what this version is").required();
  command.add_option("-b,--branch", options->branch, "branch that moves").shows_default();
  command.add_flag("--accept-schema", options->accept_schema,
                   "take new, missing and retyped columns as they are in the files");
  Parameter changes = command.add_option(
      "--changes", options->changes,
      "commit only the rows in this file: those to put in, and those whose column `_change` is "
      "`delete` to take out");
  Parameter table =
      command.add_option("--table", options->table, "the table that the changes are for");
  changes.needs(table);
  table.needs(changes);
  command.does([&session, options] { return commit(session, *options); });
}

}  // namespace millgate
