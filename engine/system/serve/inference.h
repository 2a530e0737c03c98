/// The Open Inference Protocol, version 2, REST, JSON tensors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "system/serve/predictor.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// An infer request: one tensor a column, [n] or [n, 1], with equal n.
struct InferRequest {
  std::string id;  ///< Given back in the answer; may be empty.
  RowBatch batch;
  std::vector<std::string> outputs;   ///< Wanted; empty: all.
  std::vector<std::string> warnings;  ///< About the request as a whole.
};

/// Datatypes: BOOL; INT8 to INT64 and UINT8 to UINT64; FP16, FP32, FP64; BYTES for texts and
/// for times in ISO 8601. Integers are taken for numbers. `data` may be nested by its shape, and
/// hold nulls. Unknown tensors are ignored with a warning.
/// Errors: `invalid_input` naming the tensor; `refused` for more than `rows_max` rows.
[[nodiscard]] Result<InferRequest> read_infer(const ServedModel& model, std::string_view body,
                                              size_t rows_max);

/// Outputs `probability` FP64 and `decision` BOOL (regression: `value` FP64), `prediction_id`
/// BYTES, and where the model gives sets `may_be_true` and `may_be_false` BOOL (regression: `lower`
/// and `upper` FP64). Warnings are one text in `parameters`, as the protocol has no lists.
[[nodiscard]] std::string infer_json(const Answers& answers, const InferRequest& request);

/// The answer to GET /v2/models/{name}; its `parameters` say how the model came to serve.
[[nodiscard]] std::string model_metadata_json(const ServedModel& model, Time now);

}  // namespace millgate
