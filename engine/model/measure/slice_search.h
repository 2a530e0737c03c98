/// Slices of rows that nobody declared and on which a model does worse: searched in one half of the
/// rows, confirmed in the other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"

namespace millgate {

/// A column as conditions: each row meets one of them, or none.
struct SearchColumn {
  std::string name;
  std::vector<std::string> conditions;  ///< "plan=family", "months <= 3".
  std::vector<int32_t> met;             ///< One a row: number of its condition; -1: none.
};

/// A condition for each of the `kSearchedValuesMax` most frequent texts.
[[nodiscard]] SearchColumn search_texts(const std::string& name,
                                        std::span<const std::string> texts);
/// Conditions at the quartiles of the numbers; NaN meets "name is missing". A column of few
/// distinct numbers has a condition for each.
[[nodiscard]] SearchColumn search_numbers(const std::string& name, std::span<const double> numbers);
inline constexpr size_t kSearchedValuesMax = 20;

struct SliceSearchOptions {
  int conditions_max = 3;      ///< Of one slice.
  double share_min = 0.01;     ///< Of the rows, at least so many in a slice...
  int64_t rows_min = 60;       ///< ... and so many: half of them confirm.
  size_t candidates_max = 20;  ///< That the first half proposes to the second.
  double false_rate = 0.05;    ///< Expected share of false ones among the slices found, at most.
  /// Against size, in the score of SliceLine (its alpha, 0.95 there): higher, as slices of a
  /// hundredth of the rows shall be seen, and the second half guards against chance.
  double weight_of_loss = 0.99;
  uint64_t seed = 1;  ///< Deals rows to the halves.
};

/// A slice on which the loss is larger than elsewhere, more than chance explains.
struct FoundSlice {
  std::string name;            ///< Its conditions, ", " between them.
  int64_t row_count = 0;       ///< In both halves.
  std::vector<uint32_t> rows;  ///< In the confirming half, ascending. What is measured on them is
                               ///< no exaggeration: the search did not see them.
  double loss = 0;             ///< Mean over these rows.
  double loss_elsewhere = 0;
  double p = 1;  ///< Welch's one-sided test, adjusted for the candidates (Benjamini-Yekutieli).
};

struct SliceSearch {
  std::vector<FoundSlice> found;  ///< The worst first.
  int64_t searched_count = 0;     ///< Conjunctions that were looked at, or pruned with a bound.
  size_t candidate_count = 0;     ///< That were put to the test.
  int64_t support_min = 0;        ///< Rows that a slice needed.
};

/// The search of SliceLine (Sagadeeva and Boehm 2021): conjunctions level by level, those left out
/// whose size and loss bound every conjunction with them below the best found so far. Of each level
/// at most 1,000 go on, the best. `loss`: one a row, 0 or more, for example `row_losses`. A
/// conjunction is a candidate only if it scores higher than every part of it.
///
/// Nothing is found where a half has too few rows for one slice; that is no error. Same seed, same
/// slices. Errors: `invalid_input` when lengths differ or a loss is negative or not finite.
[[nodiscard]] Result<SliceSearch> find_slices(std::span<const double> loss,
                                              std::span<const SearchColumn> columns,
                                              const SliceSearchOptions& options);

/// The loss of each row by which slices are searched: -ln p(label), or the squared error.
[[nodiscard]] std::vector<double> row_losses(const Outcome& rows, const MeasureOptions& options);

}  // namespace millgate
