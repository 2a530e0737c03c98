/// The one list of functions and operators of the expression language: what they take, what
/// they give, what runs, and what the documentation says.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/kernel.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

struct FittedKind;

/// Makes of literal arguments what the kernel needs. `literals` has one value each, none null.
/// Errors: `invalid_input` without a place.
using Prepare = Result<std::shared_ptr<const Prepared>> (*)(std::span<const Vector> literals,
                                                            const ExpressionContext& context);

/// One signature of a function.
struct FunctionOverload {
  std::vector<ValueType> parameters;
  ValueType result = ValueType::number;
  Kernel kernel = nullptr;
  size_t repeat_from = 0;         ///< The parameters [repeat_from, repeat_from + repeat_count)
  size_t repeat_count = 0;        ///< may come several times, in turn.
  bool integers_as_text = false;  ///< An integer may stand where a text is wanted.
  /// Positions of parameters that must be literals; `prepare` makes of them what the operand of
  /// the first one holds. Empty without `prepare`.
  std::vector<size_t> literals = {};
  Prepare prepare = nullptr;
  bool names_calendar = false;  ///< The first literal is the name of a calendar.
  /// Learned from training rows: a last operand, after all parameters, holds it.
  const FittedKind* fitted = nullptr;
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
[[nodiscard]] std::vector<ExpressionFunction> list_functions();
[[nodiscard]] std::vector<ExpressionFunction> cast_functions();
[[nodiscard]] std::vector<ExpressionFunction> pattern_functions();
[[nodiscard]] std::vector<ExpressionFunction> time_functions();
[[nodiscard]] std::vector<ExpressionFunction> calendar_functions();
[[nodiscard]] std::vector<ExpressionFunction> unit_functions();
[[nodiscard]] std::vector<ExpressionFunction> scaling_functions();
[[nodiscard]] std::vector<ExpressionFunction> encoding_functions();

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
