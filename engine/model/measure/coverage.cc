#include "model/measure/coverage.h"

#include <utility>

namespace millgate {
namespace {

/// The mean of numbers of 0 or more is their mean absolute error against 0, which has slices and
/// intervals already.
Result<std::vector<Evidence>> means_of(const std::vector<double>& numbers,
                                       const std::string& metric,
                                       const std::vector<SliceColumn>& slices,
                                       const CoverageOptions& options) {
  const std::vector<double> zeros(numbers.size(), 0);
  MeasureOptions how;
  how.resamples = options.resamples;
  how.seed = options.seed;
  how.regression = true;
  how.data = options.data;
  how.inputs = options.inputs;
  MILLGATE_ASSIGN(std::vector<Evidence> all,
                  measure_quality({.label = zeros, .prediction = numbers}, slices, how));
  std::erase_if(all, [](const Evidence& one) { return one.metric != "mae"; });
  for (Evidence& one : all) one.metric = metric;
  return all;
}

}  // namespace

Result<std::vector<Evidence>> measure_coverage(const Surrounded& rows,
                                               const std::vector<SliceColumn>& slices,
                                               const CoverageOptions& options) {
  if (rows.held.size() != rows.size.size()) {
    return invalid_input("measuring coverage: " + std::to_string(rows.held.size()) +
                         " rows that are held or not, but " + std::to_string(rows.size.size()) +
                         " sizes");
  }
  MILLGATE_ASSIGN(std::vector<Evidence> evidence,
                  means_of(std::vector<double>(rows.held.begin(), rows.held.end()), "coverage",
                           slices, options));
  MILLGATE_ASSIGN(std::vector<Evidence> sizes,
                  means_of(std::vector<double>(rows.size.begin(), rows.size.end()),
                           options.size_metric, slices, options));
  for (Evidence& one : sizes) evidence.push_back(std::move(one));
  return evidence;
}

}  // namespace millgate
