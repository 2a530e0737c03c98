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

constexpr const char* kLabelled = "labelled_rows";
constexpr const char* kLabelValue = "millgate_label";

/// The rows of the file with the label's value beside them.
Result<std::shared_ptr<arrow::Table>> labelled_rows(const std::string& path,
                                                    const std::string& label) {
  const std::vector<std::string> files = expand_glob(path);
  if (files.empty()) return not_found("no file matches `" + path + "`");
  MILLGATE_ASSIGN(const auto stream, read_table_files(files, {}));
  MILLGATE_ARROW(const std::shared_ptr<arrow::Table> rows, stream->ToTable(), path);
  MILLGATE_ASSIGN(const Vector values, evaluate_expression(label, *rows));
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
                 rows->AddColumn(rows->num_columns(), arrow::field(kLabelValue, arrow::float64()),
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
  MILLGATE_ASSIGN(const auto columns, database.describe(std::string("from ") + kLabelled));
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
  return "select p.prediction_id, l." + quote_name(kLabelValue) + " as label from (" + log_sql +
         ") p join " + kLabelled + " l on " + on + " where label is not null";
}

Result<std::vector<Feedback>> match(const arrow::Table& matched) {
  std::vector<Feedback> labels;
  MILLGATE_ARROW(const auto whole, matched.CombineChunksToBatch(), "matched labels");
  const auto& ids = static_cast<const arrow::StringArray&>(*whole->column(0));
  const auto& values = static_cast<const arrow::DoubleArray&>(*whole->column(1));
  labels.reserve(static_cast<size_t>(whole->num_rows()));
  for (int64_t row = 0; row < whole->num_rows(); ++row) {
    labels.push_back({ids.GetString(row), values.Value(row)});
  }
  return labels;
}

Result<int> feedback(const Session& session, const std::string& path) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  if (!place.project.task) return invalid_input("the project has no [task], so no label either");
  MILLGATE_ASSIGN(const auto rows, labelled_rows(path, place.project.task->label));
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open());
  MILLGATE_ASSIGN(const std::string log_sql,
                  prepare_revision_sql(*database, *place.repository, "select * from predictions",
                                       kCurrentBranch));
  MILLGATE_ASSIGN(const std::vector<std::string> key,
                  shared_key(*database, log_sql, place.project));
  MILLGATE_TRY(database->add_arrow(kLabelled, rows));
  MILLGATE_ASSIGN(const std::string sql, matching_sql(*database, log_sql, key));
  MILLGATE_ASSIGN(const auto matched, database->query(sql));
  MILLGATE_ASSIGN(const std::vector<Feedback> labels, match(*matched));
  if (!labels.empty()) {
    MILLGATE_TRY(write_feedback(place.repository->folder("feedback"), labels,
                                place.repository->clock().now()));
  }
  if (session.json) {
    print_json({{"row_count", rows->num_rows()}, {"label_count", labels.size()}});
  } else {
    std::cout << grouped(static_cast<int64_t>(labels.size()))
              << " predictions got their label from " << count_of(rows->num_rows(), "row") << '\n';
  }
  return labels.empty() ? kAnswerIsNo : kDone;
}

}  // namespace

void add_feedback(const Command& program, Session& session) {
  auto path = std::make_shared<std::string>();
  const Command command =
      program.add_command("feedback", "bring the labels that came later, matched by key",
                          "millgate feedback data/raw/flights/2013-06.parquet");
  command.add_option("file", *path, "rows with the key and the label's columns").required();
  command.does([&session, path] { return feedback(session, *path); });
}

}  // namespace millgate
