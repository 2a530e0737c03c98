#include "model/learn/tuning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "ground/nearest_name.h"
#include "model/learn/label_check.h"
#include "model/learn/smaller_model.h"
#include "model/measure/metric.h"
#include "model/measure/resampled_metric.h"
#include "model/tune/halving.h"

namespace millgate {

namespace {

constexpr const char* kSize = "model_size_bytes";

void add_to(std::vector<double>& sums, const std::vector<double>& values) {
  sums.resize(values.size(), 0);
  for (size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

/// What one fold adds to the sums in `outcome`.
Status add_fold(const std::vector<Objective>& objectives, const PreparedRows& rows,
                const Fitted& fitted, size_t class_count, uint64_t seed, TrialOutcome& outcome) {
  const std::vector<double> predictions = predictions_of(fitted, rows.valid);
  const Outcome measured{
      .label = rows.valid.labels, .prediction = predictions, .query = rows.valid.query};
  std::vector<double> values;
  for (const Objective& one : objectives) {
    if (one.metric == kSize) {
      values.push_back(static_cast<double>(fitted.text.size()));
      continue;
    }
    const bool decides = values.empty();
    MILLGATE_ASSIGN(
        const ResampledMetric metric,
        resample_metric(measured, one.metric, decides ? kTuneResamples : 0, seed, class_count));
    values.push_back(metric.value);
    if (!decides) continue;
    add_to(outcome.in_bag, metric.in_bag);
    add_to(outcome.out_of_bag, metric.out_of_bag);
  }
  add_to(outcome.values, values);
  return {};
}

}  // namespace

Result<std::vector<Objective>> objectives_of(const TrainSettings& settings, TaskKind kind) {
  const std::vector<std::string> own =
      kind == TaskKind::regression ? std::vector<std::string>{"rmse", "mae", "r2", kSize}
      : kind == TaskKind::ranking
          ? std::vector<std::string>{"ndcg", "ndcg_5", "ndcg_10", "map", "map_10", "mrr", kSize}
      : kind == TaskKind::multiclass
          ? std::vector<std::string>{"log_loss", "brier", kSize}
          : std::vector<std::string>{"log_loss", "auc", "brier", "calibration_error", kSize};
  std::vector<std::string> names = settings.tune->metrics;
  if (names.empty()) names = {own.front()};
  std::vector<Objective> objectives;
  for (const std::string& name : names) {
    if (std::find(own.begin(), own.end(), name) == own.end()) {
      return settings.tune->section.error_at(
          "metric", "`" + name + "` is no metric of a " + std::string(to_text(kind)) + " task",
          name_hint(name, own));
    }
    objectives.push_back({.metric = name, .higher_is_better = find_metric(name)->higher_is_better});
  }
  return objectives;
}

std::vector<int> rungs_of(const TrainSettings& settings) {
  const bool can_be = settings.learner == "gbdt" && settings.tune->metrics.size() <= 1;
  return can_be && settings.tune->prune ? halving_rungs(settings.rounds_max) : std::vector<int>{};
}

Result<TuningRows> TuningRows::prepare(TrainRequest request) {
  const TuneSettings& tune = *request.settings.tune;
  TuningRows all;
  MILLGATE_ASSIGN(all.objectives_, objectives_of(request.settings, request.task.kind));
  all.rungs_ = rungs_of(request.settings);
  MILLGATE_ASSIGN(const std::vector<Split> splits,
                  rolling_splits(*request.joined, request.settings, tune.folds));
  MILLGATE_ASSIGN(const TrainingRows rows, read_training_rows(*request.joined));
  for (size_t fold = 0; fold < splits.size(); ++fold) {
    const std::string where = splits.size() == 1 ? "" : " of fold " + std::to_string(fold + 1);
    MILLGATE_TRY(check_labels(request.task, rows.labels, splits[fold], where));
    MILLGATE_ASSIGN(PreparedRows prepared, prepare_rows(request, rows, splits[fold]));
    prepared.train_inputs = {};  // Only profiles of models need them.
    all.folds_.push_back(std::move(prepared));
  }
  request.joined = nullptr;
  all.request_ = std::move(request);
  return all;
}

size_t TuningRows::valid_rows() const {
  return std::accumulate(
      folds_.begin(), folds_.end(), size_t{0},
      [](size_t sum, const PreparedRows& fold) { return sum + fold.valid.rows(); });
}

Result<TrialOutcome> TuningRows::evaluate(const Assignment& assignment, int threads) const {
  TrainSettings settings = request_.settings;
  // What is searched for is the model; it is made smaller in the end.
  settings.parameters = without_shrinking(std::move(settings.parameters));
  for (const auto& [name, value] : assignment.parameters) settings.parameters[name] = value;
  TrialOutcome outcome;
  double rounds = 0;
  for (size_t fold = 0; fold < folds_.size(); ++fold) {
    LearnerInput input = learner_input(request_.task, folds_[fold], settings);
    input.threads = threads;
    if (fold == 0) {
      input.goes_on = [&](int round, double best_loss) {
        const size_t rung = outcome.rung_losses.size();
        if (rung == rungs_.size() || round < rungs_[rung]) return true;
        outcome.rung_losses.push_back(best_loss);
        return assignment.goes_on(rung, best_loss);
      };
    }
    MILLGATE_ASSIGN(const Fitted fitted, fit_learner(input));
    if (fold == 0) outcome.best_round = fitted.best_round;
    if (fitted.is_stopped) {
      outcome.is_pruned = true;
      return outcome;
    }
    rounds += fitted.best_round;
    // Who needed fewer rounds would have this loss at every later rung, too.
    if (fold == 0 && !fitted.valid_loss.empty()) {
      outcome.rung_losses.resize(
          rungs_.size(), *std::min_element(fitted.valid_loss.begin(), fitted.valid_loss.end()));
    }
    MILLGATE_TRY(add_fold(objectives_, folds_[fold], fitted, request_.task.classes.size(),
                          settings.seed + static_cast<uint64_t>(fold), outcome));
  }
  const auto count = static_cast<double>(folds_.size());
  for (auto* sums : {&outcome.values, &outcome.in_bag, &outcome.out_of_bag}) {
    for (double& sum : *sums) sum /= count;
  }
  outcome.best_round = static_cast<int>(std::lround(rounds / count));
  return outcome;
}

}  // namespace millgate
