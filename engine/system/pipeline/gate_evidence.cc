#include "system/pipeline/gate_evidence.h"

#include <arrow/table.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "model/learn/row_values.h"
#include "model/measure/class_quality.h"
#include "model/measure/fairness.h"
#include "model/measure/membership.h"
#include "model/measure/metric.h"
#include "model/measure/row_slice.h"
#include "model/release/class_slice.h"
#include "system/pipeline/gate_circumstances.h"
#include "system/pipeline/gate_contest.h"
#include "system/pipeline/gate_data.h"
#include "system/pipeline/gate_expectations.h"
#include "system/pipeline/gate_explanations.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/seen_rows.h"

namespace millgate {

namespace {

constexpr const char* kMembership = "membership_advantage";
constexpr const char* kTrainingEnergy = "training_energy_joules";

/// Quality of predictions; what surrounds them, and size, the run measured.
bool is_measured_here(const std::string& name) {
  const Metric* metric = find_metric(name);
  return metric != nullptr && !is_of_program(*metric) &&
         (metric->need == MetricNeed::nothing || metric->need == MetricNeed::disturbance) &&
         !metric->needs_uncertainty;
}

/// What requirements ask to be measured: each slice and each grouping once.
struct Asked {
  std::map<std::string, const Requirement*> slices;
  std::map<std::vector<std::string>, std::vector<const Requirement*>> groupings;  ///< By columns.
  std::vector<const Requirement*> contests;       ///< Against what serves.
  std::vector<const Requirement*> circumstances;  ///< With `than`, `under` or `after`.
  std::vector<const Requirement*> found;          ///< Of the worst slice that is found.
  bool membership = false;                        ///< `membership_advantage`.
  bool training_energy = false;                   ///< `training_energy_joules`.
  bool explanations = false;                      ///< Of the quality of explanations.
  bool data = false;                              ///< Of what rules find in the data.
  bool expectations = false;                      ///< `expectation_failures`.
  bool each_class = false;                        ///< Of single classes.
  size_t comparisons = 0;                         ///< With whatever it is.
};

Asked asked_by(const std::vector<Requirement>& requirements,
               const std::vector<std::string>& classes) {
  Asked asked;
  for (const Requirement& one : requirements) {
    if (one.metric == kMembership) asked.membership = true;
    if (one.metric == kTrainingEnergy) asked.training_energy = true;
    const Metric* metric = find_metric(one.metric);
    if (metric != nullptr && metric->need == MetricNeed::explanations) asked.explanations = true;
    if (metric != nullptr && metric->need == MetricNeed::data_commit) asked.data = true;
    if (metric != nullptr && metric->need == MetricNeed::expectations) asked.expectations = true;
    if (!is_measured_here(one.metric)) continue;
    if (is_of_class(one, classes) && one.by.empty() && !is_comparison(one.bound) &&
        one.circumstance.empty()) {
      asked.each_class = true;
      continue;
    }
    if (is_comparison(one.bound)) ++asked.comparisons;
    if (!one.circumstance.empty()) {
      asked.circumstances.push_back(&one);
    } else if (is_against_serving(one)) {
      asked.contests.push_back(&one);
    } else if (one.slice == kFoundSlices) {
      asked.found.push_back(&one);
    } else if (one.by.empty()) {
      asked.slices.emplace(one.slice, &one);
    } else {
      asked.groupings[one.by].push_back(&one);
    }
  }
  return asked;
}

Status measure_asked_slices(const Asked& asked, const MeasureOptions& options, GateRows& rows,
                            GateEvidence& into) {
  if (asked.slices.empty()) return {};
  std::vector<RowSlice> slices;
  for (const auto& [name, requirement] : asked.slices) {
    MILLGATE_ASSIGN(RowSlice slice, rows.rows_of(*requirement));
    slices.push_back(std::move(slice));
  }
  MILLGATE_ASSIGN(const MeasuredSlices quality, measure_slices(rows.outcome(), slices, options));
  into.add(quality.evidence, quality.unmeasured);
  return {};
}

Status measure_asked_groups(const Asked& asked, const std::vector<std::string>& classes,
                            const MeasureOptions& options, GateRows& rows, GateEvidence& into) {
  for (const auto& [by, requirements] : asked.groupings) {
    std::vector<std::string> metrics;
    metrics.reserve(requirements.size());
    for (const Requirement* one : requirements) {
      metrics.push_back(one->metric);
      if (options.regression || options.ranking) {
        into.unmeasured.push_back({one->metric, one->slice,
                                   std::string("gaps are between decisions, and a ") +
                                       (options.ranking ? "score" : "number") + " is none"});
      } else if (!one->where.empty() && !is_of_class(*one, classes)) {
        into.unmeasured.push_back(
            {one->metric, one->slice, "the task has no class `" + one->where.front().value + "`"});
      }
    }
    if (options.regression || options.ranking) continue;
    std::vector<SliceColumn> columns;
    columns.reserve(by.size());
    for (const std::string& column : by) {
      MILLGATE_ASSIGN(const auto* texts, rows.texts(column, requirements.front()->section, "by"));
      columns.push_back({column, *texts});
    }
    MILLGATE_ASSIGN(const Fairness fairness,
                    classes.empty() ? measure_fairness(rows.outcome(), columns, options, metrics)
                                    : measure_class_fairness(rows.outcome(), classes, columns,
                                                             options, metrics));
    into.add(fairness.evidence, fairness.unmeasured);
  }
  return {};
}

Status search_slices(const Project& project, const Model& model, const MeasureOptions& options,
                     GateRows& rows, GateEvidence& into) {
  std::set<std::string> names(project.task->slices.begin(), project.task->slices.end());
  for (const Field& field : model.features().inputs()) names.insert(field.name);
  std::vector<SearchColumn> columns;
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(auto column, rows.conditions(name));
    if (column) columns.push_back(std::move(*column));
  }
  SliceSearchOptions how;
  how.seed = options.seed;
  const Outcome outcome = rows.outcome();
  MILLGATE_ASSIGN(into.slices, find_slices(row_losses(outcome, options), columns, how));
  return {};
}

std::string search_text(const SliceSearch& search) {
  return std::to_string(search.searched_count) + " conjunctions were searched, of " +
         std::to_string(search.support_min) + " rows at least";
}

/// The worst of the slices found counts for what is required of them; all rows where there is none.
Status measure_found_slices(const Asked& asked, const MeasureOptions& options, GateRows& rows,
                            GateEvidence& into) {
  if (asked.found.empty()) return {};
  std::vector<RowSlice> slices;
  slices.reserve(into.slices.found.size() + 1);
  for (const FoundSlice& one : into.slices.found) slices.push_back({one.name, one.rows});
  if (slices.empty()) {
    slices.push_back({"", std::vector<uint32_t>(rows.count())});
    std::iota(slices.back().rows.begin(), slices.back().rows.end(), 0U);
  }
  MILLGATE_ASSIGN(const MeasuredSlices measured, measure_slices(rows.outcome(), slices, options));
  for (const Requirement* one : asked.found) {
    const Evidence* worst = nullptr;
    for (const Evidence& candidate : measured.evidence) {
      if (candidate.metric != one->metric) continue;
      const bool is_worse =
          worst == nullptr || (one->bound == Bound::at_least ? candidate.value < worst->value
                                                             : candidate.value > worst->value);
      if (is_worse) worst = &candidate;
    }
    if (worst == nullptr) {
      into.unmeasured.push_back(
          {one->metric, one->slice, "it is not defined for the slices found"});
      continue;
    }
    Evidence evidence = *worst;
    evidence.slice = one->slice;
    evidence.note = into.slices.found.empty()
                        ? "no slice is worse than chance explains: these are all rows"
                        : "this is " + worst->slice + ", on rows that the search did not see; " +
                              std::to_string(into.slices.found.size()) + " slices were found";
    evidence.note += "; " + search_text(into.slices);
    into.evidence.push_back(std::move(evidence));
  }
  return {};
}

/// Evidence of the run that the gate does not measure anew; without what rests on rows when
/// `rows_prove_nothing`.
void add_of_run(const RunReport& run, bool rows_prove_nothing, bool wants_energy,
                GateEvidence& into) {
  for (const Evidence& one : run.evidence) {
    if (is_measured_here(one.metric)) continue;
    const Metric* metric = find_metric(one.metric);
    const bool is_of_rows = metric == nullptr || !is_of_program(*metric);
    if (!is_of_rows || !rows_prove_nothing) into.evidence.push_back(one);
    if (one.metric == kTrainingEnergy) wants_energy = false;
  }
  if (!wants_energy) return;
  into.unmeasured.push_back(
      {kTrainingEnergy, "",
       "the machine that trained the model did not tell how much energy it used, or not to who ran "
       "it; `millgate run --force` on one that has /sys/class/powercap, with its counters "
       "readable"});
}

/// Says of a ranking's metrics, and of all others, what they are of.
void tell_of_other_tasks(const std::vector<Requirement>& requirements, bool is_ranking,
                         GateEvidence& into) {
  for (const Requirement& one : requirements) {
    const Metric* metric = find_metric(one.metric);
    if (metric == nullptr || metric->is_of_ranking == is_ranking) continue;
    const bool is_of_predictions =
        is_measured_here(one.metric) && !metric->is_gap && metric->need == MetricNeed::nothing;
    if (!is_of_predictions) continue;
    into.unmeasured.push_back(
        {one.metric, one.slice,
         is_ranking
             ? "it is no metric of a ranking; ask for `ndcg`, `mrr`, `hit_rate_1` or another "
               "of those that docs/guides/ranking.md lists"
             : "it is a metric of rankings"});
  }
}

/// Nothing can be said of rows that the model was trained on.
void refuse_all(const Asked& asked, const std::string& why, GateEvidence& into) {
  for (const auto& [slice, requirement] : asked.slices) into.unmeasured.push_back({{}, slice, why});
  for (const auto& [by, requirements] : asked.groupings) {
    for (const Requirement* one : requirements) into.unmeasured.push_back({{}, one->slice, why});
  }
  for (const auto* requirements : {&asked.contests, &asked.circumstances, &asked.found}) {
    for (const Requirement* one : *requirements) into.unmeasured.push_back({{}, one->slice, why});
  }
}

size_t count_of(const std::vector<uint8_t>& flags) {
  return static_cast<size_t>(std::count(flags.begin(), flags.end(), 1));
}

/// What is required against what serves, on the rows that it has not seen.
Status measure_against_serving(Repository& repository, const Project& project, const Asked& asked,
                               const GateModel& judged, const GateModel& serving, GateRows& rows,
                               const MeasureOptions& options, double tail, GateEvidence& into) {
  const Id& champion = serving.run->model;
  const Manifest& of_serving = serving.model->manifest();
  const Manifest& of_judged = judged.model->manifest();
  if (of_serving.task_kind != of_judged.task_kind || of_serving.classes != of_judged.classes ||
      of_serving.group != of_judged.group) {
    for (const Requirement* one : asked.contests) {
      into.unmeasured.push_back({one->metric, one->slice,
                                 "model " + champion.brief() + ", which serves, is of another " +
                                     "kind of task, or has other classes or another `group`"});
    }
    return {};
  }
  MILLGATE_ASSIGN(
      std::vector<uint8_t> seen,
      seen_rows(repository, project, champion, {serving.run->data_commit, serving.trained.get()},
                {judged.run->data_commit, judged.judged.get()}, rows.numbers()));
  MILLGATE_ASSIGN(const Block all, block_from(*serving.judged, serving.model->features().inputs()));
  Block inputs = select_rows(all, rows.numbers());
  inputs.rows = rows.count();
  MILLGATE_ASSIGN(std::vector<double> theirs, predictions_of_rows(*serving.model, inputs));
  const auto ours = rows.outcome().prediction;
  const GateContest contest{
      .challenger = {.predictions = {ours.begin(), ours.end()},
                     .threshold = options.threshold,
                     .decide_by = options.decide_by},
      .champion = {.predictions = std::move(theirs),
                   .threshold = serving.model->manifest().threshold,
                   .decide_by = serving.model->manifest().decide_by},
      .asked = asked.contests,
      .champion_name = "model " + champion.brief(),
      .left_out = std::move(seen),
      .inputs = {judged.run->model.hex(), champion.hex(), judged.run->data_commit}};
  return hold_contest(contest, rows, options, tail, into);
}

/// How well the loss tells the rows that trained the model from the test rows.
Status measure_privacy(const Repository& repository, const Project& project,
                       const GateModel& judged, GateRows& rows, const MeasureOptions& options,
                       GateEvidence& into) {
  MILLGATE_ASSIGN(const Block all, block_from(*judged.judged, judged.model->features().inputs()));
  const std::vector<int64_t>& candidates = rows.split().train;
  MILLGATE_ASSIGN(const std::vector<uint8_t> seen,
                  seen_rows(repository, project, judged.run->model,
                            {judged.run->data_commit, judged.trained.get()},
                            {judged.run->data_commit, judged.judged.get()}, candidates));
  std::vector<int64_t> trained;
  std::vector<double> labels;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (seen[i] == 0) continue;
    trained.push_back(candidates[i]);
    labels.push_back(rows.all().labels[static_cast<size_t>(candidates[i])]);
  }
  Block inputs = select_rows(all, trained);
  inputs.rows = trained.size();
  MILLGATE_ASSIGN(const auto told, predictions_of_rows(*judged.model, inputs));
  auto measured = measure_membership(row_losses({.label = labels, .prediction = told}, options),
                                     row_losses(rows.outcome(), options));
  if (!measured.ok()) {
    into.unmeasured.push_back({kMembership, "", measured.error().what});
    return {};
  }
  measured->data = "train and test";
  measured->inputs = options.inputs;
  if (project.train.split_by == "time") {
    measured->note = "test rows are of a later time, and drift counts too: an upper estimate";
  }
  into.evidence.push_back(*std::move(measured));
  return {};
}

}  // namespace

