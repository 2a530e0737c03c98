#include "system/pipeline/gate_evidence.h"

#include <arrow/table.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "ground/nearest_name.h"
#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "model/learn/split.h"
#include "model/measure/fairness.h"
#include "model/measure/metric.h"
#include "model/measure/model_contest.h"
#include "model/measure/rounded_text.h"
#include "model/measure/row_slice.h"
#include "model/release/gate.h"
#include "system/pipeline/seen_rows.h"

namespace millgate {

namespace {

Result<std::vector<double>> predictions_of_rows(const Model& model, const Block& inputs) {
  std::vector<Prediction> predicted;
  Model::Scratch scratch;
  MILLGATE_TRY(model.predict(inputs, predicted, scratch));
  std::vector<double> values;
  values.reserve(predicted.size());
  for (const Prediction& one : predicted) values.push_back(one.value);
  return values;
}

/// Labels and predictions of the test rows, and their columns as texts when asked for.
class TestRows {
 public:
  static Result<TestRows> open(const Project& project, const Model& model,
                               const arrow::Table& joined) {
    TestRows rows(joined);
    MILLGATE_ASSIGN(Split split, split_rows(joined, project.train));
    rows.numbers_ = std::move(split.test);
    MILLGATE_ASSIGN(TrainingRows values, read_training_rows(joined));
    rows.available_ = std::move(values.available);
    for (const int64_t row : rows.numbers_) {
      rows.labels_.push_back(values.labels[static_cast<size_t>(row)]);
    }
    MILLGATE_ASSIGN(const Block block, block_from(joined, model.features().inputs()));
    rows.inputs_ = select_rows(block, rows.numbers_);
    rows.inputs_.rows = rows.numbers_.size();
    MILLGATE_ASSIGN(rows.predictions_, predictions_of_rows(model, rows.inputs_));
    return rows;
  }

  [[nodiscard]] Outcome outcome() const { return {.label = labels_, .prediction = predictions_}; }
  [[nodiscard]] size_t count() const { return labels_.size(); }
  /// Their numbers in the joined rows.
  [[nodiscard]] const std::vector<int64_t>& numbers() const { return numbers_; }
  [[nodiscard]] Block take_inputs() { return std::move(inputs_); }

  /// The column as conditions to search slices by; nothing for times, and where there is none.
  Result<std::optional<SearchColumn>> conditions(const std::string& column) {
    const auto found = std::find_if(available_.begin(), available_.end(),
                                    [&](const Field& field) { return field.name == column; });
    if (found == available_.end() || found->type == ValueType::time ||
        found->type == ValueType::duration) {
      return std::optional<SearchColumn>();
    }
    MILLGATE_ASSIGN(const Block block, block_from(joined_, {*found}));
    const Vector values = select_rows(block, numbers_).columns.front();
    if (found->type != ValueType::number && found->type != ValueType::integer) {
      return std::optional(search_texts(column, texts_of(values)));
    }
    std::vector<double> numbers;
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = found->type == ValueType::number
                               ? values.numbers[i]
                               : static_cast<double>(values.integers[i]);
      numbers.push_back(values.valid[i] != 0 ? value : std::numeric_limits<double>::quiet_NaN());
    }
    return std::optional(search_numbers(column, numbers));
  }

  /// The column as texts, at the test rows. Errors: at `key` of the requirement.
  Result<const std::vector<std::string>*> texts(const std::string& column, const Section& section,
                                                const std::string& key) {
    if (const auto known = texts_.find(column); known != texts_.end()) return &known->second;
    const auto found = std::find_if(available_.begin(), available_.end(),
                                    [&](const Field& field) { return field.name == column; });
    if (found == available_.end()) {
      std::vector<std::string> names;
      names.reserve(available_.size());
      for (const Field& field : available_) names.push_back(field.name);
      return section.error_at(key, "there is no column `" + column + "`", name_hint(column, names));
    }
    MILLGATE_ASSIGN(const Block block, block_from(joined_, {*found}));
    // A map keeps its values where they are.
    return &texts_.emplace(column, texts_of(select_rows(block, numbers_).columns.front()))
                .first->second;
  }

