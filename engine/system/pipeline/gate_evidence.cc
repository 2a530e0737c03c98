#include "system/pipeline/gate_evidence.h"

#include <arrow/table.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ground/nearest_name.h"
#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "model/learn/split.h"
#include "model/measure/fairness.h"
#include "model/measure/metric.h"
#include "model/measure/row_slice.h"

namespace millgate {

namespace {

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
    std::vector<Prediction> predicted;
    Model::Scratch scratch;
    MILLGATE_TRY(model.predict(rows.inputs_, predicted, scratch));
    for (const Prediction& one : predicted) rows.predictions_.push_back(one.value);
    return rows;
  }

  [[nodiscard]] Outcome outcome() const { return {.label = labels_, .prediction = predictions_}; }
  [[nodiscard]] size_t count() const { return labels_.size(); }
  [[nodiscard]] Block take_inputs() { return std::move(inputs_); }

  /// The column as texts, at the test rows. Errors: at `key` of the requirement.
  Result<const std::vector<std::string>*> texts(const std::string& column, const Section& section,
                                                const std::string& key) {
    if (const auto known = texts_.find(column); known != texts_.end()) return &known->second;
    const auto found = std::find_if(available_.begin(), available_.end(),
                                    [&](const Field& field) { return field.name == column; });
    if (found == available_.end()) {
      std::vector<std::string> names;
      for (const Field& field : available_) names.push_back(field.name);
      return section.error_at(key, "there is no column `" + column + "`", name_hint(column, names));
    }
    MILLGATE_ASSIGN(const Block block, block_from(joined_, {*found}));
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

/// What requirements ask to be measured: each slice and each grouping once.
struct Asked {
  std::map<std::string, const Requirement*> slices;
  std::map<std::string, std::pair<const Requirement*, std::vector<std::string>>> groupings;
};

Asked asked_by(const std::vector<Requirement>& requirements) {
  Asked asked;
  for (const Requirement& one : requirements) {
    const Metric* metric = find_metric(one.metric);
    if (metric == nullptr || metric->unit == "ms" || metric->unit == "bytes") continue;
    if (one.by.empty()) {
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
  into.evidence = std::move(quality.evidence);
  into.unmeasured = std::move(quality.unmeasured);
  return {};
}

Status measure_asked_groups(const Asked& asked, const MeasureOptions& options, TestRows& rows,
                            GateEvidence& into) {
  for (const auto& [slice, grouping] : asked.groupings) {
    const auto& [requirement, metrics] = grouping;
    if (options.regression) {
      into.unmeasured.push_back({.metric = {},
                                 .slice = slice,
                                 .why = "gaps are between the decisions of a binary task"});
      continue;
    }
    std::vector<SliceColumn> columns;
    for (const std::string& column : requirement->by) {
      MILLGATE_ASSIGN(const auto* texts, rows.texts(column, requirement->section, "by"));
      columns.push_back({column, *texts});
    }
    MILLGATE_ASSIGN(Fairness fairness,
                    measure_fairness(rows.outcome(), columns, options, metrics));
    std::move(fairness.evidence.begin(), fairness.evidence.end(),
              std::back_inserter(into.evidence));
    std::move(fairness.unmeasured.begin(), fairness.unmeasured.end(),
              std::back_inserter(into.unmeasured));
  }
  return {};
}

/// Evidence of the run about what the gate did not look at.
void add_of_run(const RunReport& run, const Asked& asked, GateEvidence& into) {
  for (const Evidence& one : run.evidence) {
    const bool was_asked =
        asked.slices.contains(one.slice) || asked.groupings.contains(one.slice);
    if (one.data == "model" || !was_asked) into.evidence.push_back(one);
  }
}

}  // namespace

Result<GateEvidence> measure_for_gate(const Project& project, const RunReport& run,
                                      const Model& model, const arrow::Table& joined) {
  MILLGATE_ASSIGN(TestRows rows, TestRows::open(project, model, joined));
  MeasureOptions options;
  options.threshold = model.manifest().threshold;
  options.utility = project.utility;
  options.resamples = kGateResamples;
  options.seed = project.train.seed;
  options.regression = model.manifest().task_kind == "regression";
  options.data = "test";
  options.inputs = {run.model.hex(), run.data_commit};
  const Asked asked = asked_by(project.requirements);
  GateEvidence measured;
  MILLGATE_TRY(measure_asked_slices(asked, options, rows, measured));
  MILLGATE_TRY(measure_asked_groups(asked, options, rows, measured));
  add_of_run(run, asked, measured);
  measured.test_rows = rows.take_inputs();
  return measured;
}

}  // namespace millgate
