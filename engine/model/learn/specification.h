/// Tests of a model's specification (task, features, learner and settings together) that nobody
/// has to write: what must hold of any training that is wired up rightly.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/learn/trainer.h"

namespace millgate {

/// One test.
struct SpecificationCheck {
  enum class Outcome : uint8_t { passed, failed, skipped };
  std::string name;  ///< "learns ten rows".
  Outcome outcome = Outcome::passed;
  std::string what;  ///< What was seen, in words; why it was skipped.
};

/// Trains several times on the rows of `request`, which should be few, and tells:
///
/// - "twice the same": two trainings give the same bytes.
/// - "saved and loaded": the stored model predicts the test rows as the learner's own result did,
///   bit by bit, from the inputs.
/// - "order of rows": the training rows in another order change no prediction by more than 1e-6.
///   Skipped where the learner draws rows or columns by chance.
/// - "loss falls": on its own training rows, the loss falls below that of the constant, by a
///   thousandth of it or more.
/// - "learns ten rows": ten training rows of both classes (or of ten levels of the label) are
///   learned by heart, as far as the learner can: the loss falls to half of the constant's. A
///   model that cannot do so does not see its label in its features.
/// - "input contract": rows wholly null, unknown categories, the largest and smallest numbers and
///   infinities give a finite prediction.
///
/// A check that fails is no error. Errors: those of train_model on all rows.
[[nodiscard]] Result<std::vector<SpecificationCheck>> check_specification(
    const TrainRequest& request, const std::function<void(double share)>& progress);

}  // namespace millgate
