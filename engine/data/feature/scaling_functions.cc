#include <algorithm>
#include <cmath>
#include <utility>

#include "data/feature/fitted_function.h"
#include "data/feature/function_table.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kObject = "what a feature learned";

/// Some numbers with names.
class FittedNumbers : public LearnedParameters {
 public:
  using Names = std::vector<const char*>;
  FittedNumbers(Names names, std::vector<double> values)
      : names_(std::move(names)), values_(std::move(values)) {}

  [[nodiscard]] Json save() const override {
    Json json = Json::object();
    for (size_t i = 0; i < names_.size(); ++i) json[names_[i]] = values_[i];
    return json;
  }
  [[nodiscard]] double operator[](size_t i) const { return values_[i]; }

 private:
  Names names_;
  std::vector<double> values_;
};

Result<std::shared_ptr<const LearnedParameters>> load_numbers(const Json& json,
                                                              FittedNumbers::Names names) {
  std::vector<double> values;
  for (const char* name : names) {
    MILLGATE_ASSIGN(const double value, json_member<double>(json, name, kObject));
    values.push_back(value);
  }
  return std::shared_ptr<const LearnedParameters>(
      std::make_shared<FittedNumbers>(std::move(names), std::move(values)));
}

/// Values that are neither null nor NaN nor infinite. Errors: when there is none.
Result<std::vector<double>> finite_values(const Vector& column) {
  std::vector<double> values;
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.valid[row] != 0 && std::isfinite(column.numbers[row])) {
      values.push_back(column.numbers[row]);
    }
  }
  if (values.empty()) {
    return invalid_input("no training row has a finite value to learn from",
                         "check the columns that it reads with `millgate profile`");
  }
  return values;
}

/// Scaled before it is summed, so that large values do not overflow.
double mean_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  double rest = 0;
  for (const double value : values) rest += (value - mean) / count;
  return mean + rest;
}

/// The population's, divided by n.
double deviation_of(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/// Linear between the two nearest of the sorted values (type 7 of Hyndman and Fan).
double quantile_of(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(position);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return std::lerp(sorted[low], sorted[high], position - static_cast<double>(low));
}

/// A width that may divide: 1 for a column of one value, as scikit-learn.
double divisor(double width) { return width > 0 && std::isfinite(width) ? width : 1.0; }

FitResult fitted_numbers(FittedNumbers::Names names, std::vector<double> values) {
  return {.fitted = std::make_shared<FittedNumbers>(std::move(names), std::move(values))};
}

const FittedNumbers::Names kStandard = {"mean", "deviation"};
const FittedNumbers::Names kRange = {"min", "max"};
const FittedNumbers::Names kRobust = {"median", "quartile_distance"};
const FittedNumbers::Names kFill = {"value"};

Result<FitResult> learn_standard(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(const auto values, finite_values(arguments[0]));
  const double mean = mean_of(values);
  return fitted_numbers(kStandard, {mean, divisor(deviation_of(values, mean))});
}
Result<FitResult> learn_range(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(const auto values, finite_values(arguments[0]));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return fitted_numbers(kRange, {*low, *high});
}
Result<FitResult> learn_robust(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(auto values, finite_values(arguments[0]));
  std::sort(values.begin(), values.end());
  return fitted_numbers(kRobust, {quantile_of(values, 0.5),
                                  divisor(quantile_of(values, 0.75) - quantile_of(values, 0.25))});
}
Result<FitResult> learn_mean(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(const auto values, finite_values(arguments[0]));
  return fitted_numbers(kFill, {mean_of(values)});
}
Result<FitResult> learn_median(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(auto values, finite_values(arguments[0]));
  std::sort(values.begin(), values.end());
  return fitted_numbers(kFill, {quantile_of(values, 0.5)});
}

template <const FittedNumbers::Names& names>
Result<std::shared_ptr<const LearnedParameters>> load_named(const Json& json) {
  return load_numbers(json, names);
}

const FittedKind kStandardKind = {.learn = learn_standard, .load = load_named<kStandard>};
const FittedKind kRangeKind = {.learn = learn_range, .load = load_named<kRange>};
const FittedKind kRobustKind = {.learn = learn_robust, .load = load_named<kRobust>};
const FittedKind kMeanKind = {.learn = learn_mean, .load = load_named<kFill>};
const FittedKind kMedianKind = {.learn = learn_median, .load = load_named<kFill>};

double shifted_and_scaled(double x, const FittedNumbers& learned) {
  return (x - learned[0]) / learned[1];
}
double within_range(double x, const FittedNumbers& learned) {
  return (x - learned[0]) / divisor(learned[1] - learned[0]);
}

template <auto function>
void scale_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const auto& learned = prepared_as<FittedNumbers>(arguments.back());
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    out.valid[row] = 1;
    out.numbers[row] = function(Slot<double>::get(arguments[0], row), learned);
  }
}

