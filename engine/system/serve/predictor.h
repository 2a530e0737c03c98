/// From rows to answers: predicts, warns, names and logs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/explanation.h"
#include "system/serve/prediction_id.h"
#include "system/serve/prediction_log.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

class SketchKeeper;

/// Where answers take time and names from, and where they are logged.
struct PredictionContext {
  const Clock& clock;
  PredictionIds& ids;
  PredictionLog* log = nullptr;         ///< Null: nothing is logged.
  double log_share = 1;                 ///< Of the requests that are logged.
  SketchKeeper* sketches = nullptr;     ///< Null: nothing is counted.
  std::optional<int64_t> rollout = {};  ///< In which the request takes part; see PredictionRecord.
};

/// Answers to all rows of a request; every list but `notes` and `probabilities` has one entry a
/// row.
struct Answers {
  std::shared_ptr<const ServedModel> model;
  std::vector<Prediction> predictions;
  std::vector<double>
      probabilities;  ///< Of several classes: of all of them, row-major; else empty.
  std::vector<std::string> ids;
  std::vector<std::vector<std::string>> warnings;
  std::vector<std::string> notes;                 ///< Warnings about the request as a whole.
  std::optional<Explanations> explanations = {};  ///< Where they were asked for.
  bool is_single = false;
  std::string request_id;
  Time answered_at = {};
};

/// Predicts `batch` and hands it to the log. A category that training never saw gets a warning
/// with its value. Thread-safe.
/// Errors: `bug` when the model gives no finite number.
[[nodiscard]] Result<Answers> answer_rows(std::shared_ptr<const ServedModel> model, RowBatch batch,
                                          std::string request_id, const PredictionContext& context);

/// Of class `number` of the classes of `answers.model`.
[[nodiscard]] double class_probability(const Answers& answers, size_t row, size_t number);

/// Errors: `bug` where a prediction is no finite number.
[[nodiscard]] Status check_finite(const std::vector<Prediction>& predictions);

/// The answer of /predict: docs/guides/serving.md.
[[nodiscard]] std::string answers_json(const Answers& answers);

}  // namespace millgate
