/// Boosted trees that are made smaller before they are kept: parameters `keep_trees`,
/// `keep_leaves`, `keep_bits` and `student_leaves` of the learner gbdt.
#pragma once

#include <map>
#include <string>

#include "ground/error.h"
#include "model/learn/learner.h"

namespace millgate {

/// What a learner is given, without those parameters: of the model before it was made smaller.
[[nodiscard]] std::map<std::string, std::string> without_shrinking(
    std::map<std::string, std::string> parameters);

/// fit_boosted_trees, and then, by the parameters:
///
/// - `student_leaves`: other trees of so many leaves are learned from what the first say of the
///   training rows (distillation, Hinton et al. 2015), by cross entropy of probabilities or squared
///   error of values; they stop by the labels of the valid rows, as the first do.
/// - `keep_trees`, `keep_leaves`, `keep_bits`: as Smaller (model/artifact/smaller_trees.h).
///
/// Errors: as fit_boosted_trees; `invalid_input` for a value that is none, and for a student of
/// several classes or of a ranking.
[[nodiscard]] Result<Fitted> fit_smaller_trees(const LearnerInput& input);

}  // namespace millgate
