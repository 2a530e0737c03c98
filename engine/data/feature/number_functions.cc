#include <cmath>
#include <limits>

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
