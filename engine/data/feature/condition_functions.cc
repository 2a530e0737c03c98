#include <array>

#include "data/feature/function_table.h"

namespace millgate {
namespace {

template <typename T>
void copy_value(const Operand& from, size_t row, Vector& out) {
  if (!from.valid(row)) return;
  out.valid[row] = 1;
  Slot<T>::in(out, row) = Slot<T>::get(from, row);
}

/// (condition, value)..., value otherwise. A null condition is not met.
template <typename T>
void case_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    size_t i = 0;
    while (i + 1 < arguments.size() &&
           !(arguments[i].valid(row) && Slot<int64_t>::get(arguments[i], row) != 0)) {
      i += 2;
    }
    copy_value<T>(arguments[i + 1 < arguments.size() ? i + 1 : i], row, out);
  }
}

template <typename T>
void coalesce_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    size_t i = 0;
    while (i + 1 < arguments.size() && !arguments[i].valid(row)) ++i;
    copy_value<T>(arguments[i], row, out);
  }
}

template <typename T>
void nullif_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    const bool equal = arguments[0].valid(row) && arguments[1].valid(row) &&
                       same(Slot<T>::get(arguments[0], row), Slot<T>::get(arguments[1], row));
    if (!equal) copy_value<T>(arguments[0], row, out);
  }
}

/// The extreme of what is not null.
template <typename T, bool greatest>
void extreme_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    const Operand* best = nullptr;
    for (const Operand& candidate : arguments) {
      if (!candidate.valid(row)) continue;
      const bool better =
          best == nullptr ||
          (greatest ? before(Slot<T>::get(*best, row), Slot<T>::get(candidate, row))
                    : before(Slot<T>::get(candidate, row), Slot<T>::get(*best, row)));
      if (better) best = &candidate;
    }
    if (best != nullptr) copy_value<T>(*best, row, out);
  }
}

/// Kernels for the ways in which values are stored.
struct KernelByStorage {
  Kernel integers;
  Kernel numbers;
  Kernel texts;
  Kernel lists = nullptr;  ///< Null: lists are not taken.
};

constexpr std::array<ValueType, 7> kTypes = {
    ValueType::integer, ValueType::number,   ValueType::text, ValueType::boolean,
    ValueType::time,    ValueType::duration, ValueType::list};

/// One overload a type: `shape(type)` gives its parameters and what repeats.
template <typename Shape>
std::vector<FunctionOverload> for_each_type(const KernelByStorage& kernels, Shape shape) {
  std::vector<FunctionOverload> overloads;
  for (const ValueType type : kTypes) {
    if (type == ValueType::list && kernels.lists == nullptr) continue;
    FunctionOverload overload = shape(type);
    overload.result = type;
    overload.kernel = type == ValueType::number ? kernels.numbers
                      : type == ValueType::text ? kernels.texts
                      : type == ValueType::list ? kernels.lists
                                                : kernels.integers;
    overloads.push_back(std::move(overload));
  }
  return overloads;
}

FunctionOverload one_or_more(ValueType type) {
  return {.parameters = {type}, .repeat_from = 0, .repeat_count = 1};
}
FunctionOverload two(ValueType type) { return {.parameters = {type, type}}; }
FunctionOverload if_else(ValueType type) {
  return {.parameters = {ValueType::boolean, type, type}};
}
FunctionOverload cases(ValueType type) {
  return {.parameters = {ValueType::boolean, type, type}, .repeat_from = 0, .repeat_count = 2};
}

ExpressionFunction conditional(std::string name, std::string usage, std::string doc,
                               std::vector<FunctionOverload> overloads) {
  return {.name = std::move(name),
          .group = "Conditions and nulls",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .overloads = std::move(overloads)};
}

}  // namespace

std::vector<ExpressionFunction> condition_functions() {
  constexpr KernelByStorage kCases = {case_kernel<int64_t>, case_kernel<double>,
                                      case_kernel<std::string>, case_kernel<NumberList>};
  const KernelByStorage coalesce = {coalesce_kernel<int64_t>, coalesce_kernel<double>,
                                    coalesce_kernel<std::string>, coalesce_kernel<NumberList>};
  ExpressionFunction case_when =
      conditional("case", "case when a then x when b then y else z end",
                  "The value of the first condition that is true; without `else`, null.",
                  for_each_type(kCases, cases));
  case_when.is_operator = true;
  return {
      std::move(case_when),
      conditional("if", "if(condition, a, b)", "a where the condition is true, else b.",
                  for_each_type(kCases, if_else)),
      conditional("coalesce", "coalesce(a, b, ...)", "The first that is not null.",
                  for_each_type(coalesce, one_or_more)),
      conditional("ifnull", "ifnull(a, b)", "b where a is null.", for_each_type(coalesce, two)),
      conditional(
          "nullif", "nullif(a, b)", "Null where a equals b, else a.",
          for_each_type({nullif_kernel<int64_t>, nullif_kernel<double>, nullif_kernel<std::string>},
                        two)),
      conditional("least", "least(a, b, ...)", "The smallest that is not null.",
                  for_each_type({extreme_kernel<int64_t, false>, extreme_kernel<double, false>,
                                 extreme_kernel<std::string, false>},
                                one_or_more)),
      conditional("greatest", "greatest(a, b, ...)",
                  "The largest that is not null; NaN is larger than every number.",
                  for_each_type({extreme_kernel<int64_t, true>, extreme_kernel<double, true>,
                                 extreme_kernel<std::string, true>},
                                one_or_more)),
  };
}

}  // namespace millgate
