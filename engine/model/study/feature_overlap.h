/// What features say of the label and of each other, without a model: which others carry one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "model/learn/attempt.h"
#include "model/measure/shared_information.h"
#include "model/study/feature_columns.h"

namespace millgate {

/// How a column of features or labels becomes few parts, as the training rows have it; later rows
/// are cut in the same places.
class FeatureParts {
 public:
  /// Numbers at their quantiles, categories and whatever has several columns by their most
  /// frequent values. Of few rows fewer parts: round(sqrt(rows) / 8), 4 to 16, for numbers.
  FeatureParts(const Examples& train, size_t width, const FeatureColumns& columns,
               bool is_category);
  [[nodiscard]] CodedColumn code(const Examples& examples, size_t width) const;

 private:
  FeatureColumns columns_;
  bool is_number_ = false;
  NumberParts numbers_;
  std::vector<std::vector<double>> frequent_;  ///< Values of the columns; a code each.
};

/// Binary labels as they are, numbers cut as features are.
[[nodiscard]] NumberParts cut_labels(std::span<const double> labels);

struct FeatureOverlap {
  double information = 0;  ///< With the label, in nats, corrected for chance.
  /// The feature that tells most of this one; none where there is no other.
  std::optional<size_t> nearest;
  double told_share = 0;  ///< Of this one, by the nearest (uncertainty coefficient).
  /// Spearman's, with the nearest; NaN unless both are one column of numbers.
  double rank_correlation = std::numeric_limits<double>::quiet_NaN();
  double information_left = 0;  ///< With the label where the nearest is known.
};

/// A feature of which another tells as much, or that goes with it in rank as closely, is in its
/// group.
inline constexpr double kToldShareOfGroup = 0.8;
inline constexpr double kRankCorrelationOfGroup = 0.9;

struct FeatureOverlaps {
  std::vector<FeatureOverlap> features;
  std::vector<std::vector<size_t>> groups;  ///< Of two and more, ascending, the first first.
};

/// By `train`: a row's own values only, no order of time. `parts`, `is_number` and `codes` are one
/// a feature of `columns`.
[[nodiscard]] FeatureOverlaps feature_overlaps(const Examples& train, size_t width,
                                               const std::vector<FeatureColumns>& columns,
                                               const std::vector<bool>& is_number,
                                               const std::vector<CodedColumn>& codes);

}  // namespace millgate
