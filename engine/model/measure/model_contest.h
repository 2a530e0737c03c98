/// Two models on the same rows: how much better one is than the other, and how surely.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"
#include "model/measure/row_slice.h"

namespace millgate {

/// A model by its predictions for the rows.
struct Contender {
  std::span<const double> prediction;
  double threshold = 0.5;                  ///< Of its decisions.
  std::span<const double> decide_by = {};  ///< Of several classes: as decided_class takes it.
};

/// How much better the challenger is than the champion, in the unit of the metric: above 0 is
/// better, whichever way the metric points.
struct Advantage {
  double value = 0;
  double standard_error = 0;  ///< Of the resamples.
  /// It is at least so much, wrong with a probability of `tail` at most: the lower of the
  /// percentile bootstrap and of Student's t with the standard error. Both are a little too sure on
  /// skewed differences (wrong in 5.3 % on 400 rows where 5 % were meant), so a fifth of `tail` is
  /// kept back.
  double lower = 0;
  double upper = 0;                     ///< It is at most so much, in the same way.
  double challenger = 0, champion = 0;  ///< The metric of each.
  int64_t row_count = 0;                ///< What it rests on: rows, or queries of a ranking.

  /// The smallest true difference that would be told from none in four of five tries.
  [[nodiscard]] double detectable(double tail) const;
  /// How likely the lower end is at least `bound` where the true advantage is `truth`.
  [[nodiscard]] double power(double truth, double bound, double tail) const;
};

/// Challenger and champion, measured on the same resamples of the same rows. Immutable.
class ModelContest {
 public:
  /// Measures both on all metrics of every slice; `query` is of rankings. Errors: as
  /// measure_quality.
  [[nodiscard]] static Result<ModelContest> hold(std::span<const double> label,
                                                 const Contender& challenger,
                                                 const Contender& champion,
                                                 const std::vector<RowSlice>& slices,
                                                 const MeasureOptions& options,
                                                 std::span<const uint32_t> query = {});

  /// By `metric` on slice number `slice`. `tail` is the probability by which each end may be wrong,
  /// for example 0.05, or 0.05 / m where m comparisons shall hold at once (Bonferroni). Nothing
  /// where the metric is none of the task or not defined, also where it is not in a tenth of the
  /// resamples.
  [[nodiscard]] std::optional<Advantage> advantage(size_t slice, std::string_view metric,
                                                   double tail) const;

 private:
  ModelContest() = default;
  /// One metric of one slice: as it is, and on each resample.
  struct Series {
    double value = 0;
    std::vector<double> resampled;
  };
  struct Side {
    std::vector<Series> series;  ///< Metrics of slice 0, then of slice 1, ...
  };
  static Side measure(const Outcome& rows, const std::vector<std::vector<uint32_t>>& groups,
                      const MeasureOptions& options);

  std::vector<int64_t> row_counts_;
  Side challenger_, champion_;
};

}  // namespace millgate
