/// Labels and earnings that came back for predictions, as Parquet files that join the prediction
/// log. Format: docs/formats/prediction-log.md.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What really happened to the row of one prediction.
struct Feedback {
  std::string prediction_id;
  double label = 0;             ///< 0 or 1 for binary tasks.
  std::string class_name = {};  ///< Of several classes instead of `label`.
};

/// What a prediction has earned so far, in the users' money; below 0 what it cost.
struct PredictionOutcome {
  std::string prediction_id;
  double earned = 0;
};

/// Of one message.
struct FeedbackBody {
  std::vector<Feedback> labels;
  std::vector<PredictionOutcome> outcomes;
};

/// Writes `labels`, received at `at`, as one file <folder>/<date>/<time>-<n>.parquet with the
/// columns prediction_id, label, received_at, and class where one is given. Durable when it
/// returns. A prediction may get several labels; the newest `received_at` counts. Thread-safe;
/// several processes at once. Errors: `invalid_input` for an empty list or id; `outside` when the
/// disk refuses.
[[nodiscard]] Status write_feedback(const std::string& folder, const std::vector<Feedback>& labels,
                                    Time at);

/// The same with the columns prediction_id, earned, received_at. What is told last of a prediction
/// replaces what was told before, so that telling it again changes nothing.
[[nodiscard]] Status write_outcomes(const std::string& folder,
                                    const std::vector<PredictionOutcome>& outcomes, Time at);

/// Reads `[{"prediction_id": "...", "label": 0, "earned": 12.5}]`, or one such object; one of both
/// members may be missing. True and false are 1 and 0. With `classes` a label is one of them, as
/// text, whole number or boolean. Errors: `invalid_input` with the entry's number.
[[nodiscard]] Result<FeedbackBody> parse_feedback(const std::string& json,
                                                  std::span<const std::string> classes);

}  // namespace millgate
