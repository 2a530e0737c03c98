#include "model/learn/learned_around.h"

#include <string>

#include "model/learn/fit_calibration.h"

namespace millgate {

void calibrate(const std::optional<Calibration>& calibration, size_t class_count,
               std::vector<double>& predictions) {
  if (!calibration) return;
  if (class_count == 0) {
    for (double& one : predictions) one = calibrated(*calibration, one);
    return;
  }
  for (size_t at = 0; at < predictions.size(); at += class_count) {
    calibrate_classes(*calibration, std::span(predictions).subspan(at, class_count));
  }
}

std::vector<double> decides_by(const TrainRequest& request) {
  return request.utility ? request.utility->of_classes : std::vector<double>();
}

Result<LearnedAround> learn_around(const TrainRequest& request, const Attempt& made) {
  LearnedAround learned;
  const TrainSettings& settings = request.settings;
  if (!settings.needs_calibration_rows()) return learned;
  if (request.task.kind == TaskKind::ranking) {
    return invalid_input("`calibrate` and `uncertainty` in [train] are not known for rankings",
                         "remove them");
  }
  const bool has_classes = request.task.kind == TaskKind::multiclass;
  if (has_classes && settings.uncertainty) {
    return invalid_input("`uncertainty` in [train] is not known for several classes yet",
                         "remove it");
  }
  if (has_classes && settings.calibrate != CalibrationMethod::temperature) {
    return invalid_input("`" + std::string(to_text(*settings.calibrate)) +
                             "` in [train] calibrates one probability a row, and this task has " +
                             "several classes",
                         "write `calibrate = \"temperature\"`");
  }
  const std::vector<double> predictions = predictions_of(made.fitted, made.calibration);
  const Outcome rows{.label = made.calibration.labels, .prediction = predictions};
  if (settings.calibrate) {
    if (request.task.kind == TaskKind::regression) {
      return invalid_input(
          "`calibrate` in [train] makes probabilities right, and a regression task "
          "has none",
          "remove it; `uncertainty` surrounds values with intervals");
    }
    MILLGATE_ASSIGN(learned.calibration,
                    has_classes ? fit_class_temperature(rows, request.task.classes.size())
                                : fit_calibration(*settings.calibrate, rows));
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
  calibrate(calibration, 0, predictions);
  return best_threshold({.label = labels, .prediction = predictions}, *request.utility);
}

}  // namespace millgate
