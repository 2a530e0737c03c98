#include "model/measure/row_slice.h"

#include <cmath>

#include "model/measure/group_measures.h"

namespace millgate {
namespace {

Unmeasured too_few(const RowSlice& slice, size_t all_rows) {
  const auto rows = static_cast<double>(slice.rows.size());
  std::string why = std::to_string(slice.rows.size()) + " of the " + std::to_string(all_rows) +
                    " test rows are in it, and " + std::to_string(kGroupRowsMin) + " are needed";
  if (rows > 0) {
    const double needed = std::ceil(static_cast<double>(all_rows) * kGroupRowsMin / rows);
    why += ": about " + std::to_string(static_cast<int64_t>(needed)) + " test rows in all";
  }
  return {.metric = {}, .slice = slice.name, .why = std::move(why)};
}

}  // namespace

Result<MeasuredSlices> measure_slices(const Outcome& rows, const std::vector<RowSlice>& slices,
                                      const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, {}, options));
  MeasuredSlices quality;
  std::vector<const RowSlice*> judged;
  std::vector<std::vector<uint32_t>> groups;
  for (const RowSlice& slice : slices) {
    if (!slice.name.empty() && std::ssize(slice.rows) < kGroupRowsMin) {
      quality.unmeasured.push_back(too_few(slice, rows.label.size()));
      continue;
    }
    judged.push_back(&slice);
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
                        .row_count = static_cast<int64_t>(judged[g]->rows.size()),
                        .data = options.data,
                        .inputs = options.inputs};
      if (std::isnan(evidence.value)) {
        quality.unmeasured.push_back(
            {evidence.metric, evidence.slice,
             "it is not defined for these " + std::to_string(evidence.row_count) + " rows"});
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