 private:
  explicit TestRows(const arrow::Table& joined) : joined_(joined) {}

  const arrow::Table& joined_;
  std::vector<int64_t> numbers_;
  std::vector<Field> available_;
  std::vector<double> labels_, predictions_;
  Block inputs_;
  std::map<std::string, std::vector<std::string>> texts_;
};

/// The rows that meet all conditions of the requirement.
Result<RowSlice> rows_of(const Requirement& requirement, TestRows& rows) {
  RowSlice slice{.name = requirement.slice, .rows = {}};
  std::vector<const std::vector<std::string>*> columns;
  for (const SliceCondition& condition : requirement.where) {
    MILLGATE_ASSIGN(const auto* texts, rows.texts(condition.column, requirement.section, "slice"));
    columns.push_back(texts);
  }
  for (size_t row = 0; row < rows.count(); ++row) {
    bool is_in = true;
    for (size_t c = 0; c < columns.size() && is_in; ++c) {
      is_in = (*columns[c])[row] == requirement.where[c].value;
    }
    if (is_in) slice.rows.push_back(static_cast<uint32_t>(row));
  }
  return slice;
}

/// Quality of predictions; what surrounds them, and size, the run measured.
bool is_measured_here(const std::string& name) {
  const Metric* metric = find_metric(name);
  return metric != nullptr && metric->unit != "ms" && metric->unit != "bytes" &&
         !metric->needs_uncertainty;
}

/// What requirements ask to be measured: each slice and each grouping once.
struct Asked {
  std::map<std::string, const Requirement*> slices;
  std::map<std::string, std::pair<const Requirement*, std::vector<std::string>>> groupings;
  std::vector<const Requirement*> contests;  ///< Against what serves.
  std::vector<const Requirement*> found;     ///< Of the worst slice that is found.
};

Asked asked_by(const std::vector<Requirement>& requirements) {
  Asked asked;
  for (const Requirement& one : requirements) {
    if (!is_measured_here(one.metric)) continue;
    if (is_against_serving(one.bound)) {
      asked.contests.push_back(&one);
    } else if (one.slice == kFoundSlices) {
      asked.found.push_back(&one);
    } else if (one.by.empty()) {
      asked.slices.emplace(one.slice, &one);
    } else {
      auto& grouping = asked.groupings[one.slice];
      grouping.first = &one;
      grouping.second.push_back(one.metric);
    }
  }
  return asked;
}

Status measure_asked_slices(const Asked& asked, const MeasureOptions& options, TestRows& rows,
                            GateEvidence& into) {
  if (asked.slices.empty()) return {};
  std::vector<RowSlice> slices;
  for (const auto& [name, requirement] : asked.slices) {
    MILLGATE_ASSIGN(RowSlice slice, rows_of(*requirement, rows));
    slices.push_back(std::move(slice));
  }
  MILLGATE_ASSIGN(MeasuredSlices quality, measure_slices(rows.outcome(), slices, options));
  std::move(quality.evidence.begin(), quality.evidence.end(), std::back_inserter(into.evidence));
  std::move(quality.unmeasured.begin(), quality.unmeasured.end(),
            std::back_inserter(into.unmeasured));
  return {};
}

Status measure_asked_groups(const Asked& asked, const MeasureOptions& options, TestRows& rows,
                            GateEvidence& into) {
  for (const auto& [slice, grouping] : asked.groupings) {
    const auto& [requirement, metrics] = grouping;
    if (options.regression) {
      into.unmeasured.push_back(
          {.metric = {}, .slice = slice, .why = "gaps are between the decisions of a binary task"});
      continue;
    }
    std::vector<SliceColumn> columns;
    for (const std::string& column : requirement->by) {
      MILLGATE_ASSIGN(const auto* texts, rows.texts(column, requirement->section, "by"));
      columns.push_back({column, *texts});
    }
    MILLGATE_ASSIGN(Fairness fairness, measure_fairness(rows.outcome(), columns, options, metrics));
    std::move(fairness.evidence.begin(), fairness.evidence.end(),
              std::back_inserter(into.evidence));
    std::move(fairness.unmeasured.begin(), fairness.unmeasured.end(),
              std::back_inserter(into.unmeasured));
  }
  return {};
}

Status search_slices(const Project& project, const Model& model, const MeasureOptions& options,
                     TestRows& rows, GateEvidence& into) {
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
  MILLGATE_ASSIGN(
      into.slices,
      find_slices(row_losses(outcome.label, outcome.prediction, options.regression), columns, how));
  return {};
}

std::string search_text(const SliceSearch& search) {
  return std::to_string(search.searched_count) + " conjunctions were searched, of " +
         std::to_string(search.support_min) + " rows at least";
}

/// The worst of the slices found counts for what is required of them; all rows where there is none.
Status measure_found_slices(const Asked& asked, const MeasureOptions& options, TestRows& rows,
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
void add_of_run(const RunReport& run, bool rows_prove_nothing, GateEvidence& into) {
  for (const Evidence& one : run.evidence) {
    if (is_measured_here(one.metric)) continue;
    if (one.data == "model" || !rows_prove_nothing) into.evidence.push_back(one);
  }
}

/// Nothing can be said of rows that the model was trained on.
void refuse_all(const Asked& asked, const std::string& why, GateEvidence& into) {
  for (const auto& [slice, requirement] : asked.slices) into.unmeasured.push_back({{}, slice, why});
  for (const auto& [slice, grouping] : asked.groupings) {
    into.unmeasured.push_back({{}, slice, why});
  }
  for (const auto* requirements : {&asked.contests, &asked.found}) {
    for (const Requirement* one : *requirements) into.unmeasured.push_back({{}, one->slice, why});
  }
}

size_t count_of(const std::vector<uint8_t>& flags) {
  return static_cast<size_t>(std::count(flags.begin(), flags.end(), 1));
}

std::string share_text(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %%", 100 * share);
  return text.data();
}

/// Both models' predictions for the test rows that neither has seen.
struct ContestRows {
  std::vector<double> label, challenger, champion;
  std::vector<RowSlice> slices;  ///< One a requirement against what serves.
};

Result<ContestRows> contest_rows(const Asked& asked, TestRows& rows,
                                 const std::vector<double>& champion,
                                 const std::vector<uint8_t>& seen) {
  ContestRows contest;
  std::vector<uint32_t> place(rows.count());
  for (size_t row = 0; row < rows.count(); ++row) {
    place[row] = static_cast<uint32_t>(contest.label.size());
    if (seen[row] != 0) continue;
    contest.label.push_back(rows.outcome().label[row]);
    contest.challenger.push_back(rows.outcome().prediction[row]);
    contest.champion.push_back(champion[row]);
  }
  for (const Requirement* one : asked.contests) {
    MILLGATE_ASSIGN(RowSlice slice, rows_of(*one, rows));
    std::erase_if(slice.rows, [&](uint32_t row) { return seen[row] != 0; });
    for (uint32_t& row : slice.rows) row = place[row];
    contest.slices.push_back(std::move(slice));
  }
  return contest;
}

/// In words: both values, the ends, what could have been seen.
std::string note_of(const Advantage& advantage, const Requirement& requirement, double tail,
                    const Id& champion, size_t seen) {
  std::string note = rounded_text(advantage.challenger) + " against " +
                     rounded_text(advantage.champion) + " of model " + champion.brief() + " on " +
                     std::to_string(advantage.row_count) + " rows; differences from " +
                     rounded_text(advantage.detectable(tail)) + " would be seen in 4 of 5 tests";
  if (requirement.bound == Bound::not_worse_by) {
    note += "; a model as good as it passes in " +
            share_text(advantage.power(0, -requirement.limit, tail));
  }
  if (seen > 0) note += "; left out: " + std::to_string(seen) + " rows that trained what serves";
  return note;
}

/// What is required against what serves. All ends hold at once: each may be wrong with a share of
/// the error (Bonferroni).
Status measure_contests(const Repository& repository, const Project& project, const Asked& asked,
                        const GateModel& judged, const GateModel& serving, TestRows& rows,
                        MeasureOptions options, GateEvidence& into) {
  const Id& champion = serving.run->model;
  MILLGATE_ASSIGN(
      const std::vector<uint8_t> seen,
      seen_rows(repository, project, champion, {serving.run->data_commit, serving.trained},
                {judged.run->data_commit, judged.judged}, rows.numbers()));
  MILLGATE_ASSIGN(const Block all, block_from(*serving.judged, serving.model->features().inputs()));
  Block inputs = select_rows(all, rows.numbers());
  inputs.rows = rows.count();
  MILLGATE_ASSIGN(const auto predictions, predictions_of_rows(*serving.model, inputs));
  MILLGATE_ASSIGN(const ContestRows contest, contest_rows(asked, rows, predictions, seen));
  const auto none = [&](const Requirement& one, std::string why) {
    into.unmeasured.push_back({.metric = one.metric, .slice = one.slice, .why = std::move(why)});
  };
  const std::string left = std::to_string(contest.label.size()) +
                           " test rows are left that did "
                           "not train what serves (model " +
                           champion.brief() + ")";
  options.resamples = kContestResamples;
  const double tail = kContestError / static_cast<double>(asked.contests.size());
  std::optional<ModelContest> held;
  if (std::ssize(contest.label) >= kGroupRowsMin) {
    MILLGATE_ASSIGN(
        held,
        ModelContest::hold(contest.label, {contest.challenger, judged.model->manifest().threshold},
                           {contest.champion, serving.model->manifest().threshold}, contest.slices,
                           options));
  }
  for (size_t i = 0; i < asked.contests.size(); ++i) {
    const Requirement& one = *asked.contests[i];
    const int64_t row_count = std::ssize(contest.slices[i].rows);
    if (row_count < kGroupRowsMin) {
      none(one, std::to_string(row_count) + " rows could be compared, and " +
                    std::to_string(kGroupRowsMin) + " are needed; " + left);
      continue;
    }
    const auto advantage = held->advantage(i, one.metric, tail);
    if (!advantage) {
      none(one, "it is not defined for these " + std::to_string(row_count) + " rows");
      continue;
    }
    into.evidence.push_back(
        {.metric = advantage_metric(one.metric),
         .value = advantage->value,
         .lower = advantage->lower,
         .upper = advantage->upper,
         .slice = one.slice,
         .row_count = row_count,
         .data = "test",
         .inputs = {judged.run->model.hex(), champion.hex(), judged.run->data_commit},
         .note = note_of(*advantage, one, tail, champion, count_of(seen))});
  }
  return {};
}

}  // namespace

Result<GateEvidence> measure_for_gate(const Repository& repository, const Project& project,
                                      const std::vector<Requirement>& requirements,
                                      const GateModel& judged,
                                      const std::optional<GateModel>& serving) {
  const RunReport& run = *judged.run;
  const Model& model = *judged.model;
  MILLGATE_ASSIGN(TestRows rows, TestRows::open(project, model, *judged.judged));
  const Asked asked = asked_by(requirements);
  GateEvidence measured;
  MILLGATE_ASSIGN(const std::vector<uint8_t> seen,
                  seen_rows(repository, project, run.model, {run.data_commit, judged.trained},
                            {run.data_commit, judged.judged}, rows.numbers()));
  add_of_run(run, count_of(seen) > 0, measured);
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
  options.data = "test";
  options.inputs = {run.model.hex(), run.data_commit};
  MILLGATE_TRY(measure_asked_slices(asked, options, rows, measured));
  MILLGATE_TRY(measure_asked_groups(asked, options, rows, measured));
  MILLGATE_TRY(search_slices(project, model, options, rows, measured));
  MILLGATE_TRY(measure_found_slices(asked, options, rows, measured));
  if (serving && !asked.contests.empty()) {
    MILLGATE_TRY(
        measure_contests(repository, project, asked, judged, *serving, rows, options, measured));
  }
  measured.test_rows = rows.take_inputs();
  return measured;
}

}  // namespace millgate
