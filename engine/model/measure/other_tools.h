/// Measures of drift as other tools define them, under their names. They differ from ours, and from
/// each other, in bins, logarithms and what they do with empty bins.
#pragma once

#include <string_view>
#include <vector>

#include "model/measure/bin_counts.h"
#include "model/measure/two_sample.h"

namespace millgate {

/// One measure of another tool.
struct OtherMeasure {
  std::string_view name;  ///< "evidently_psi".
  double value = 0;
};

/// Two samples of numbers for other tools.
struct OtherNumbers {
  SortedPair samples;       ///< Without missing values.
  NumberShift shift;        ///< Of these samples.
  bool is_integer = false;  ///< The type of the column; NumPy's bins are then at least 1 wide.
};

/// For numbers, as Evidently 0.7 and NannyML 0.13 compute them on columns without missing values:
///   evidently_psi             bins of Sturges's width over both samples together, for at most 20
///                             distinct values in the reference one bin a value; an empty bin
///                             counts as a share of 0.0001, or as a millionth of the smallest share
///                             when that is at most 0.0001; natural logarithm.
///   evidently_jensen_shannon  distance over the same bins, natural logarithm (0 to 0.83).
///   evidently_wasserstein     distance divided by the reference's standard deviation (n), which
///                             counts as at least 0.001.
///   nannyml_jensen_shannon    distance to base 2 over bins of Doane's width of the reference; what
///                             lies outside of them is one bin more.
[[nodiscard]] std::vector<OtherMeasure> other_measures(const OtherNumbers& numbers);

/// For categories: evidently_psi, evidently_jensen_shannon and nannyml_jensen_shannon over one bin
/// a category, and tfdv_l_infinity, the largest difference of a share (TensorFlow Data Validation).
[[nodiscard]] std::vector<OtherMeasure> other_measures(const BinCounts& categories);

}  // namespace millgate
