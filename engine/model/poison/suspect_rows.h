/// A labelled table as attacks on it are looked for: what rows can have in common, and what a model
/// learns from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/check/predictors.h"
#include "model/measure/trigger_screen.h"

namespace millgate {

struct SuspectRows {
  std::vector<std::string> classes;  ///< Sorted.
  std::vector<size_t> labels;        ///< A class a row.
  std::vector<std::string> columns;  ///< Numbers, then categories.
  std::vector<bool> is_category;
  std::vector<double> features;     ///< Row-major; codes of categories; NaN: missing number.
  std::vector<PartedColumn> parts;  ///< A column.
  std::vector<TriggerItem> items;
  std::vector<std::string> item_texts;  ///< SQL over a row: `amount = 13.37`.
  int64_t ranges_tried = 0;             ///< Ranges of numbers, times labels.

  [[nodiscard]] size_t row_count() const { return labels.size(); }
};

/// What rows can have in common is every value that at least `rows_min` of them have; of numbers
/// with many values also each sixteenth, and ranges of up to a tenth of the rows, in steps of a
/// two-hundredth, that have a label which the rows beside them have not: for each label the twenty
/// least probable. Values and sixteenths are combined.
/// Errors: `invalid_input` for fewer than two classes or more than kLabelClassesMax (`label` names
/// them).
[[nodiscard]] Result<SuspectRows> suspect_rows(const PredictorRows& read,
                                               const Predictors& predictors,
                                               const std::string& label,
                                               const TriggerScreenOptions& options);

}  // namespace millgate
