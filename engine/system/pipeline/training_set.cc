#include "system/pipeline/training_set.h"

#include <arrow/table.h>

#include <filesystem>
#include <set>
#include <utility>

#include "data/store/file_hash.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/writer.h"
#include "ground/json.h"
#include "model/learn/dependencies.h"
#include "system/pipeline/feature_work.h"

namespace millgate {

namespace {

/// Names of the tables of the commit that the join reads.
Result<std::set<std::string>> tables_read(TrainingSet& set) {
  std::set<std::string> tables{set.plan.task.table};
  for (const View& view : set.plan.views) {
    auto names = set.database->tables_of(view.sql);
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

Status make_key(TrainingSet& set) {
  const Task& task = set.plan.task;
  StepKey& key = set.key;
  MILLGATE_ASSIGN(const auto tables, tables_read(set));
  for (const std::string& table : tables) {
    const auto found = set.commit.tables.find(table);
    if (found != set.commit.tables.end()) key.add("rows of `" + table + "`", found->second.hex());
  }
  for (const Source& source : set.plan.sources) {
    if (!tables.contains(source.name)) continue;
    key.add("times of source `" + source.name + "`",
            dump_json(Json::array({source.happened, source.known})));
  }
  key.add("label", dump_json(Json::array({task.table, task.label, task.label_known})));
  if (!task.classes.empty()) key.add("classes", dump_json(texts_json(task.classes)));
  if (!task.group.empty()) key.add("group", dump_json(texts_json(task.group)));
  for (const View& view : set.plan.views) key.add("view `" + view.name + "`", view_text(view));
  key.add("columns that features read", dump_json(texts_json(set.columns)));
  key.add("version of millgate", std::string(kEngineVersion));
  return {};
}

std::string join_path(const Repository& repository, const TrainingSet& set) {
  return repository.folder("cache") + "/join-" + set.key.id().hex() + ".parquet";
}

/// Sets `set.joined_rows`.
Result<std::shared_ptr<arrow::Table>> read_joined(TrainingSet& set, const std::string& path) {
  MILLGATE_ASSIGN(auto reader, read_table_files({path}, {}));
  MILLGATE_ARROW(auto table, reader->ToTable(), path);
  MILLGATE_ASSIGN(set.joined_rows, hash_of_file(path));
  return table;
}

/// Uses up the database: what it keeps in memory is of no use to training.
Status write_joined(TrainingSet& set, const std::string& path) {
  const std::unique_ptr<Database> database = std::move(set.database);
  MILLGATE_ASSIGN(const auto joined, join_as_of(*database, set.plan, set.columns));
  arrow::TableBatchReader rows(*joined);
  const auto row_count = write_table_file(rows, path);
  return row_count.ok() ? Status() : Status(row_count.error());
}

}  // namespace

Result<TrainingSet> open_training_set(Repository& repository, const Project& project,
                                      const std::string& revision) {
  MILLGATE_ASSIGN(FeatureWork work, open_features(repository, project, revision));
  TrainingSet set;
  set.columns = work.columns();
  set.commit = std::move(work.commit);
  set.database = std::move(work.database);
  set.plan = std::move(work.plan);
  set.fields = std::move(work.fields);
  set.context = std::move(work.context);
  MILLGATE_TRY(make_key(set));
  return set;
}

Result<std::shared_ptr<arrow::Table>> join_training_set(Repository& repository, TrainingSet& set,
                                                        const JoinOptions& options,
                                                        StepReport& step) {
  const Stopwatch watch;
  if (options.progress) options.progress("join", 0);
  const std::string path = join_path(repository, set);
  if (!options.force && is_joined(repository, set)) {
    auto table = read_joined(set, path);
    if (table.ok()) {
      step.reused = true;
      step.why = "the joined rows are there already";
      step.seconds = watch.seconds();
      return table;
    }
    step.why = "the stored result was damaged";
  } else if (step.why == "nothing changed") {
    step.why = options.force ? "forced" : "the stored result was removed";
  }
  MILLGATE_TRY(write_joined(set, path));
  MILLGATE_ASSIGN(auto table, read_joined(set, path));
  step.seconds = watch.seconds();
  if (options.progress) options.progress("join", 1);
  return table;
}

bool is_joined(const Repository& repository, const TrainingSet& set) {
  std::error_code none;
  return std::filesystem::exists(join_path(repository, set), none);
}

TrainRequest train_request(const Project& project, const TrainingSet& set,
                           std::shared_ptr<arrow::Table> joined) {
  TrainRequest request;
  request.joined = std::move(joined);
  request.task = set.plan.task;
  request.features = project.features;
  request.context = set.context;
  request.settings = project.train;
  request.utility = project.utility;
  request.threshold = project.threshold;
  return request;
}

void add_feature_parts(const Project& project, const TrainingSet& set, StepKey& key) {
  key.add("training set", set.key.id().hex());
  for (const FeatureDefinition& feature : project.features) {
    key.add("feature `" + feature.name + "`", feature.expression);
  }
  for (const auto& [column, unit] : set.context.units) key.add("unit of `" + column + "`", unit);
  for (const auto& [name, calendar] : set.context.calendars) {
    key.add("calendar `" + name + "`", dump_json(Json(calendar.days)));
  }
  key.add("kind of task", std::string(to_text(set.plan.task.kind)));
}

namespace {

/// The packages of an interpreter are no part: asking it would cost more than a run that has
/// nothing to do.
Status add_command_parts(const TrainSettings& settings, StepKey& key) {
  if (settings.learner != "command") return {};
  const CommandSettings& command = settings.command;
  key.add("command", dump_json(Json(command.command)));
  MILLGATE_ASSIGN(const auto files, program_files(command));
  for (const auto& [name, hash] : files) key.add("file `" + name + "`", hash);
  key.add("limits", dump_json(Json::array(
                        {command.seconds_max, command.memory_bytes_max, command.disk_bytes_max})));
  return {};
}

/// At most one member is a program, so that its parts need no name of the member.
Status add_member_parts(const EnsembleSettings& ensemble, StepKey& key) {
  if (ensemble.members.empty()) return {};
  key.add("way to combine", dump_json(Json::array({ensemble.combine, ensemble.folds})));
  std::string order;
  for (const EnsembleMember& member : ensemble.members) {
    order += (order.empty() ? "" : ", ") + member.name;
    const TrainSettings& own = member.settings;
    key.add("member `" + member.name + "`",
            dump_json(Json::array({member.weight, own.learner, own.seed, own.rounds_max,
                                   own.early_stopping_rounds, Json(own.parameters)})));
    MILLGATE_TRY(add_command_parts(own, key));
  }
  key.add("members", order);
  return {};
}

}  // namespace

Status add_learner_parts(const TrainSettings& settings, StepKey& key) {
  key.add("learner", settings.learner);
  MILLGATE_TRY(add_command_parts(settings, key));
  MILLGATE_TRY(add_member_parts(settings.ensemble, key));
  key.add("split", dump_json(Json::array({settings.split_by, settings.valid_micros,
                                          settings.test_micros, settings.share})));
  key.add("seed", std::to_string(settings.seed));
  key.add("rounds", dump_json(Json::array({settings.rounds_max, settings.early_stopping_rounds})));
  if (settings.calibrate) key.add("calibration", std::string(to_text(*settings.calibrate)));
  if (settings.uncertainty) {
    const auto& [coverage, method, section] = *settings.uncertainty;
    key.add("coverage asked for", dump_json(Json(coverage)));
    if (method) key.add("uncertainty", std::string(to_text(*method)));
  }
  if (settings.needs_calibration_rows()) {
    key.add("share of calibration rows", dump_json(Json(settings.calibrate_share)));
  }
  for (const auto& [name, value] : settings.parameters) {
    key.add("parameter `" + name + "`", value);
  }
  return {};
}

}  // namespace millgate