/// NaN is missing too.
void fill_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const double filling = prepared_as<FittedNumbers>(arguments.back())[0];
  for (size_t row = 0; row < rows; ++row) {
    const bool has_value =
        arguments[0].valid(row) && !std::isnan(Slot<double>::get(arguments[0], row));
    out.valid[row] = 1;
    out.numbers[row] = has_value ? Slot<double>::get(arguments[0], row) : filling;
  }
}

// -- quantile_bucket

class FittedBounds : public LearnedParameters {
 public:
  explicit FittedBounds(std::vector<double> bounds) : bounds_(std::move(bounds)) {}
  [[nodiscard]] Json save() const override { return {{"bounds", bounds_}}; }
  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }

 private:
  std::vector<double> bounds_;
};

Result<FitResult> learn_bounds(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(auto values, finite_values(arguments[0]));
  std::sort(values.begin(), values.end());
  const int64_t count = arguments[1].integers.front();
  std::vector<double> bounds;
  for (int64_t i = 1; i < count; ++i) {
    const double bound = quantile_of(values, static_cast<double>(i) / static_cast<double>(count));
    if (bounds.empty() || bound > bounds.back()) bounds.push_back(bound);
  }
  return FitResult{.fitted = std::make_shared<FittedBounds>(std::move(bounds))};
}

Result<std::shared_ptr<const LearnedParameters>> load_bounds(const Json& json) {
  MILLGATE_ASSIGN(auto bounds, json_member<std::vector<double>>(json, "bounds", kObject));
  if (!std::is_sorted(bounds.begin(), bounds.end())) {
    return damaged("the bounds of a feature's buckets are not in order");
  }
  return std::shared_ptr<const LearnedParameters>(
      std::make_shared<FittedBounds>(std::move(bounds)));
}

const FittedKind kBoundsKind = {.learn = learn_bounds, .load = load_bounds};

void bounds_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const std::vector<double>& bounds = prepared_as<FittedBounds>(arguments.back()).bounds();
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    const double x = Slot<double>::get(arguments[0], row);
    out.valid[row] = 1;
    out.integers[row] =
        std::upper_bound(bounds.begin(), bounds.end(), x, before<double>) - bounds.begin();
  }
}

Result<std::shared_ptr<const Prepared>> prepare_count(std::span<const Vector> literals,
                                                      const ExpressionContext& /*context*/) {
  const int64_t count = literals[0].integers.front();
  if (count >= 2 && count <= 1000) return std::shared_ptr<const Prepared>();
  return invalid_input("the number of buckets must be from 2 to 1000",
                       "write a literal such as 10");
}

ExpressionFunction learned(const std::string& name, std::string doc, Kernel kernel,
                           const FittedKind& kind) {
  return {.name = name,
          .group = "Learned from training rows",
          .usage = name + "(x)",
          .doc = std::move(doc),
          .overloads = {{.parameters = {ValueType::number},
                         .result = ValueType::number,
                         .kernel = kernel,
                         .fitted = &kind}}};
}

}  // namespace

std::vector<ExpressionFunction> scaling_functions() {
  ExpressionFunction buckets =
      learned("quantile_bucket",
              "The number of the part, from 0, when the training values are cut into n equally "
              "large parts; fewer where values repeat.",
              bounds_kernel, kBoundsKind);
  buckets.usage = "quantile_bucket(x, n)";
  buckets.overloads.front().parameters.push_back(ValueType::integer);
  buckets.overloads.front().result = ValueType::integer;
  buckets.overloads.front().literals = {1};
  buckets.overloads.front().prepare = prepare_count;
  return {
      learned("standardize", "(x - mean) / standard deviation of the training rows.",
              scale_kernel<shifted_and_scaled>, kStandardKind),
      learned("min_max_scale", "0 for the least, 1 for the greatest value of the training rows.",
              scale_kernel<within_range>, kRangeKind),
      learned("robust_scale", "(x - median) / distance of the quartiles of the training rows.",
              scale_kernel<shifted_and_scaled>, kRobustKind),
      std::move(buckets),
      learned("impute_mean", "x, or where it is null or NaN the mean of the training rows.",
              fill_kernel, kMeanKind),
      learned("impute_median", "x, or where it is null or NaN the median of the training rows.",
              fill_kernel, kMedianKind),
  };
}

}  // namespace millgate
