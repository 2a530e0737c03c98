#include "system/monitor/money_change.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace millgate {
namespace {

constexpr double kChance = 0.01;
constexpr int64_t kCellRowsMin = 30;

struct Moments {
  double mean = 0;
  double variance_of_mean = 0;
  double freedom = 0;
};

Moments moments_of(std::span<const double> values) {
  Moments found;
  for (const double value : values) found.mean += value / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - found.mean) * (value - found.mean);
  found.freedom = static_cast<double>(values.size()) - 1;
  found.variance_of_mean = squares / found.freedom / static_cast<double>(values.size());
  return found;
}

/// Of equal means (Welch 1947).
struct Welch {
  double p_value = 1;  ///< Two-sided.
  double margin = 0;   ///< Half of the 95 % interval of the difference.
};

Welch welch_test(const Moments& a, const Moments& b) {
  const double variance = a.variance_of_mean + b.variance_of_mean;
  if (variance <= 0) return {.p_value = a.mean == b.mean ? 1.0 : 0.0};
  const double freedom = variance * variance /
                         (a.variance_of_mean * a.variance_of_mean / a.freedom +
                          b.variance_of_mean * b.variance_of_mean / b.freedom);
  const double t = std::abs(a.mean - b.mean) / std::sqrt(variance);
  const boost::math::students_t spread(freedom);
  return {.p_value = 2 * boost::math::cdf(boost::math::complement(spread, t)),
          .margin = boost::math::quantile(spread, 0.975) * std::sqrt(variance)};
}

double mean_of(double sum, int64_t count) { return sum / static_cast<double>(count); }

std::vector<double> per_1000(std::span<const MoneyDay> days) {
  std::vector<double> values;
  values.reserve(days.size());
  for (const MoneyDay& day : days)
    values.push_back(1000 * mean_of(day.money, day.prediction_count));
  return values;
}

bool is_fall(double before, double after) {
  return before - after >= kMoneyFallMin * std::abs(before) && before > after;
}

}  // namespace

std::optional<MoneyFall> find_money_fall(std::span<const MoneyDay> days) {
  if (days.size() < kMoneyDaysBefore + kMoneyDaysAfter) return std::nullopt;
  const std::vector<double> values = per_1000(days);
  const std::span<const double> all(values);
  std::optional<MoneyFall> best;
  const size_t tries = days.size() - kMoneyDaysBefore - kMoneyDaysAfter + 1;
  for (size_t at = kMoneyDaysBefore; at + kMoneyDaysAfter <= days.size(); ++at) {
    const Moments before = moments_of(all.first(at));
    const Moments after = moments_of(all.subspan(at));
    if (!is_fall(before.mean, after.mean)) continue;
    const Welch welch = welch_test(before, after);
    const double p_value = std::min(1.0, welch.p_value * static_cast<double>(tries));
    if (p_value >= kChance || (best && p_value >= best->p_value)) continue;
    best = {.first_day = at,
            .before = before.mean,
            .after = after.mean,
            .p_value = p_value,
            .margin = welch.margin};
  }
  return best;
}

std::optional<MoneyFall> move_money_fall(const MoneyFall& fall, std::span<const MoneyDay> days,
                                         size_t first_day) {
  const std::vector<double> values = per_1000(days);
  const std::span<const double> all(values);
  const Moments before = moments_of(all.first(first_day));
  const Moments after = moments_of(all.subspan(first_day));
  if (!is_fall(before.mean, after.mean)) return std::nullopt;
  return MoneyFall{.first_day = first_day,
                   .before = before.mean,
                   .after = after.mean,
                   .p_value = fall.p_value,
                   .margin = welch_test(before, after).margin};
}

std::optional<size_t> find_price_change(std::span<const MoneyDay> kind) {
  double money_all = 0;
  int64_t count_all = 0;
  for (const MoneyDay& day : kind) {
    money_all += day.money;
    count_all += day.prediction_count;
  }
  if (count_all == 0) return std::nullopt;
  std::optional<size_t> best;
  double best_gain = 0;
  double money = 0;
  int64_t count = 0;
  for (size_t at = 0; at + kMoneyDaysAfter <= kind.size(); ++at) {
    if (at >= kMoneyDaysBefore && count > 0 && count < count_all) {
      // The squares are least where those between the two means are most.
      const double apart = mean_of(money, count) - mean_of(money_all - money, count_all - count);
      const double gain = apart * apart * static_cast<double>(count) *
                          static_cast<double>(count_all - count) / static_cast<double>(count_all);
      if (gain > 0 && gain >= best_gain) {
        best_gain = gain;
        best = at;
      }
    }
    money += kind[at].money;
    count += kind[at].prediction_count;
  }
  return best;
}

MoneyParts part_money_change(std::span<const MoneyGroup> groups) {
  int64_t count_before = 0;
  int64_t count_after = 0;
  for (const MoneyGroup& group : groups) {
    count_before += group.count_before;
    count_after += group.count_after;
  }
  MoneyParts parts;
  for (const MoneyGroup& group : groups) {
    double price = 0;
    if (group.count_before + group.count_after > 0) {
      const double before = group.count_before > 0 ? mean_of(group.money_before, group.count_before)
                                                   : mean_of(group.money_after, group.count_after);
      const double after =
          group.count_after > 0 ? mean_of(group.money_after, group.count_after) : before;
      const double share_before = mean_of(static_cast<double>(group.count_before), count_before);
      const double share_after = mean_of(static_cast<double>(group.count_after), count_after);
      parts.mix += (share_after - share_before) * (before + after) / 2;
      price = (after - before) * (share_before + share_after) / 2;
    }
    parts.price.push_back(price);
  }
  return parts;
}

std::optional<double> threshold_by_prices(const MoneyCells& cells) {
  std::array<double, 4> mean = {};
  for (size_t at = 0; at < cells.size(); ++at) {
    if (cells[at].count_after < kCellRowsMin) return std::nullopt;
    mean[at] = mean_of(cells[at].money_after, cells[at].count_after);
  }
  const double lost_by_false_alarm = mean[3] - mean[1];
  const double won_by_true_alarm = mean[0] - mean[2];
  if (lost_by_false_alarm <= 0 || won_by_true_alarm <= 0) return std::nullopt;
  return lost_by_false_alarm / (lost_by_false_alarm + won_by_true_alarm);
}

}  // namespace millgate
