#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "data/feature/function_table.h"

namespace millgate {
namespace {

bool absolute_integer(int64_t x, int64_t& result) {
  if (x == std::numeric_limits<int64_t>::min()) return false;
  result = x < 0 ? -x : x;
  return true;
}
bool absolute_number(double x, double& result) {
  result = std::fabs(x);
  return true;
}
bool floor_of(double x, double& result) {
  result = std::floor(x);
  return true;
}
bool ceiling_of(double x, double& result) {
  result = std::ceil(x);
  return true;
}
bool round_integer(int64_t x, int64_t& result) {
  result = x;
  return true;
}
bool round_number(double x, double& result) {
  result = std::round(x);
  return true;
}

/// As DuckDB: scaled, rounded half away from zero and scaled back.
bool round_to_digits(double x, int64_t digits, double& result) {
  if (digits < 0) {
    const double scale = std::pow(10.0, -static_cast<double>(digits));
    const double rounded = std::round(x / scale) * scale;
    result = std::isfinite(rounded) ? rounded : (std::isfinite(x) ? 0.0 : x);
  } else {
    const double scale = std::pow(10.0, static_cast<double>(digits));
    const double rounded = std::round(x * scale) / scale;
    result = std::isfinite(rounded) ? rounded : x;
  }
  return true;
}

// Outside their domain these are null, where DuckDB stops the query.

bool square_root(double x, double& result) {
  if (x < 0.0) return false;
  result = std::sqrt(x);
  return true;
}
bool natural_logarithm(double x, double& result) {
  if (x <= 0.0) return false;
  result = std::log(x);
  return true;
}
bool decimal_logarithm(double x, double& result) {
  if (x <= 0.0) return false;
  result = std::log10(x);
  return true;
}
bool binary_logarithm(double x, double& result) {
  if (x <= 0.0) return false;
  result = std::log2(x);
  return true;
}
bool exponential(double x, double& result) {
  result = std::exp(x);
  return true;
}
bool power(double x, double y, double& result) {
  result = std::pow(x, y);
  return true;
}
bool sine(double x, double& result) {
  if (std::isinf(x)) return false;
  result = std::sin(x);
  return true;
}
bool cosine(double x, double& result) {
  if (std::isinf(x)) return false;
  result = std::cos(x);
  return true;
}

bool tangent(double x, double& result) {
  if (std::isinf(x)) return false;
  result = std::tan(x);
  return true;
}
bool arc_sine(double x, double& result) {
  if (x < -1.0 || x > 1.0) return false;
  result = std::asin(x);
  return true;
}
bool arc_cosine(double x, double& result) {
  if (x < -1.0 || x > 1.0) return false;
  result = std::acos(x);
  return true;
}
bool arc_tangent(double x, double& result) {
  result = std::atan(x);
  return true;
}
bool arc_tangent_of_point(double y, double x, double& result) {
  result = std::atan2(y, x);
  return true;
}
bool cube_root(double x, double& result) {
  result = std::cbrt(x);
  return true;
}
bool truncated(double x, double& result) {
  result = std::trunc(x);
  return true;
}
bool sign_of_integer(int64_t x, int64_t& result) {
  result = (x > 0 ? 1 : 0) - (x < 0 ? 1 : 0);
  return true;
}
bool sign_of_number(double x, int64_t& result) {
  result = (x > 0 ? 1 : 0) - (x < 0 ? 1 : 0);
  return true;
}
bool is_not_a_number(double x, int64_t& result) {
  result = std::isnan(x) ? 1 : 0;
  return true;
}
bool is_infinite(double x, int64_t& result) {
  result = std::isinf(x) ? 1 : 0;
  return true;
}
bool is_finite(double x, int64_t& result) {
  result = std::isfinite(x) ? 1 : 0;
  return true;
}

/// Where x stands on a circle of `period`: 23:59 beside 00:00.
bool cyclic_sine(double x, double period, double& result) {
  if (period == 0.0) return false;
  return sine(2.0 * std::numbers::pi * x / period, result);
}
bool cyclic_cosine(double x, double period, double& result) {
  if (period == 0.0) return false;
  return cosine(2.0 * std::numbers::pi * x / period, result);
}

/// (x, bounds...): how many bounds are not above x, NaN above all of them.
void bucket_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    const double x = Slot<double>::get(arguments[0], row);
    bool is_known = true;
    int64_t count = 0;
    for (const Operand& bound : arguments.subspan(1)) {
      is_known = is_known && bound.valid(row);
      if (is_known && !before(x, Slot<double>::get(bound, row))) ++count;
    }
    if (!is_known) continue;
    out.valid[row] = 1;
    out.integers[row] = count;
  }
}

