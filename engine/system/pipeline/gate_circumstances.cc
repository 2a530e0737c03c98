#include "system/pipeline/gate_circumstances.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/measure/metric.h"
#include "model/measure/prediction_change.h"
#include "system/pipeline/gate_contest.h"
#include "system/pipeline/gate_trainings.h"

namespace millgate {
namespace {

using Asked = std::vector<const Requirement*>;

/// One gate's work on circumstances.
class Circumstances {
 public:
  Circumstances(Repository& repository, const Project& project, const GateModel& judged,
                GateRows& rows, const MeasureOptions& options, double tail, GateEvidence& into)
      : repository_(repository),
        project_(project),
        judged_(judged),
        rows_(rows),
        options_(options),
        tail_(tail),
        into_(into) {}

  /// All of `asked` name the same circumstance.
  Status measure(const Asked& asked) {
    const Requirement& first = *asked.front();
    ContestSide side;
    if (first.under) {
      MILLGATE_ASSIGN(side, disturb(first));
    } else {
      MILLGATE_ASSIGN(const std::vector<std::string> groups, groups_of(first));
      auto trained = train(first, groups);
      if (!trained.ok()) {
        for (const Requirement* one : asked) {
          into_.unmeasured.push_back({one->metric, one->slice, trained.error().what});
        }
        return {};
      }
      side = *std::move(trained);
    }
    if (!first.than) MILLGATE_TRY(measure_alone(asked, side));
    Asked compared;
    std::copy_if(asked.begin(), asked.end(), std::back_inserter(compared),
                 [](const Requirement* one) { return is_comparison(one->bound); });
    if (compared.empty()) return {};
    GateContest contest{
        .challenger = itself(),
        .champion = std::move(side),
        .asked = std::move(compared),
        .champion_name = first.than ? simple_name(*first.than) : "the model as it is",
        .inputs = options_.inputs};
    if (!first.than) std::swap(contest.challenger, contest.champion);
    return hold_contest(contest, rows_, options_, tail_, into_);
  }

 private:
  static std::string simple_name(const SimpleModel& simple) {
    return simple.kind == SimpleModelKind::last_value
               ? "the last value"
               : "the " + std::string(to_text(simple.kind)) + " model";
  }

  [[nodiscard]] ContestSide itself() const {
    const auto told = rows_.outcome().prediction;
    return {.predictions = {told.begin(), told.end()},
            .threshold = options_.threshold,
            .decide_by = options_.decide_by};
  }

  /// Of a last value within groups: the group of each joined row; else nothing.
  [[nodiscard]] Result<std::vector<std::string>> groups_of(const Requirement& requirement) const {
    std::vector<std::string> groups;
    if (!requirement.than) return groups;
    for (const std::string& column : requirement.than->groups) {
      MILLGATE_ASSIGN(const auto texts, rows_.all_texts(column, requirement.section, "than"));
      groups.resize(texts.size());
      for (size_t row = 0; row < texts.size(); ++row) {
        groups[row] += std::to_string(texts[row].size()) + ":" + texts[row];
      }
    }
    return groups;
  }

  Result<ContestSide> train(const Requirement& requirement,
                            const std::vector<std::string>& groups) {
    if (!trainings_) {
      MILLGATE_ASSIGN(trainings_, GateTrainings::open(repository_, project_, judged_, rows_));
    }
    return requirement.than ? trainings_->simple(requirement.than->kind, groups)
                            : trainings_->aged(requirement.after_micros);
  }

  [[nodiscard]] Result<ContestSide> disturb(const Requirement& requirement) const {
    const Model& model = *judged_.model;
    const auto inputs =
        disturbed(model, rows_.inputs(), rows_.outcome().label, *requirement.under, options_.seed);
    if (!inputs.ok()) {
      return requirement.section.error_at("under", inputs.error().what, inputs.error().hint);
    }
    MILLGATE_ASSIGN(std::vector<double> predictions, predictions_of_rows(model, *inputs));
    return ContestSide{.predictions = std::move(predictions),
                       .threshold = options_.threshold,
                       .decide_by = options_.decide_by};
  }

  /// By limits of its own: the metrics of `side`, and what has changed.
  Status measure_alone(const Asked& asked, const ContestSide& side) {
    std::map<std::string, RowSlice> metrics;
    std::map<std::string, RowSlice> changes;
    for (const Requirement* one : asked) {
      if (is_comparison(one->bound)) continue;
      const bool is_of_change = find_metric(one->metric)->need == MetricNeed::disturbance;
      MILLGATE_ASSIGN(RowSlice slice, rows_.rows_of(*one));
      (is_of_change ? changes : metrics).emplace(slice.name, std::move(slice));
    }
    MeasureOptions options = options_;
    options.threshold = side.threshold;
    options.decide_by = side.decide_by;
    if (!metrics.empty()) {
      const Outcome outcome{.label = rows_.outcome().label,
                            .prediction = side.predictions,
                            .query = rows_.outcome().query};
      MILLGATE_ASSIGN(const MeasuredSlices measured,
                      measure_slices(outcome, listed(metrics), options));
      into_.add(measured.evidence, measured.unmeasured);
    }
    if (changes.empty()) return {};
    if (options_.class_count > 0 || options_.ranking) {
      const char* why = options_.ranking
                            ? "it is a change of scores, which say nothing but an order; require "
                              "`ndcg` with the same `under`"
                            : "it is a change of one number a row, and this model tells a "
                              "probability of each class";
      for (const auto& [name, slice] : changes) {
        into_.unmeasured.push_back({.metric = {}, .slice = name, .why = why});
      }
      return {};
    }
    const ChangedPredictions changed{.before = rows_.outcome().prediction,
                                     .after = side.predictions};
    MILLGATE_ASSIGN(const MeasuredSlices measured,
                    measure_change(changed, listed(changes), options));
    into_.add(measured.evidence, measured.unmeasured);
    return {};
  }

  static std::vector<RowSlice> listed(std::map<std::string, RowSlice>& slices) {
    std::vector<RowSlice> list;
    list.reserve(slices.size());
    for (auto& [name, slice] : slices) list.push_back(std::move(slice));
    return list;
  }

  Repository& repository_;
  const Project& project_;
  const GateModel& judged_;
  GateRows& rows_;
  const MeasureOptions& options_;
  double tail_;
  GateEvidence& into_;
  std::optional<GateTrainings> trainings_;
};

}  // namespace

Status measure_circumstances(Repository& repository, const Project& project, const Asked& asked,
                             const GateModel& judged, GateRows& rows, const MeasureOptions& options,
                             double tail, GateEvidence& into) {
  std::map<std::string, Asked> by_circumstance;
  for (const Requirement* one : asked) by_circumstance[one->circumstance].push_back(one);
  Circumstances circumstances(repository, project, judged, rows, options, tail, into);
  for (const auto& [name, list] : by_circumstance) MILLGATE_TRY(circumstances.measure(list));
  return {};
}

}  // namespace millgate
