/// A score a class, made probabilities. Inside the room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/artifact/ensemble.h"

namespace millgate {

/// How the scores of the classes become probabilities that add up to 1.
enum class ClassOutput {
  softmax,         ///< exp(s_k - max s) / sum of exp(s_j - max s), as LightGBM computes it.
  single_softmax,  ///< The same in single precision, as XGBoost computes it.
  share,           ///< s_k / sum of s_j, of scores above 0: of one model a class against the rest.
};

struct ClassScorerParts {
  std::vector<std::shared_ptr<const Scorer>> classes;  ///< One number each; of the same features.
  ClassOutput output = ClassOutput::softmax;
  std::vector<double> importance;  ///< As Scorer::importance, of all classes together.
  std::string description;
};
/// At least three classes.
[[nodiscard]] std::shared_ptr<const Scorer> make_class_scorer(ClassScorerParts parts);

}  // namespace millgate
