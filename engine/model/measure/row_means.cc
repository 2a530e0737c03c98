#include "model/measure/row_means.h"

#include <utility>

namespace millgate {

Result<MeasuredSlices> measure_row_means(std::span<const double> values, const std::string& metric,
                                         const std::vector<RowSlice>& slices,
                                         MeasureOptions options) {
  const std::vector<double> zeros(values.size(), 0);
  options.regression = true;
  options.utility.reset();
  MILLGATE_ASSIGN(MeasuredSlices measured,
                  measure_slices({.label = zeros, .prediction = values}, slices, options));
  std::erase_if(measured.evidence, [](const Evidence& one) { return one.metric != "mae"; });
  for (Evidence& one : measured.evidence) one.metric = metric;
  std::erase_if(measured.unmeasured, [](const Unmeasured& one) { return !one.metric.empty(); });
  return measured;
}

}  // namespace millgate
