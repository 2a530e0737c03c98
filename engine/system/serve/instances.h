/// Rows in the JSON of other model servers: MLflow, SageMaker, KServe version 1, Vertex AI.
#pragma once

#include <cstddef>
#include <string_view>

#include "ground/error.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// Reads an object with one of these members:
///
///   dataframe_split    {"columns": [names], "data": [[value, ...], ...]}
///   dataframe_records  [{name: value, ...}, ...]
///   instances          [{name: value, ...}, ...], or [[value, ...], ...] in the order of the
///                      model's inputs, or [value, ...] for a model with one input
///   inputs             {name: [value, ...], ...}, or as instances
///
/// `index`, `params`, `parameters` and `signature_name` may stand beside it and say nothing here.
/// What a row must have: read_rows. Errors: `invalid_input` naming member, row and field; `refused`
/// for more than `rows_max` rows.
[[nodiscard]] Result<RowBatch> read_instances(const ServedModel& model,
                                              const OnlineFeatures* online, std::string_view body,
                                              size_t rows_max);

}  // namespace millgate
