#include "system/serve/rollout_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "ground/json.h"
#include "system/serve/labelled_loss.h"

namespace millgate {

namespace {

/// Errors, slow answers, loss: any of them may take a challenger back wrongly.
constexpr double kMeasureCount = 3;

Comparison compare(std::string name, const std::vector<ArmPair>& pairs, double margin,
                   double alpha) {
  Comparison found;
  found.name = std::move(name);
  found.margin = margin;
  for (const ArmPair& pair : pairs) {
    found.champion.count += pair.base.count;
    found.champion.sum += pair.base.sum;
    found.challenger.count += pair.other.count;
    found.challenger.sum += pair.other.sum;
  }
  found.difference = anytime_difference(pairs, alpha);
  found.log_evidence_worse = log_evidence_above(pairs, margin);
  found.log_evidence_fine = log_evidence_below(pairs, margin);
  found.log_evidence_better = log_evidence_below(pairs, 0);
  found.is_worse = found.log_evidence_worse >= std::log(kMeasureCount / alpha);
  // All must be found fine, so that each may err as often as the whole.
  found.is_fine = found.log_evidence_fine >= -std::log(alpha);
  found.is_better = found.log_evidence_better >= -std::log(alpha);
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
  const char* const unit = one.name == "mean_loss" ? " labels" : " answers";
  return one.name + " " + text_of(one.challenger.mean()) + " of " +
         std::to_string(one.challenger.count) + unit + ", " + text_of(one.champion.mean()) +
         " of " + std::to_string(one.champion.count) + " of the champion; difference " +
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

/// What keeps it from being promoted; empty: nothing.
std::string lacking(const Rollout& rollout, const std::vector<Comparison>& comparisons) {
  const RolloutPlan& plan = rollout.plan;
  for (const Comparison& one : comparisons) {
    if (one.name == "mean_loss") {
      const int64_t labels = std::min(one.champion.count, one.challenger.count);
      const bool must_be_better = plan.mode == RolloutMode::ab;
      if (plan.labels_min == 0 && !must_be_better) continue;
      if (labels < plan.labels_min) {
        return std::to_string(labels) + " of " + std::to_string(plan.labels_min) +
               " labels of each model have come";
      }
      if (must_be_better ? one.is_better : one.is_fine) continue;
      return must_be_better ? "that its loss is lower is not shown yet: " + describe(one)
                            : "that its loss is no higher is not shown yet: " + describe(one);
    } else if (!one.is_fine) {
      return "that it is no worse is not shown yet: " + describe(one);
    }
  }
  return {};
}

struct Decision {
  RolloutMove move;
  std::string reason;
};

Decision decide(const Rollout& rollout, const RolloutReport& report, Time now) {
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
  if (rollout.step + 1 < plan.shares.size()) {
    return {RolloutMove::advance, "nothing is worse: " + describe_all(report.comparisons)};
  }
  if (std::string what = lacking(rollout, report.comparisons); !what.empty()) {
    return {RolloutMove::wait, std::move(what)};
  }
  return {RolloutMove::promote, (plan.mode == RolloutMode::ab ? "better: " : "no worse: ") +
                                    describe_all(report.comparisons)};
}

Json to_json(const ArmTotal& total) { return {{"count", total.count}, {"mean", total.mean()}}; }

/// Probabilities that would be smaller than all doubles are told as logarithms.
Json to_json(const Comparison& one) {
  return {{"name", one.name},
          {"margin", one.margin},
          {"champion", to_json(one.champion)},
          {"challenger", to_json(one.challenger)},
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
                            const StepLosses& losses, Time now) {
  const RolloutPlan& plan = rollout.plan;
  RolloutReport report;
  report.steps = std::move(steps);
  report.comparisons.push_back(compare("error_rate", pairs_of(report.steps, &StepTotals::errors),
                                       plan.error_margin, plan.alpha));
  // A shadow answers when there is time for it: how long that takes says nothing.
  if (plan.mode != RolloutMode::shadow) {
    report.comparisons.push_back(compare("slow_rate", pairs_of(report.steps, &StepTotals::slow),
                                         plan.slow_margin, plan.alpha));
  }
  report.comparisons.push_back(compare("mean_loss", losses, plan.loss_margin, plan.alpha));
  Decision decision = decide(rollout, report, now);
  report.move = decision.move;
  report.reason = std::move(decision.reason);
  return report;
}

Result<RolloutReport> saved_report(const std::string& rollouts, const Rollout& rollout, Time now) {
  const std::string folder = rollout_folder(rollouts, rollout);
  MILLGATE_ASSIGN(std::vector<StepTotals> steps, saved_totals(folder, rollout.plan.shares.size()));
  MILLGATE_ASSIGN(const StepLosses losses, saved_losses(folder, rollout.plan.shares.size()));
  return judge_rollout(rollout, std::move(steps), losses, now);
}

Json rollout_json(const Rollout& rollout, const RolloutReport& report) {
  const RolloutPlan& plan = rollout.plan;
  Json steps = Json::array();
  for (size_t i = 0; i < report.steps.size(); ++i) {
    const StepTotals& step = report.steps[i];
    const auto arm = [&](Arm which) -> Json {
      const size_t at = index_of(which);
      return {{"answers", step.answers[at]}, {"errors", step.errors[at]}, {"slow", step.slow[at]}};
    };
    steps.push_back({{"share", plan.shares[i]},
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
