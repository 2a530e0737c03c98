#include <arrow/type_fwd.h>

#include <iostream>

#include "app/commands.h"
#include "app/commit_report.h"
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
  std::string branch = kCurrentBranch;
  std::string message;
  bool accept_schema = false;
  std::string table;
  std::string changes;
  std::string query;
  bool standard_input = false;
  std::string format = "arrows";
  std::vector<std::string> key;
  std::vector<std::string> renames;  ///< "TABLE.OLD=NEW"
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
  if (!options.renames.empty() && !options.changes.empty()) {
    return invalid_input("`--rename` is for whole tables; changes name columns as the table does",
                         "first `millgate rename TABLE OLD NEW`, then the changes");
  }
  if (!options.key.empty() && options.query.empty() && !options.standard_input) {
    return invalid_input("`--key` is for rows of `--query` or `--stdin`",
                         "the key of files is that of their [[source]]");
  }
  return {};
}

Result<std::map<std::string, std::vector<ColumnRename>>> parse_renames(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<ColumnRename>> renames;
  for (const std::string& text : texts) {
    const size_t dot = text.find('.');
    const size_t equals = text.find('=', dot == std::string::npos ? 0 : dot);
    if (dot == std::string::npos || equals == std::string::npos || dot == 0) {
      return invalid_input("`--rename " + text + "` does not say which column gets which name",
                           "write --rename TABLE.OLD=NEW");
    }
    renames[text.substr(0, dot)].push_back(
        {.before = text.substr(dot + 1, equals - dot - 1), .after = text.substr(equals + 1)});
  }
  return renames;
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
  rows.open = [&](const std::shared_ptr<arrow::Schema>& kept, TypesBy types_by) {
    ReadOptions reading;
    reading.kept_schema = kept;
    reading.types_by = types_by;
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
    MILLGATE_ASSIGN(NewRows rows, rows_of_query(*place.repository, place.project, options.table,
                                                options.query, options.branch));
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
  MILLGATE_ASSIGN(how.renames, parse_renames(options.renames));
  how.progress = progress_line();
  MILLGATE_ASSIGN(const CommitReport report, commit_asked(place, options, how));
  end_progress();
  show_commit(session, report);
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
  command
      .add_option(
          "--rename", options->renames,
          "TABLE.OLD=NEW: the new rows call a column of the last commit otherwise; once for "
          "each")
      .one_at_a_time();
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
