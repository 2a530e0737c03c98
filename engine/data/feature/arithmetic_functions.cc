#include <cmath>
#include <limits>

#include "data/feature/function_table.h"

namespace millgate {
namespace {

// Integers have 64 bits. Where DuckDB stops a query with "out of range", these give null: one
// bad row must not stop a training run or a request.

bool add_integers(int64_t a, int64_t b, int64_t& sum) {
  int64_t value = 0;
  if (__builtin_add_overflow(a, b, &value)) return false;
  sum = value;
  return true;
}
bool subtract_integers(int64_t a, int64_t b, int64_t& difference) {
  int64_t value = 0;
  if (__builtin_sub_overflow(a, b, &value)) return false;
  difference = value;
  return true;
}
bool multiply_integers(int64_t a, int64_t b, int64_t& product) {
  int64_t value = 0;
  if (__builtin_mul_overflow(a, b, &value)) return false;
  product = value;
  return true;
}
bool divides(int64_t a, int64_t b) {
  return b != 0 && !(a == std::numeric_limits<int64_t>::min() && b == -1);
}
bool divide_integers(int64_t a, int64_t b, int64_t& quotient) {
  if (!divides(a, b)) return false;
  quotient = a / b;
  return true;
}
bool remainder_of_integers(int64_t a, int64_t b, int64_t& remainder) {
  if (!divides(a, b)) return false;
  remainder = a % b;
  return true;
}
bool negate_integer(int64_t a, int64_t& negative) { return subtract_integers(0, a, negative); }

bool add_numbers(double a, double b, double& sum) {
  sum = a + b;
  return true;
}
bool subtract_numbers(double a, double b, double& difference) {
  difference = a - b;
  return true;
}
bool multiply_numbers(double a, double b, double& product) {
  product = a * b;
  return true;
}
bool divide_numbers(double a, double b, double& quotient) {
  if (b == 0.0) return false;
  quotient = a / b;
  return true;
}
bool remainder_of_numbers(double a, double b, double& remainder) {
  if (b == 0.0) return false;
  remainder = std::fmod(a, b);
  return true;
}
bool negate_number(double a, double& negative) {
  negative = -a;
  return true;
}

template <auto function>
constexpr Kernel kIntegers2 = strict_kernel<function, int64_t, int64_t, int64_t>;
template <auto function>
constexpr Kernel kNumbers2 = strict_kernel<function, double, double, double>;

constexpr ValueType kInteger = ValueType::integer;
constexpr ValueType kNumber = ValueType::number;
constexpr ValueType kTime = ValueType::time;
constexpr ValueType kDuration = ValueType::duration;

ExpressionFunction arithmetic(std::string name, std::string usage, std::string doc,
                              std::vector<FunctionOverload> overloads) {
  return {.name = std::move(name),
          .group = "Arithmetic",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .is_operator = true,
          .overloads = std::move(overloads)};
}

}  // namespace

std::vector<ExpressionFunction> arithmetic_functions() {
  const Kernel add = kIntegers2<add_integers>;
  const Kernel subtract = kIntegers2<subtract_integers>;
  const Kernel multiply = kIntegers2<multiply_integers>;
  const Kernel negative = strict_kernel<negate_integer, int64_t, int64_t>;
  return {
      arithmetic("+", "a + b", "The sum; also time + interval and interval + interval.",
                 {{{kInteger, kInteger}, kInteger, add},
                  {{kNumber, kNumber}, kNumber, kNumbers2<add_numbers>},
                  {{kTime, kDuration}, kTime, add},
                  {{kDuration, kTime}, kTime, add},
                  {{kDuration, kDuration}, kDuration, add}}),
      arithmetic("-", "a - b",
                 "The difference; also time - interval, interval - interval, and time - time, "
                 "which is an interval.",
                 {{{kInteger, kInteger}, kInteger, subtract},
                  {{kNumber, kNumber}, kNumber, kNumbers2<subtract_numbers>},
                  {{kTime, kTime}, kDuration, subtract},
                  {{kTime, kDuration}, kTime, subtract},
                  {{kDuration, kDuration}, kDuration, subtract}}),
      arithmetic("*", "a * b", "The product; also interval * integer.",
                 {{{kInteger, kInteger}, kInteger, multiply},
                  {{kNumber, kNumber}, kNumber, kNumbers2<multiply_numbers>},
                  {{kDuration, kInteger}, kDuration, multiply},
                  {{kInteger, kDuration}, kDuration, multiply}}),
      arithmetic("/", "a / b", "The quotient, always a number: `7 / 2` is 3.5. Null where b is 0.",
                 {{{kNumber, kNumber}, kNumber, kNumbers2<divide_numbers>}}),
      arithmetic("//", "a // b",
                 "The quotient of two integers without its fraction: `7 // 2` is 3, `-7 // 2` is "
                 "-3. Null where b is 0.",
                 {{{kInteger, kInteger}, kInteger, kIntegers2<divide_integers>}}),
      arithmetic("%", "a % b",
                 "The remainder, with the sign of a: `-7 % 3` is -1. Null where b is 0.",
                 {{{kInteger, kInteger}, kInteger, kIntegers2<remainder_of_integers>},
                  {{kNumber, kNumber}, kNumber, kNumbers2<remainder_of_numbers>}}),
      arithmetic("negate", "-a", "The negative of a number or an interval.",
                 {{{kInteger}, kInteger, negative},
                  {{kNumber}, kNumber, strict_kernel<negate_number, double, double>},
                  {{kDuration}, kDuration, negative}}),
  };
}

}  // namespace millgate
