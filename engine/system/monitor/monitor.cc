#include "system/monitor/monitor.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <tuple>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "system/monitor/alarm_rules.h"
#include "system/monitor/column_drift.h"
#include "system/monitor/column_harm.h"
#include "system/monitor/expected_watch.h"
#include "system/monitor/reference_watch.h"
#include "system/monitor/replay.h"
#include "system/monitor/served_log.h"
#include "system/monitor/served_quality.h"
#include "system/monitor/sketch_watch.h"
#include "system/monitor/suspects.h"
#include "system/monitor/table_skew.h"
#include "system/monitor/windows.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Logs hold brief ids; the ledger knows the whole ones. Null: no such model here.
std::shared_ptr<const Model> find_model(const Repository& repository, const std::string& logged) {
  const auto id = resolve_model(repository.ledger(), logged);
  if (!id) return nullptr;
  auto model = Model::load_of_one_number(repository.objects(), *id);
  return model ? *model : nullptr;
}

/// What the run that trained `model` measured. A run event of another shape gives nothing:
/// there is then no number to compare with.
std::vector<Evidence> tested_evidence(const Ledger& ledger, const Id& model) {
  std::vector<Evidence> found;
  const auto recorded = runs(ledger);
  if (!recorded) return found;
  for (const RunRecord& run : *recorded) {
    if (run.model != model) continue;
    const auto body = parse_json(run.event.body, "run");
    if (!body || !body->contains("evidence") || !(*body)["evidence"].is_array()) continue;
    found.clear();
    for (const Json& entry : (*body)["evidence"]) {
      if (auto evidence = evidence_from_json(entry)) found.push_back(*std::move(evidence));
    }
  }
  return found;
}

/// The columns that limits name and that were logged.
std::vector<std::string> limited_columns(const ServedLog& log, const MonitorOptions& options) {
  std::vector<std::string> found;
  for (const ServedLimit& limit : options.limits) {
    if (limit.column.empty() || !log.has_column(limit.column)) continue;
    if (std::find(found.begin(), found.end(), limit.column) == found.end()) {
      found.push_back(limit.column);
    }
  }
  return found;
}

/// The slices that can be measured; the others are told.
std::vector<std::string> logged_slices(const ServedLog& log, const MonitorOptions& options,
                                       MonitorReport& report) {
  std::vector<std::string> found = limited_columns(log, options);
  for (const std::string& slice : options.slices) {
    if (std::find(found.begin(), found.end(), slice) != found.end()) continue;
    if (log.has_column(slice)) {
      found.push_back(slice);
      continue;
    }
    const std::string hint = name_hint(slice, log.columns());
    report.notes.push_back("quality by `" + slice + "` cannot be known: it was never logged" +
                           (hint.empty() ? "" : "; " + hint));
  }
  return found;
}

Result<std::vector<ServedSlice>> read_slices(const ServedLog& log, const std::string& logged,
                                             const std::vector<std::string>& names) {
  std::vector<Field> fields;
  fields.reserve(names.size());
  for (const std::string& name : names) fields.push_back({name, ValueType::text});
  MILLGATE_ASSIGN(Block block, log.block(logged, fields));
  std::vector<ServedSlice> slices;
  for (size_t at = 0; at < names.size(); ++at) {
    Vector& column = block.columns[at];
    for (size_t row = 0; row < block.rows; ++row) {
      if (column.valid[row] == 0) column.texts[row] = "(missing)";
    }
    slices.push_back({names[at], std::move(column.texts)});
  }
  return slices;
}

std::string missing_inputs(const ServedLog& log, const Model& model) {
  std::string names;
  for (const Field& field : model.features().inputs()) {
    if (!log.has_column(field.name)) names += (names.empty() ? "" : ", ") + field.name;
  }
  return names;
}

/// Rows with labels that `model` has not learned from; none where they cannot be read.
Result<HeldOutRows> find_tested_rows(const Model& model, const MonitorOptions& options,
                                     ModelWatch& watch) {
  if (!options.tested_rows) return HeldOutRows{};
  auto found = options.tested_rows(model);
  if (found) return found;
  watch.note = "the rows that it was measured on cannot be read again: " + found.error().what +
               "; its quality is expected from served labels alone";
  return HeldOutRows{};
}

