/// How the rows of a request are read, whatever its protocol: once for the model that answers, and
/// again for another one.
#pragma once

#include <cstddef>
#include <string_view>

#include "ground/error.h"
#include "system/serve/infer_request.h"
#include "system/serve/media_type.h"
#include "system/serve/row_batch.h"

namespace millgate {

/// The views live as long as the request.
struct BodyReader {
  using ReadJson = Result<RowBatch> (*)(const ServedModel& model, const OnlineFeatures* online,
                                        std::string_view body, size_t rows_max);
  using ReadInfer = Result<InferRequest> (*)(const ServedModel& model, const OnlineFeatures* online,
                                             const InferBody& body, size_t rows_max);
  MediaType type = {};
  ReadJson read_json = nullptr;
  ReadInfer read_infer = nullptr;  ///< Of the Open Inference Protocol; null: by `type`.
  InferBody body = {};
  size_t rows_max = 0;

  /// Of what is no infer request, `id` and `outputs` are empty. Errors: of the readers.
  [[nodiscard]] Result<InferRequest> read(const ServedModel& model,
                                          const OnlineFeatures* online) const;
};

}  // namespace millgate
