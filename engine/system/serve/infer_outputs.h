/// What a model tells of a row, as outputs of the Open Inference Protocol.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "system/serve/predictor.h"
#include "system/serve/served_model.h"
#include "system/serve/tensor_datatype.h"

namespace millgate {

/// One output. Its place among the numbers of the model is found once, not for every row.
struct InferOutput {
  std::string name;
  TensorDatatype datatype = TensorDatatype::fp64;
  size_t class_number = 0;  ///< Of `probability.NAME`.
};

/// `probability` FP64 and `decision` BOOL (regression: `value` FP64; several classes: `class`
/// BYTES, `probability` FP64 of that class, and `probability.NAME` FP64 of each), where the model
/// gives sets `may_be_true` and `may_be_false` BOOL (regression: `lower` and `upper` FP64), and
/// `prediction_id` BYTES.
[[nodiscard]] std::vector<InferOutput> infer_outputs(const ServedModel& model);
/// The output of this name. Errors: `invalid_input` with the nearest one there is.
[[nodiscard]] Result<InferOutput> find_output(const std::vector<InferOutput>& outputs,
                                              std::string_view name);
/// Appends the values of all rows, each as binary data of a tensor.
void append_output_bytes(std::string& out, const InferOutput& output, const Answers& answers);
/// Of the outputs of each datatype, for row `row`.
[[nodiscard]] bool infer_output_boolean(const Answers& answers, const InferOutput& output,
                                        size_t row);
[[nodiscard]] double infer_output_number(const Answers& answers, const InferOutput& output,
                                         size_t row);
[[nodiscard]] const std::string& infer_output_text(const Answers& answers,
                                                   const InferOutput& output, size_t row);

}  // namespace millgate
