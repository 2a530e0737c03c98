#include <arrow/type_fwd.h>

#include <iostream>

#include "app/commands.h"
#include "app/spooled_input.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/table/reader.h"
#include "system/pipeline/commit_changes.h"
#include "system/pipeline/commit_rows.h"
#include "system/pipeline/run.h"

namespace millgate {

namespace {

struct Options {
  std::string branch = "main";
  std::string message;
  bool accept_schema = false;
  std::string table;
  std::string changes;
  std::string query;
  bool standard_input = false;
  std::string format = "arrows";
  std::vector<std::string> key;
};

/// At most one of the ways by which rows come to one table, and its table.
Status check_ways(const Options& options) {
  const int ways = static_cast<int>(!options.changes.empty()) +
                   static_cast<int>(!options.query.empty()) +
                   static_cast<int>(options.standard_input);
  if (ways > 1) {
    return invalid_input("`--changes`, `--query` and `--stdin` are three ways to give rows",
                         "choose one of them");
  }
  if (ways == 1 && options.table.empty()) {
    return invalid_input("`--table` is missing: whose rows are they?", "--table NAME");
  }
  if (ways == 0 && !options.table.empty()) {
    return invalid_input("`--table` needs to know where the rows come from",
                         "`--query SQL`, `--stdin` or `--changes FILE`; without `--table`, the "
                         "files of all sources are committed");
  }
  if (!options.key.empty() && options.query.empty() && !options.standard_input) {
    return invalid_input("`--key` is for rows of `--query` or `--stdin`",
                         "the key of files is that of their [[source]]");
  }
  return {};
}

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

Result<CommitReport> commit_input(const Workplace& place, const Options& options,
                                  const CommitOptions& how) {
  MILLGATE_ASSIGN(const SpooledInput input, SpooledInput::read(*place.repository, options.format));
  NewRows rows;
  rows.table = options.table;
  if (!options.key.empty()) rows.key = options.key;
  rows.origin_json = dump_json(Json{{"stdin",
                                     {{"format", options.format},
                                      {"sha256", input.sha256()},
                                      {"size_bytes", input.size_bytes()}}}});
  rows.open = [&](const std::shared_ptr<arrow::Schema>& kept) {
    ReadOptions reading;
    reading.kept_schema = kept;
    return read_table_files({input.path()}, reading);
  };
  auto report = commit_rows(*place.repository, place.project, rows, how);
  if (!report.ok()) return input.as_standard_input(std::move(report).error());
  return report;
}

Result<CommitReport> commit_asked(const Workplace& place, const Options& options,
                                  const CommitOptions& how) {
  if (options.standard_input) return commit_input(place, options, how);
  if (!options.query.empty()) {
    MILLGATE_ASSIGN(NewRows rows,
                    rows_of_query(*place.repository, options.table, options.query, options.branch));
    if (!options.key.empty()) rows.key = options.key;
    return commit_rows(*place.repository, place.project, rows, how);
  }
  if (!options.changes.empty()) {
    return commit_changes(*place.repository, place.project,
                          {.path = options.changes, .table = options.table}, how);
  }
  return commit_sources(*place.repository, place.project, how);
}

Result<int> commit(const Session& session, const Options& options) {
  MILLGATE_TRY(check_ways(options));
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  CommitOptions how;
  how.branch = options.branch;
  how.message = options.message;
  how.author = author_name();
  how.accept_schema = options.accept_schema;
  how.progress = progress_line();
  MILLGATE_ASSIGN(const CommitReport report, commit_asked(place, options, how));
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
  command.add_option("--table", options->table,
                     "commit one table: the rows of --query, of --stdin, or of --changes");
  command.add_option("--query", options->query,
                     "a select over versions, whose rows become the table; see `millgate sql`");
  command.add_flag("--stdin", options->standard_input,
                   "read the rows of the table from standard input");
  command.add_option("--format", options->format, "of standard input")
      .one_of({"arrows", "arrow", "csv", "tsv", "jsonl", "parquet"})
      .shows_default();
  command
      .add_option("--key", options->key,
                  "a column that names a row of --query or --stdin; once for each")
      .one_at_a_time();
  command.add_option(
      "--changes", options->changes,
      "commit only the rows in this file: those to put in, and those whose column `_change` is "
      "`delete` to take out");
  command.does([&session, options] { return commit(session, *options); });
}

}  // namespace millgate
