/// A row that a model predicts without a warning: for descriptions and the page to try it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// One row with every input: medians and most frequent values of training; the newest time. A value
/// that training never saw is null.
[[nodiscard]] RowBatch example_row(const ServedModel& model);

/// The value of input `index` in it, as JSON.
[[nodiscard]] std::string example_json(const RowBatch& example, size_t index);

/// The most frequent values of a text in training, the most frequent first; at most `count_max`.
/// Empty for other types and models without profiles.
[[nodiscard]] std::vector<std::string> frequent_values(const ServedModel& model, size_t index,
                                                       size_t count_max);

}  // namespace millgate
