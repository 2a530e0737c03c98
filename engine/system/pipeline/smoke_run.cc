#include "system/pipeline/smoke_run.h"

#include <arrow/table.h>

#include <algorithm>
#include <utility>

#include "data/feature/covering_sample.h"
#include "ground/file_store.h"
#include "model/learn/trainer.h"
#include "system/pipeline/training_set.h"

namespace millgate {

namespace {

/// Enough to see that learning goes on; a smoke run judges no figures.
constexpr int kRoundsMax = 30;

/// One step of a smoke run: nothing of it is ever there already.
StepReport step_of(const std::string& name, const std::string& why, const Stopwatch& watch) {
  return {.name = name, .key = "", .reused = false, .why = why, .seconds = watch.seconds()};
}

TrainRequest small_request(const Project& project, const TrainingSet& set,
                           std::shared_ptr<arrow::Table> joined) {
  TrainRequest request = train_request(project, set, std::move(joined));
  request.settings.tune = std::nullopt;
  request.settings.rounds_max = std::min(request.settings.rounds_max, kRoundsMax);
  return request;
}

}  // namespace

bool SmokeReport::has_passed() const {
  return std::none_of(checks.begin(), checks.end(), [](const SpecificationCheck& check) {
    return check.outcome == SpecificationCheck::Outcome::failed;
  });
}

Result<SmokeReport> smoke_run(Repository& repository, const Project& project,
                              const SmokeOptions& options) {
  const auto tell = [&](const char* step, double share) {
    if (options.progress) options.progress(step, share);
  };
  SmokeReport report;
  MILLGATE_ASSIGN(TrainingSet set, open_training_set(repository, project, options.revision));
  report.data_commit = set.commit.id.hex();

  Stopwatch watch;
  tell("sample", 0);
  const std::string table = quote_name(set.plan.task.table);
  MILLGATE_ASSIGN(report.whole_row_count, set.database->count("select count(*) from " + table));
  MILLGATE_ASSIGN(const std::string condition,
                  sample_condition(*set.database, set.plan, {.seed = project.train.seed}));
  report.steps.push_back(step_of("sample", "rows of every kind", watch));

  watch = Stopwatch();
  tell("join", 0);
  MILLGATE_ASSIGN(const auto joined, join_as_of(*set.database, set.plan, set.columns, condition));
  report.row_count = joined->num_rows();
  report.steps.push_back(step_of("join", "the sample alone", watch));

  watch = Stopwatch();
  tell("train", 0);
  const TrainRequest request = small_request(project, set, joined);
  ObjectStore objects(make_memory_file_store());
  MILLGATE_TRY(train_model(objects, request));
  report.steps.push_back(step_of("train", "a small model, without search", watch));

  watch = Stopwatch();
  MILLGATE_ASSIGN(report.checks, check_specification(
                                     request, [&](double share) { tell("specification", share); }));
  report.steps.push_back(step_of("specification", "what must hold of any model", watch));
  return report;
}

}  // namespace millgate
