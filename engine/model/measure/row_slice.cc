#include "model/measure/row_slice.h"

#include <cmath>
#include <numeric>

#include "model/measure/group_measures.h"
#include "model/measure/metric.h"

namespace millgate {
namespace {

/// `judged` of the slice, out of `all`: rows, or queries of a ranking.
Unmeasured too_few(const RowSlice& slice, int64_t judged, int64_t all, bool ranking) {
  const std::string unit = ranking ? " test queries" : " test rows";
  std::string why = std::to_string(judged) + " of the " + std::to_string(all) + unit +
                    " are in it, and " + std::to_string(kGroupRowsMin) + " are needed";
  if (judged > 0) {
    const double needed =
        std::ceil(static_cast<double>(all) * kGroupRowsMin / static_cast<double>(judged));
    why += ": about " + std::to_string(static_cast<int64_t>(needed)) + unit + " in all";
  }
  return {.metric = {}, .slice = slice.name, .why = std::move(why)};
}

}  // namespace

Result<MeasuredSlices> measure_slices(const Outcome& rows, const std::vector<RowSlice>& slices,
                                      const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, {}, options));
  MeasuredSlices quality;
  std::vector<const RowSlice*> judged;
  std::vector<Judged> rest_on;
  std::vector<std::vector<uint32_t>> groups;
  std::vector<uint32_t> all_rows(rows.label.size());
  std::iota(all_rows.begin(), all_rows.end(), 0U);
  const int64_t all = judged_of(rows, all_rows, options).count;
  for (const RowSlice& slice : slices) {
    Judged one = judged_of(rows, slice.rows, options);
    if (!slice.name.empty() && one.count < kGroupRowsMin) {
      quality.unmeasured.push_back(too_few(slice, one.count, all, options.ranking));
      continue;
    }
    judged.push_back(&slice);
    rest_on.push_back(std::move(one));
    groups.push_back(slice.rows);
  }
  const GroupMeasures measures = measure_groups(rows, groups, options);
  for (size_t g = 0; g < judged.size(); ++g) {
    for (size_t m = 0; m < kMeasureCount; ++m) {
      const auto measure = static_cast<Measure>(m);
      if (!is_of_task(measure, options)) continue;
      Evidence evidence{.metric = kMeasureNames[m],
                        .value = measures.value(g, measure),
                        .lower = std::nullopt,
                        .upper = std::nullopt,
                        .slice = judged[g]->name,
                        .row_count = rest_on[g].count,
                        .data = options.data,
                        .inputs = options.inputs,
                        .note = rest_on[g].note};
      if (std::isnan(evidence.value)) {
        quality.unmeasured.push_back({evidence.metric, evidence.slice,
                                      "it is not defined for these " +
                                          std::to_string(evidence.row_count) + " " +
                                          counted_in(evidence.metric)});
        continue;
      }
      std::vector<double> resampled(measures.resamples());
      for (size_t r = 0; r < resampled.size(); ++r) resampled[r] = measures.value(r, g, measure);
      set_interval(std::move(resampled), chance_of(measure), evidence);
      quality.evidence.push_back(std::move(evidence));
    }
  }
  return quality;
}

}  // namespace millgate
