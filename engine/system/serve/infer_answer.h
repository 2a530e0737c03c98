/// Answers to infer requests of the Open Inference Protocol, version 2, REST.
#pragma once

#include <cstddef>
#include <string>

#include "system/serve/infer_request.h"
#include "system/serve/predictor.h"

namespace millgate {

/// A body: JSON, then the data of binary outputs in their order.
struct InferAnswer {
  std::string body;
  size_t json_bytes = 0;  ///< Of the JSON, when binary data follows; 0: all is JSON.
};

/// All warnings of the answer, a line each; empty: none. As one text, since the protocol has no
/// lists.
[[nodiscard]] std::string joined_warnings(const Answers& answers);
/// The outputs that `request` wants. Warnings stand in `parameters`.
[[nodiscard]] InferAnswer infer_answer(const Answers& answers, const InferRequest& request);

}  // namespace millgate
