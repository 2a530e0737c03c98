/// Labels that came back for predictions, as Parquet files that join the prediction log.
/// Format: docs/formats/prediction-log.md.
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

/// Writes `labels`, received at `at`, as one file <folder>/<date>/<time>-<n>.parquet with the
/// columns prediction_id, label, received_at, and class where one is given. Durable when it
/// returns. A prediction may get several labels; the newest `received_at` counts. Thread-safe;
/// several processes at once. Errors: `invalid_input` for an empty list or id; `outside` when the
/// disk refuses.
[[nodiscard]] Status write_feedback(const std::string& folder, const std::vector<Feedback>& labels,
                                    Time at);

/// Reads `[{"prediction_id": "...", "label": 0}]`, or one such object; true and false are 1 and
/// 0. With `classes` a label is one of them, as text, whole number or boolean.
/// Errors: `invalid_input` with the entry's number.
[[nodiscard]] Result<std::vector<Feedback>> parse_feedback(const std::string& json,
                                                           std::span<const std::string> classes);

}  // namespace millgate
