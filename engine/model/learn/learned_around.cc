#include "model/learn/learned_around.h"

#include "model/learn/fit_calibration.h"

namespace millgate {

void calibrate(const std::optional<Calibration>& calibration, std::vector<double>& predictions) {
  if (!calibration) return;
  for (double& one : predictions) one = calibrated(*calibration, one);
}

Result<LearnedAround> learn_around(const TrainRequest& request, const Attempt& made) {
  LearnedAround learned;
  const TrainSettings& settings = request.settings;
  if (!settings.needs_calibration_rows()) return learned;
  if (request.task.kind == TaskKind::multiclass) {
    return invalid_input(
        "`calibrate` and `uncertainty` in [train] are not known for several "
        "classes yet",
        "remove them");
  }
  const std::vector<double> predictions = predictions_of(made.fitted, made.calibration);
  const Outcome rows{.label = made.calibration.labels, .prediction = predictions};
  if (settings.calibrate) {
    if (request.task.kind != TaskKind::binary) {
      return invalid_input(
          "`calibrate` in [train] makes probabilities right, and a regression task "
          "has none",
          "remove it; `uncertainty` surrounds values with intervals");
    }
    MILLGATE_ASSIGN(learned.calibration, fit_calibration(*settings.calibrate, rows));
  }
  if (settings.uncertainty) {
    MILLGATE_ASSIGN(learned.uncertainty,
                    fit_uncertainty(*settings.uncertainty, request.task.kind, rows));
  }
  return learned;
}

double choose_threshold(const TrainRequest& request, const Attempt& made,
                        const std::optional<Calibration>& calibration) {
  if (request.task.kind != TaskKind::binary) return 0.5;
  if (request.threshold) return *request.threshold;
  if (!request.utility) return 0.5;
  std::vector<double> labels = made.valid.labels;
  std::vector<double> predictions = predictions_of(made.fitted, made.valid);
  const std::vector<double> later = predictions_of(made.fitted, made.calibration);
  labels.insert(labels.end(), made.calibration.labels.begin(), made.calibration.labels.end());
  predictions.insert(predictions.end(), later.begin(), later.end());
  calibrate(calibration, predictions);
  return best_threshold({.label = labels, .prediction = predictions}, *request.utility);
}

}  // namespace millgate
