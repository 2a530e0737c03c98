/// Which parameters the good trials differ by.
#pragma once

#include <span>
#include <vector>

#include "model/tune/search_space.h"

namespace millgate {

/// For each parameter its share, all together 1: how far its values among the best quarter of the
/// points differ from those among all (Pearson divergence of two densities of one parameter;
/// PED-ANOVA, Watanabe, Bansal and Hutter 2023, with the densities of model/tune/parzen.h).
/// `points` from the best to the worst. Compared are the points at which the parameter counts; 0
/// where there are fewer than eight. A parameter that only works together with another can hide.
[[nodiscard]] std::vector<double> importance_of(const SearchSpace& space,
                                                std::span<const SearchPoint> points);

}  // namespace millgate
