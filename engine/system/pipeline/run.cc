#include "system/pipeline/run.h"

#include <arrow/table.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <utility>

#include "data/feature/entity_rows.h"
#include "data/feature/join.h"
#include "data/query/database.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/writer.h"
#include "ground/json.h"
#include "model/learn/dependencies.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/step_key.h"

namespace millgate {

namespace {

constexpr const char* kRunEvent = "run";

/// What the ledger keeps of a run beside the report: the keys of its steps.
struct RecordedRun {
  RunReport report;
  StepKey join_key, train_key;
};

/// One run while it goes.
struct Run {
  Repository& repository;
  const Project& project;
  const RunOptions& options;
  Commit commit;
  std::unique_ptr<Database> database;
  JoinPlan plan;
  std::vector<std::string> columns;  ///< View columns and others that the features read.
  std::vector<Field> fields;         ///< All that could be read.
  ExpressionContext context;         ///< Units and calendars.
  std::vector<ReadView> views;       ///< Those that features read.
  StepKey join_key, train_key;
  std::vector<RecordedRun> earlier;  ///< Runs in the ledger, oldest first.
  int64_t ledger_head = 0;           ///< Newest event when `earlier` was read.
};

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Result<RecordedRun> recorded_run_from(const Event& event) {
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(event.number)));
  RecordedRun run;
  MILLGATE_ASSIGN(run.report, run_report_from_json(body));
  run.report.event_number = event.number;
  if (!body.contains("join_key") || !body.contains("train_key")) {
    return damaged("event " + std::to_string(event.number) + ": a run without keys");
  }
  MILLGATE_ASSIGN(run.join_key, StepKey::load(body.at("join_key")));
  MILLGATE_ASSIGN(run.train_key, StepKey::load(body.at("train_key")));
  return run;
}

Result<std::vector<RecordedRun>> recorded_runs(const Ledger& ledger, int64_t after) {
  MILLGATE_ASSIGN(const auto events, ledger.events(after, kRunEvent));
  std::vector<RecordedRun> runs;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(RecordedRun run, recorded_run_from(event));
    runs.push_back(std::move(run));
  }
  return runs;
}

/// The newest of `runs` with this train key.
const RecordedRun* find_run(const std::vector<RecordedRun>& runs, const Id& train_key) {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->train_key.id() == train_key) return &*run;
  }
  return nullptr;
}

/// Names of the tables of the commit that the join reads.
Result<std::set<std::string>> tables_read(Run& run) {
  std::set<std::string> tables{run.plan.task.table};
  for (const View& view : run.plan.views) {
    auto names = run.database->tables_of(view.sql);
    if (!names.ok()) {
      return view.section.error_at("sql", "view `" + view.name + "`: " + names.error().what,
                                   names.error().hint);
    }
    tables.insert(names->begin(), names->end());
  }
  return tables;
}

Json texts_json(const std::vector<std::string>& texts) { return Json(texts); }

std::string view_text(const View& view) {
  Json windows = Json::object();
  for (const Window& window : view.windows) windows[window.name] = window.definition;
  return dump_json(Json::array({texts_json(view.entity), view.sql, view.happened, view.known,
                                view.max_age_micros ? Json(*view.max_age_micros) : Json(),
                                texts_json(view.key), windows}));
}

Status make_join_key(Run& run) {
  const Task& task = run.plan.task;
  StepKey& key = run.join_key;
  MILLGATE_ASSIGN(const auto tables, tables_read(run));
  for (const std::string& table : tables) {
    const auto found = run.commit.tables.find(table);
    if (found != run.commit.tables.end()) key.add("rows of `" + table + "`", found->second.hex());
  }
  for (const Source& source : run.plan.sources) {
    if (!tables.contains(source.name)) continue;
    key.add("times of source `" + source.name + "`",
            dump_json(Json::array({source.happened, source.known})));
  }
  key.add("label", dump_json(Json::array({task.table, task.label, task.label_known})));
  for (const View& view : run.plan.views) key.add("view `" + view.name + "`", view_text(view));
  key.add("columns that features read", dump_json(texts_json(run.columns)));
  key.add("version of millgate", std::string(kEngineVersion));
  return {};
}

void make_train_key(Run& run) {
  const Project& project = run.project;
  const TrainSettings& train = project.train;
  StepKey& key = run.train_key;
  key.add("training set", run.join_key.id().hex());
  for (const FeatureDefinition& feature : project.features) {
    key.add("feature `" + feature.name + "`", feature.expression);
  }
  for (const auto& [column, unit] : run.context.units) key.add("unit of `" + column + "`", unit);
  for (const auto& [name, calendar] : run.context.calendars) {
    key.add("calendar `" + name + "`", dump_json(Json(calendar.days)));
  }
  key.add("kind of task", run.plan.task.kind == TaskKind::binary ? "binary" : "regression");
  key.add("slices", dump_json(texts_json(run.plan.task.slices)));
  key.add("learner", train.learner);
  key.add(
      "split",
      dump_json(Json::array({train.split_by, train.valid_micros, train.test_micros, train.share})));
  key.add("seed", std::to_string(train.seed));
  key.add("rounds", dump_json(Json::array({train.rounds_max, train.early_stopping_rounds})));
  for (const auto& [name, value] : train.parameters) key.add("parameter `" + name + "`", value);
  if (project.utility) {
    const Utility& u = *project.utility;
    key.add("utility", dump_json(Json::array({u.true_positive, u.false_positive, u.true_negative,
                                              u.false_negative})));
  }
  if (project.threshold) key.add("threshold", dump_json(Json(*project.threshold)));
  key.add("comparison with a random split", run.options.compare_random_split ? "yes" : "no");
  key.add("version of millgate", std::string(kEngineVersion));
}

