#include "system/serve/rollout_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "ground/json.h"
#include "system/serve/rollout_outcomes.h"

namespace millgate {

namespace {

constexpr const char* kMeanLoss = "mean_loss";
constexpr const char* kMeanEarned = "mean_earned";

/// Errors, slow answers, loss, earnings: any of them may take a challenger back wrongly.
double measure_count(const RolloutPlan& plan) { return plan.earned_cap > 0 ? 4 : 3; }

Comparison compare(std::string name, const std::vector<ArmPair>& pairs, double margin,
                   const RolloutPlan& plan) {
  const double alpha = plan.alpha;
  Comparison found;
  found.name = std::move(name);
  found.margin = margin;
  for (const ArmPair& pair : pairs) {
    found.champion.count += pair.base.count;
    found.champion.sum += pair.base.sum;
    found.challenger.count += pair.other.count;
    found.challenger.sum += pair.other.sum;
  }
  found.champion_mean = found.champion.mean();
  found.challenger_mean = found.challenger.mean();
  found.difference = anytime_difference(pairs, alpha);
  found.log_evidence_worse = log_evidence_above(pairs, margin);
  found.log_evidence_fine = log_evidence_below(pairs, margin);
  found.log_evidence_better = log_evidence_below(pairs, 0);
  found.is_worse = found.log_evidence_worse >= std::log(measure_count(plan) / alpha);
  // All must be found fine, so that each may err as often as the whole.
  found.is_fine = found.log_evidence_fine >= -std::log(alpha);
  found.is_better = found.log_evidence_better >= -std::log(alpha);
  return found;
}

/// Of shortfalls below the cap, told as what was earned.
Comparison compare_earned(const std::vector<ArmPair>& pairs, const RolloutPlan& plan) {
  const double range = plan.earned_range();
  Comparison found = compare(kMeanEarned, pairs, plan.earned_margin / range, plan);
  found.margin = plan.earned_margin;
  found.champion_mean = plan.earned_cap - range * found.champion.mean();
  found.challenger_mean = plan.earned_cap - range * found.challenger.mean();
  const AnytimeDifference below = found.difference;
  found.difference = {.lower = -range * below.upper,
                      .estimate = -range * below.estimate,
                      .upper = -range * below.lower};
  return found;
}

using ByArm = std::array<int64_t, kArmCount>;

std::vector<ArmPair> pairs_of(const std::vector<StepTotals>& steps, const ByArm StepTotals::*what) {
  const auto total = [&](const StepTotals& step, Arm arm) {
    const size_t i = index_of(arm);
    return ArmTotal{.count = step.answers[i], .sum = static_cast<double>((step.*what)[i])};
  };
  std::vector<ArmPair> pairs;
  pairs.reserve(steps.size());
  for (const StepTotals& step : steps) {
    pairs.push_back({total(step, Arm::champion), total(step, Arm::challenger)});
  }
  return pairs;
}

std::string text_of(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

/// "error_rate 0.041 of 1200 answers, 0.002 of 60000 of the champion; difference 0.039 [0.02,
/// 0.06], margin 0.005".
std::string describe(const Comparison& one) {
  const char* const unit = one.name == kMeanLoss ? " labels" : " answers";
  return one.name + " " + text_of(one.challenger_mean) + " of " +
         std::to_string(one.challenger.count) + unit + ", " + text_of(one.champion_mean) + " of " +
         std::to_string(one.champion.count) + " of the champion; difference " +
         text_of(one.difference.estimate) + " [" + text_of(one.difference.lower) + ", " +
         text_of(one.difference.upper) + "], margin " + text_of(one.margin);
}

std::string describe_all(const std::vector<Comparison>& comparisons) {
  std::string text;
  for (const Comparison& one : comparisons) {
    if (one.challenger.count > 0) text += (text.empty() ? "" : "; ") + describe(one);
  }
  return text;
}

/// By what a challenger must be better where the plan asks for that: what it earns, if that is
/// told, else its loss.
const char* goal_of(const RolloutPlan& plan) {
  return plan.earned_cap > 0 ? kMeanEarned : kMeanLoss;
}

/// What keeps it from being promoted by one measure; empty: nothing.
std::string lacking(const RolloutPlan& plan, const Comparison& one) {
  const bool is_goal = plan.must_be_better() && one.name == goal_of(plan);
  if (one.name == kMeanLoss) {
    if (plan.labels_min == 0 && !is_goal) return {};
    const int64_t labels = std::min(one.champion.count, one.challenger.count);
    if (labels < plan.labels_min) {
      return std::to_string(labels) + " of " + std::to_string(plan.labels_min) +
             " labels of each model have come";
    }
  }
  if (is_goal ? one.is_better : one.is_fine) return {};
  return std::string(is_goal ? "that it is better" : "that it is no worse") +
         " is not shown yet: " + describe(one);
}

std::string lacking(const Rollout& rollout, const std::vector<Comparison>& comparisons) {
  for (const Comparison& one : comparisons) {
    if (std::string what = lacking(rollout.plan, one); !what.empty()) return what;
  }
  return {};
}

/// Mean and variance of what is believed of a mean of values between 0 and 1: those of the Beta
/// distribution that begins as Jeffreys' (Agrawal & Goyal 2012, "Analysis of Thompson sampling",
/// for values between 0 and 1).
std::pair<double, double> belief_of(const ArmTotal& total) {
  const double count = static_cast<double>(total.count);
  const double mean = (0.5 + total.sum) / (1 + count);
  return {mean, mean * (1 - mean) / (2 + count)};
}

/// The probability that the challenger's mean is below the champion's: the steps' differences,
/// each as sure as it is, since a day that is bad for both must not count against who had more of
/// it. Nothing where nothing is known.
std::optional<double> chance_below(const StepSums& steps) {
  double weights = 0;
  double sum = 0;
  for (const ArmPair& step : steps) {
    if (step.base.count == 0 || step.other.count == 0) continue;
    const auto [base, base_variance] = belief_of(step.base);
    const auto [other, other_variance] = belief_of(step.other);
    const double weight = 1 / (base_variance + other_variance);
    weights += weight;
    sum += weight * (base - other);
  }
  if (weights == 0) return std::nullopt;
  return 0.5 * std::erfc(-sum / std::sqrt(2 * weights));
}

/// The percentage that a bandit goes to; nothing while that is about what it is. Neither model is
/// left without the share that it began with, so that what changes later is seen.
std::optional<double> bandit_share(const Rollout& rollout, const StepOutcomes& outcomes) {
  constexpr double kStepMin = 5;
  const RolloutPlan& plan = rollout.plan;
  const double least = std::min(plan.shares.front(), 100 - plan.shares.front());
  const std::optional<double> chance =
      chance_below(plan.earned_cap > 0 ? outcomes.shortfalls : outcomes.losses);
  if (!chance) return std::nullopt;
  const double wanted = std::clamp(std::round(100 * *chance), least, 100 - least);
  if (std::abs(wanted - rollout.share()) < kStepMin) return std::nullopt;
  if (rollout.step + 1 >= rollout.steps_max()) return std::nullopt;
  return wanted;
}

struct Decision {
  RolloutMove move;
  std::string reason;
  double share = 0;
};

Decision decide(const Rollout& rollout, const RolloutReport& report, const StepOutcomes& outcomes,
                Time now) {
  const RolloutPlan& plan = rollout.plan;
  for (const Comparison& one : report.comparisons) {
    if (one.is_worse) return {RolloutMove::roll_back, "worse: " + describe(one)};
  }
  if (rollout.let_in && rollout.let_in->until <= now) {
    return {RolloutMove::roll_back, "the override of " + rollout.let_in->name + " ended at " +
                                        to_string(rollout.let_in->until)};
  }
  if (now.micros - rollout.since.micros >= plan.give_up_micros) {
    const std::string what = describe_all(report.comparisons);
    return {RolloutMove::roll_back,
            (plan.mode == RolloutMode::shadow ? "its time is over" : "undecided in its time") +
                (what.empty() ? std::string() : ": " + what)};
  }
  const int64_t answers = report.steps[rollout.step].answers[index_of(Arm::challenger)];
  if (plan.mode == RolloutMode::shadow) return {RolloutMove::wait, "nobody gets its answers"};
  if (answers < plan.answers_min) {
    return {RolloutMove::wait, std::to_string(answers) + " of " + std::to_string(plan.answers_min) +
                                   " answers of this step are given"};
  }
  if (now.micros - rollout.step_since().micros < plan.hold_micros) {
    return {RolloutMove::wait, "this step is held until " +
                                   to_string(Time{rollout.step_since().micros + plan.hold_micros})};
  }
  if (plan.mode == RolloutMode::canary && rollout.step + 1 < rollout.steps_max()) {
    return {RolloutMove::advance, "nothing is worse: " + describe_all(report.comparisons)};
  }
  std::string what = lacking(rollout, report.comparisons);
  if (what.empty()) {
    return {RolloutMove::promote,
            (plan.must_be_better() ? "better: " : "no worse: ") + describe_all(report.comparisons)};
  }
  if (plan.mode == RolloutMode::bandit) {
    if (const std::optional<double> share = bandit_share(rollout, outcomes)) {
      return {RolloutMove::advance,
              "it is better with a probability of about " + text_of(*share) +
                  " %: " + describe_all(report.comparisons),
              *share};
    }
  }
  return {RolloutMove::wait, std::move(what)};
}

Json arm_json(const ArmTotal& total, double mean) {
  return {{"count", total.count}, {"mean", mean}};
}

/// Probabilities that would be smaller than all doubles are told as logarithms.
Json to_json(const Comparison& one) {
  return {{"name", one.name},
          {"margin", one.margin},
          {"champion", arm_json(one.champion, one.champion_mean)},
          {"challenger", arm_json(one.challenger, one.challenger_mean)},
          {"difference", one.difference.estimate},
          {"lower", one.difference.lower},
          {"upper", one.difference.upper},
          {"log_evidence_worse", one.log_evidence_worse},
          {"log_evidence_fine", one.log_evidence_fine},
          {"log_evidence_better", one.log_evidence_better},
          {"is_worse", one.is_worse},
          {"is_fine", one.is_fine},
          {"is_better", one.is_better}};
}

}  // namespace

std::string_view to_string(RolloutMove move) {
  switch (move) {
    case RolloutMove::wait:
      return "wait";
    case RolloutMove::advance:
      return "advance";
    case RolloutMove::promote:
      return "promote";
    case RolloutMove::roll_back:
      break;
  }
  return "roll back";
}

RolloutReport judge_rollout(const Rollout& rollout, std::vector<StepTotals> steps,
                            const StepOutcomes& outcomes, Time now) {
  const RolloutPlan& plan = rollout.plan;
  RolloutReport report;
  report.steps = std::move(steps);
  report.comparisons.push_back(
      compare("error_rate", pairs_of(report.steps, &StepTotals::errors), plan.error_margin, plan));
  // A shadow answers when there is time for it: how long that takes says nothing.
  if (plan.mode != RolloutMode::shadow) {
    report.comparisons.push_back(
        compare("slow_rate", pairs_of(report.steps, &StepTotals::slow), plan.slow_margin, plan));
  }
  report.comparisons.push_back(compare(kMeanLoss, outcomes.losses, plan.loss_margin, plan));
  if (plan.earned_cap > 0 && plan.mode != RolloutMode::shadow) {
    report.comparisons.push_back(compare_earned(outcomes.shortfalls, plan));
  }
  Decision decision = decide(rollout, report, outcomes, now);
  report.move = decision.move;
  report.share = decision.share;
  report.reason = std::move(decision.reason);
  return report;
}

Result<RolloutReport> saved_report(const std::string& rollouts, const Rollout& rollout, Time now) {
  const std::string folder = rollout_folder(rollouts, rollout);
  MILLGATE_ASSIGN(std::vector<StepTotals> steps, saved_totals(folder, rollout.steps_max()));
  MILLGATE_ASSIGN(const StepOutcomes outcomes, saved_outcomes(folder, rollout.steps_max()));
  return judge_rollout(rollout, std::move(steps), outcomes, now);
}

Json rollout_json(const Rollout& rollout, const RolloutReport& report) {
  const RolloutPlan& plan = rollout.plan;
  Json steps = Json::array();
  for (size_t i = 0; i < std::min(report.steps.size(), rollout.shares.size()); ++i) {
    const StepTotals& step = report.steps[i];
    const auto arm = [&](Arm which) -> Json {
      const size_t at = index_of(which);
      return {{"answers", step.answers[at]}, {"errors", step.errors[at]}, {"slow", step.slow[at]}};
    };
    steps.push_back({{"share", rollout.shares[i]},
                     {"champion", arm(Arm::champion)},
                     {"challenger", arm(Arm::challenger)},
                     {"left_out", step.left_out},
                     {"dropped", step.dropped}});
  }
  Json comparisons = Json::array();
  for (const Comparison& one : report.comparisons) comparisons.push_back(to_json(one));
  Json json = {{"rollout", rollout.event},
               {"state", std::string(to_string(rollout.state))},
               {"mode", std::string(to_string(plan.mode))},
               {"champion", rollout.champion.hex()},
               {"challenger", rollout.challenger.hex()},
               {"verdict", rollout.verdict},
               {"by", rollout.by},
               {"since", to_string(rollout.since)},
               {"step", rollout.step + 1},
               {"share", rollout.share()},
               {"step_since", to_string(rollout.step_since())},
               {"sticky", plan.sticky},
               {"only", plan.only},
               {"by_hand", plan.by_hand},
               {"reason", rollout.reason},
               {"steps", std::move(steps)},
               {"comparisons", std::move(comparisons)}};
  if (!rollout.environment.empty()) json["environment"] = rollout.environment;
  if (rollout.let_in) {
    json["override"] = {{"name", rollout.let_in->name},
                        {"reason", rollout.let_in->reason},
                        {"until", to_string(rollout.let_in->until)}};
  }
  if (rollout.is_running()) {
    json["next"] = {{"move", std::string(to_string(report.move))}, {"reason", report.reason}};
  } else {
    json["ended"] = to_string(*rollout.ended);
    json["ended_by"] = rollout.ended_by;
  }
  return json;
}

}  // namespace millgate
