/// Infer requests of the Open Inference Protocol, version 2, REST: JSON and binary tensors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// An output that the client asked for.
struct WantedOutput {
  InferOutput output;
  bool is_binary = false;  ///< As binary data behind the JSON of the answer.
};

/// An infer request: one tensor a column, [n] or [n, 1], with equal n.
struct InferRequest {
  std::string id;  ///< Given back in the answer; may be empty.
  RowBatch batch;
  std::vector<WantedOutput> outputs;  ///< In the order of the answer; never empty.
};

/// A body and what its header Inference-Header-Content-Length says, empty when it was not sent:
/// so many bytes are JSON, and the rest are the data of the tensors that have a `binary_data_size`,
/// in their order.
struct InferBody {
  std::string_view bytes;
  std::string_view json_length;
};

/// Datatypes: TensorDatatype; BYTES for texts and for times in ISO 8601. Integers are taken for
/// numbers. `data` may be nested by its shape, and hold nulls; in binary data NaN is null. Which
/// tensors must be there: read_columns. Errors: `invalid_input` naming the tensor; `refused` for
/// more than `rows_max` rows.
[[nodiscard]] Result<InferRequest> read_infer(const ServedModel& model,
                                              const OnlineFeatures* online, const InferBody& body,
                                              size_t rows_max);

}  // namespace millgate
