/// Why rows of a request get their predictions, where the client asks for it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/artifact/explainer.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// Of all rows of a request.
struct Explanations {
  std::shared_ptr<const Explainer> explainer;
  size_t told_max = 0;                ///< Contributions told of a row, the largest first.
  std::vector<double> features;       ///< Row-major, as FeatureProgram::features().
  std::vector<double> contributions;  ///< One for each of `features`.
  std::vector<std::string> views;     ///< What was read for a row, as JSON; empty: nothing.
};

/// How many contributions the query of `target` asks for: `?explain=4`, or `?explain=all`. Nothing
/// without it. Errors: `invalid_input` for another value.
[[nodiscard]] Result<std::optional<size_t>> wanted_explanation(std::string_view target);

/// Explains the rows of `batch`, whose inputs are complete. Costs much more than predicting.
/// Errors: those of Model::predict.
[[nodiscard]] Result<Explanations> explain_batch(const ServedModel& model,
                                                 std::shared_ptr<const Explainer> explainer,
                                                 const RowBatch& batch, size_t told_max);

/// ,"explanation":{"scale":...,"base_value":...,"score":...,"contributions":[...],"reasons":[...]}
/// of row `row`. Contributions are the largest ones; reasons say in words which of them moved the
/// score to the side of the base value where it is.
void append_explanation(std::string& out, const ServedModel& model,
                        const Explanations& explanations, size_t row);

}  // namespace millgate
