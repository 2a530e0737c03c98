#include "model/measure/model_contest.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "model/measure/group_measures.h"
#include "model/measure/metric.h"

namespace millgate {
namespace {

/// In four of five tries.
constexpr double kPower = 0.8;
/// Share of the error that ends are set by; the rest covers that they are a little too sure.
constexpr double kUsedOfTail = 0.8;

double normal_quantile(double share) {
  return boost::math::quantile(boost::math::normal_distribution<double>(), share);
}

}  // namespace

double Advantage::detectable(double tail) const {
  return (normal_quantile(1 - kUsedOfTail * tail) + normal_quantile(kPower)) * standard_error;
}

double Advantage::power(double truth, double bound, double tail) const {
  if (!(standard_error > 0)) return truth >= bound ? 1 : 0;
  return boost::math::cdf(
      boost::math::normal_distribution<double>(),
      (truth - bound) / standard_error - normal_quantile(1 - kUsedOfTail * tail));
}

ModelContest::Side ModelContest::measure(const Outcome& rows,
                                         const std::vector<std::vector<uint32_t>>& groups,
                                         const MeasureOptions& options) {
  const GroupMeasures measured = measure_groups(rows, groups, options);
  Side side;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t m = 0; m < kMeasureCount; ++m) {
      const auto measure = static_cast<Measure>(m);
      Series series{.value = measured.value(g, measure), .resampled = {}};
      for (size_t r = 0; r < measured.resamples(); ++r) {
        series.resampled.push_back(measured.value(r, g, measure));
      }
      side.series.push_back(std::move(series));
    }
  }
  return side;
}

Result<ModelContest> ModelContest::hold(std::span<const double> label, const Contender& challenger,
                                        const Contender& champion,
                                        const std::vector<RowSlice>& slices,
                                        const MeasureOptions& options,
                                        std::span<const uint32_t> query) {
  ModelContest contest;
  std::vector<std::vector<uint32_t>> groups;
  groups.reserve(slices.size());
  for (const RowSlice& slice : slices) groups.push_back(slice.rows);
  for (const auto& [contender, side] :
       {std::pair{&challenger, &contest.challenger_}, std::pair{&champion, &contest.champion_}}) {
    const Outcome rows{.label = label, .prediction = contender->prediction, .query = query};
    MeasureOptions own = options;
    own.threshold = contender->threshold;
    own.decide_by.assign(contender->decide_by.begin(), contender->decide_by.end());
    MILLGATE_TRY(check_outcome(rows, {}, own));
    *side = measure(rows, groups, own);
  }
  const Outcome rows{.label = label, .prediction = challenger.prediction, .query = query};
  for (const std::vector<uint32_t>& group : groups) {
    contest.row_counts_.push_back(judged_of(rows, group, options).count);
  }
  return contest;
}

std::optional<Advantage> ModelContest::advantage(size_t slice, std::string_view metric,
                                                 double tail) const {
  const auto* name = std::find(kMeasureNames.begin(), kMeasureNames.end(), metric);
  if (name == kMeasureNames.end()) return std::nullopt;
  const size_t at = slice * kMeasureCount + static_cast<size_t>(name - kMeasureNames.begin());
  const Series& ours = challenger_.series[at];
  const Series& theirs = champion_.series[at];
  const double sign = find_metric(metric)->higher_is_better ? 1 : -1;
  std::vector<double> resampled;
  for (size_t r = 0; r < ours.resampled.size(); ++r) {
    const double one = sign * (ours.resampled[r] - theirs.resampled[r]);
    if (!std::isnan(one)) resampled.push_back(one);
  }
  Advantage advantage{.value = sign * (ours.value - theirs.value),
                      .challenger = ours.value,
                      .champion = theirs.value,
                      .row_count = row_counts_[slice]};
  const size_t all = ours.resampled.size();
  const bool too_many_undefined = all == 0 || (all - resampled.size()) * 10 >= all;
  if (std::isnan(advantage.value) || advantage.row_count < 2 || too_many_undefined) {
    return std::nullopt;
  }
  std::sort(resampled.begin(), resampled.end());
  double mean = 0;
  for (const double one : resampled) mean += one / static_cast<double>(resampled.size());
  double squares = 0;
  for (const double one : resampled) squares += (one - mean) * (one - mean);
  advantage.standard_error =
      std::sqrt(squares / std::max<double>(1, static_cast<double>(resampled.size()) - 1));
  const boost::math::students_t_distribution<double> student(
      static_cast<double>(advantage.row_count - 1));
  const double used = kUsedOfTail * tail;
  const double reach = boost::math::quantile(student, 1 - used) * advantage.standard_error;
  advantage.lower = std::min(quantile(resampled, used), advantage.value - reach);
  advantage.upper = std::max(quantile(resampled, 1 - used), advantage.value + reach);
  return advantage;
}

}  // namespace millgate