/// The versions of the views that features read.
Status find_views(Run& run) {
  for (const View& view : run.plan.views) {
    const bool is_read =
        std::any_of(run.columns.begin(), run.columns.end(),
                    [&](const std::string& column) { return column.starts_with(view.name + "."); });
    if (!is_read) continue;
    MILLGATE_ASSIGN(ViewDefinition definition, view_definition(*run.database, run.plan, view));
    run.views.push_back(
        {.name = view.name, .version = std::move(definition.version), .entity = view.entity});
  }
  return {};
}

/// Everything that can be told from the definitions, before any row is read.
Status prepare(Run& run) {
  MILLGATE_ASSIGN(FeatureWork work,
                  open_features(run.repository, run.project, run.options.revision));
  run.columns = work.columns();
  run.commit = std::move(work.commit);
  run.database = std::move(work.database);
  run.plan = std::move(work.plan);
  run.fields = std::move(work.fields);
  run.context = std::move(work.context);
  MILLGATE_TRY(find_views(run));
  MILLGATE_TRY(make_join_key(run));
  make_train_key(run);
  MILLGATE_ASSIGN(run.ledger_head, run.repository.ledger().head());
  MILLGATE_ASSIGN(run.earlier, recorded_runs(run.repository.ledger(), 0));
  return {};
}

StepReport begin_step(const Run& run, const std::string& name, const StepKey& key,
                      StepKey RecordedRun::*which) {
  StepReport step{
      .name = name, .key = key.id().brief(), .reused = false, .why = "first run", .seconds = 0};
  if (!run.earlier.empty()) step.why = key.difference_from(run.earlier.back().*which);
  return step;
}

/// When only the training set changed: the reason for that, for people.
void explain_train(const StepReport& join, StepReport& train) {
  if (train.why == "training set changed" && join.why != "nothing changed") train.why = join.why;
}

std::string join_path(const Run& run) {
  return run.repository.folder("cache") + "/join-" + run.join_key.id().hex() + ".parquet";
}

Result<std::shared_ptr<arrow::Table>> read_joined(const std::string& path) {
  MILLGATE_ASSIGN(auto reader, read_table_files({path}, {}));
  MILLGATE_ARROW(auto table, reader->ToTable(), path);
  return table;
}

/// Uses up the database: what it keeps in memory is of no use to training.
Status write_joined(Run& run, const std::string& path) {
  const std::unique_ptr<Database> database = std::move(run.database);
  MILLGATE_ASSIGN(const auto joined, join_as_of(*database, run.plan, run.columns));
  arrow::TableBatchReader rows(*joined);
  const auto row_count = write_table_file(rows, path);
  return row_count.ok() ? Status() : Status(row_count.error());
}

/// The joined rows, always read from the file, so that a reused result equals a new one.
Result<std::shared_ptr<arrow::Table>> join_step(Run& run, StepReport& step) {
  const Stopwatch watch;
  if (run.options.progress) run.options.progress("join", 0);
  const std::string path = join_path(run);
  if (!run.options.force && std::filesystem::exists(path)) {
    auto table = read_joined(path);
    if (table.ok()) {
      step.reused = true;
      step.why = "the joined rows are there already";
      step.seconds = watch.seconds();
      return table;
    }
    step.why = "the stored result was damaged";
  } else if (step.why == "nothing changed") {
    step.why = run.options.force ? "forced" : "the stored result was removed";
  }
  MILLGATE_TRY(write_joined(run, path));
  MILLGATE_ASSIGN(auto table, read_joined(path));
  step.seconds = watch.seconds();
  if (run.options.progress) run.options.progress("join", 1);
  return table;
}

Manifest manifest_for(const Run& run) {
  Manifest manifest;
  manifest.project = run.project.name;
  manifest.description = run.project.description;
  for (const Source& source : run.project.sources) {
    if (source.name != run.plan.task.table) continue;
    manifest.key = source.key;
    // Only a column can be sent with a request; an expression cannot.
    const bool is_column =
        std::any_of(run.fields.begin(), run.fields.end(),
                    [&](const Field& field) { return field.name == source.happened; });
    if (is_column) manifest.row_time = source.happened;
  }
  manifest.views = run.views;
  manifest.data_commit = run.commit.id.hex();
  manifest.training_set = run.join_key.id().hex();
  manifest.git_commit = run.commit.git_commit;
  manifest.configuration_hash = run.project.configuration_hash.hex();
  return manifest;
}

