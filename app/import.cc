#include "app/commands.h"
#include "app/commit_report.h"
#include "app/talk.h"
#include "system/pipeline/import_table.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  std::string from;
  std::string from_table;
  std::string query;
  int64_t delta_version = -1;
  std::string branch = kCurrentBranch;
  std::string message;
  std::vector<std::string> key;
  bool accept_schema = false;
};

Result<int> import_table(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  ImportPlace from{.from = options.from,
                   .from_table = options.from_table,
                   .query = options.query,
                   .delta_version = {}};
  if (options.delta_version >= 0) from.delta_version = options.delta_version;
  MILLGATE_ASSIGN(NewRows rows, rows_of_import(*place.repository, options.table, from));
  if (!options.key.empty()) rows.key = options.key;
  CommitOptions how;
  how.branch = options.branch;
  how.message = options.message.empty() ? "import of " + rows.from : options.message;
  how.author = author_name();
  how.accept_schema = options.accept_schema;
  how.progress = progress_line();
  MILLGATE_ASSIGN(const CommitReport report,
                  commit_rows(*place.repository, place.project, rows, how));
  end_progress();
  show_commit(session, report);
  return kDone;
}

}  // namespace

void add_import(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "import", "commit rows from elsewhere as all rows of a table, which may be new",
      "millgate import orders shop.sqlite --key id\n"
      "  millgate import orders postgresql://reader@db.example.org/shop --from-table sales.orders");
  command.add_option("table", options->table, "the table here").required();
  command
      .add_option(
          "from", options->from,
          "a file or a pattern (.csv, .tsv, .jsonl, .ndjson, .parquet, .arrow, .arrows), an "
          "SQLite file, the folder of a Delta table, or postgresql://USER@HOST:PORT/DATABASE")
      .required();
  command.add_option("--from-table", options->from_table,
                     "table or view of a database, for PostgreSQL perhaps with its schema; "
                     "default: as the table here");
  command.add_option("--query", options->query,
                     "of PostgreSQL: a select whose rows are taken, instead of a table");
  command
      .add_option("--delta-version", options->delta_version,
                  "version of a Delta table; default: the newest")
      .not_negative();
  command.add_option("--key", options->key, "a column that names a row; once for each")
      .one_at_a_time();
  command.add_option("-m,--message", options->message, "what this version is");
  command.add_option("-b,--branch", options->branch, "branch that moves").shows_default();
  command.add_flag("--accept-schema", options->accept_schema,
                   "take new, missing and retyped columns as they are there");
  command.does([&session, options] { return import_table(session, *options); });
}

}  // namespace millgate
