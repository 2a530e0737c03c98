#include "system/pipeline/tradeoff.h"

#include <arrow/table.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "model/learn/row_values.h"
#include "model/measure/group_measures.h"
#include "model/measure/metric_series.h"
#include "model/tune/pareto.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/seen_rows.h"

namespace millgate {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kThresholdsTried = 200;
/// Two latencies of one machine that differ by less tell nothing.
constexpr double kLatencyNoise = 0.1;

/// Rows of the joined table with what stakeholders group and choose them by.
struct WeighedRows {
  std::vector<int64_t> numbers;  ///< In the joined table.
  std::vector<double> labels;
  std::map<std::string, std::vector<std::string>> texts;  ///< By column, one a row.
};

Result<WeighedRows> weighed_rows(const Project& project, const GateRows& rows,
                                 std::vector<int64_t> numbers) {
  WeighedRows weighed;
  const auto add = [&](const std::string& column, const Section& section,
                       const char* key) -> Status {
    if (weighed.texts.count(column) > 0) return {};
    MILLGATE_ASSIGN(const std::vector<std::string> all, rows.all_texts(column, section, key));
    std::vector<std::string>& chosen = weighed.texts[column];
    chosen.reserve(numbers.size());
    for (const int64_t row : numbers) chosen.push_back(all[static_cast<size_t>(row)]);
    return {};
  };
  for (const Stakeholder& one : project.stakeholders) {
    for (const std::string& column : one.by) MILLGATE_TRY(add(column, one.section, "by"));
    for (const SliceCondition& condition : one.where) {
      MILLGATE_TRY(add(condition.column, one.section, "slice"));
    }
  }
  for (const int64_t row : numbers) {
    weighed.labels.push_back(rows.all().labels[static_cast<size_t>(row)]);
  }
  weighed.numbers = std::move(numbers);
  return weighed;
}

/// What each stakeholder looks at.
std::vector<SeriesRows> rows_of_stakeholders(const Project& project, const WeighedRows& weighed) {
  std::vector<SeriesRows> all;
  for (const Stakeholder& one : project.stakeholders) {
    SeriesRows which;
    for (uint32_t row = 0; row < weighed.labels.size(); ++row) {
      const bool is_in =
          std::all_of(one.where.begin(), one.where.end(), [&](const SliceCondition& condition) {
            return weighed.texts.at(condition.column)[row] == condition.value;
          });
      if (is_in) which.rows.push_back(row);
    }
    for (const std::string& column : one.by) {
      which.columns.push_back({column, weighed.texts.at(column)});
    }
    all.push_back(std::move(which));
  }
  return all;
}

/// The predictions of one model for weighed rows.
Result<std::vector<double>> predict(const GateModel& model, const arrow::Table& joined,
                                    const std::vector<int64_t>& rows) {
  MILLGATE_ASSIGN(const Block all, block_from(joined, model.model->features().inputs()));
  Block inputs = select_rows(all, rows);
  inputs.rows = rows.size();
  return predictions_of_rows(*model.model, inputs);
}

double of_program(const std::vector<Evidence>& evidence, const std::string& metric) {
  for (const Evidence& one : evidence) {
    if (one.metric == metric) return one.value;
  }
  return kUndefined;
}

/// What everybody gets of these predictions.
Result<std::vector<MetricSeries>> satisfactions(const std::vector<Stakeholder>& stakeholders,
                                                const std::vector<SeriesRows>& which,
                                                const Outcome& outcome,
                                                const std::vector<Evidence>& program,
                                                const MeasureOptions& options) {
  std::vector<MetricSeries> all;
  for (size_t s = 0; s < stakeholders.size(); ++s) {
    const Stakeholder& one = stakeholders[s];
    std::vector<std::string> of_rows;
    std::copy_if(one.metrics.begin(), one.metrics.end(), std::back_inserter(of_rows), has_series);
    auto measured = measure_series(outcome, of_rows, which[s], options);
    if (!measured.ok()) {
      return one.section.error_at("wants", measured.error().what, measured.error().hint);
    }
    std::vector<MetricSeries> series;
    size_t next = 0;
    for (const std::string& metric : one.metrics) {
      if (has_series(metric)) {
        series.push_back(std::move((*measured)[next++]));
        continue;
      }
      const double value = of_program(program, metric);
      series.push_back(
          {.value = value,
           .resampled = std::vector<double>(static_cast<size_t>(options.resamples), value)});
    }
    MILLGATE_ASSIGN(MetricSeries satisfied, satisfaction(one, series));
    all.push_back(std::move(satisfied));
  }
  return all;
}

/// Quantiles of the resamples that leave `tail` outside on both sides together. Nothing where a
/// tenth of them is not defined, and where there are none.
std::optional<std::pair<double, double>> ends_of(std::vector<double> resampled, double tail) {
  const size_t all = resampled.size();
  std::erase_if(resampled, [](double one) { return std::isnan(one); });
  if (all == 0 || (all - resampled.size()) * 10 >= all) return std::nullopt;
  std::sort(resampled.begin(), resampled.end());
  return std::pair(quantile(resampled, tail / 2), quantile(resampled, 1 - tail / 2));
}

StakeholderValue value_of(const Stakeholder& one, const MetricSeries& ours,
                          const MetricSeries* theirs, double tail) {
  StakeholderValue value{.value = ours.value, .acceptable = one.accepts(ours.value)};
  if (const auto ends = ends_of(ours.resampled, 0.05)) {
    value.lower = ends->first;
    value.upper = ends->second;
  }
  if (theirs == nullptr || std::isnan(ours.value) || std::isnan(theirs->value)) return value;
  value.change = ours.value - theirs->value;
  if (std::none_of(one.metrics.begin(), one.metrics.end(), has_series)) {
    // It has no resamples; and sizes are exact, where latencies are not.
    const bool is_size = one.wants == "model_size_bytes";
    if (*value.change == 0) {
      value.fare = Fare::same;
    } else if (is_size || std::abs(*value.change) > kLatencyNoise * std::abs(theirs->value)) {
      value.fare = (*value.change > 0) == one.higher_is_better ? Fare::gains : Fare::loses;
    }
    return value;
  }
  std::vector<double> changes(ours.resampled.size());
  bool is_moved = *value.change != 0;
  for (size_t r = 0; r < changes.size(); ++r) {
    changes[r] = ours.resampled[r] - theirs->resampled[r];
    if (changes[r] != 0) is_moved = true;
  }
  if (const auto ends = ends_of(std::move(changes), tail)) {
    value.change_lower = ends->first;
    value.change_upper = ends->second;
    const bool is_up = ends->first > 0;
    const bool is_down = ends->second < 0;
    if (!is_moved) value.fare = Fare::same;
    if (is_up || is_down) {
      value.fare = is_up == one.higher_is_better ? Fare::gains : Fare::loses;
    }
  }
  return value;
}

/// Sets `on_front` and `compromise` of choices that were measured.
void rank(const std::vector<Stakeholder>& stakeholders, std::vector<Choice>& choices) {
  std::vector<Choice*> acceptable;
  for (Choice& one : choices) {
    one.acceptable = one.why_not.empty() &&
                     std::all_of(one.values.begin(), one.values.end(),
                                 [](const StakeholderValue& value) { return value.acceptable; });
    one.compromise = kUndefined;
    if (one.acceptable) acceptable.push_back(&one);
  }
  std::vector<Losses> losses;
  for (const Choice* one : acceptable) {
    Losses all;
    for (size_t s = 0; s < stakeholders.size(); ++s) {
      all.push_back(stakeholders[s].higher_is_better ? -one->values[s].value
                                                     : one->values[s].value);
    }
    losses.push_back(std::move(all));
  }
  const std::vector<int> ranks = pareto_ranks(losses);
  for (size_t i = 0; i < acceptable.size(); ++i) {
    acceptable[i]->on_front = ranks[i] == 0;
    acceptable[i]->compromise = 0;
  }
  const double weights =
      std::accumulate(stakeholders.begin(), stakeholders.end(), 0.0,
                      [](double sum, const Stakeholder& one) { return sum + one.weight; });
  for (size_t s = 0; s < stakeholders.size(); ++s) {
    double best = std::numeric_limits<double>::infinity();
    double worst = -best;
    for (const Losses& one : losses) {
      best = std::min(best, one[s]);
      worst = std::max(worst, one[s]);
    }
    for (size_t i = 0; i < acceptable.size(); ++i) {
      const double place = worst > best ? (worst - losses[i][s]) / (worst - best) : 1;
      acceptable[i]->compromise += stakeholders[s].weight / weights * place;
    }
  }
}

/// Thresholds worth trying: always, never, and predictions, evenly over the rows.
std::vector<double> thresholds_of(std::vector<double> predictions, double current) {
  std::sort(predictions.begin(), predictions.end());
  std::set<double> tried = {0, current, 1};
  const size_t steps = std::min(kThresholdsTried, predictions.size());
  for (size_t i = 0; i < steps; ++i) {
    tried.insert(predictions[i * predictions.size() / steps]);
  }
  return {tried.begin(), tried.end()};
}

/// At most `kThresholdsListed` of the front, spread evenly over it by threshold, with the one of
/// the best compromise and the current one.
std::vector<Choice> listed_thresholds(std::vector<Choice> all) {
  std::vector<size_t> front;
  size_t best = 0;
  std::set<size_t> kept;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].is_current) kept.insert(i);
    if (!all[i].on_front) continue;
    if (front.empty() || all[i].compromise > all[best].compromise) best = i;
    front.push_back(i);
  }
  if (!front.empty()) {
    kept.insert(best);
    const size_t steps = std::min(kThresholdsListed - kept.size(), front.size());
    for (size_t k = 0; k < steps; ++k) {
      kept.insert(front[steps == 1 ? 0 : k * (front.size() - 1) / (steps - 1)]);
    }
  }
  std::vector<Choice> listed;
  listed.reserve(kept.size());
  for (const size_t i : kept) listed.push_back(std::move(all[i]));
  return listed;
}