/// The quality to be expected of each window without its labels. `inputs` is null where they were
/// not logged, `model` where the project has none.
Status expect_from(const Model* model, const Block* inputs, const ServedRows& rows,
                   const WindowGrid& grid, const MonitorOptions& options, const HeldOutRows& tested,
                   ModelWatch& watch) {
  double threshold = options.log ? options.log->threshold : 0.5;
  if (model != nullptr) {
    if (model->manifest().task_kind == "regression") return {};
    threshold = model->manifest().threshold;
  }
  const std::vector<LogRows> ranges = grid.ranges(rows.event_micros);
  return expect_quality({.model = model,
                         .threshold = threshold,
                         .inputs = inputs,
                         .rows = rows,
                         .grid = grid,
                         .ranges = ranges},
                        tested, options, watch.windows);
}

/// Everything that needs the model itself.
Status watch_inputs(const Repository& repository, const ServedLog& log, const std::string& logged,
                    const Model& model, const ServedRows& rows, const WindowGrid& grid,
                    const MonitorOptions& options, ModelWatch& watch) {
  MILLGATE_ASSIGN(const HeldOutRows tested, find_tested_rows(model, options, watch));
  if (const std::string missing = missing_inputs(log, model); !missing.empty()) {
    watch.replay.note = watch.table.note = "cannot know: the log has no column " + missing;
    return expect_from(&model, nullptr, rows, grid, options, tested, watch);
  }
  MILLGATE_ASSIGN(const Block inputs, log.block(logged, model.features().inputs()));
  MILLGATE_ASSIGN(watch.replay, replay_rows(model, rows, inputs));
  const std::vector<LogRows> ranges = grid.ranges(rows.event_micros);
  const DriftRows drift{.model = model,
                        .inputs = inputs,
                        .predictions = rows.prediction,
                        .frame = {.grid = grid,
                                  .windows = ranges,
                                  .row_count = rows.event_micros.size(),
                                  .rows_min = options.rows_min}};
  MILLGATE_ASSIGN(watch.drift, drift_of_columns(drift));
  MILLGATE_TRY(weigh_columns(model, inputs, rows, tested, options.utility, watch.drift));
  MILLGATE_ASSIGN(watch.prediction_drift, drift_of_predictions(drift));
  MILLGATE_ASSIGN(watch.table,
                  compare_with_table(repository, log, logged, model, grid, options.branch));
  return expect_from(&model, &inputs, rows, grid, options, tested, watch);
}

/// A model of the project that tells more than one number, or scores. Null: there is none.
std::shared_ptr<const Model> unwatched_model(const Repository& repository,
                                             const std::string& logged) {
  const auto id = resolve_model(repository.ledger(), logged);
  if (!id) return nullptr;
  auto model = Model::load(repository.objects(), *id);
  return model ? *model : nullptr;
}

std::string unknown_model_note(const Model* model, const std::string& logged,
                               const MonitorOptions& options) {
  if (options.log && logged == kUnnamedModel) {
    return "no model of the project made these predictions: skew cannot be known, and drift only "
           "against a reference table";
  }
  if (model != nullptr && model->is_ranking()) {
    return "model " + logged + " ranks rows, of which quality, drift and skew are not watched yet";
  }
  if (model != nullptr && model->has_classes()) {
    return "model " + logged +
           " tells several classes apart, of which quality, drift and skew are "
           "not watched yet";
  }
  return "model " + logged + " is not in this project's store: drift and skew cannot be known";
}

