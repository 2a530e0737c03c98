/// Rows sent to a running server, as a client would, and its answers checked.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/serve/tls_stream.h"

namespace millgate {

/// How rows travel.
struct SendOptions {
  std::string url;
  std::string model = {};          ///< What the server calls it: the name of the project.
  ClientCertificate shown = {};    ///< To a server that wants to know its clients.
  std::string protocol = "plain";  ///< plain: POST /predict; oip: Open Inference Protocol v2.
  int64_t batch_rows = 1;          ///< Rows a request.
  std::function<void(const std::string& what, double share)> progress;
};

/// One answered row.
struct Answer {
  std::string model;  ///< Brief id.
  std::string prediction_id;
  Prediction prediction;
  std::string class_name;                       ///< Of several classes: the decided one ...
  std::map<std::string, double> probabilities;  ///< ... and those of all.
};

/// What came back.
struct SendReport {
  std::vector<Answer> answers;     ///< One a row, in order; model empty where it failed.
  std::vector<double> latency_ms;  ///< One a request.
  int64_t failed_request_count = 0;
  std::string first_failure;
  std::map<std::string, int64_t> warnings;  ///< Trouble -> rows.
  double seconds = 0;
};

/// Sends the rows of `joined` (from join_as_of) with the inputs and keys of `model`, one request
/// after the other on one connection. A refused request is counted, not an error.
/// Errors: `outside` when nobody answers at all.
[[nodiscard]] Result<SendReport> send_rows(const arrow::Table& joined, const Model& model,
                                           const SendOptions& options);

}  // namespace millgate
