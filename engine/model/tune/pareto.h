/// Which of several trials are better when more than one figure counts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace millgate {

/// One value an objective; lower is better in all of them.
using Losses = std::vector<double>;

/// 0 for those that none is better than in every way (the Pareto front), 1 for those that only the
/// front is better than, and so on (fast non-dominated sorting, Deb et al. 2002). NaN counts as
/// infinitely bad. With one objective equal losses have one rank.
[[nodiscard]] std::vector<int> pareto_ranks(std::span<const Losses> all);

/// Indices from the best to the worst: by rank, in a rank by falling crowding distance (Deb et al.
/// 2002), which keeps a front spread out, then by index.
[[nodiscard]] std::vector<size_t> order_by_losses(std::span<const Losses> all);

}  // namespace millgate
