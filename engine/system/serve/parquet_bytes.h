/// Rows of the prediction log, of feedback and of outcomes as Parquet files in memory.
/// Format: docs/formats/prediction-log.md.
#pragma once

#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/feedback_store.h"
#include "system/serve/logged_rows.h"

namespace millgate {

/// One file of `rows`; at least one. Errors: `outside` when there is no memory.
[[nodiscard]] Result<std::string> predictions_parquet(const LoggedRows& rows);

[[nodiscard]] Result<std::string> feedback_parquet(const std::vector<Feedback>& labels, Time at);
[[nodiscard]] Result<std::string> outcomes_parquet(const std::vector<PredictionOutcome>& outcomes,
                                                   Time at);

/// "2013-01-01" and "20130101T100000123456Z": the folder and the file-name part of `time`.
[[nodiscard]] std::string date_text(Time time);
[[nodiscard]] std::string compact_time_text(Time time);

}  // namespace millgate