/// One choice a candidate, on the test rows that what serves has not seen.
class ModelWeighing {
 public:
  /// `first`: a model of the kind of all others, at whose commit the rows are.
  ModelWeighing(Repository& repository, const Project& project, const GateModel& first,
                WeighedRows rows, MeasureOptions options)
      : repository_(repository),
        project_(project),
        manifest_(first.model->manifest()),
        commit_(first.run->data_commit),
        rows_(std::move(rows)),
        which_(rows_of_stakeholders(project, rows_)),
        options_(std::move(options)) {}

  /// `serving`: the series of what serves, or null.
  Result<Choice> weigh(const Candidate& candidate, const std::vector<MetricSeries>* serving) const {
    Choice choice{.name = candidate.name,
                  .model = candidate.model.run->model.hex(),
                  .threshold = candidate.model.model->manifest().threshold,
                  .is_current = candidate.serves,
                  .values = {},
                  .why_not = {}};
    MILLGATE_ASSIGN(choice.why_not, why_not(candidate.model));
    if (!choice.why_not.empty()) return choice;
    MILLGATE_ASSIGN(const std::vector<MetricSeries> ours, series(candidate));
    const size_t count = project_.stakeholders.size();
    for (size_t s = 0; s < count; ++s) {
      choice.values.push_back(value_of(project_.stakeholders[s], ours[s],
                                       serving == nullptr ? nullptr : &(*serving)[s],
                                       kContestError / static_cast<double>(count)));
    }
    return choice;
  }

