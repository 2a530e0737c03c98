#include "data/feature/unexported.h"

#include <algorithm>

#include "data/feature/c_function.h"

namespace millgate {
namespace {

constexpr const char* kLists = "takes or makes a list, which has no counterpart there";

/// The first function, from the inside, that takes or makes a list.
std::optional<std::string> list_function(const TypedNode& node) {
  const auto& arguments = node.arguments;
  for (const auto& argument : arguments) {
    if (auto found = list_function(*argument)) return found;
  }
  const bool has_list = node.type == ValueType::list ||
                        std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) {
                          return argument->type == ValueType::list;
                        });
  if (node.kernel == nullptr || !has_list) return std::nullopt;
  return name_of(node.kernel)->function;
}

}  // namespace

std::optional<Unexported> find_unexported(const TypedExpression& expression) {
  if (expression.form == ExpressionForm::hashed_grams) {
    return Unexported{
        .function = expression.grams.of_characters ? "hashed_characters" : "hashed_words",
        .why = "needs the small and capital letters of Unicode"};
  }
  if (expression.form == ExpressionForm::elements) {
    return Unexported{.function = "elements", .why = kLists};
  }
  if (auto found = list_function(*expression.root)) {
    return Unexported{.function = *std::move(found), .why = kLists};
  }
  return std::nullopt;
}

}  // namespace millgate
