/// ModelInfer of the Open Inference Protocol over gRPC: its messages.
///
/// Source of the fields: https://github.com/kserve/open-inference-protocol,
/// specification/protocol/open_inference_grpc.proto.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "system/serve/infer_request.h"
#include "system/serve/predictor.h"

namespace millgate {

/// Which model a ModelInferRequest is for. The views live as long as the message.
struct GrpcModelName {
  std::string_view name;
  std::string_view version;  ///< Empty: whichever serves.
};
/// Errors: `invalid_input` for what is no such message.
[[nodiscard]] Result<GrpcModelName> grpc_model_name(std::string_view message);

/// Reads a ModelInferRequest, its tensors as `raw_input_contents` or as `contents`; the outputs are
/// told in the way that the inputs came. Everything else is as in read_infer.
[[nodiscard]] Result<InferRequest> read_grpc_infer(const ServedModel& model,
                                                   const OnlineFeatures* online,
                                                   const InferBody& body, size_t rows_max);

/// A ModelInferResponse with the outputs that `request` wants.
[[nodiscard]] std::string grpc_infer_answer(const Answers& answers, const InferRequest& request);

}  // namespace millgate
