#include "model/measure/membership.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "model/measure/quality.h"

namespace millgate {
namespace {

/// sqrt(-ln(0.025) / 2): one side is wrong with a probability of 2.5 %.
constexpr double kReach = 1.3581;

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

/// The largest share of trained rows less the share of others at or below any limit.
double best_advantage(const std::vector<double>& trained, const std::vector<double>& others) {
  const auto share_below = [](const std::vector<double>& losses, double limit) {
    const auto end = std::upper_bound(losses.begin(), losses.end(), limit);
    return static_cast<double>(end - losses.begin()) / static_cast<double>(losses.size());
  };
  double best = 0;
  // The difference rises at losses of trained rows only.
  for (const double limit : trained) {
    best = std::max(best, share_below(trained, limit) - share_below(others, limit));
  }
  return best;
}

}  // namespace

Result<Evidence> measure_membership(std::span<const double> trained_loss,
                                    std::span<const double> other_loss) {
  for (const auto& losses : {trained_loss, other_loss}) {
    if (std::ssize(losses) < kGroupRowsMin) {
      return invalid_input("membership: " + std::to_string(losses.size()) + " rows, and " +
                           std::to_string(kGroupRowsMin) + " are needed of either kind");
    }
    if (std::any_of(losses.begin(), losses.end(), [](double one) { return std::isnan(one); })) {
      return invalid_input("membership: a loss is not a number");
    }
  }
  Evidence evidence;
  evidence.metric = "membership_advantage";
  evidence.value = best_advantage(sorted(trained_loss), sorted(other_loss));
  evidence.row_count = std::ssize(trained_loss) + std::ssize(other_loss);
  const double reach = kReach * std::sqrt(1 / static_cast<double>(trained_loss.size()) +
                                          1 / static_cast<double>(other_loss.size()));
  evidence.lower = std::max(0.0, evidence.value - reach);
  evidence.upper = std::min(1.0, evidence.value + reach);
  return evidence;
}

}  // namespace millgate
