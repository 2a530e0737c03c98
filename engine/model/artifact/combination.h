/// Several models of the same features as one. Format: docs/formats/model.md.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/artifact/ensemble.h"

namespace millgate {

/// One of the models.
struct CombinedMember {
  std::string name;
  std::string format;  ///< As load_scorer (model_format.h) knows it, but `ensemble`.
  double weight = 1;   ///< Above 0; of a mean.
  std::string text;    ///< Its bytes.
};

/// What they are put together from.
struct Combination {
  std::vector<CombinedMember> members;  ///< Their order is part of what is predicted.
  bool is_of_probabilities = true;      ///< What members predict; else values.
  std::string stack;  ///< As save_linear or save_linear_classes, over `stack_inputs`; empty: the
                      ///< mean of the members by their weights.
};

/// What a stack's linear model reads of a row: the numbers of the first member, of the second ...
/// `scores` are those of one member, one after the other the rows; they go to their places in
/// `out`, which has `outputs` * `members` numbers a row. Probabilities as log odds, kept 1e-15 away
/// from 0 and 1.
struct StackPlaces {
  size_t members = 0;
  size_t outputs = 1;  ///< Numbers that a member gives a row.
  bool is_of_probabilities = true;
  void put(size_t member, std::span<const double> scores, std::span<double> out) const;
};

/// A line of JSON, then the bytes of the members; each is named by its hash.
[[nodiscard]] std::string save_combination(const Combination& combination);

/// Errors: `damaged` with the member when its bytes are not those of its hash, do not fit the
/// others, or are an ensemble themselves; as load_scorer. Scores are NaN where a member has no
/// number for a row.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_combination(std::string_view bytes);

}  // namespace millgate