Result<TrainResult> train_step(Run& run, std::shared_ptr<arrow::Table> joined, StepReport& step) {
  const Stopwatch watch;
  TrainRequest request;
  request.joined = std::move(joined);
  request.task = run.plan.task;
  request.features = run.project.features;
  request.context = run.context;
  request.settings = run.project.train;
  request.utility = run.project.utility;
  request.threshold = run.project.threshold;
  request.manifest = manifest_for(run);
  request.compare_random_split = run.options.compare_random_split;
  request.progress = run.options.progress;
  MILLGATE_ASSIGN(TrainResult result, train_model(run.repository.objects(), request));
  step.seconds = watch.seconds();
  return result;
}

RunReport report_of(const Run& run, TrainResult result) {
  RunReport report;
  report.model = result.model;
  report.data_commit = run.commit.id.hex();
  report.git_commit = run.commit.git_commit;
  report.configuration_hash = run.project.configuration_hash.hex();
  report.evidence = std::move(result.evidence);
  report.calibration = std::move(result.calibration);
  report.confusion = result.confusion;
  report.threshold = result.threshold;
  report.learner = run.project.train.learner;
  report.parameters = std::move(result.parameters);
  report.best_round = result.best_round;
  report.valid_loss = std::move(result.valid_loss);
  report.train_rows = static_cast<int64_t>(result.split.train.size());
  report.valid_rows = static_cast<int64_t>(result.split.valid.size());
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
RunReport reused_report(const RecordedRun& earlier) {
  RunReport report = earlier.report;
  report.recorded = false;
  for (StepReport& step : report.steps) {
    step.reused = true;
    step.why = "nothing changed";
    step.seconds = 0;
  }
  return report;
}

/// Appends the run, unless another process recorded the same one meanwhile.
Result<RunReport> record(Run& run, RunReport report) {
  Json body = run_report_to_json(report);
  body["join_key"] = run.join_key.save();
  body["train_key"] = run.train_key.save();
  std::optional<RecordedRun> other;
  const auto still_right = [&](const Ledger& ledger) -> Status {
    if (run.options.force) return {};
    MILLGATE_ASSIGN(const auto newer, recorded_runs(ledger, run.ledger_head));
    const RecordedRun* same = find_run(newer, run.train_key.id());
    if (same == nullptr || same->report.model != report.model) return {};
    other = *same;
    return Error{.code = ErrorCode::conflict, .what = "the same run is recorded already"};
  };
  const auto event = run.repository.ledger().append({.kind = kRunEvent,
                                                     .subject = report.model.hex(),
                                                     .author = run.options.author,
                                                     .body = dump_json(body)},
                                                    still_right);
  if (other) return other->report;
  if (!event.ok()) return event.error();
  report.event_number = event->number;
  report.recorded = true;
  return report;
}

}  // namespace

Result<RunReport> run_pipeline(Repository& repository, const Project& project,
                               const RunOptions& options) {
  Run run{.repository = repository,
          .project = project,
          .options = options,
          .commit = {},
          .database = nullptr,
          .plan = {},
          .columns = {},
          .fields = {},
          .context = {},
          .views = {},
          .join_key = {},
          .train_key = {},
          .earlier = {},
          .ledger_head = 0};
  MILLGATE_TRY(prepare(run));
  const RecordedRun* same = find_run(run.earlier, run.train_key.id());
  if (same != nullptr && !options.force && repository.objects().has(same->report.model)) {
    return reused_report(*same);
  }
  StepReport join = begin_step(run, "join", run.join_key, &RecordedRun::join_key);
  StepReport train = begin_step(run, "train", run.train_key, &RecordedRun::train_key);
  explain_train(join, train);
  if (train.why == "nothing changed") {
    train.why = options.force ? "forced" : "the stored model was removed";
  }
  MILLGATE_ASSIGN(auto joined, join_step(run, join));
  MILLGATE_ASSIGN(TrainResult result, train_step(run, std::move(joined), train));
  RunReport report = report_of(run, std::move(result));
  report.steps = {std::move(join), std::move(train)};
  return record(run, std::move(report));
}

Result<RunReport> read_run(const Repository& repository, const Id& model) {
  MILLGATE_ASSIGN(const auto event, repository.ledger().newest(kRunEvent, model.hex()));
  if (!event) {
    return not_found("no run made the model " + model.brief(), "`millgate runs` lists all runs");
  }
  MILLGATE_ASSIGN(RecordedRun run, recorded_run_from(*event));
  return std::move(run.report);
}

Result<std::vector<RunReport>> read_runs(const Repository& repository) {
  MILLGATE_ASSIGN(auto runs, recorded_runs(repository.ledger(), 0));
  std::vector<RunReport> reports;
  reports.reserve(runs.size());
  for (RecordedRun& run : runs) reports.push_back(std::move(run.report));
  return reports;
}

}  // namespace millgate