/// As PostgreSQL: 0 below the range, count + 1 above it. The range may run downwards.
bool width_bucket(double x, double low, double high, int64_t count, int64_t& result) {
  if (count <= 0 || count > 1'000'000 || std::isnan(x) || low == high) return false;
  if (!std::isfinite(low) || !std::isfinite(high)) return false;
  const double share = (x - low) / (high - low);
  if (share < 0.0) {
    result = 0;
  } else if (share >= 1.0) {
    result = count + 1;
  } else {
    result = std::min(count, static_cast<int64_t>(share * static_cast<double>(count)) + 1);
  }
  return true;
}

bool clip_integer(int64_t x, int64_t low, int64_t high, int64_t& result) {
  const int64_t raised = x < low ? low : x;
  result = raised > high ? high : raised;
  return true;
}
/// A NaN stays NaN: it is not a large number that a bound could tame.
bool clip_number(double x, double low, double high, double& result) {
  const double raised = x < low ? low : x;
  result = raised > high ? high : raised;
  return true;
}

bool widen_integer(int64_t x, double& result) {
  result = static_cast<double>(x);
  return true;
}

constexpr ValueType kInteger = ValueType::integer;
constexpr ValueType kNumber = ValueType::number;

template <auto function>
FunctionOverload of_number() {
  return {{kNumber}, kNumber, strict_kernel<function, double, double>};
}

template <auto function>
FunctionOverload test_of() {
  return {{kNumber}, ValueType::boolean, strict_kernel<function, int64_t, double>};
}

ExpressionFunction numeric(std::string name, std::string usage, std::string doc,
                           std::vector<FunctionOverload> overloads) {
  return {.name = std::move(name),
          .group = "Numbers",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .overloads = std::move(overloads)};
}

}  // namespace