  [[nodiscard]] Result<std::vector<MetricSeries>> series(const Candidate& candidate) const {
    MILLGATE_ASSIGN(const std::vector<double> predictions,
                    predict(candidate.model, *candidate.model.judged, rows_.numbers));
    MeasureOptions own = options_;
    own.threshold = candidate.model.model->manifest().threshold;
    own.decide_by = candidate.model.model->manifest().decide_by;
    return satisfactions(project_.stakeholders, which_,
                         {.label = rows_.labels, .prediction = predictions}, candidate.of_program,
                         own);
  }

 private:
  /// Why the model cannot be held beside others: empty when it can.
  [[nodiscard]] Result<std::string> why_not(const GateModel& model) const {
    const Manifest& manifest = model.model->manifest();
    if (manifest.task_kind != manifest_.task_kind) {
      return std::string("it is of another kind of task");
    }
    if (manifest.classes != manifest_.classes) return std::string("it has other classes");
    MILLGATE_ASSIGN(const std::vector<uint8_t> seen,
                    seen_rows(repository_, project_, model.run->model,
                              {model.run->data_commit, model.trained.get()},
                              {commit_, model.judged.get()}, rows_.numbers));
    const auto count = std::count(seen.begin(), seen.end(), 1);
    if (count == 0) return std::string();
    return "it has seen " + std::to_string(count) + " of the " + std::to_string(seen.size()) +
           " test rows";
  }

  Repository& repository_;
  const Project& project_;
  const Manifest& manifest_;
  const std::string& commit_;
  WeighedRows rows_;
  std::vector<SeriesRows> which_;
  MeasureOptions options_;
};

Status check_stakeholders(const Project& project) {
  if (!project.stakeholders.empty()) return {};
  return invalid_input("nobody is asked: the project file has no [[stakeholder]]",
                       "write for each who has a say `[[stakeholder]]` with `name` and `wants`, "
                       "a metric or a formula over metrics");
}

MeasureOptions options_for(const Project& project, const Candidate& first) {
  MeasureOptions options;
  const Manifest& manifest = first.model.model->manifest();
  options.threshold = manifest.threshold;
  options.decide_by = manifest.decide_by;
  options.utility = project.utility;
  options.resamples = kGateResamples;
  options.seed = project.train.seed;
  options.regression = manifest.task_kind == "regression";
  options.class_count = manifest.classes.size();
  options.data = "test";
  return options;
}

