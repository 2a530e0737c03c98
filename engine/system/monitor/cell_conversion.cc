#include "system/monitor/cell_conversion.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/measure/unit_conversion.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr size_t kPairsMin = 5;
constexpr double kShareMin = 0.95;
constexpr double kRelativeTolerance = 0.001;
constexpr std::string_view kLooksLike = "values look like ";

/// The pairs that differ, both finite.
struct Pairs {
  std::vector<double> stored;
  std::vector<double> sent;
};

Pairs differing_pairs(std::span<const double> stored, std::span<const double> sent) {
  Pairs pairs;
  for (size_t at = 0; at < std::min(stored.size(), sent.size()); ++at) {
    if (!std::isfinite(stored[at]) || !std::isfinite(sent[at]) || stored[at] == sent[at]) continue;
    pairs.stored.push_back(stored[at]);
    pairs.sent.push_back(sent[at]);
  }
  return pairs;
}

bool is_close(double expected, double sent) {
  const double difference = std::abs(expected - sent);
  if (difference <= kRelativeTolerance * std::abs(expected)) return true;
  return sent == std::round(sent) && difference <= 0.5 && std::abs(expected) >= 10;
}

double explained_share(const Pairs& pairs, double factor, double offset) {
  size_t count = 0;
  for (size_t at = 0; at < pairs.stored.size(); ++at) {
    if (is_close(pairs.stored[at] * factor + offset, pairs.sent[at])) ++count;
  }
  return static_cast<double>(count) / static_cast<double>(pairs.stored.size());
}

std::string name_factor(const Pairs& pairs) {
  std::vector<double> ratios;
  for (size_t at = 0; at < pairs.stored.size(); ++at) {
    if (pairs.stored[at] != 0) ratios.push_back(pairs.sent[at] / pairs.stored[at]);
  }
  if (ratios.size() < kPairsMin) return {};
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  const double factor = *middle;
  if (explained_share(pairs, factor, 0) < kShareMin) return {};
  if (factor == 0) return "zero sent instead of the value";
  if (factor == -1) return "sent with the opposite sign (x -1)";
  return "sent with a constant factor (x " + figure_text(factor) + ")";
}

}  // namespace

std::string name_conversion(std::span<const double> stored, std::span<const double> sent) {
  const Pairs pairs = differing_pairs(stored, sent);
  if (pairs.stored.size() < kPairsMin) return {};
  // Of several within the tolerance the one that explains most: 0.1 % can hold two of them.
  const UnitConversion* best = nullptr;
  double most = kShareMin;
  for (const UnitConversion& conversion : unit_conversions()) {
    const double share = explained_share(pairs, conversion.factor, conversion.offset);
    if (share < most || (best != nullptr && share == most)) continue;
    best = &conversion;
    most = share;
  }
  if (best == nullptr) return name_factor(pairs);
  const std::string text = describe(*best);
  return text.starts_with(kLooksLike) ? text.substr(kLooksLike.size()) : text;
}

}  // namespace millgate
