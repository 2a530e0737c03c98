#include "system/pipeline/run.h"

#include <arrow/table.h>

#include <algorithm>
#include <utility>

#include "data/feature/entity_rows.h"
#include "ground/json.h"
#include "model/learn/dependencies.h"
#include "system/pipeline/program_run.h"
#include "system/pipeline/step_key.h"
#include "system/pipeline/training_set.h"
#include "system/pipeline/tune.h"

namespace millgate {

namespace {

constexpr const char* kRunEvent = "run";

/// One run while it goes.
struct Run {
  Repository& repository;
  const Project& project;
  const RunOptions& options;
  TrainingSet set;
  TrainSettings settings;            ///< Of the project, with what a search found.
  std::string study;                 ///< The search; empty without.
  std::string program = {};          ///< Record of the program that trained; empty without.
  std::vector<ReadView> views = {};  ///< Those that features read.
  StepKey train_key;
  std::vector<RunReport> earlier;  ///< Runs in the ledger, oldest first.
  int64_t ledger_head = 0;         ///< Newest event when `earlier` was read.
};

Result<RunReport> run_from(const Event& event) {
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(event.number)));
  MILLGATE_ASSIGN(RunReport report, run_report_from_json(body));
  report.event_number = event.number;
  return report;
}

Result<std::vector<RunReport>> runs_after(const Ledger& ledger, int64_t after) {
  MILLGATE_ASSIGN(const auto events, ledger.events(after, kRunEvent));
  std::vector<RunReport> runs;
  runs.reserve(events.size());
  for (const Event& event : events) {
    MILLGATE_ASSIGN(RunReport run, run_from(event));
    runs.push_back(std::move(run));
  }
  return runs;
}

/// The newest of `runs` with this train key.
const RunReport* find_run(const std::vector<RunReport>& runs, const Id& train_key) {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->keys.train.id() == train_key) return &*run;
  }
  return nullptr;
}

/// `settings` are those of the project, with what a search found.
Status make_train_key(Run& run) {
  const Project& project = run.project;
  StepKey& key = run.train_key;
  add_feature_parts(project, run.set, key);
  key.add("slices", dump_json(Json(run.set.plan.task.slices)));
  MILLGATE_TRY(add_learner_parts(run.settings, key));
  if (project.utility) {
    const Utility& u = *project.utility;
    key.add("utility", dump_json(Json::array({u.true_positive, u.false_positive, u.true_negative,
                                              u.false_negative})));
    if (!u.of_classes.empty()) key.add("utility of classes", dump_json(Json(u.of_classes)));
  }
  if (project.threshold) key.add("threshold", dump_json(Json(*project.threshold)));
  key.add("comparison with a random split", run.options.compare_random_split ? "yes" : "no");
  key.add("version of millgate", std::string(kEngineVersion));
  return {};
}

/// The versions of the views that features read.
Status find_views(Run& run) {
  for (const View& view : run.set.plan.views) {
    const bool is_read =
        std::any_of(run.set.columns.begin(), run.set.columns.end(),
                    [&](const std::string& column) { return column.starts_with(view.name + "."); });
    if (!is_read) continue;
    MILLGATE_ASSIGN(ViewDefinition definition,
                    view_definition(*run.set.database, run.set.plan, view));
    run.views.push_back(
        {.name = view.name, .version = std::move(definition.version), .entity = view.entity});
  }
  return {};
}

/// Everything that can be told from the definitions, before any row is read.
Result<Run> prepare(Repository& repository, const Project& project, const RunOptions& options) {
  Run run{.repository = repository,
          .project = project,
          .options = options,
          .set = {},
          .settings = project.train,
          .study = {},
          .train_key = {},
          .earlier = {},
          .ledger_head = 0};
  MILLGATE_ASSIGN(run.set, open_training_set(repository, project, options.revision));
  MILLGATE_TRY(find_views(run));
  MILLGATE_ASSIGN(run.ledger_head, repository.ledger().head());
  MILLGATE_ASSIGN(run.earlier, runs_after(repository.ledger(), 0));
  return run;
}

/// With `tune` in [train]: the search, and its winner's parameters in the settings. Joins rows only
/// when trials are missing.
Status tune_step(Run& run, std::shared_ptr<arrow::Table>& joined, std::vector<StepReport>& steps) {
  if (!run.settings.tune) return {};
  TuneOptions how;
  how.author = run.options.author;
  how.progress = run.options.progress;
  MILLGATE_ASSIGN(TuneReport report,
                  tune_training_set(run.repository, run.project, run.set, how, joined));
  run.settings = tuned_settings(run.settings, report);
  run.study = report.study.id.hex();
  steps = std::move(report.steps);
  return {};
}

