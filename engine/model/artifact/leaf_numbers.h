/// Which leaves of boosted trees rows fall into: what the model sees of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct Trees;
class TreeSteps;

/// The leaves of a model. Immutable; thread-safe.
class LeafNumbers {
 public:
  /// Of LightGBM's text; errors as load_lightgbm_text.
  [[nodiscard]] static Result<LeafNumbers> read(std::string_view text);
  explicit LeafNumbers(const Trees& trees);  ///< For this room.

  [[nodiscard]] size_t tree_count() const;
  /// Numbers of leaves are below; those of different trees differ, and not every one is a leaf.
  [[nodiscard]] size_t number_end() const;
  [[nodiscard]] size_t feature_count() const { return feature_count_; }
  /// What leaf `number` adds to the score.
  [[nodiscard]] double value(uint32_t number) const;

  /// One number a tree for each row of row-major `features`: rows x tree_count(), row-major.
  [[nodiscard]] std::vector<uint32_t> of_rows(std::span<const double> features) const;

 private:
  std::shared_ptr<const TreeSteps> steps_;
  size_t feature_count_;
};

}  // namespace millgate
