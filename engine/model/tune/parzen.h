/// A density over some parameters of a search space, learned from points.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ground/random.h"
#include "model/tune/search_space.h"

namespace millgate {

/// A mixture of one kernel a point and one of the prior, each a product over the parameters:
/// truncated normals for numbers, in their scale, weights for choices. Joint, so it sees which
/// values go together. After Bergstra et al. 2011, joint as in Falkner et al. 2018, with the
/// constants of Optuna 5's TPESampler:
///
/// - width of a number: the distance to its further neighbour, at least 1/min(100, n + 2) of the
///   range; the prior is as wide as the range, around its middle;
/// - a choice: each kernel gives 1/(n + 1) to all and 1 more to its own, normalised;
/// - the newest 25 points weigh 1, older ones fade to 1/n; the prior weighs 1.
///
/// An integer has the mass of its kernel between the halves around it. Immutable; thread-safe.
class Parzen {
 public:
  /// Of the parameters `chosen`, which count at all `points`, the oldest first.
  Parzen(const SearchSpace& space, const std::vector<size_t>& chosen,
         std::span<const SearchPoint> points);

  /// Draws values of the chosen parameters into `point`.
  void sample(Random& random, SearchPoint& point) const;
  /// Natural logarithm of the density at the chosen parameters of `point`.
  [[nodiscard]] double log_density(const SearchPoint& point) const;

 private:
  /// One parameter in the coordinates of the kernels.
  struct Axis {
    size_t parameter = 0;
    double low = 0, high = 1;      ///< In the scale; half a step outside for integers.
    std::vector<double> centre;    ///< One a kernel; the choice itself for choices.
    std::vector<double> width;     ///< One a kernel.
    std::vector<double> log_mass;  ///< One a kernel: of the normal inside the range.
  };

  [[nodiscard]] double log_kernel(const Axis& axis, size_t kernel, double value) const;
  [[nodiscard]] double sample_axis(const Axis& axis, size_t kernel, Random& random) const;

  const SearchSpace* space_;
  std::vector<Axis> axes_;
  std::vector<double> log_weight_;  ///< One a kernel; the last is the prior's. They sum to 1.
};

}  // namespace millgate
