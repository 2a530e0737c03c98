#include <arrow/api.h>

#include <iostream>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_json.h"
#include "data/table/type_name.h"
#include "data/table/writer.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string sql;
  std::string revision = kCurrentBranch;
  std::string out;
};

/// Prints rows as CSV (to a pipe) or JSON, batch by batch.
Result<int> print_rows(const Session& session, arrow::RecordBatchReader& rows) {
  if (!session.json) {
    std::string text;
    MILLGATE_TRY(write_csv_text(rows, text));
    std::cout << text;
    return kDone;
  }
  Json list = Json::array();
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows.ReadNext(&batch), "the result");
    if (batch == nullptr) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      Json object = Json::object();
      for (int c = 0; c < batch->num_columns(); ++c) {
        const std::string& name = batch->schema()->field(c)->name();
        if (is_nested_type(*batch->column(c)->type())) {
          object[name] = cell_json(*batch->column(c), row, NotFinite::null);
          continue;
        }
        MILLGATE_ARROW(const auto value, batch->column(c)->GetScalar(row), "the result");
        if (!value->is_valid) {
          object[name] = nullptr;
        } else if (arrow::is_integer(value->type->id()) || arrow::is_floating(value->type->id()) ||
                   value->type->id() == arrow::Type::BOOL) {
          object[name] = Json::parse(value->ToString(), nullptr, false);
          if (object[name].is_discarded()) object[name] = nullptr;
        } else {
          object[name] = value->ToString();
        }
      }
      list.push_back(std::move(object));
    }
  }
  print_json(list);
  return kDone;
}

Result<int> sql(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  DatabaseOptions limits;
  limits.spill_folder = repository->folder("scratch");
  limits.user_sql = true;
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_ASSIGN(const RowChanges guard, open_guard(*repository));
  MILLGATE_ASSIGN(const auto hidden, hidden_log_columns(*repository, options.sql));
  MILLGATE_ASSIGN(const std::string statement,
                  prepare_revision_sql(*database, *repository, options.sql, options.revision,
                                       nullptr, {.changes = noting(guard), .left_out = hidden}));
  MILLGATE_ASSIGN(const std::shared_ptr<arrow::RecordBatchReader> rows,
                  database->stream(statement));
  if (options.out.empty()) return print_rows(session, *rows);
  MILLGATE_ASSIGN(const int64_t count, write_table_file(*rows, options.out));
  std::cerr << count_of(count, "row") << " written to " << options.out << '\n';
  return kDone;
}

}  // namespace

void add_sql(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "sql",
      "ask any version of the data, and the logs `predictions`, `shadow`, `feedback` and "
      "`outcomes`",
      "millgate sql \"select origin, count(*) from flights@main~1 group by origin\"");
  command.add_option("query", options->sql, "a select; tables may carry a revision: flights@main~1")
      .required();
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command.add_option("-o,--out", options->out, "write .parquet, .csv, .jsonl or .arrow instead");
  command.does([&session, options] { return sql(session, *options); });
}

}  // namespace millgate
