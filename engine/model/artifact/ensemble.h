/// Boosted trees or a linear model, flat in memory, evaluated by one evaluator everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// A scoring function over a row of features. Immutable; thread-safe.
class Scorer {
 public:
  virtual ~Scorer() = default;
  [[nodiscard]] virtual size_t feature_count() const = 0;
  /// Numbers that it gives a row: 1, or the number of classes where there are several.
  [[nodiscard]] virtual size_t output_count() const { return 1; }
  /// Probability (binary), value (regression) or the probabilities of all classes, row-major, of
  /// each row of row-major `features`. The result of a row does not depend on the rows beside it,
  /// bit by bit. Never NaN, whatever the features are, but of ONNX. `out` has `output_count()`
  /// numbers for each row, `features` `feature_count()`.
  virtual void score(std::span<const double> features, std::span<double> out) const = 0;
  /// Global importance by gain, one a feature, summing to 1 (zeros when there is none).
  [[nodiscard]] virtual std::vector<double> importance() const = 0;
  /// "gbdt, 120 trees, 31 leaves".
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Reads LightGBM's text format (versions v3 and v4): numerical and categorical splits, missing
/// types None, Zero, NaN, default directions, random forests; objectives binary, cross_entropy,
/// regression (also as the square root), regression_l1, huber, fair, quantile, mape, poisson,
/// gamma, tweedie, multiclass. Scores equal LightGBM's: the same decisions, leaves added in the
/// same order. Errors: `damaged` with the line; `invalid_input` naming what is not supported:
/// another objective, linear trees.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_lightgbm_text(std::string_view text);

/// An input further than kLinearReach standard deviations from the mean counts as that far, so
/// that no score overflows.
inline constexpr double kLinearReach = 1e9;

/// A column of a linear model: a feature as a number, or 1 where it has one category, else 0.
struct LinearColumn {
  uint32_t feature = 0;
  int32_t category = -1;  ///< The code; -1: a number.
  [[nodiscard]] bool is_category() const { return category >= 0; }
};
inline constexpr int32_t kLinearCategoryMax = 1 << 20;  ///< Largest code of a column.

/// A linear (or logistic) model over standardised columns:
/// intercept + sum of coefficient * (x - mean) / scale, through 1 / (1 + exp(-z)) if logistic.
/// A category that has no column adds nothing, as what is missing: it counts as the mean row.
struct LinearModel {
  std::vector<double> mean;   ///< Subtracted; also stands in for NaN and infinity.
  std::vector<double> scale;  ///< Divided by; never 0.
  std::vector<double> coefficient;
  double intercept = 0;
  bool logistic = true;
  std::vector<LinearColumn> columns = {};  ///< Those of a feature together, features in order.
                                           ///< Empty: column i is feature i, a number.
};
/// Asserts what `read_linear` checks.
[[nodiscard]] std::shared_ptr<const Scorer> make_linear_scorer(const LinearModel& model);
/// JSON; numbers are written so that they are read back exactly.
[[nodiscard]] std::string save_linear(const LinearModel& model);
/// Errors: `damaged` for lengths that differ, a number that is not finite (or a coefficient
/// beyond 1e100), a scale of 0 or less, columns out of order.
[[nodiscard]] Result<LinearModel> read_linear(std::string_view json);
/// A model a class, one against the rest, each `logistic`: the probability of a class is its
/// share of the sum of all. JSON.
[[nodiscard]] std::string save_linear_classes(std::span<const LinearModel> models);
/// The scorer of what `save_linear` or `save_linear_classes` wrote; errors as `read_linear`.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_linear(std::string_view json);

}  // namespace millgate
