/// What the server answers, described as OpenAPI 3.1 for the model that serves.
#pragma once

#include <string>

#include "system/serve/served_model.h"

namespace millgate {

/// What of a server its description depends on.
struct Described {
  bool reads_online = false;  ///< Inputs of views need not be sent.
  bool explains = false;      ///< `?explain=` is answered.
  bool goes_back = false;     ///< POST /rollback is there.
  size_t rows_max = 0;
};

/// The description as JSON. Types, which inputs may be left out, the range and the categories of
/// training, a row that is predicted without a warning, and every path. What only brings a warning
/// (a number outside the range, an unknown category) is described in words and as
/// `x-training-range` and `x-categories`, for a client must not refuse it.
[[nodiscard]] std::string openapi_json(const ServedModel& model, const Described& server);

}  // namespace millgate
