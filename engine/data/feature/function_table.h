/// The one list of functions and operators of the expression language: what they take, what
/// they give, what runs, and what the documentation says.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/kernel.h"
#include "data/feature/vector.h"

namespace millgate {

/// One signature of a function.
struct FunctionOverload {
  std::vector<ValueType> parameters;
  ValueType result = ValueType::number;
  Kernel kernel = nullptr;
  size_t repeat_from = 0;         ///< The parameters [repeat_from, repeat_from + repeat_count)
  size_t repeat_count = 0;        ///< may come several times, in turn.
  bool integers_as_text = false;  ///< An integer may stand where a text is wanted.
};

/// One function or operator.
struct ExpressionFunction {
  std::string name;   ///< As in the syntax tree: `abs`, `+`, `is null`.
  std::string group;  ///< Heading in the documentation.
  std::string usage;  ///< As a person writes it: `clip(x, low, high)`.
  std::string doc;    ///< One sentence.
  bool is_operator = false;
  std::vector<FunctionOverload> overloads;  ///< The first one that fits is meant.
};

/// The groups, each beside its kernels. Names are unique over all groups.
[[nodiscard]] std::vector<ExpressionFunction> arithmetic_functions();
[[nodiscard]] std::vector<ExpressionFunction> number_functions();
[[nodiscard]] std::vector<ExpressionFunction> comparison_functions();
[[nodiscard]] std::vector<ExpressionFunction> condition_functions();
[[nodiscard]] std::vector<ExpressionFunction> text_functions();
[[nodiscard]] std::vector<ExpressionFunction> time_functions();

/// All of them, in the order of the documentation.
[[nodiscard]] const std::vector<ExpressionFunction>& expression_functions();
/// Null when there is no function of this name.
[[nodiscard]] const ExpressionFunction* find_expression_function(std::string_view name);

/// The kernel that widens `from` to `to`; null when there is none. Integers widen to numbers.
[[nodiscard]] Kernel widening_kernel(ValueType from, ValueType to);
/// The kernel that writes a value of `from` as text for `category`; null for text and where a
/// value has no exact text.
[[nodiscard]] Kernel category_text_kernel(ValueType from);

/// The functions as the Markdown tables of docs/guides/expressions.md.
[[nodiscard]] std::string expression_reference();

}  // namespace millgate