StepReport begin_step(const Run& run, const std::string& name, const StepKey& key,
                      StepKey RunKeys::*which) {
  StepReport step{
      .name = name, .key = key.id().brief(), .reused = false, .why = "first run", .seconds = 0};
  if (!run.earlier.empty()) step.why = key.difference_from(run.earlier.back().keys.*which);
  return step;
}

/// The training, not reused; when only the training set changed, for the reason of `join`.
StepReport begin_train(const Run& run, const StepReport& join, bool force) {
  StepReport train = begin_step(run, "train", run.train_key, &RunKeys::train);
  if (train.why == "training set changed" && join.why != "nothing changed") train.why = join.why;
  if (train.why == "nothing changed") {
    train.why = force ? "forced" : "the stored model was removed";
  }
  return train;
}

/// The earlier run that can stand for this one; null when there is none, or all must run.
const RunReport* reusable_run(const Run& run, bool force) {
  const RunReport* same = force ? nullptr : find_run(run.earlier, run.train_key.id());
  return same != nullptr && run.repository.objects().has(same->model) ? same : nullptr;
}

Manifest manifest_for(const Run& run) {
  Manifest manifest;
  manifest.project = run.project.name;
  manifest.description = run.project.description;
  for (const Source& source : run.project.sources) {
    if (source.name != run.set.plan.task.table) continue;
    manifest.key = source.key;
    // Only a column can be sent with a request; an expression cannot.
    const bool is_column =
        std::any_of(run.set.fields.begin(), run.set.fields.end(),
                    [&](const Field& field) { return field.name == source.happened; });
    if (is_column) manifest.row_time = source.happened;
  }
  manifest.views = run.views;
  manifest.data_commit = run.set.commit.id.hex();
  manifest.training_set = run.set.key.id().hex();
  manifest.git_commit = run.set.commit.git_commit;
  manifest.configuration_hash = run.project.configuration_hash.hex();
  return manifest;
}

/// Keeps what the program said, also when it failed with `error`.
Status keep_program(Run& run, const std::string& program, const Error* error) {
  if (program.empty()) return {};
  MILLGATE_ASSIGN(const Id record, run.repository.objects().put(program));
  run.program = record.hex();
  if (error == nullptr) return {};
  return record_failed_run(run.repository,
                           {.time = {},
                            .author = run.options.author,
                            .data_commit = run.set.commit.id.hex(),
                            .configuration_hash = run.project.configuration_hash.hex(),
                            .train_key = run.train_key.id().hex(),
                            .error = error->what,
                            .program = run.program});
}

Result<TrainResult> train_step(Run& run, std::shared_ptr<arrow::Table> joined, StepReport& step) {
  const Stopwatch watch;
  TrainRequest request = train_request(run.project, run.set, std::move(joined));
  request.settings = run.settings;
  request.manifest = manifest_for(run);
  request.compare_random_split = run.options.compare_random_split;
  request.threads = run.options.threads;
  request.progress = run.options.progress;
  std::string program;
  request.keep_record = [&](std::string record) { program = std::move(record); };
  auto result = train_model(run.repository.objects(), request);
  MILLGATE_TRY(keep_program(run, program, result.ok() ? nullptr : &result.error()));
  step.seconds = watch.seconds();
  return result;
}

RunReport report_of(const Run& run, TrainResult result) {
  RunReport report;
  report.model = result.model;
  report.data_commit = run.set.commit.id.hex();
  report.git_commit = run.set.commit.git_commit;
  report.configuration_hash = run.project.configuration_hash.hex();
  report.keys = {.join = run.set.key, .train = run.train_key};
  report.joined_rows = run.set.joined_rows.hex();
  report.evidence = std::move(result.evidence);
  report.calibration = std::move(result.calibration);
  report.confusion = result.confusion;
  report.class_counts = std::move(result.class_counts);
  if (result.learned_calibration) {
    report.calibrated_by = to_text(result.learned_calibration->method);
  }
  report.before_calibration = std::move(result.before_calibration);
  report.uncertainty = result.uncertainty;
  report.threshold = result.threshold;
  report.study = run.study;
  report.program = run.program;
  report.learner = run.settings.learner;
  report.parameters = std::move(result.parameters);
  report.best_round = result.best_round;
  report.valid_loss = std::move(result.valid_loss);
  report.members = std::move(result.members);
  report.train_rows = static_cast<int64_t>(result.split.train.size());
  report.valid_rows = static_cast<int64_t>(result.split.valid.size());
  report.calibration_rows = static_cast<int64_t>(result.split.calibration.size());
  report.test_rows = static_cast<int64_t>(result.split.test.size());
  report.train_from = result.train_from;
  report.train_to = result.train_to;
  report.test_from = result.test_from;
  report.test_to = result.test_to;
  report.left_out_unlabelled = result.split.left_out_unlabelled;
  report.left_out_label_late = result.split.left_out_label_late;
  report.random_split_auc = result.random_split_auc;
  report.train_seconds = result.train_seconds;
  return report;
}

