/// One prediction traced back: what was asked, which model answered, how it came to serve, from
/// which rows and code it was made, and what became of it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/query/revision_sql.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/release/model_record.h"
#include "model/release/registry.h"

namespace millgate {

/// A value by the name of its column or feature.
struct LoggedValue {
  std::string name;
  std::string value;  ///< JSON.
};

/// A label as it came: a correction is one more.
struct TracedLabel {
  double value = 0;
  Time received;
};

/// The row that was asked about, as the table of the task holds it now.
struct TracedRow {
  std::string table;
  std::vector<std::string> key;  ///< As logged, in the order of the key; empty: not sent.
  std::string commit;            ///< That changed it last; empty: not found, and `note` says why.
  std::string author, message;
  Time changed;
  std::string note;
};

/// What the model was made from.
struct TracedTraining {
  std::string data_commit = {};
  std::string commit_message = {};
  std::string commit_author = {};
  Time committed = {};
  std::string git_commit = {};  ///< Of the code; "+" at the end: with changes. Empty outside git.
  std::string learner = {};
  int64_t row_count = 0;
  Time rows_from = {};
  Time rows_to = {};
};

struct PredictionTrace {
  std::string prediction_id, request_id;
  Time event, answered;
  double prediction = 0;
  bool decision = false;
  double threshold = 0;
  std::vector<LoggedValue> logged;    ///< Inputs, key columns, what was read from the online store.
  std::vector<LoggedValue> features;  ///< As the model saw them, most important first.
  std::optional<double> replayed;     ///< The model on the logged inputs once more.
  std::string replay_note;            ///< Why not.
  std::vector<TracedLabel> labels;    ///< Oldest first; the last one counts.
  std::string model;                  ///< Hex id; as logged when it is not in the store.
  std::string model_note;
  std::optional<Serving> serving;  ///< What served when it was answered; another model in a canary.
  std::vector<ModelStep> steps;    ///< What happened to the model until then, oldest first.
  std::optional<TracedTraining> training;
  TracedRow row;
};

/// Traces the prediction whose id is `prediction`, or begins with it. `guard` says what may not be
/// shown: columns of the log that are left out, and features that read them. The row is looked for
/// at `branch`. Reads the prediction log once.
/// Errors: `not_found` when nobody logged it; `invalid_input` when several begin so; `damaged`.
[[nodiscard]] Result<PredictionTrace> trace_prediction(const Repository& repository,
                                                       const std::string& prediction,
                                                       const std::string& branch,
                                                       const SqlGuard& guard);

[[nodiscard]] nlohmann::ordered_json to_json(const PredictionTrace& trace);

}  // namespace millgate
