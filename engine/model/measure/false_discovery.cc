#include "model/measure/false_discovery.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace millgate {

std::vector<double> adjusted_p_values(std::span<const double> p_values, FalseDiscovery method) {
  std::vector<double> adjusted;
  for (const double p : p_values) adjusted.push_back(std::isnan(p) ? 1 : std::clamp(p, 0.0, 1.0));
  if (method == FalseDiscovery::none) return adjusted;
  const double count = static_cast<double>(adjusted.size());
  double factor = count;
  if (method == FalseDiscovery::benjamini_yekutieli) {
    double harmonic = 0;
    for (size_t i = 1; i <= adjusted.size(); ++i) harmonic += 1 / static_cast<double>(i);
    factor *= harmonic;
  }
  std::vector<size_t> order(adjusted.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return adjusted[a] < adjusted[b]; });
  // From the largest down: none is larger than one that ranks above it.
  double least = 1;
  for (size_t rank = order.size(); rank > 0; --rank) {
    double& p = adjusted[order[rank - 1]];
    least = std::min(least, p * factor / static_cast<double>(rank));
    p = least;
  }
  return adjusted;
}

}  // namespace millgate
