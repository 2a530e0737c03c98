#include <arrow/api.h>

#include <iostream>
#include <map>
#include <set>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/feature/program.h"
#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "system/monitor/wording.h"
#include "system/serve/feedback_store.h"

namespace millgate {

namespace {

constexpr const char* kTold = "told_rows";
constexpr const char* kToldValue = "millgate_value";

/// Whether rows name their predictions themselves, as `ask-labels` writes them.
bool names_predictions(const arrow::Table& rows) {
  return rows.schema()->GetFieldIndex("prediction_id") >= 0;
}

/// The rows of the file with what is brought of them beside them, a number: what the expression
/// `earned` says, or without it the column `label` where rows name predictions, else the task's
/// label.
Result<std::shared_ptr<arrow::Table>> rows_with_value(const std::string& path,
                                                      const std::string& earned,
                                                      const std::string& label) {
  const std::vector<std::string> files = expand_glob(path);
  if (files.empty()) return not_found("no file matches `" + path + "`");
  MILLGATE_ASSIGN(const auto stream, read_table_files(files, {}));
  MILLGATE_ARROW(const std::shared_ptr<arrow::Table> rows, stream->ToTable(), path);
  const bool is_filled_in = names_predictions(*rows) && rows->schema()->GetFieldIndex("label") >= 0;
  if (is_filled_in && earned.empty() &&
      rows->GetColumnByName("label")->null_count() == rows->num_rows()) {
    return invalid_input("`" + path + "`: no label is filled in",
                         "write what happened into the column `label`, 0 or 1");
  }
  const std::string expression = !earned.empty() ? earned : is_filled_in ? "label" : label;
  MILLGATE_ASSIGN(const Vector values, evaluate_expression(expression, *rows));
  const bool is_number = values.type == ValueType::number || values.type == ValueType::integer ||
                         values.type == ValueType::boolean;
  if (!is_number) {
    return invalid_input("`" + expression + "` of `" + path + "` is no number",
                         "name a column of numbers, or an expression that gives one");
  }
  arrow::DoubleBuilder builder;
  for (size_t row = 0; row < values.size(); ++row) {
    if (values.valid[row] == 0) {
      MILLGATE_ARROW_TRY(builder.AppendNull(), path);
    } else {
      const double value = values.type == ValueType::number
                               ? values.numbers[row]
                               : static_cast<double>(values.integers[row]);
      MILLGATE_ARROW_TRY(builder.Append(value), path);
    }
  }
  MILLGATE_ARROW(const auto column, builder.Finish(), path);
  MILLGATE_ARROW(auto table,
                 rows->AddColumn(rows->num_columns(), arrow::field(kToldValue, arrow::float64()),
                                 std::make_shared<arrow::ChunkedArray>(column)),
                 path);
  return table;
}

/// The key columns that the prediction log carries as well.
Result<std::vector<std::string>> shared_key(Database& database, const std::string& log_sql,
                                            const Project& project) {
  MILLGATE_ASSIGN(const auto logged, database.describe(log_sql));
  std::set<std::string> names;
  for (const auto& [name, type] : logged) names.insert(name);
  std::vector<std::string> key;
  for (const Source& source : project.sources) {
    if (!project.task || source.name != project.task->table) continue;
    for (const std::string& column : source.key) {
      if (!names.contains(column)) {
        return invalid_input(
            "the prediction log has no column `" + column + "`, so labels cannot be matched by key",
            "send the key columns with each request, or send labels by "
            "prediction_id to POST /feedback");
      }
      key.push_back(column);
    }
  }
  if (key.empty()) {
    return invalid_input("the task's table has no key, so labels cannot be matched by it",
                         "send labels by prediction_id to POST /feedback");
  }
  return key;
}

/// The log keeps keys as clients sent them, so each is read as the type that the file has.
Result<std::string> matching_sql(Database& database, const std::string& log_sql,
                                 const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(const auto columns, database.describe(std::string("from ") + kTold));
  const std::map<std::string, std::string> types(columns.begin(), columns.end());
  std::string on;
  for (const std::string& column : key) {
    const auto type = types.find(column);
    if (type == types.end()) {
      return invalid_input("the file has no column `" + column + "`, which is part of the key");
    }
    on += (on.empty() ? "" : " and ") + ("try_cast(p." + quote_name(column)) + " as " +
          type->second + ") = l." + quote_name(column);
  }
  return "select p.prediction_id, l." + quote_name(kToldValue) + " as told from (" + log_sql +
         ") p join " + kTold + " l on " + on + " where told is not null";
}

/// Of each prediction that was matched: its id and the value, as `Told` has them.
template <typename Told>
Result<std::vector<Told>> told_of(const arrow::Table& matched) {
  std::vector<Told> told;
  MILLGATE_ARROW(const auto whole, matched.CombineChunksToBatch(), "matched rows");
  const auto& ids = static_cast<const arrow::StringArray&>(*whole->column(0));
  const auto& values = static_cast<const arrow::DoubleArray&>(*whole->column(1));
  told.reserve(static_cast<size_t>(whole->num_rows()));
  for (int64_t row = 0; row < whole->num_rows(); ++row) {
    told.push_back({ids.GetString(row), values.Value(row)});
  }
  return told;
}

/// Of the file's rows, which name predictions: those that were logged.
std::string naming_sql(const std::string& log_sql) {
  return "select p.prediction_id, l." + quote_name(kToldValue) + " as told from (" + log_sql +
         ") p join " + kTold +
         " l on p.prediction_id = l.prediction_id::varchar where told is not "
         "null";
}

/// What of a file is brought.
struct Options {
  std::string path;
  std::string earned;  ///< An expression; empty: the label.
};

Result<int> feedback(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  if (!place.project.task) return invalid_input("the project has no [task], so no label either");
  const bool is_label = options.earned.empty();
  MILLGATE_ASSIGN(const auto rows,
                  rows_with_value(options.path, options.earned, place.project.task->label));
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open());
  MILLGATE_ASSIGN(const std::string log_sql,
                  prepare_revision_sql(*database, *place.repository, "select * from predictions",
                                       kCurrentBranch));
  MILLGATE_TRY(database->add_arrow(kTold, rows));
  std::string sql = naming_sql(log_sql);
  if (!names_predictions(*rows)) {
    MILLGATE_ASSIGN(const std::vector<std::string> key,
                    shared_key(*database, log_sql, place.project));
    MILLGATE_ASSIGN(sql, matching_sql(*database, log_sql, key));
  }
  MILLGATE_ASSIGN(const auto matched, database->query(sql));
  const int64_t count = matched->num_rows();
  const Time now = place.repository->clock().now();
  if (count > 0 && is_label) {
    MILLGATE_ASSIGN(const auto labels, told_of<Feedback>(*matched));
    MILLGATE_TRY(write_feedback(place.repository->folder("feedback"), labels, now));
  } else if (count > 0) {
    MILLGATE_ASSIGN(const auto outcomes, told_of<PredictionOutcome>(*matched));
    MILLGATE_TRY(write_outcomes(place.repository->folder("outcomes"), outcomes, now));
  }
  if (session.json) {
    print_json(
        {{"row_count", rows->num_rows()}, {is_label ? "label_count" : "outcome_count", count}});
  } else {
    std::cout << grouped(count) << " predictions got "
              << (is_label ? "their label" : "what they earned") << " from "
              << count_of(rows->num_rows(), "row") << '\n';
  }
  return count == 0 ? kAnswerIsNo : kDone;
}

}  // namespace

void add_feedback(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "feedback", "bring the labels that came later, or what predictions earned, matched by key",
      "millgate feedback data/raw/flights/2013-06.parquet");
  command.add_option("file", options->path, "rows with the key and the label's columns").required();
  command.add_option("--earned", options->earned,
                     "instead of labels: a column or expression of what was earned so far; below "
                     "0: cost");
  command.does([&session, options] { return feedback(session, *options); });
}

}  // namespace millgate
