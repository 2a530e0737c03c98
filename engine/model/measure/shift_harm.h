/// What the shift of one feature does to a model: not whether its distribution changed, but whether
/// that matters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace millgate {

/// Rows with labels, which the model has not learned from, in one bin of the feature.
struct LossBin {
  int64_t row_count = 0;
  double mean = 0;      ///< Of their losses (or of what they earn).
  double variance = 0;  ///< Of the sample (n - 1).
};

/// The change of the mean loss if nothing changed but the distribution of the feature: rows of a
/// bin lose as much as before, and bins have the shares of the current rows. So it is the
/// difference of two directly standardised means (Cochran 1977, Sampling Techniques, 5A.9).
///
/// Other features that move together with this one, and a relation to the label that changed, are
/// not in it: the harms of features cannot be added up.
struct ShiftHarm {
  double change = 0;            ///< Current less reference.
  double lower = 0, upper = 0;  ///< Normal interval of the three samples together.
  double unknown_share = 0;     ///< Of the current rows: in bins with too few labelled rows.
};

/// Labelled rows that a bin needs, so that its mean tells something.
inline constexpr int64_t kHarmBinRows = 5;

/// `losses`, `reference` and `current` have one entry a bin; the last two count rows, labelled or
/// not. Bins with too few labelled rows are left out on both sides. `deviations`: half of the
/// interval's width in standard deviations. All zeros, and an unknown share of 1, where no bin is
/// left or a side has no rows in them.
[[nodiscard]] ShiftHarm shift_harm(std::span<const LossBin> losses,
                                   std::span<const int64_t> reference,
                                   std::span<const int64_t> current, double deviations);

/// Bins of a feature: of codes of categories one each, of other numbers by the deciles of `values`;
/// NaN is a bin of its own.
class FeatureBins {
 public:
  FeatureBins(std::span<const double> values, bool is_category);
  [[nodiscard]] size_t count() const;
  [[nodiscard]] size_t of(double value) const;
  /// One entry a bin.
  [[nodiscard]] std::vector<int64_t> counts(std::span<const double> values) const;
  /// Of losses beside values; both of one length.
  [[nodiscard]] std::vector<LossBin> losses(std::span<const double> values,
                                            std::span<const double> losses) const;

 private:
  std::vector<double> edges_;  ///< Upper ends, ascending; the last bin but that of NaN is open.
};

}  // namespace millgate