Result<ModelWatch> watch_model(const Repository& repository, const ServedLog& log,
                               const std::string& logged, const WindowGrid& grid,
                               const MonitorOptions& options, MonitorReport& report,
                               FeatureInputs& reads, TestEvidence& tested) {
  ModelWatch watch;
  watch.model = logged;
  const std::shared_ptr<const Model> model = find_model(repository, logged);
  Manifest manifest;
  if (model != nullptr) {
    manifest = model->manifest();
    watch.model = model->id().hex();
    watch.name = manifest.project;
    for (const Feature& feature : model->features().features()) {
      reads[watch.model][feature.name] = feature.inputs;
    }
  } else {
    const auto unwatched = unwatched_model(repository, logged);
    if (unwatched != nullptr) manifest.task_kind = unwatched->manifest().task_kind;
    watch.note = unknown_model_note(unwatched.get(), logged, options);
    watch.replay.note = watch.table.note = watch.note;
  }
  MILLGATE_ASSIGN(ServedRows rows, log.rows(logged));
  if (model == nullptr && options.log) manifest = manifest_of_table(rows, *options.log);
  report.log.bad_label_count += drop_bad_labels(manifest, rows.label);
  watch.row_count = static_cast<int64_t>(rows.event_micros.size());
  watch.first = Time{rows.event_micros.front()};
  watch.last = Time{rows.event_micros.back()};
  MILLGATE_ASSIGN(const auto slices, read_slices(log, logged, options.slices));
  MILLGATE_ASSIGN(const auto limited, read_slices(log, logged, limited_columns(log, options)));
  const std::vector<LogRows> ranges = grid.ranges(rows.event_micros);
  for (size_t at = 0; at < ranges.size(); ++at) {
    MILLGATE_ASSIGN(MonitorWindow window,
                    measure_window(manifest, rows, ranges[at], limited, options));
    window.from = grid.from(at);
    window.to = grid.to(at);
    watch.windows.push_back(std::move(window));
  }
  MILLGATE_ASSIGN(watch.all,
                  measure_window(manifest, rows, {0, rows.event_micros.size()}, slices, options));
  watch.all.from = watch.first;
  watch.all.to = watch.last;
  if (model == nullptr) {
    if (options.log && manifest.task_kind == "binary") {
      MILLGATE_TRY(expect_from(nullptr, nullptr, rows, grid, options, {}, watch));
    }
    if (!options.log || options.log->reference_paths.empty()) return watch;
    MILLGATE_ASSIGN(tested[watch.model],
                    watch_reference(log, logged, manifest, rows, grid, options, watch));
    return watch;
  }
  MILLGATE_TRY(watch_inputs(repository, log, logged, *model, rows, grid, options, watch));
  return watch;
}

std::string asked_time(const MonitorOptions& options) {
  if (options.from && options.to) {
    return "from " + time_text(*options.from) + " to " + time_text(*options.to);
  }
  if (options.from) return "from " + time_text(*options.from) + " on";
  return "before " + time_text(options.to.value_or(Time{}));
}

std::string empty_answer(const ServedLog& log, const MonitorOptions& options) {
  if (!log.log_first()) {
    return "nothing to watch: the prediction log is empty; `millgate serve` fills it";
  }
  return "nothing to watch " + asked_time(options) + ": the log holds predictions from " +
         time_text(*log.log_first()) + " to " + time_text(*log.log_last());
}

/// Sketches of the asked time, by model.
using AskedSketches = std::map<std::string, SketchWindows>;

/// None for a table of predictions: the project's servers did not make them.
AskedSketches find_sketches(const Repository& repository, const MonitorOptions& options,
                            MonitorReport& report) {
  AskedSketches found;
  if (options.log) return found;
  const SavedSketches saved = read_sketches(repository.folder("sketches"));
  report.notes.insert(report.notes.end(), saved.notes.begin(), saved.notes.end());
  for (const std::string& model : saved.book.models()) {
    SketchWindows windows = asked_sketches(saved.book, model, options);
    if (!windows.empty()) found.emplace(model, std::move(windows));
  }
  return found;
}

/// Says where the log holds less than was answered.
Status count_sketched(const ServedLog& log, const AskedSketches& sketches,
                      const MonitorOptions& options, MonitorReport& report) {
  for (const auto& [model, windows] : sketches) {
    SketchedRows rows{
        .model = model,
        .from = Time{windows.begin()->first},
        .to = Time{windows.rbegin()->first + micros_of(sketch_span(options.window_micros))}};
    for (const auto& [begin, window] : windows) {
      rows.row_count += static_cast<int64_t>(window.rows);
    }
    MILLGATE_ASSIGN(rows.logged_count, log.answered_count(model, rows.from, rows.to));
    if (rows.logged_count < rows.row_count) {
      report.notes.push_back(
          "model " + model + " answered " + count_of(rows.row_count, "prediction") + " from " +
          time_text(rows.from) + " to " + time_text(rows.to) + " by the servers' sketches; " +
          count_text(rows.logged_count) + " of them are in the log");
    }
    report.sketched.push_back(std::move(rows));
  }
  return {};
}

/// From the first to the last moment of which anything is known.
std::pair<Time, Time> covered_time(const std::optional<std::pair<Time, Time>>& logged,
                                   const AskedSketches& sketches) {
  Time first{INT64_MAX};
  Time last{INT64_MIN};
  if (logged) std::tie(first, last) = *logged;
  for (const auto& [model, windows] : sketches) {
    first = std::min(first, Time{windows.begin()->first});
    last = std::max(last, Time{windows.rbegin()->first});
  }
  return {first, last};
}

