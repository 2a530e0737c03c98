#include "model/study/study_periods.h"

#include <algorithm>
#include <numeric>

namespace millgate {

namespace {

/// Appends the periods of the rows `numbers` of the joined table.
void cut(const TrainingRows& rows, const std::vector<int64_t>& numbers, bool is_held_out,
         size_t count, std::vector<PeriodRows>& periods) {
  const auto time = [&](size_t i) { return rows.times[static_cast<size_t>(numbers[i])]; };
  std::vector<size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return time(a) < time(b); });
  size_t begin = 0;
  for (size_t i = 1; i <= count; ++i) {
    size_t end = std::max(begin, order.size() * i / count);
    while (end > 0 && end < order.size() && time(order[end]) == time(order[end - 1])) ++end;
    if (begin == end) continue;
    PeriodRows one;
    one.rows.assign(order.begin() + static_cast<ptrdiff_t>(begin),
                    order.begin() + static_cast<ptrdiff_t>(end));
    one.period = {.from_micros = time(one.rows.front()),
                  .to_micros = time(one.rows.back()),
                  .row_count = static_cast<int64_t>(one.rows.size()),
                  .is_held_out = is_held_out};
    std::sort(one.rows.begin(), one.rows.end());
    periods.push_back(std::move(one));
    begin = end;
  }
}

}  // namespace

std::vector<PeriodRows> study_periods(const TrainingRows& rows, const Split& split,
                                      const TrainSettings& settings, int count) {
  std::vector<PeriodRows> periods;
  if (settings.split_by != "time" || count < 1) return periods;
  cut(rows, split.train, false, static_cast<size_t>(count), periods);
  cut(rows, split.test, true, static_cast<size_t>(count), periods);
  return periods;
}

}  // namespace millgate
