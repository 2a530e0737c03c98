#include "model/measure/coverage.h"

#include <utility>

#include "model/measure/row_means.h"

namespace millgate {
Result<std::vector<Evidence>> measure_coverage(const Surrounded& rows,
                                               const std::vector<SliceColumn>& slices,
                                               const CoverageOptions& options) {
  if (rows.held.size() != rows.size.size()) {
    return invalid_input("measuring coverage: " + std::to_string(rows.held.size()) +
                         " rows that are held or not, but " + std::to_string(rows.size.size()) +
                         " sizes");
  }
  MeasureOptions how;
  how.resamples = options.resamples;
  how.seed = options.seed;
  how.data = options.data;
  how.inputs = options.inputs;
  const std::vector<double> held(rows.held.begin(), rows.held.end());
  MILLGATE_ASSIGN(std::vector<Evidence> evidence, measure_row_means(held, "coverage", slices, how));
  MILLGATE_ASSIGN(std::vector<Evidence> sizes,
                  measure_row_means(rows.size, options.size_metric, slices, how));
  for (Evidence& one : sizes) evidence.push_back(std::move(one));
  return evidence;
}

}  // namespace millgate
