/// Where a study looks next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/tune/pareto.h"
#include "model/tune/search_space.h"

namespace millgate {

enum class Sampler : uint8_t {
  random,  ///< Uniform in the scale of each parameter.
  tpe,     ///< Tree-structured Parzen estimator, see `suggest`.
};

/// A point that was tried and what is known of it.
struct Tried {
  SearchPoint point = {};
  enum class State : uint8_t { complete, pruned, failed, pending } state = State::complete;
  Losses losses = {};        ///< Of a complete one; lower is better.
  size_t rungs_reached = 0;  ///< Of a pruned one: how far it came,
  double rung_loss = 0;      ///< and its loss there.
};

struct Suggestion {
  Sampler sampler = Sampler::tpe;
  uint64_t seed = 1;
  int number = 1;              ///< Of the trial: names its random numbers.
  int started_at_random = 10;  ///< So many first trials do not look at others.
};

/// The point of trial `suggestion.number`, from `tried`, the oldest first.
///
/// The variant of TPE (Bergstra et al. 2011): the best tenth of what has a result, at most 25, is
/// good, the rest is not; 64 points are drawn from the density of the good, and the one is taken
/// where it exceeds that of the others most. As in Optuna 5's TPESampler: densities are joint
/// (model/tune/parzen.h), one for each set of parameters that count together; pruned trials are
/// worse than complete ones, the further they came the better; what is still running counts among
/// the others, so that workers look elsewhere. Failed trials are the worst. With several objectives
/// good means near the Pareto front (pareto.h).
///
/// Unlike there, the first trials are no independent draws but spread evenly: the R sequence
/// (Roberts 2018), shifted at random.
///
/// Deterministic: same arguments, same point.
[[nodiscard]] SearchPoint suggest(const SearchSpace& space, const Suggestion& suggestion,
                                  std::span<const Tried> tried);

}  // namespace millgate
