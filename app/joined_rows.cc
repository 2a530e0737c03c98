#include "app/joined_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <string>
#include <utility>

#include "data/feature/join.h"
#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"

namespace millgate {

namespace {

constexpr const char* kGivenRows = "given rows";

/// Rows are ranked together as when the model was trained, whatever the project says now.
Result<JoinPlan> plan_of(const Project& project, const Model& model) {
  if (!project.task) {
    return invalid_input("the project has no [task], so there is nothing to predict",
                         "add a [task] with `table`, `kind` and `label` to millgate.toml");
  }
  JoinPlan plan{*project.task, project.views, project.sources};
  if (model.is_ranking()) {
    plan.task.kind = TaskKind::ranking;
    plan.task.group = model.manifest().group;
    plan.task.label = model.manifest().label;
    plan.task.label_known = model.manifest().label_known;
  }
  return plan;
}

std::vector<std::string> columns_of(const Model& model) {
  std::vector<std::string> columns;
  for (const Field& field : model.features().inputs()) columns.push_back(field.name);
  return columns;
}

Result<std::unique_ptr<Database>> open_at(const Workplace& place, const std::string& revision) {
  DatabaseOptions limits;
  limits.spill_folder = place.repository->folder("scratch");
  MILLGATE_ASSIGN(std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(revision));
  MILLGATE_TRY(add_commit(*database, *place.repository, commit));
  return database;
}

/// A time that is said by the name of a column may be a word that SQL wants in quotes.
std::string in_sql(Database& database, const std::string& table, const std::string& expression) {
  const auto columns = database.describe("from " + quote_name(table));
  if (!columns.ok()) return expression;
  const auto named = [&](const auto& column) { return column.first == expression; };
  return std::ranges::any_of(*columns, named) ? quote_name(expression) : "(" + expression + ")";
}

/// The task's table gets a name that no source can have, so that views over the rows of it that are
/// committed still find them: what was known before is joined as in training and in serving.
void take_given_rows(JoinPlan& plan, Database& database) {
  const auto own = std::ranges::find(plan.sources, plan.task.table, &Source::name);
  plan.task.table = kGivenRows;
  if (own != plan.sources.end()) {
    Source given = *own;
    given.name = kGivenRows;
    const std::string& known_then = own->known.empty() ? own->happened : own->known;
    if (!known_then.empty() && !plan.task.label_known.empty()) {
      // Committed rows carry labels: they are known when both are.
      const std::string known = in_sql(database, own->name, known_then);
      const std::string label = in_sql(database, own->name, plan.task.label_known);
      own->known = "case when " + known + " is null or " + label +
                   " is null then null else greatest(" + known + ", " + label + ") end";
    }
    plan.sources.push_back(std::move(given));
  }
  // What is asked about has no truth yet, so the file need not have the columns of the label.
  plan.task.label = "null";
  plan.task.label_known.clear();
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> joined_rows(const Workplace& place,
                                                  const std::string& revision, const Model& model,
                                                  const std::string& where) {
  MILLGATE_ASSIGN(const JoinPlan plan, plan_of(place.project, model));
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, open_at(place, revision));
  return join_as_of(*database, plan, columns_of(model), where);
}

Result<std::shared_ptr<arrow::Table>> joined_given_rows(const Workplace& place,
                                                        const std::string& revision,
                                                        const Model& model,
                                                        std::shared_ptr<arrow::Table> rows) {
  MILLGATE_ASSIGN(JoinPlan plan, plan_of(place.project, model));
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, open_at(place, revision));
  take_given_rows(plan, *database);
  MILLGATE_TRY(database->add_arrow(plan.task.table, std::move(rows)));
  return join_as_of(*database, plan, columns_of(model));
}

Result<std::shared_ptr<arrow::Table>> joined_file_rows(const Workplace& place,
                                                       const std::string& revision,
                                                       const Model& model,
                                                       const std::string& path) {
  const std::vector<std::string> files = expand_glob(path);
  if (files.empty()) return not_found("no file matches `" + path + "`");
  MILLGATE_ASSIGN(const auto stream, read_table_files(files, {}));
  MILLGATE_ARROW(std::shared_ptr<arrow::Table> rows, stream->ToTable(), path);
  return joined_given_rows(place, revision, model, std::move(rows));
}

}  // namespace millgate
