#include "model/measure/row_means.h"

namespace millgate {
namespace {

MeasureOptions against_zero(MeasureOptions options) {
  options.regression = true;
  options.utility.reset();
  return options;
}

/// Keeps the mean absolute errors, as `metric`.
void keep_means(const std::string& metric, std::vector<Evidence>& evidence) {
  std::erase_if(evidence, [](const Evidence& one) { return one.metric != "mae"; });
  for (Evidence& one : evidence) one.metric = metric;
}

}  // namespace

Result<MeasuredSlices> measure_row_means(std::span<const double> values, const std::string& metric,
                                         const std::vector<RowSlice>& slices,
                                         const MeasureOptions& options) {
  const std::vector<double> zeros(values.size(), 0);
  MILLGATE_ASSIGN(MeasuredSlices measured, measure_slices({.label = zeros, .prediction = values},
                                                          slices, against_zero(options)));
  keep_means(metric, measured.evidence);
  std::erase_if(measured.unmeasured, [](const Unmeasured& one) { return !one.metric.empty(); });
  return measured;
}

Result<std::vector<Evidence>> measure_row_means(std::span<const double> values,
                                                const std::string& metric,
                                                const std::vector<SliceColumn>& slices,
                                                const MeasureOptions& options) {
  const std::vector<double> zeros(values.size(), 0);
  MILLGATE_ASSIGN(
      std::vector<Evidence> evidence,
      measure_quality({.label = zeros, .prediction = values}, slices, against_zero(options)));
  keep_means(metric, evidence);
  return evidence;
}

}  // namespace millgate
