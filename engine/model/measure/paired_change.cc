#include "model/measure/paired_change.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>

namespace millgate {

double mcnemar_p(int64_t up, int64_t down) {
  const int64_t changed = up + down;
  if (changed == 0) return 1;
  const boost::math::binomial_distribution<double> even(static_cast<double>(changed), 0.5);
  return std::min(1.0, 2 * boost::math::cdf(even, static_cast<double>(std::min(up, down))));
}

}  // namespace millgate