std::string answer_of(const MonitorReport& report) {
  int64_t rows = 0;
  int64_t labelled = 0;
  for (const ModelWatch& watch : report.models) {
    rows += watch.row_count;
    labelled += watch.all.labelled_count;
  }
  std::string answer = count_of(rows, "prediction") + " of " +
                       count_of(static_cast<int64_t>(report.models.size()), "model") + ", " +
                       count_of(labelled, "label") + ": ";
  if (report.alarms.empty()) return answer + "no alarm";
  const auto count = std::count_if(report.alarms.begin(), report.alarms.end(),
                                   [](const Alarm& alarm) { return alarm.leads(); });
  const auto fresh = std::count_if(
      report.alarms.begin(), report.alarms.end(),
      [](const Alarm& alarm) { return alarm.is_new && alarm.incident == alarm.event_number; });
  answer += count_of(count, "incident");
  if (fresh > 0) answer += " (" + count_text(fresh) + " new)";
  return answer + ", first: " + report.alarms.front().what;
}

}  // namespace

Result<MonitorReport> monitor_served(Repository& repository, const MonitorOptions& options) {
  if (options.window_micros <= 0) {
    return invalid_input("the window has no length", "give a length such as 7d or 12h");
  }
  MonitorReport report;
  report.made = options.known.value_or(repository.clock().now());
  report.window_micros = options.window_micros;
  report.rows_min = options.rows_min;
  MILLGATE_ASSIGN(const ServedLog log, ServedLog::read(repository, options));
  report.log = log.counts();
  report.notes = log.notes();
  report.limits = options.limits;
  if (options.log) report.files = options.log->paths;
  AskedSketches sketches = find_sketches(repository, options, report);
  MILLGATE_TRY(count_sketched(log, sketches, options, report));
  // The log tells more where it has rows, whatever their event times.
  for (const SketchedRows& one : report.sketched) {
    if (one.logged_count > 0) sketches.erase(one.model);
  }
  for (const std::string& logged : log.models()) sketches.erase(logged);
  if (log.models().empty() && sketches.empty()) {
    report.answer = empty_answer(log, options);
    return report;
  }
  MonitorOptions how = options;
  how.slices = logged_slices(log, options, report);
  std::optional<std::pair<Time, Time>> logged_time;
  if (!log.models().empty()) {
    MILLGATE_ASSIGN(const int64_t first,
                    log.database().count("select min(event_micros) from served"));
    MILLGATE_ASSIGN(const int64_t last,
                    log.database().count("select max(event_micros) from served"));
    logged_time = {Time{first}, Time{last}};
  }
  const auto [first, last] = covered_time(logged_time, sketches);
  report.from = first;
  report.to = last;
  MILLGATE_ASSIGN(const WindowGrid grid, make_grid(options, first, last));
  TestEvidence tested;
  FeatureInputs reads;
  std::map<std::string, double> thresholds;
  for (const std::string& logged : log.models()) {
    MILLGATE_ASSIGN(ModelWatch watch,
                    watch_model(repository, log, logged, grid, how, report, reads, tested));
    if (const auto id = Id::parse(watch.model)) {
      tested[watch.model] = tested_evidence(repository.ledger(), *id);
      MILLGATE_ASSIGN(watch.age, model_age(repository.ledger(), *id, watch.last));
    }
    const std::shared_ptr<const Model> model = find_model(repository, logged);
    thresholds[logged] = model != nullptr ? model->manifest().threshold
                         : options.log    ? options.log->threshold
                                          : 0.5;
    report.models.push_back(std::move(watch));
  }
  for (const auto& [logged, windows] : sketches) {
    MILLGATE_ASSIGN(
        ModelWatch watch,
        watch_sketches(windows, logged, find_model(repository, logged).get(), grid, options));
    report.models.push_back(std::move(watch));
  }
  std::optional<OutcomeTable> outcomes = options.outcomes;
  if (!outcomes && !options.log) {
    MILLGATE_ASSIGN(const int64_t told,
                    log.database().count(std::string("select count(*) from served join ") +
                                         kToldOutcomes + " using (prediction_id)"));
    if (told > 0) outcomes = OutcomeTable();
  }
  if (outcomes) {
    MILLGATE_ASSIGN(report.business, business_metric(log, *outcomes, repository.folder("scratch"),
                                                     thresholds, how.slices, report));
  }
  report.alarms = find_alarms(report, tested, reads);
  MILLGATE_TRY(find_suspects(repository, log, options, report));
  if (options.record) {
    MILLGATE_TRY(record_alarms(repository.ledger(), report.alarms, options.author));
  }
  report.answer = answer_of(report);
  return report;
}

}  // namespace millgate
