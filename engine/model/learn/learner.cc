#include "model/learn/learner.h"

#include <algorithm>
#include <cmath>

#include "model/learn/smaller_model.h"
#include "model/measure/ranking_measures.h"

namespace millgate {

double mean_loss(TaskKind kind, std::span<const double> labels, std::span<const double> predictions,
                 std::span<const uint32_t> query) {
  if (kind == TaskKind::ranking) {
    return 1 - ndcg({.label = labels, .prediction = predictions, .query = query}).value_or(0);
  }
  constexpr double kLeast = 1e-15;
  const size_t classes = labels.empty() ? 1 : predictions.size() / labels.size();
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (kind == TaskKind::multiclass) {
      const double of_label = predictions[i * classes + static_cast<size_t>(labels[i])];
      sum -= std::log(std::clamp(of_label, kLeast, 1 - kLeast));
    } else if (kind == TaskKind::binary) {
      const double probability = std::clamp(predictions[i], kLeast, 1 - kLeast);
      sum -= labels[i] > 0.5 ? std::log(probability) : std::log1p(-probability);
    } else {
      sum += (labels[i] - predictions[i]) * (labels[i] - predictions[i]);
    }
  }
  return sum / static_cast<double>(std::max<size_t>(labels.size(), 1));
}

Result<Fitted> fit_learner(const LearnerInput& input) {
  const std::string& learner = input.settings->learner;
  if (learner == "gbdt") return fit_smaller_trees(input);
  if (learner == "linear") return fit_linear(input);
  if (learner == "constant") return fit_constant(input);
  if (learner == "command") return fit_command(input);
  if (learner == "ensemble") return fit_ensemble(input);
  return invalid_input("unknown learner `" + learner + "`",
                       "valid learners: gbdt, linear, constant, command, ensemble");
}

}  // namespace millgate
