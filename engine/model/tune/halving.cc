#include "model/tune/halving.h"

#include <algorithm>
#include <cmath>

namespace millgate {

std::vector<int> halving_rungs(int rounds_max) {
  std::vector<int> rungs;
  for (int rung = rounds_max / kHalvingFactor; rung >= kFirstRungMin; rung /= kHalvingFactor) {
    if (rungs.size() == 3) break;
    rungs.insert(rungs.begin(), rung);
  }
  return rungs;
}

bool goes_on(double loss, std::span<const double> known) {
  if (std::isnan(loss)) return false;
  if (known.size() < kHalvingKnownMin) return true;
  const auto better =
      std::count_if(known.begin(), known.end(), [&](double other) { return other < loss; });
  const size_t places = std::max<size_t>((known.size() + 1) / kHalvingFactor, 1);
  return static_cast<size_t>(better) < places;
}

}  // namespace millgate