Result<GateEvidence> measure_for_gate(Repository& repository, const Project& project,
                                      const std::vector<Requirement>& requirements,
                                      const GateModel& judged,
                                      const std::optional<GateModel>& serving) {
  const RunReport& run = *judged.run;
  const Model& model = *judged.model;
  MILLGATE_ASSIGN(GateRows rows, GateRows::open(project, model, *judged.judged));
  const Asked asked = asked_by(requirements, model.manifest().classes);
  GateEvidence measured;
  MILLGATE_ASSIGN(const std::vector<uint8_t> seen,
                  seen_rows(repository, project, run.model, {run.data_commit, judged.trained.get()},
                            {run.data_commit, judged.judged.get()}, rows.numbers()));
  add_of_run(run, count_of(seen) > 0, asked.training_energy, measured);
  if (asked.data) MILLGATE_TRY(measure_data(repository, project, run, measured));
  if (asked.expectations) MILLGATE_TRY(measure_expectations(project, judged, measured));
  if (const size_t count = count_of(seen); count > 0) {
    refuse_all(asked,
               "the model has seen " + std::to_string(count) + " of the " +
                   std::to_string(rows.count()) +
                   " test rows in its training; train with the `split` of millgate.toml",
               measured);
    measured.test_rows = rows.take_inputs();
    return measured;
  }
  MeasureOptions options;
  options.threshold = model.manifest().threshold;
  options.utility = project.utility;
  options.resamples = kGateResamples;
  options.seed = project.train.seed;
  options.regression = model.manifest().task_kind == "regression";
  options.ranking = model.is_ranking();
  options.class_count = model.manifest().classes.size();
  options.decide_by = model.manifest().decide_by;
  options.data = "test";
  options.inputs = {run.model.hex(), run.data_commit};
  tell_of_other_tasks(requirements, options.ranking, measured);
  MILLGATE_TRY(measure_asked_slices(asked, options, rows, measured));
  MILLGATE_TRY(measure_asked_groups(asked, model.manifest().classes, options, rows, measured));
  if (asked.each_class) {
    MILLGATE_ASSIGN(const std::vector<Evidence> each,
                    measure_each_class(rows.outcome(), model.manifest().classes, options));
    measured.add(each, {});
  }
  if (!options.ranking) {
    MILLGATE_TRY(search_slices(project, model, options, rows, measured));
    MILLGATE_TRY(measure_found_slices(asked, options, rows, measured));
  } else if (!asked.found.empty()) {
    measured.unmeasured.push_back(
        {{},
         asked.found.front()->slice,
         "slices are searched by the losses of single rows, and a ranking has none; name slices by "
         "`slice = \"column=value\"`"});
  }
  // All ends hold at once: each may be wrong with a share of the error (Bonferroni).
  const double tail = kContestError / static_cast<double>(std::max<size_t>(1, asked.comparisons));
  if (serving && !asked.contests.empty()) {
    MILLGATE_TRY(measure_against_serving(repository, project, asked, judged, *serving, rows,
                                         options, tail, measured));
  }
  MILLGATE_TRY(measure_circumstances(repository, project, asked.circumstances, judged, rows,
                                     options, tail, measured));
  if (asked.membership && options.ranking) {
    measured.unmeasured.push_back(
        {kMembership, "", "it is told by the losses of single rows, and a ranking has none"});
  } else if (asked.membership) {
    MILLGATE_TRY(measure_privacy(repository, project, judged, rows, options, measured));
  }
  if (asked.explanations) {
    MILLGATE_TRY(measure_explanations(repository, model, rows, options, measured));
  }
  measured.test_rows = rows.take_inputs();
  return measured;
}

}  // namespace millgate
