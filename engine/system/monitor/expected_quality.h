/// What quality is to be expected of rows whose labels did not come, and whether that can be known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millgate {

/// Share of the rows of a window whose labels must be there before it counts as labelled: those
/// that come first are others than those that come late.
inline constexpr double kMatureShare = 0.8;

/// One metric with the interval that holds the measured value in 95 of 100 windows, if windows go
/// on differing as they did.
struct ExpectedMetric {
  std::string metric;
  double value = 0, lower = 0, upper = 0;
};

/// How far an expectation can be trusted.
enum class ExpectationState : uint8_t {
  holds,        ///< What it assumes was true wherever labels came.
  doubtful,     ///< A number, but `reason` says what speaks against it.
  cannot_know,  ///< No number: the relation of rows and labels changed, or nothing is known of it.
};
[[nodiscard]] std::string to_string(ExpectationState state);

struct ExpectedQuality {
  ExpectationState state = ExpectationState::cannot_know;
  std::string reason;                   ///< In words, with the numbers; empty where it holds.
  std::vector<ExpectedMetric> metrics;  ///< Empty when it cannot be known.
  int64_t known_count = 0;              ///< Labelled rows that it rests on.
  int64_t known_windows = 0;            ///< Stretches of time that they are of.
  bool is_weighted = false;    ///< Labelled rows count by how much they are like these rows.
  double effective_share = 1;  ///< Of labelled rows, after weighting: (sum w)^2 / (n sum w^2).
  double told_apart_auc =
      0.5;  ///< How well these rows are told from labelled ones; 0.5: not at all.
};

}  // namespace millgate
