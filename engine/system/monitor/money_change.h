/// Since when predictions earn less, and what that comes from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/clock.h"

namespace millgate {

/// What the predictions of one day (UTC) earned.
struct MoneyDay {
  int64_t begin_micros = 0;
  double money = 0;
  int64_t prediction_count = 0;  ///< Above 0, where it is not said otherwise.
};

/// A fall of what one prediction earns.
struct MoneyFall {
  size_t first_day = 0;  ///< Index of the first day after it.
  double before = 0;     ///< Mean of the days, per 1,000 predictions.
  double after = 0;
  /// That it fell at all: of Welch's test on the most certain day, times the number of days tried
  /// (at most 1).
  double p_value = 1;
  double margin = 0;  ///< Half of the 95 % interval (Welch's) of after less before.
};

/// Days that must lie before and after a fall, and the smallest that is one: a share of before.
inline constexpr size_t kMoneyDaysBefore = 7, kMoneyDaysAfter = 5;
inline constexpr double kMoneyFallMin = 0.05;

/// The day on which the fall is most certain, where it is beyond chance (p < 0.01) and large
/// enough. Nothing also when there are too few days. Days count alike: a day is a sample, not its
/// rows, which go up and down together.
[[nodiscard]] std::optional<MoneyFall> find_money_fall(std::span<const MoneyDay> days);

/// The same fall counted from another day; nothing where it is none by then.
[[nodiscard]] std::optional<MoneyFall> move_money_fall(const MoneyFall& fall,
                                                       std::span<const MoneyDay> days,
                                                       size_t first_day);

/// The day on which the price of one kind of prediction changed: days of a fall as find_money_fall
/// tries them, of which that one is taken that leaves the days' prices least apart from their means
/// (squares, weighted by predictions), the last of several: on it the new price shows. How often
/// the kind comes does not matter, as it does to what all earn. `kind` has the days of the fall,
/// some without a prediction of the kind. Nothing where the kind is on one side only, or no day
/// leaves less than another.
[[nodiscard]] std::optional<size_t> find_price_change(std::span<const MoneyDay> kind);

/// The predictions of one kind, before and after.
struct MoneyGroup {
  std::string name;
  int64_t count_before = 0, count_after = 0;
  double money_before = 0, money_after = 0;  ///< Sums.
};

/// One explanation of a fall, with the share of it that it explains; explanations overlap, and
/// a share can be below 0 or above 1.
struct MoneyCause {
  std::string kind;     ///< "mix": more of a kind that earns less; "price": a kind earns less.
  std::string subject;  ///< The column, or the kind of decision.
  double share = 0;
  std::string words;  ///< For people, with the figures.
};

/// What kinds of predictions explain of a fall (Kitagawa 1955): the change of the mean is the sum
/// over kinds of (change of share) * (mean of both means) + (change of mean) * (mean of both
/// shares); exact. A kind that was absent on one side has the mean of the other there.
struct MoneyParts {
  double mix = 0;             ///< Per prediction.
  std::vector<double> price;  ///< One a group.
};
[[nodiscard]] MoneyParts part_money_change(std::span<const MoneyGroup> groups);

/// True and false alarms, missed and rightly let be, in this order.
using MoneyCells = std::array<MoneyGroup, 4>;

/// From the cells after the fall: the threshold that earns most where probabilities are calibrated,
/// (let be - false alarm) / (let be - false alarm + true alarm - missed). Nothing with fewer than
/// 30 predictions in a cell, or where one answer is always the better one.
[[nodiscard]] std::optional<double> threshold_by_prices(const MoneyCells& cells);

}  // namespace millgate