/// An earlier run in place of a new one: all steps reused.
RunReport reused_report(RunReport report) {
  for (StepReport& step : report.steps) {
    step.reused = true;
    step.why = "nothing changed";
    step.seconds = 0;
  }
  return report;
}

/// Appends the run, unless another process recorded the same one meanwhile.
Result<RunReport> record(Run& run, RunReport report) {
  MILLGATE_TRY(keep_configuration(run.repository.objects(), run.project.configuration));
  std::optional<RunReport> other;
  const auto still_right = [&](const Ledger& ledger) -> Status {
    if (run.options.force) return {};
    MILLGATE_ASSIGN(const auto newer, runs_after(ledger, run.ledger_head));
    const RunReport* same = find_run(newer, run.train_key.id());
    if (same == nullptr || same->model != report.model) return {};
    other = *same;
    return Error{.code = ErrorCode::conflict, .what = "the same run is recorded already"};
  };
  const auto event = run.repository.ledger().append({.kind = kRunEvent,
                                                     .subject = report.model.hex(),
                                                     .author = run.options.author,
                                                     .body = dump_json(run_report_to_json(report))},
                                                    still_right);
  if (other) return *std::move(other);
  if (!event.ok()) return event.error();
  report.event_number = event->number;
  report.recorded = true;
  return report;
}

}  // namespace

Result<RunReport> run_pipeline(Repository& repository, const Project& project,
                               const RunOptions& options) {
  MILLGATE_ASSIGN(Run run, prepare(repository, project, options));
  std::shared_ptr<arrow::Table> joined;
  std::vector<StepReport> steps;
  MILLGATE_TRY(tune_step(run, joined, steps));
  MILLGATE_TRY(make_train_key(run));
  const bool force = options.force || !options.record;
  if (const RunReport* same = reusable_run(run, force)) return reused_report(*same);
  StepReport join = begin_step(run, "join", run.set.key, &RunKeys::join);
  StepReport train = begin_train(run, join, force);
  if (joined == nullptr) {
    const JoinOptions how{.force = force, .progress = options.progress};
    MILLGATE_ASSIGN(joined, join_training_set(repository, run.set, how, join));
    steps.insert(steps.begin(), std::move(join));
  }
  MILLGATE_ASSIGN(TrainResult result, train_step(run, std::move(joined), train));
  RunReport report = report_of(run, std::move(result));
  steps.push_back(std::move(train));
  report.steps = std::move(steps);
  if (!options.record) return report;
  return record(run, std::move(report));
}

Result<std::vector<StepReport>> plan_run(Repository& repository, const Project& project,
                                         const RunOptions& options) {
  MILLGATE_ASSIGN(Run run, prepare(repository, project, options));
  StepReport join = begin_step(run, "join", run.set.key, &RunKeys::join);
  std::vector<StepReport> steps;
  bool waits = false;
  if (run.settings.tune) {
    StepReport tune;
    MILLGATE_ASSIGN(const auto search, finished_search(repository, project, run.set, tune));
    waits = !search;
    if (search) run.settings = tuned_settings(run.settings, *search);
    steps.push_back(std::move(tune));
  }
  MILLGATE_TRY(make_train_key(run));
  StepReport train = begin_train(run, join, options.force);
  train.reused = !waits && reusable_run(run, options.force) != nullptr;
  if (train.reused) train.why = "nothing changed";
  if (waits) train.why = "waits for `tune`";
  join.reused = train.reused || (!options.force && is_joined(repository, run.set));
  if (!join.reused && join.why == "nothing changed") {
    join.why = options.force ? "forced" : "the stored result was removed";
  }
  if (join.reused)
    join.why = train.reused ? "nothing changed" : "the joined rows are there already";
  steps.insert(steps.begin(), std::move(join));
  steps.push_back(std::move(train));
  return steps;
}

Result<RunReport> read_run(const Repository& repository, const Id& model) {
  MILLGATE_ASSIGN(const auto event, repository.ledger().newest(kRunEvent, model.hex()));
  if (!event) {
    return not_found("no run made the model " + model.brief(), "`millgate runs` lists all runs");
  }
  return run_from(*event);
}

Result<std::vector<RunReport>> read_runs(const Repository& repository) {
  return runs_after(repository.ledger(), 0);
}

}  // namespace millgate
