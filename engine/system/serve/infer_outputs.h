/// What a model tells of a row, as outputs of the Open Inference Protocol.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system/serve/served_model.h"
#include "system/serve/tensor_datatype.h"

namespace millgate {

/// `probability` FP64 and `decision` BOOL (regression: `value` FP64), where the model gives sets
/// `may_be_true` and `may_be_false` BOOL (regression: `lower` and `upper` FP64), and
/// `prediction_id` BYTES.
[[nodiscard]] std::vector<std::string> infer_output_names(const ServedModel& model);
[[nodiscard]] TensorDatatype infer_output_datatype(std::string_view name);
/// Of the outputs of each datatype.
[[nodiscard]] bool infer_output_boolean(const Prediction& told, std::string_view name);
[[nodiscard]] double infer_output_number(const Prediction& told, std::string_view name);

}  // namespace millgate
