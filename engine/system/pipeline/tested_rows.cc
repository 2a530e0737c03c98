#include "system/pipeline/tested_rows.h"

#include <arrow/table.h>

#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/query/revision_sql.h"
#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "system/pipeline/seen_rows.h"

namespace millgate {
namespace {

Result<std::shared_ptr<arrow::Table>> joined_at_training(const Repository& repository,
                                                         const Project& project,
                                                         const Model& model) {
  const Manifest& manifest = model.manifest();
  JoinPlan plan{*project.task, project.views, project.sources};
  plan.task.kind = task_kind_from(manifest.task_kind).value_or(TaskKind::binary);
  plan.task.classes = manifest.classes;
  plan.task.group = manifest.group;
  plan.task.label = manifest.label;
  plan.task.label_known = manifest.label_known;
  std::vector<std::string> columns;
  for (const Field& input : model.features().inputs()) columns.push_back(input.name);
  MILLGATE_ASSIGN(const Id id, Id::parse(manifest.data_commit));
  MILLGATE_ASSIGN(const Commit commit, repository.read_commit(id));
  DatabaseOptions limits;
  limits.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_TRY(add_commit(*database, repository, commit));
  return join_as_of(*database, plan, columns);
}

}  // namespace

Result<TestedRows> tested_rows(const Repository& repository, const Project& project,
                               const Model& model) {
  if (!project.task) {
    return invalid_input("the project has no [task]",
                         "which rows the model was measured on is not known");
  }
  MILLGATE_ASSIGN(const auto joined, joined_at_training(repository, project, model));
  MILLGATE_ASSIGN(const Split split, split_of_run(repository, model.id(), *joined));
  MILLGATE_ASSIGN(const TrainingRows values, read_training_rows(*joined));
  MILLGATE_ASSIGN(const Block inputs, block_from(*joined, model.features().inputs()));
  TestedRows rows;
  rows.inputs = select_rows(inputs, split.test);
  for (const int64_t row : split.test) {
    rows.labels.push_back(values.labels[static_cast<size_t>(row)]);
    rows.event_micros.push_back(values.times[static_cast<size_t>(row)]);
  }
  return rows;
}

}  // namespace millgate
