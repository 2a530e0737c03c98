#include "system/pipeline/paired_runs.h"

#include <arrow/table.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "data/query/revision_sql.h"
#include "ground/json.h"
#include "model/artifact/model.h"
#include "model/learn/row_values.h"
#include "model/learn/split.h"
#include "model/measure/paired_metric.h"
#include "system/pipeline/run.h"

namespace millgate {
namespace {

struct Side {
  std::shared_ptr<const Model> model;
  RunReport report;
};

Result<Side> read_side(const Repository& repository, const Id& id) {
  Side side;
  MILLGATE_ASSIGN(side.report, read_run(repository, id));
  MILLGATE_ASSIGN(side.model, Model::load(repository.objects(), id));
  return side;
}

bool is_split_by_time(const Side& side) { return side.report.test_from > side.report.train_to; }

std::string part(const StepKey& key, const std::string& name) {
  for (const auto& [one, value] : key.parts()) {
    if (one == name) return value;
  }
  return {};
}

/// Why the two cannot be measured on the same rows; empty when they can.
std::string obstacle(const Side& base, const Side& other) {
  const Manifest& a = base.model->manifest();
  const Manifest& b = other.model->manifest();
  if (a.task_kind != b.task_kind || a.task_table != b.task_table || a.label != b.label) {
    return "they do not predict the same: `" + a.label + "` of " + a.task_table + " (" +
           a.task_kind + ") and `" + b.label + "` of " + b.task_table + " (" + b.task_kind + ")";
  }
  if (base.model->is_ranking()) return "models that rank are not compared so yet";
  if (base.model->has_classes()) return "models of several classes are not compared so yet";
  if (is_split_by_time(base) != is_split_by_time(other)) {
    return "one was split by time and the other at random: the test rows of one taught the other";
  }
  if (is_split_by_time(base)) return {};
  const bool same =
      base.report.keys.join.id() == other.report.keys.join.id() &&
      part(base.report.keys.train, "split") == part(other.report.keys.train, "split") &&
      part(base.report.keys.train, "seed") == part(other.report.keys.train, "seed");
  return same ? ""
              : "they were split at random, each its own way: the test rows of one taught the "
                "other";
}

/// The split of the runs, as its parts in the key say. Calibration rows come from the valid ones,
/// so the test rows are the same with and without.
Result<TrainSettings> split_settings(const Side& side) {
  TrainSettings settings;
  MILLGATE_ASSIGN(const Json split,
                  parse_json(part(side.report.keys.train, "split"), "split of the run"));
  MILLGATE_ASSIGN(const Json seed,
                  parse_json(part(side.report.keys.train, "seed"), "seed of the run"));
  if (!split.is_array() || split.size() != 4 || !split[3].is_number() ||
      !seed.is_number_unsigned()) {
    return damaged("the key of the run does not say how it was split");
  }
  settings.split_by = "random";
  settings.share = split[3].get<double>();
  settings.seed = seed.get<uint64_t>();
  return settings;
}

struct JoinedRows {
  std::shared_ptr<arrow::Table> table;
  std::vector<int64_t> chosen;  ///< Rows that both are measured on.
  Commit commit;
};

Result<std::shared_ptr<arrow::Table>> join_rows(const Repository& repository,
                                                const Project& project, const Commit& commit,
                                                const Side& base, const Side& other) {
  JoinPlan plan{*project.task, project.views, project.sources};
  // What they were trained to predict, whatever the project asks now.
  plan.task.kind = task_kind_from(other.model->manifest().task_kind).value_or(TaskKind::binary);
  plan.task.classes = other.model->manifest().classes;
  plan.task.label = other.model->manifest().label;
  plan.task.label_known = other.model->manifest().label_known;
  std::set<std::string> columns;
  for (const Side* side : {&base, &other}) {
    for (const Field& input : side->model->features().inputs()) columns.insert(input.name);
  }
  DatabaseOptions limits;
  limits.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_TRY(add_commit(*database, repository, commit));
  return join_as_of(*database, plan, std::vector<std::string>(columns.begin(), columns.end()));
}

Result<std::vector<int64_t>> rows_of_both(const arrow::Table& joined, const Side& base,
                                          const Side& other) {
  if (!is_split_by_time(base)) {
    MILLGATE_ASSIGN(const TrainSettings settings, split_settings(other));
    MILLGATE_ASSIGN(Split split, split_rows(joined, settings));
    return std::move(split.test);
  }
  const Time from = std::max(base.report.test_from, other.report.test_from);
  MILLGATE_ASSIGN(const Block block, block_from(joined, {{kLabelColumn, ValueType::number},
                                                         {kRowTimeColumn, ValueType::time}}));
  std::vector<int64_t> chosen;
  for (size_t row = 0; row < block.rows; ++row) {
    const bool labelled =
        block.columns[0].valid[row] != 0 && std::isfinite(block.columns[0].numbers[row]);
    const bool timed = block.columns[1].valid[row] != 0;
    if (labelled && timed && block.columns[1].integers[row] >= from.micros) {
      chosen.push_back(static_cast<int64_t>(row));
    }
  }
  return chosen;
}

Result<std::vector<double>> predict(const Model& model, const JoinedRows& rows) {
  MILLGATE_ASSIGN(const Block inputs, block_from(*rows.table, model.features().inputs()));
  std::vector<Prediction> predictions;
  Model::Scratch scratch;
  Block chosen = select_rows(inputs, rows.chosen);
  chosen.rows = rows.chosen.size();
  MILLGATE_TRY(model.predict(chosen, predictions, scratch));
  std::vector<double> values;
  values.reserve(predictions.size());
  for (const Prediction& one : predictions) values.push_back(one.value);
  return values;
}

/// The rows that are measured, with what both say of them.
struct Said {
  std::vector<double> label, base, other;
};

/// Nothing where the metric is undefined on these rows, as the AUC of one class.
std::optional<PairedValue> pair_metric(const Said& said, const PairedMetricOptions& how,
                                       const std::string& slice) {
  const auto base = PairedMetric::make({.label = said.label, .prediction = said.base}, how);
  const auto other = PairedMetric::make({.label = said.label, .prediction = said.other}, how);
  if (!base.ok() || !other.ok()) return std::nullopt;
  const MetricLoss loss = base->loss_of(said.other);
  // A loss is how much worse, whichever way the metric points.
  const double sign = base->higher_is_better() ? -1 : 1;
  PairedValue value{.metric = how.metric,
                    .slice = slice,
                    .row_count = static_cast<int64_t>(said.label.size()),
                    .base = base->value(),
                    .other = other->value(),
                    .change = other->value() - base->value()};
  if (loss.lower && loss.upper) {
    // Plus 0, so that no -0 is shown.
    value.lower = std::min(sign * *loss.lower, sign * *loss.upper) + 0.0;
    value.upper = std::max(sign * *loss.lower, sign * *loss.upper) + 0.0;
  }
  value.is_worse = loss.is_above_zero();
  value.is_better = loss.is_below_zero();
  return value;
}

/// Row numbers of the groups that are large enough, the most frequent first.
std::vector<std::pair<std::string, std::vector<size_t>>> groups_of(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<size_t>> by_text;
  for (size_t row = 0; row < texts.size(); ++row) by_text[texts[row]].push_back(row);
  std::vector<std::pair<std::string, std::vector<size_t>>> groups;
  for (auto& [text, rows] : by_text) {
    if (static_cast<int64_t>(rows.size()) >= kGroupRowsMin) groups.emplace_back(text, rows);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  if (groups.size() > kGroupsMax) groups.resize(kGroupsMax);
  return groups;
}

Status pair_slices(const JoinedRows& rows, const Said& said, const PairOptions& options,
                   const PairedMetricOptions& how, PairedRuns& paired) {
  for (const std::string& column : options.slices) {
    const auto field = rows.table->schema()->GetFieldByName(column);
    const auto type = field == nullptr ? std::nullopt : value_type_of(*field->type());
    if (!type || *type == ValueType::list) continue;
    MILLGATE_ASSIGN(const Block block, block_from(*rows.table, {{column, *type}}));
    const auto texts = texts_of(select_rows(block, rows.chosen).columns.front());
    for (const auto& [text, numbers] : groups_of(texts)) {
      Said group;
      for (const size_t row : numbers) {
        group.label.push_back(said.label[row]);
        group.base.push_back(said.base[row]);
        group.other.push_back(said.other[row]);
      }
      auto value = pair_metric(group, how, column + "=" + text);
      if (value) paired.values.push_back(std::move(*value));
    }
  }
  return {};
}

std::string words_of_rows(const Side& base, const Side& other) {
  if (!is_split_by_time(base)) return "the test rows of both, split at random alike";
  const Time from = std::max(base.report.test_from, other.report.test_from);
  return "from " + to_string(from) + ", when the test rows of both had begun";
}

}  // namespace

Result<PairedRuns> pair_runs(const Repository& repository, const Project& project, const Id& base,
                             const Id& other, const PairOptions& options) {
  if (!project.task) return invalid_input("the project has no [task]", "add one to millgate.toml");
  MILLGATE_ASSIGN(const Side before, read_side(repository, base));
  MILLGATE_ASSIGN(const Side after, read_side(repository, other));
  PairedRuns paired;
  paired.why_not = obstacle(before, after);
  if (paired.why_not.empty() && project.task->table != after.model->manifest().task_table) {
    paired.why_not = "the project now asks about `" + project.task->table + "`, they about `" +
                     after.model->manifest().task_table + "`";
  }
  if (!paired.why_not.empty()) return paired;
  const bool base_is_later = before.report.test_to > after.report.test_to;
  paired.data_commit = (base_is_later ? before : after).report.data_commit;
  JoinedRows rows;
  MILLGATE_ASSIGN(rows.commit, repository.resolve(paired.data_commit));
  MILLGATE_ASSIGN(rows.table, join_rows(repository, project, rows.commit, before, after));
  MILLGATE_ASSIGN(rows.chosen, rows_of_both(*rows.table, before, after));
  paired.row_count = static_cast<int64_t>(rows.chosen.size());
  paired.rows = words_of_rows(before, after);
  if (rows.chosen.empty()) {
    paired.why_not = "there is no labelled row " + paired.rows;
    return paired;
  }
  Said said;
  MILLGATE_ASSIGN(const Block labels, block_from(*rows.table, {{kLabelColumn, ValueType::number}}));
  said.label = select_rows(labels, rows.chosen).columns.front().numbers;
  MILLGATE_ASSIGN(said.base, predict(*before.model, rows));
  MILLGATE_ASSIGN(said.other, predict(*after.model, rows));

  PairedMetricOptions how;
  how.regression = after.model->manifest().task_kind == "regression";
  how.resamples = options.resamples;
  how.seed = options.seed;
  const std::vector<std::string> metrics =
      how.regression ? std::vector<std::string>{"rmse", "mae", "r2"}
                     : std::vector<std::string>{"log_loss", "auc", "brier"};
  for (const std::string& metric : metrics) {
    how.metric = metric;
    auto value = pair_metric(said, how, "");
    if (value) paired.values.push_back(std::move(*value));
  }
  how.metric = metrics.front();
  MILLGATE_TRY(pair_slices(rows, said, options, how, paired));
  return paired;
}

}  // namespace millgate