std::vector<ExpressionFunction> number_functions() {
  return {
      numeric("abs", "abs(x)", "The value without its sign.",
              {{{kInteger}, kInteger, strict_kernel<absolute_integer, int64_t, int64_t>},
               of_number<absolute_number>()}),
      numeric("floor", "floor(x)", "The largest whole number not above x; a number.",
              {of_number<floor_of>()}),
      numeric("ceil", "ceil(x)", "The smallest whole number not below x; a number.",
              {of_number<ceiling_of>()}),
      numeric("round", "round(x), round(x, digits)",
              "The nearest whole number, or x to so many decimal digits; halves go away from zero.",
              {{{kInteger}, kInteger, strict_kernel<round_integer, int64_t, int64_t>},
               of_number<round_number>(),
               {{kNumber, kInteger},
                kNumber,
                strict_kernel<round_to_digits, double, double, int64_t>}}),
      numeric("sqrt", "sqrt(x)", "The square root; null below 0.", {of_number<square_root>()}),
      numeric("ln", "ln(x)", "The natural logarithm; null at 0 and below.",
              {of_number<natural_logarithm>()}),
      numeric("log10", "log10(x)", "The logarithm to base 10; null at 0 and below.",
              {of_number<decimal_logarithm>()}),
      numeric("log2", "log2(x)", "The logarithm to base 2; null at 0 and below.",
              {of_number<binary_logarithm>()}),
      numeric("exp", "exp(x)", "e to the power of x.", {of_number<exponential>()}),
      numeric("pow", "pow(x, y)", "x to the power of y; a number.",
              {{{kNumber, kNumber}, kNumber, strict_kernel<power, double, double, double>}}),
      numeric("sin", "sin(x)", "The sine of x radians.", {of_number<sine>()}),
      numeric("cos", "cos(x)", "The cosine of x radians.", {of_number<cosine>()}),
      numeric("tan", "tan(x)", "The tangent of x radians.", {of_number<tangent>()}),
      numeric("asin", "asin(x)", "The arc sine; null outside -1 to 1.", {of_number<arc_sine>()}),
      numeric("acos", "acos(x)", "The arc cosine; null outside -1 to 1.",
              {of_number<arc_cosine>()}),
      numeric("atan", "atan(x)", "The arc tangent.", {of_number<arc_tangent>()}),
      numeric("atan2", "atan2(y, x)", "The angle of the point (x, y) in radians.",
              {{{kNumber, kNumber},
                kNumber,
                strict_kernel<arc_tangent_of_point, double, double, double>}}),
      numeric("cbrt", "cbrt(x)", "The cube root.", {of_number<cube_root>()}),
      numeric("trunc", "trunc(x)", "Without the digits after the point; a number.",
              {of_number<truncated>()}),
      numeric("sign", "sign(x)", "-1, 0 or 1.",
              {{{kInteger}, kInteger, strict_kernel<sign_of_integer, int64_t, int64_t>},
               {{kNumber}, kInteger, strict_kernel<sign_of_number, int64_t, double>}}),
      numeric("isnan", "isnan(x)", "Whether x is NaN.", {test_of<is_not_a_number>()}),
      numeric("isinf", "isinf(x)", "Whether x is infinite.", {test_of<is_infinite>()}),
      numeric("isfinite", "isfinite(x)", "Whether x is neither NaN nor infinite.",
              {test_of<is_finite>()}),
      numeric("cyclic_sin", "cyclic_sin(x, period)",
              "sin(2 pi x / period): with cyclic_cos, where x stands on a circle, so that hour 23 "
              "is near hour 0.",
              {{{kNumber, kNumber}, kNumber, strict_kernel<cyclic_sine, double, double, double>}}),
      numeric(
          "cyclic_cos", "cyclic_cos(x, period)", "cos(2 pi x / period).",
          {{{kNumber, kNumber}, kNumber, strict_kernel<cyclic_cosine, double, double, double>}}),
      numeric("bucket", "bucket(x, a, b, ...)",
              "How many of the bounds are not above x: 0 below a, 1 from a to below b ...",
              {{.parameters = {kNumber, kNumber},
                .result = kInteger,
                .kernel = bucket_kernel,
                .repeat_from = 1,
                .repeat_count = 1}}),
      numeric("width_bucket", "width_bucket(x, low, high, count)",
              "The number of the part, 1 to count, of low to high in which x lies; 0 below, "
              "count + 1 from high on.",
              {{{kNumber, kNumber, kNumber, kInteger},
                kInteger,
                strict_kernel<width_bucket, int64_t, double, double, double, int64_t>}}),
      numeric("clip", "clip(x, low, high)",
              "x, but not below low and then not above high; null if any is null.",
              {{{kInteger, kInteger, kInteger},
                kInteger,
                strict_kernel<clip_integer, int64_t, int64_t, int64_t, int64_t>},
               {{kNumber, kNumber, kNumber},
                kNumber,
                strict_kernel<clip_number, double, double, double, double>}}),
  };
}

Kernel widening_kernel(ValueType from, ValueType to) {
  if (from != kInteger || to != kNumber) return nullptr;
  return strict_kernel<widen_integer, double, int64_t>;
}

}  // namespace millgate
