#include "model/measure/shift_harm.h"

#include <algorithm>
#include <cmath>

#include "model/measure/bin_counts.h"

namespace millgate {

namespace {

/// The mean of bins under the shares of `counts`, and the variance that these shares have as a
/// sample (multinomial).
struct Standardised {
  double mean = 0;
  double variance = 0;
};

Standardised standardise(std::span<const LossBin> losses, const std::vector<double>& shares,
                         double row_count) {
  Standardised found;
  double square = 0;
  for (size_t b = 0; b < losses.size(); ++b) {
    found.mean += shares[b] * losses[b].mean;
    square += shares[b] * losses[b].mean * losses[b].mean;
  }
  found.variance = std::max(0.0, square - found.mean * found.mean) / row_count;
  return found;
}

/// Of rows in bins about which something is known.
struct KnownShares {
  std::vector<double> shares;
  double row_count = 0;
};

KnownShares known_shares(std::span<const LossBin> losses, std::span<const int64_t> counts) {
  KnownShares known;
  known.shares.resize(losses.size());
  for (size_t b = 0; b < losses.size(); ++b) {
    if (losses[b].row_count < kHarmBinRows) continue;
    known.shares[b] = static_cast<double>(counts[b]);
    known.row_count += known.shares[b];
  }
  for (double& share : known.shares) share /= std::max(known.row_count, 1.0);
  return known;
}

}  // namespace

ShiftHarm shift_harm(std::span<const LossBin> losses, std::span<const int64_t> reference,
                     std::span<const int64_t> current, double deviations) {
  const KnownShares before = known_shares(losses, reference);
  const KnownShares now = known_shares(losses, current);
  double current_rows = 0;
  for (const int64_t count : current) current_rows += static_cast<double>(count);
  ShiftHarm harm;
  harm.unknown_share = current_rows > 0 ? 1 - now.row_count / current_rows : 1;
  if (before.row_count == 0 || now.row_count == 0) {
    harm.unknown_share = 1;
    return harm;
  }
  const Standardised then = standardise(losses, before.shares, before.row_count);
  const Standardised after = standardise(losses, now.shares, now.row_count);
  double variance = then.variance + after.variance;
  for (size_t b = 0; b < losses.size(); ++b) {
    if (losses[b].row_count < kHarmBinRows) continue;
    const double difference = now.shares[b] - before.shares[b];
    variance +=
        difference * difference * losses[b].variance / static_cast<double>(losses[b].row_count);
  }
  harm.change = after.mean - then.mean;
  harm.lower = harm.change - deviations * std::sqrt(variance);
  harm.upper = harm.change + deviations * std::sqrt(variance);
  return harm;
}

FeatureBins::FeatureBins(std::span<const double> values, bool is_category) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(sorted),
               [](double value) { return std::isfinite(value); });
  std::sort(sorted.begin(), sorted.end());
  if (is_category) {
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    edges_ = std::move(sorted);
  } else {
    if (!sorted.empty()) edges_ = decile_edges(sorted);
  }
}

size_t FeatureBins::count() const { return edges_.size() + 2; }

size_t FeatureBins::of(double value) const {
  if (std::isnan(value)) return edges_.size() + 1;
  const auto end = std::lower_bound(edges_.begin(), edges_.end(), value);
  return static_cast<size_t>(end - edges_.begin());
}

std::vector<int64_t> FeatureBins::counts(std::span<const double> values) const {
  std::vector<int64_t> counts(count());
  for (const double value : values) ++counts[of(value)];
  return counts;
}

std::vector<LossBin> FeatureBins::losses(std::span<const double> values,
                                         std::span<const double> losses) const {
  std::vector<LossBin> bins(count());
  for (size_t i = 0; i < values.size(); ++i) {
    LossBin& bin = bins[of(values[i])];
    ++bin.row_count;
    bin.mean += losses[i];
  }
  for (LossBin& bin : bins) {
    if (bin.row_count > 0) bin.mean /= static_cast<double>(bin.row_count);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    LossBin& bin = bins[of(values[i])];
    bin.variance += (losses[i] - bin.mean) * (losses[i] - bin.mean);
  }
  for (LossBin& bin : bins) {
    if (bin.row_count > 1) bin.variance /= static_cast<double>(bin.row_count - 1);
  }
  return bins;
}

}  // namespace millgate
