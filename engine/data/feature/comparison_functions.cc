#include <array>

#include "data/feature/function_table.h"

namespace millgate {
namespace {

template <typename T>
bool equal(const T& a, const T& b, int64_t& result) {
  result = same(a, b) ? 1 : 0;
  return true;
}
template <typename T>
bool not_equal(const T& a, const T& b, int64_t& result) {
  result = same(a, b) ? 0 : 1;
  return true;
}
template <typename T>
bool less(const T& a, const T& b, int64_t& result) {
  result = before(a, b) ? 1 : 0;
  return true;
}
template <typename T>
bool less_or_equal(const T& a, const T& b, int64_t& result) {
  result = before(b, a) ? 0 : 1;
  return true;
}
template <typename T>
bool greater(const T& a, const T& b, int64_t& result) {
  result = before(b, a) ? 1 : 0;
  return true;
}
template <typename T>
bool greater_or_equal(const T& a, const T& b, int64_t& result) {
  result = before(a, b) ? 0 : 1;
  return true;
}

/// Three values of logic: what is unknown may still not matter.
enum class Truth { no, yes, unknown };

void put_truth(Truth truth, size_t row, Vector& out) {
  out.valid[row] = truth == Truth::unknown ? 0 : 1;
  out.integers[row] = truth == Truth::yes ? 1 : 0;
}

template <typename T>
Truth not_above(const Operand& a, const Operand& b, size_t row) {
  if (!a.valid(row) || !b.valid(row)) return Truth::unknown;
  return before(Slot<T>::get(b, row), Slot<T>::get(a, row)) ? Truth::no : Truth::yes;
}

Truth both(Truth a, Truth b) {
  if (a == Truth::no || b == Truth::no) return Truth::no;
  return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}

template <typename T>
void between_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    put_truth(both(not_above<T>(arguments[1], arguments[0], row),
                   not_above<T>(arguments[0], arguments[2], row)),
              row, out);
  }
}

template <typename T>
Truth is_among(std::span<const Operand> arguments, size_t row) {
  if (!arguments[0].valid(row)) return Truth::unknown;
  Truth truth = Truth::no;
  for (const Operand& candidate : arguments.subspan(1)) {
    if (!candidate.valid(row)) {
      truth = Truth::unknown;
    } else if (same(Slot<T>::get(arguments[0], row), Slot<T>::get(candidate, row))) {
      return Truth::yes;
    }
  }
  return truth;
}

template <typename T>
void in_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) put_truth(is_among<T>(arguments, row), row, out);
}

template <bool wanted>
void null_test_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    out.valid[row] = 1;
    out.integers[row] = arguments[0].valid(row) == wanted ? 1 : 0;
  }
}

Truth truth_of(const Operand& operand, size_t row) {
  if (!operand.valid(row)) return Truth::unknown;
  return Slot<int64_t>::get(operand, row) != 0 ? Truth::yes : Truth::no;
}
Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

void and_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    put_truth(both(truth_of(arguments[0], row), truth_of(arguments[1], row)), row, out);
  }
}
void or_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    const Truth neither =
        both(opposite(truth_of(arguments[0], row)), opposite(truth_of(arguments[1], row)));
    put_truth(opposite(neither), row, out);
  }
}
bool negate_truth(int64_t truth, int64_t& result) {
  result = truth == 0 ? 1 : 0;
  return true;
}

/// Kernels for the ways in which values are stored.
struct KernelByStorage {
  Kernel integers;
  Kernel numbers;
  Kernel texts;
};

// Integers before numbers: two integers are compared exactly.
constexpr std::array<ValueType, 6> kTypes = {ValueType::integer, ValueType::number,
                                             ValueType::text,    ValueType::boolean,
                                             ValueType::time,    ValueType::duration};

Kernel kernel_for(const KernelByStorage& kernels, ValueType type) {
  if (type == ValueType::number) return kernels.numbers;
  return type == ValueType::text ? kernels.texts : kernels.integers;
}

/// `count` arguments of one type, of any type; the last may repeat.
std::vector<FunctionOverload> of_any_type(const KernelByStorage& kernels, size_t count,
                                          bool repeats = false) {
  std::vector<FunctionOverload> overloads;
  overloads.reserve(std::size(kTypes));
  for (const ValueType type : kTypes) {
    overloads.push_back({.parameters = std::vector<ValueType>(count, type),
                         .result = ValueType::boolean,
                         .kernel = kernel_for(kernels, type),
                         .repeat_from = repeats ? count - 1 : 0,
                         .repeat_count = repeats ? size_t{1} : 0});
  }
  return overloads;
}

ExpressionFunction operation(std::string name, std::string usage, std::string doc,
                             std::vector<FunctionOverload> overloads) {
  return {.name = std::move(name),
          .group = "Comparison and logic",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .is_operator = true,
          .overloads = std::move(overloads)};
}

/// Also of lists, which are not compared.
std::vector<FunctionOverload> null_tests(Kernel kernel) {
  std::vector<FunctionOverload> overloads = of_any_type({kernel, kernel, kernel}, 1);
  overloads.push_back({{ValueType::list}, ValueType::boolean, kernel});
  return overloads;
}

#define MILLGATE_COMPARISON(function)                                                    \
  of_any_type({strict_kernel<function<int64_t>, int64_t, int64_t, int64_t>,              \
               strict_kernel<function<double>, int64_t, double, double>,                 \
               strict_kernel<function<std::string>, int64_t, std::string, std::string>}, \
              2)

std::vector<FunctionOverload> logic(Kernel kernel, size_t count) {
  return {{std::vector<ValueType>(count, ValueType::boolean), ValueType::boolean, kernel}};
}

}  // namespace

std::vector<ExpressionFunction> comparison_functions() {
  return {
      operation("=", "a = b", "Equal. NaN equals NaN.", MILLGATE_COMPARISON(equal)),
      operation("<>", "a <> b, a != b", "Not equal.", MILLGATE_COMPARISON(not_equal)),
      operation("<", "a < b", "Less; texts by bytes, NaN after every number.",
                MILLGATE_COMPARISON(less)),
      operation("<=", "a <= b", "Less or equal.", MILLGATE_COMPARISON(less_or_equal)),
      operation(">", "a > b", "Greater.", MILLGATE_COMPARISON(greater)),
      operation(">=", "a >= b", "Greater or equal.", MILLGATE_COMPARISON(greater_or_equal)),
      operation(
          "between", "x between low and high, x not between low and high", "Both bounds included.",
          of_any_type(
              {between_kernel<int64_t>, between_kernel<double>, between_kernel<std::string>}, 3)),
      operation(
          "in", "x in (a, b, ...), x not in (a, b, ...)",
          "Equal to one of the list; unknown if it is in none and one of the list is null.",
          of_any_type({in_kernel<int64_t>, in_kernel<double>, in_kernel<std::string>}, 2, true)),
      operation("is null", "x is null", "Whether x is null; never null itself.",
                null_tests(null_test_kernel<false>)),
      operation("is not null", "x is not null", "Whether x has a value; never null itself.",
                null_tests(null_test_kernel<true>)),
      operation("and", "a and b", "False if one is false, else null if one is null, else true.",
                logic(and_kernel, 2)),
      operation("or", "a or b", "True if one is true, else null if one is null, else false.",
                logic(or_kernel, 2)),
      operation("not", "not a", "True for false, false for true, null for null.",
                logic(strict_kernel<negate_truth, int64_t, int64_t>, 1)),
  };
}

}  // namespace millgate