/// What is weighed are decisions, or numbers that are held beside each other.
Status check_not_ranking(const Candidate& candidate) {
  const Model& model = *candidate.model.model;
  if (!model.is_ranking()) return {};
  return invalid_input(
      "model " + model.id().brief() + " ranks rows, which stakeholders cannot weigh yet",
      "`millgate gate` judges it by requirements");
}

}  // namespace

bool wants_program_metrics(const std::vector<Stakeholder>& stakeholders) {
  return std::any_of(stakeholders.begin(), stakeholders.end(), [](const Stakeholder& one) {
    return !std::all_of(one.metrics.begin(), one.metrics.end(), has_series);
  });
}

Result<Tradeoff> weigh_models(Repository& repository, const Project& project,
                              const std::vector<Candidate>& candidates) {
  MILLGATE_TRY(check_stakeholders(project));
  const Candidate& first = candidates.front();
  MILLGATE_TRY(check_not_ranking(first));
  const std::string& commit = first.model.run->data_commit;
  MILLGATE_ASSIGN(const GateRows rows,
                  GateRows::open(project, *first.model.model, *first.model.judged));
  const auto serving = std::find_if(candidates.begin(), candidates.end(),
                                    [](const Candidate& one) { return one.serves; });
  std::vector<int64_t> numbers = rows.numbers();
  if (serving != candidates.end()) {
    const GateModel& model = serving->model;
    MILLGATE_ASSIGN(const std::vector<uint8_t> seen,
                    seen_rows(repository, project, model.run->model,
                              {model.run->data_commit, model.trained.get()},
                              {commit, model.judged.get()}, rows.numbers()));
    std::vector<int64_t> unseen;
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] == 0) unseen.push_back(numbers[i]);
    }
    numbers = std::move(unseen);
  }
  Tradeoff tradeoff;
  tradeoff.row_count = std::ssize(numbers);
  tradeoff.left_out_count = std::ssize(rows.numbers()) - tradeoff.row_count;
  if (tradeoff.row_count < kGroupRowsMin) {
    return invalid_input(std::to_string(tradeoff.row_count) +
                             " test rows are left that did not train what serves, and " +
                             std::to_string(kGroupRowsMin) + " are needed",
                         "commit newer rows and train on them: `millgate run`");
  }
  MILLGATE_ASSIGN(WeighedRows weighed, weighed_rows(project, rows, std::move(numbers)));
  const ModelWeighing weighing(repository, project, first.model, std::move(weighed),
                               options_for(project, first));
  std::optional<std::vector<MetricSeries>> theirs;
  if (serving != candidates.end()) {
    MILLGATE_ASSIGN(theirs, weighing.series(*serving));
  }
  for (const Candidate& one : candidates) {
    MILLGATE_ASSIGN(Choice choice, weighing.weigh(one, theirs ? &*theirs : nullptr));
    tradeoff.choices.push_back(std::move(choice));
  }
  rank(project.stakeholders, tradeoff.choices);
  return tradeoff;
}

Result<Tradeoff> weigh_thresholds(const Project& project, const Candidate& candidate) {
  MILLGATE_TRY(check_stakeholders(project));
  MILLGATE_TRY(check_not_ranking(candidate));
  MeasureOptions options = options_for(project, candidate);
  if (options.regression || options.class_count > 0) return Tradeoff();
  const arrow::Table& joined = *candidate.model.judged;
  MILLGATE_ASSIGN(const GateRows rows, GateRows::open(project, *candidate.model.model, joined));
  MILLGATE_ASSIGN(const WeighedRows weighed, weighed_rows(project, rows, rows.split().valid));
  MILLGATE_ASSIGN(const std::vector<double> predictions,
                  predict(candidate.model, joined, weighed.numbers));
  const std::vector<SeriesRows> which = rows_of_stakeholders(project, weighed);
  const double current = options.threshold;
  options.resamples = 0;
  std::vector<Choice> choices;
  for (const double threshold : thresholds_of(predictions, current)) {
    options.threshold = threshold;
    MILLGATE_ASSIGN(const std::vector<MetricSeries> satisfied,
                    satisfactions(project.stakeholders, which,
                                  {.label = weighed.labels, .prediction = predictions},
                                  candidate.of_program, options));
    Choice choice{.name = candidate.name,
                  .model = candidate.model.run->model.hex(),
                  .threshold = threshold,
                  .is_current = threshold == current,
                  .values = {},
                  .why_not = {}};
    for (size_t s = 0; s < satisfied.size(); ++s) {
      choice.values.push_back(value_of(project.stakeholders[s], satisfied[s], nullptr, 0.05));
    }
    choices.push_back(std::move(choice));
  }
  rank(project.stakeholders, choices);
  return Tradeoff{.choices = listed_thresholds(std::move(choices)),
                  .row_count = std::ssize(weighed.labels)};
}

}  // namespace millgate
