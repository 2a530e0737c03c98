/// Many tests at once: p-values adjusted so that few of the discoveries are false.
#pragma once

#include <span>
#include <vector>

namespace millgate {

/// How tests may depend on each other.
enum class FalseDiscovery {
  benjamini_hochberg,   ///< Independent or positively dependent (1995).
  benjamini_yekutieli,  ///< Any dependence (2001); stricter by 1 + 1/2 + ... + 1/n.
  none,                 ///< Not adjusted.
};

/// One adjusted p-value a test, in the order given: rejecting those at most `rate` keeps the
/// expected share of false discoveries at most `rate`. NaN counts as 1.
[[nodiscard]] std::vector<double> adjusted_p_values(std::span<const double> p_values,
                                                    FalseDiscovery method);

}  // namespace millgate
