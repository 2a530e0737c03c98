/// Answers as tables: CSV and Arrow.
#pragma once

#include <string>

#include "ground/error.h"
#include "system/serve/predictor.h"

namespace millgate {

/// One line a row below the names of the columns: what a row of the answer of /predict tells, in
/// its order, with `warnings` as one text. Numbers read back as the same double.
[[nodiscard]] std::string answers_csv(const Answers& answers);
/// The same as an Arrow IPC stream, with `warnings` as lists; model, version and request id are
/// metadata of its schema. Errors: `outside` when there is no memory.
[[nodiscard]] Result<std::string> answers_arrow(const Answers& answers);

}  // namespace millgate
