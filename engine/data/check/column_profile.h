/// What one column holds, gathered in one pass.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "model/measure/quantile_sketch.h"
#include "model/measure/value_counts.h"

namespace millgate {

/// Bins of a histogram that a profile shows at most.
inline constexpr size_t kHistogramBins = 20;

/// A run of time without rows.
struct TimeGap {
  int64_t from_micros = 0;  ///< The last row before it.
  int64_t to_micros = 0;    ///< The first row after it.
};

/// Grows by `add` and `merge`; what two parts of a column give when merged is what the whole gives,
/// exactly up to 10,000 distinct values and else within the stated errors.
class ColumnProfile {
 public:
  explicit ColumnProfile(AskedColumn column) : column_(std::move(column)) {}

  /// The expression that gives this column in the type that `add` takes: DOUBLE for numbers,
  /// BIGINT (microseconds) for times, VARCHAR for the rest.
  [[nodiscard]] static std::string expression(const AskedColumn& column);
  void add(const arrow::Array& values);
  void merge(const ColumnProfile& other);

  [[nodiscard]] const AskedColumn& column() const { return column_; }
  [[nodiscard]] bool is_text() const {
    return column_.kind == ColumnKind::category || column_.kind == ColumnKind::other;
  }
  [[nodiscard]] int64_t row_count() const { return row_count_; }
  [[nodiscard]] int64_t null_count() const { return null_count_; }
  /// NaN and infinities: in no figure below.
  [[nodiscard]] int64_t not_finite_count() const { return not_finite_count_; }
  [[nodiscard]] int64_t value_count() const { return row_count_ - null_count_ - not_finite_count_; }

  [[nodiscard]] double distinct_count() const;
  /// Distinct values, quantiles, histogram and frequencies are exact.
  [[nodiscard]] bool exact() const;
  /// Most rows first. A number as its shortest text, a time as text.
  [[nodiscard]] std::vector<std::pair<std::string, int64_t>> most_frequent(size_t count_max) const;
  /// By how much the counts of `most_frequent` may be too low.
  [[nodiscard]] int64_t frequency_error() const;

  // Numbers, and times in microseconds since 1970.
  [[nodiscard]] double minimum() const { return minimum_; }
  [[nodiscard]] double maximum() const { return maximum_; }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double standard_deviation() const;  ///< Of the sample (n - 1).
  [[nodiscard]] int64_t zero_count() const { return zero_count_; }
  [[nodiscard]] int64_t negative_count() const { return negative_count_; }
  /// At `shares`: linear between order statistics when exact, else values of the column whose rank
  /// is off by at most `rank_error` of the rows. Empty without values.
  [[nodiscard]] std::vector<double> quantiles(const std::vector<double>& shares) const;
  [[nodiscard]] double rank_error() const { return exact() ? 0 : quantiles_.rank_error(); }
  /// Bounds of at most `kHistogramBins` bins of one width from minimum to maximum; of integers the
  /// width is whole and the bounds lie between them. Empty for a constant.
  [[nodiscard]] std::vector<double> histogram_edges() const;
  /// Counts between these bounds: (e0, e1] ... and what is equal to e0 in the first.
  [[nodiscard]] std::vector<double> histogram() const;
  /// The longest runs without rows, of times: those longer than five times the median distance of
  /// two neighbours where distinct times are known, else whole days. Longest first, at most 5.
  [[nodiscard]] std::vector<TimeGap> gaps() const;

  // Texts.
  [[nodiscard]] int64_t length_min() const { return length_min_; }
  [[nodiscard]] int64_t length_max() const { return length_max_; }
  [[nodiscard]] double length_mean() const;
  [[nodiscard]] int64_t empty_count() const { return empty_count_; }
  /// Texts with blanks at an end.
  [[nodiscard]] int64_t padded_count() const { return padded_count_; }
  /// Shapes of the texts ("A9": letters, digits), most rows first; those of `most_frequent` where
  /// not exact.
  [[nodiscard]] std::vector<std::pair<std::string, int64_t>> patterns(size_t count_max) const;
  [[nodiscard]] const ValueCounts<std::string>& texts() const { return texts_; }

 private:
  void add_number(double value, int64_t count);
  void add_moments(double count, double mean, double square);
  [[nodiscard]] std::vector<std::pair<double, int64_t>> sorted_numbers() const;

  AskedColumn column_;
  int64_t row_count_ = 0, null_count_ = 0, not_finite_count_ = 0;
  double minimum_ = 0, maximum_ = 0, mean_ = 0, square_ = 0, moment_count_ = 0;
  int64_t zero_count_ = 0, negative_count_ = 0;
  ValueCounts<uint64_t> numbers_;  ///< By the bits of the double.
  QuantileSketch quantiles_;       ///< Of all numbers, once they are no longer counted exactly.
  std::map<int64_t, int64_t> days_;
  ValueCounts<std::string> texts_;
  int64_t length_min_ = 0, length_max_ = 0, length_sum_ = 0, empty_count_ = 0, padded_count_ = 0;
};

/// The shape of `text`: runs of digits as "9", of letters as "a" or "A" (capitals first: "Aa"),
/// everything else as it is.
[[nodiscard]] std::string text_pattern(std::string_view text);

}  // namespace millgate
