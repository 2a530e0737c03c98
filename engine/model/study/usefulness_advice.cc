#include "model/study/usefulness_advice.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace millgate {

namespace {

/// In a period it must have this share of the information of the best period.
constexpr double kLastingShare = 0.2;
constexpr double kInformationMin = 0.002;
constexpr int64_t kDirectionDeviations = 4;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

/// How strong a figure alone is beyond guessing: 0 to 1.
double beyond_guessing(double strength, bool regression) {
  return std::max(0.0, regression ? strength : 2 * strength - 1);
}

const char* strength_name(const Usefulness& of) { return of.regression ? "R2" : "AUC"; }

std::string implausible(const UsefulFeature& one, const Usefulness& of) {
  const std::string alone =
      std::string("alone it has an ") + strength_name(of) + " of " + number(one.alone);
  if (one.alone >= kImplausibleAlone) {
    return alone + ": ask whether it is known before the label is";
  }
  const bool is_strong = one.alone >= kSuspectAlone;
  if (!is_strong || std::isnan(one.others)) return {};
  if (beyond_guessing(one.others, of.regression) > beyond_guessing(one.alone, of.regression) / 2) {
    return {};
  }
  return alone + ", all others together one of " + number(one.others) +
         ": ask whether it is known before the label is";
}

std::string period_name(const Usefulness& of, size_t period) {
  return "period " + std::to_string(period + 1) + " of " + std::to_string(of.periods.size());
}

/// Empty when what it says of the label lasts.
std::string change_in_time(const UsefulFeature& one, const Usefulness& of) {
  if (one.periods.size() < 2) return {};
  const auto less = [](const FeatureInPeriod& a, const FeatureInPeriod& b) {
    return a.information < b.information;
  };
  const auto best = std::max_element(one.periods.begin(), one.periods.end(), less);
  const auto worst = std::min_element(one.periods.begin(), one.periods.end(), less);
  const auto at = [&](auto period) {
    return period_name(of, static_cast<size_t>(period - one.periods.begin()));
  };
  if (best->is_clear && best->information >= kInformationMin &&
      worst->information < kLastingShare * best->information) {
    return "what it says of the label does not last: " + number(best->information) + " nats in " +
           at(best) + ", " + number(worst->information) + " in " + at(worst);
  }
  for (size_t i = 0; i < one.periods.size(); ++i) {
    const auto clear = [&](size_t period) {
      const auto rows = static_cast<double>(of.periods[period].row_count);
      return std::abs(one.periods[period].direction) * std::sqrt(rows) > kDirectionDeviations;
    };
    const bool turned = one.periods[0].direction * one.periods[i].direction < 0;
    if (turned && clear(0) && clear(i)) {
      return "its direction turns: rank correlation with the label " +
             number(one.periods[0].direction) + " in " + period_name(of, 0) + ", " +
             number(one.periods[i].direction) + " in " + period_name(of, i);
    }
  }
  return {};
}

const FeatureGroup* group_of(const Usefulness& of, const std::string& name) {
  for (const FeatureGroup& group : of.groups) {
    if (std::find(group.features.begin(), group.features.end(), name) != group.features.end()) {
      return &group;
    }
  }
  return nullptr;
}

/// The first of `features` that is in the group: they are sorted by loss.
const UsefulFeature& best_of(const Usefulness& of, const FeatureGroup& group) {
  return *std::find_if(of.features.begin(), of.features.end(), [&](const UsefulFeature& one) {
    return std::find(group.features.begin(), group.features.end(), one.name) !=
           group.features.end();
  });
}

std::string told_by(const UsefulFeature& one) {
  const bool by_rank = std::abs(one.rank_correlation) > one.told_share;
  return by_rank ? "rank correlation " + number(one.rank_correlation)
                 : "which tells " + number(100 * one.told_share) + " % of it";
}

void set(UsefulFeature& one, FeatureAdvice advice, std::string reason) {
  one.advice = advice;
  one.reason = std::move(reason);
}

/// By the ends of the intervals; nothing where one is missing.
std::optional<double> largest_loss(const UsefulFeature& one) {
  if (!one.permuted->upper) return std::nullopt;
  if (one.left_out && !one.left_out->upper) return std::nullopt;
  return std::max(*one.permuted->upper, one.left_out ? *one.left_out->upper : 0.0);
}

std::string share_of_gain(double loss, const Usefulness& of) {
  return of.gain.value > 0 ? number(100 * std::max(0.0, loss) / of.gain.value) + " %" : "all";
}

/// `reason`, and what changes in time where something does.
std::string with_change(const std::string& reason, const std::string& change) {
  return change.empty() ? reason : reason + "; " + change;
}

void judge_by_loss(UsefulFeature& one, const Usefulness& of) {
  const FeatureGroup* group = group_of(of, one.name);
  const std::string change = change_in_time(one, of);
  const bool is_needed = one.left_out && one.left_out->is_above_zero();
  const bool is_used = one.permuted->is_above_zero();
  if (one.left_out && one.left_out->is_below_zero()) {
    return set(
        one, FeatureAdvice::drop,
        with_change("trained without it the model is better by " + number(-one.left_out->value),
                    change));
  }
  if (group != nullptr && !is_needed && best_of(of, *group).name != one.name) {
    return set(one, FeatureAdvice::redundant,
               "carried by " + one.nearest + ", " + told_by(one) +
                   (one.left_out ? "; the model trained without it is no worse" : ""));
  }
  if (is_needed || (is_used && (group != nullptr || !one.left_out))) {
    const std::string reason =
        is_needed ? "trained without it the model is worse by " + number(one.left_out->value)
        : group != nullptr ? "the one to keep of its group"
                           : "the model is worse by " + number(one.permuted->value) +
                                 " where its values are permuted";
    return set(one, change.empty() ? FeatureAdvice::keep : FeatureAdvice::watch,
               with_change(reason, change));
  }
  const std::optional<double> most = largest_loss(one);
  if (most && *most <= kNegligibleShare * of.gain.value) {
    return set(one, FeatureAdvice::drop,
               with_change("it is worth at most " + share_of_gain(*most, of) +
                               " of what the model gains over the mean label",
                           change));
  }
  std::string reason =
      is_used ? "the model uses it, but trained without it is not clearly worse" : "no clear use";
  if (most) reason += "; it may be worth up to " + share_of_gain(*most, of) + " of the gain";
  set(one, FeatureAdvice::unclear, with_change(reason, change));
}

}  // namespace

std::string_view to_string(FeatureAdvice advice) {
  switch (advice) {
    case FeatureAdvice::keep:
      return "keep";
    case FeatureAdvice::watch:
      return "watch";
    case FeatureAdvice::unclear:
      return "unclear";
    case FeatureAdvice::redundant:
      return "redundant";
    case FeatureAdvice::drop:
      return "drop";
    case FeatureAdvice::suspect:
      return "suspect";
    case FeatureAdvice::leak:
      return "leak";
  }
  return {};
}

void judge_features(Usefulness& usefulness) {
  for (UsefulFeature& one : usefulness.features) {
    if (std::string reason = implausible(one, usefulness); !reason.empty()) {
      set(one, FeatureAdvice::suspect, std::move(reason));
    } else if (one.missing_share == 1) {
      set(one, FeatureAdvice::drop, "it is missing in every training row");
    } else {
      judge_by_loss(one, usefulness);
    }
  }
}

}  // namespace millgate
