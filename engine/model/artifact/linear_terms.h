/// What each feature adds to the score of a linear model. Inside the room: one definition for
/// scores and for explanations.
#pragma once

#include <cstddef>
#include <vector>

#include "model/artifact/ensemble.h"

namespace millgate {

/// The columns of a LinearModel gathered by feature. Immutable; thread-safe.
class LinearTerms {
 public:
  /// Asserts what `read_linear` checks.
  explicit LinearTerms(const LinearModel& model);

  [[nodiscard]] size_t feature_count() const { return features_.size(); }
  /// What `feature` adds where it has `value`; 0 for what is missing or an unknown category.
  [[nodiscard]] double contribution(size_t feature, double value) const;
  /// Standard deviation of the contribution over the training rows.
  [[nodiscard]] double spread(size_t feature) const { return features_[feature].spread; }

 private:
  struct Feature {
    double mean = 0, scale = 1, coefficient = 0;  ///< Of a number.
    bool is_category = false;
    std::vector<double> by_category;  ///< 0 where there is no column.
    double spread = 0;
  };
  void add_number(const LinearModel& model, size_t column);
  void add_categories(const LinearModel& model, size_t begin, size_t end);

  std::vector<Feature> features_;
};

}  // namespace millgate
