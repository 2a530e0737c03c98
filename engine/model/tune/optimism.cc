#include "model/tune/optimism.h"

#include <algorithm>
#include <cmath>

namespace millgate {

std::optional<Optimism> optimism_of(std::span<const Trial> trials, size_t winner,
                                    bool higher_is_better) {
  const TrialOutcome& own = trials[winner].outcome;
  if (own.values.empty()) return std::nullopt;
  double sum = 0;
  int resamples = 0;
  for (size_t b = 0; b < own.in_bag.size(); ++b) {
    const TrialOutcome* best = nullptr;
    for (const Trial& trial : trials) {
      const TrialOutcome& one = trial.outcome;
      if (trial.state != TrialState::complete || b >= one.in_bag.size()) continue;
      if (std::isnan(one.in_bag[b]) || std::isnan(one.out_of_bag[b])) continue;
      const bool better = best == nullptr || (higher_is_better ? one.in_bag[b] > best->in_bag[b]
                                                               : one.in_bag[b] < best->in_bag[b]);
      if (better) best = &one;
    }
    if (best == nullptr || std::isnan(own.out_of_bag[b])) continue;
    sum += best->out_of_bag[b] - own.out_of_bag[b];
    ++resamples;
  }
  if (resamples == 0) return std::nullopt;
  const double worse = sum / resamples;
  return Optimism{.expected = own.values.front() + worse,
                  .optimism = higher_is_better ? -worse : worse,
                  .resamples = resamples};
}

}  // namespace millgate
