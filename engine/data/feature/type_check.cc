#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "data/feature/function_table.h"
#include "data/feature/typed_expression.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

constexpr const char* kCategory = "category";
constexpr const char* kOneHot = "one_hot";
constexpr int64_t kColumnCountMax = 4096;
constexpr int64_t kGramMax = 16;

/// A whole expression that makes columns of one value: what it takes, and its further arguments.
struct ColumnsForm {
  std::string_view name;
  ValueType of = ValueType::text;
  std::string_view example;
  std::string_view takes;
  size_t count_min = 2;  ///< Of arguments.
  size_t count_max = 2;
  bool of_characters = false;
};
constexpr std::array<ColumnsForm, 3> kColumnsForms = {
    {{.name = "hashed_words",
      .example = "hashed_words(s, 64), or hashed_words(s, 64, 2) for words and pairs of words",
      .takes = "a text, the number of its columns, and the most words of a run",
      .count_max = 3},
     {.name = "hashed_characters",
      .example = "hashed_characters(s, 256, 2, 4)",
      .takes = "a text, the number of its columns, and the fewest and most characters of a run",
      .count_min = 4,
      .count_max = 4,
      .of_characters = true},
     {.name = "elements",
      .of = ValueType::list,
      .example = "elements(l, 16)",
      .takes = "a list and the number of its elements"}}};

const ColumnsForm* columns_form(const std::string& name) {
  const auto* found = std::find_if(kColumnsForms.begin(), kColumnsForms.end(),
                                   [&](const ColumnsForm& form) { return form.name == name; });
  return found == kColumnsForms.end() ? nullptr : found;
}

std::string example_of(const ColumnsForm& form) { return "write " + std::string(form.example); }

bool is_whole_form(const std::string& name) {
  return name == kCategory || name == kOneHot || columns_form(name) != nullptr;
}

/// The type of a tree before it is used; nothing: the literal `null`, which fits every type.
using FoundType = std::optional<ValueType>;

/// A checked tree whose null literals may still take any type.
struct Checked {
  FoundType type;
  std::unique_ptr<TypedNode> node;
};

std::unique_ptr<TypedNode> constant_null(ValueType type) {
  auto node = std::make_unique<TypedNode>();
  node->type = type;
  node->constant.reset(type, 1);
  return node;
}

std::unique_ptr<TypedNode> apply(Kernel kernel, ValueType type,
                                 std::vector<std::unique_ptr<TypedNode>> arguments) {
  auto node = std::make_unique<TypedNode>();
  node->type = type;
  node->kernel = kernel;
  node->arguments = std::move(arguments);
  return node;
}

std::unique_ptr<TypedNode> apply(Kernel kernel, ValueType type,
                                 std::unique_ptr<TypedNode> argument) {
  std::vector<std::unique_ptr<TypedNode>> arguments;
  arguments.push_back(std::move(argument));
  return apply(kernel, type, std::move(arguments));
}

/// The type of argument `i` of `count`; nothing when the overload does not take so many.
std::optional<ValueType> parameter_type(const FunctionOverload& overload, size_t i, size_t count) {
  const size_t least = overload.parameters.size();
  if (count < least) return std::nullopt;
  const size_t extra = count - least;
  const size_t repeats = overload.repeat_count;
  if (extra > 0 && (repeats == 0 || extra % repeats != 0)) return std::nullopt;
  if (i < overload.repeat_from) return overload.parameters[i];
  if (i < overload.repeat_from + repeats + extra) {
    return overload.parameters[overload.repeat_from + (i - overload.repeat_from) % repeats];
  }
  return overload.parameters[i - extra];
}

bool can_be(FoundType found, ValueType wanted, const FunctionOverload& overload) {
  if (!found || *found == wanted || widening_kernel(*found, wanted) != nullptr) return true;
  return overload.integers_as_text && *found == ValueType::integer && wanted == ValueType::text;
}

bool fits(const FunctionOverload& overload, const std::vector<Checked>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto wanted = parameter_type(overload, i, arguments.size());
    if (!wanted || !can_be(arguments[i].type, *wanted, overload)) return false;
  }
  return parameter_type(overload, 0, arguments.size()).has_value();
}

std::unique_ptr<TypedNode> convert(Checked checked, ValueType wanted) {
  if (!checked.type) return constant_null(wanted);
  if (*checked.type == wanted) return std::move(checked.node);
  const Kernel kernel = wanted == ValueType::text ? category_text_kernel(*checked.type)
                                                  : widening_kernel(*checked.type, wanted);
  if (checked.node->kernel == nullptr && checked.node->constant.size() == 1) {
    // Stays a literal, for functions that ask for one.
    auto literal = constant_null(wanted);
    const Operand operand{.vector = &checked.node->constant, .first = 0, .step = 0};
    kernel({&operand, 1}, 1, literal->constant);
    return literal;
  }
  return apply(kernel, wanted, std::move(checked.node));
}

std::string type_name(FoundType type) {
  return type ? std::string(to_string(*type)) : std::string("null");
}

/// "text and integer", "text, integer and time".
std::string listed_types(const std::vector<Checked>& arguments) {
  constexpr size_t kShownMax = 6;
  std::string list;
  const size_t shown = std::min(arguments.size(), kShownMax);
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) list += i + 1 == arguments.size() ? " and " : ", ";
    list += type_name(arguments[i].type);
  }
  return arguments.size() > shown ? list + " ..." : list;
}

std::string result_hint(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "write category(...) to make a code of each text, or compare it";
    case ValueType::time:
      return "take a part of it, such as hour(...) or weekday(...), or its distance to another "
             "time: epoch(a - b)";
    case ValueType::duration:
      return "epoch(...) gives its seconds";
    case ValueType::list:
      return "take a number of it, such as l[1], len(l) or list_dot_product(l, m), or a column for "
             "each element: elements(l, 16)";
    default:
      return {};
  }
}

/// Walks the syntax tree; its height is bounded by the parser.
class TypeChecker {
 public:
  TypeChecker(const ExpressionText& source, const std::vector<Field>& fields, ExpressionUse use,
              const ExpressionContext& context)
      : source_(source), fields_(fields), use_(use), context_(context) {}

  Result<Checked> check(const SyntaxNode& node) {
    switch (node.kind) {
      case SyntaxKind::literal:
        return literal(node);
      case SyntaxKind::column:
        return column(node);
      case SyntaxKind::call:
        return call(node);
    }
    return bug("a node of no kind");
  }

  [[nodiscard]] const std::set<std::string>& calendars() const { return calendars_; }

 private:
  static Checked literal(const SyntaxNode& node) {
    if (!node.literal_type) return {};
    auto typed = constant_null(*node.literal_type);
    typed->constant.valid[0] = 1;
    if (typed->type == ValueType::text) {
      typed->constant.texts[0] = node.text;
    } else if (typed->type == ValueType::number) {
      typed->constant.numbers[0] = node.number;
    } else {
      typed->constant.integers[0] = node.integer;
    }
    return {node.literal_type, std::move(typed)};
  }

  Result<Checked> column(const SyntaxNode& node) {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const Field& field) { return field.name == node.name; });
    if (found == fields_.end()) return unknown_column(node);
    auto typed = std::make_unique<TypedNode>();
    typed->type = found->type;
    typed->column = static_cast<size_t>(found - fields_.begin());
    typed->text = node.name;
    return Checked{found->type, std::move(typed)};
  }

  Error unknown_column(const SyntaxNode& node) const {
    std::vector<std::string> names;
    names.reserve(fields_.size());
    for (const Field& field : fields_) names.push_back(field.name);
    std::string hint = name_hint(node.name, names);
    // "dest" next to a view's "airports.dest" is no slip of the finger but a missing prefix.
    for (const std::string& name : names) {
      if (name.ends_with("." + node.name)) hint = "did you mean `" + name + "`?";
    }
    return source_.fault(node.span, "unknown column `" + node.name + "`", std::move(hint));
  }

  Result<Checked> call(const SyntaxNode& node) {
    if (is_whole_form(node.name)) {
      return source_.fault(
          node.span, "`" + node.name + "` must be the whole expression",
          columns_form(node.name) != nullptr
              ? example_of(*columns_form(node.name)) + "; compute inside it"
              : "compute inside it: " + node.name + "(lower(x)); a code is not a quantity");
    }
    const ExpressionFunction* function = find_expression_function(node.name);
    if (function == nullptr) return unknown_function(node);
    std::vector<Checked> arguments;
    for (const auto& argument : node.arguments) {
      MILLGATE_ASSIGN(Checked checked, check(*argument));
      arguments.push_back(std::move(checked));
    }
    for (const FunctionOverload& overload : function->overloads) {
      if (!fits(overload, arguments)) continue;
      std::vector<std::unique_ptr<TypedNode>> converted;
      const size_t count = arguments.size();
      converted.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        converted.push_back(convert(std::move(arguments[i]), *parameter_type(overload, i, count)));
      }
      MILLGATE_TRY(prepare_literals(node, overload, converted));
      MILLGATE_TRY(check_fitted(node, overload));
      auto typed = apply(overload.kernel, overload.result, std::move(converted));
      typed->fitted = overload.fitted;
      typed->text = source_.text(node.span);
      return Checked{overload.result, std::move(typed)};
    }
    return no_overload(node, *function, arguments);
  }

  Status prepare_literals(const SyntaxNode& node, const FunctionOverload& overload,
                          const std::vector<std::unique_ptr<TypedNode>>& arguments) {
    std::vector<Vector> literals;
    for (const size_t position : overload.literals) {
      const TypedNode& argument = *arguments[position];
      const bool is_literal = argument.kernel == nullptr && argument.constant.size() == 1 &&
                              argument.constant.valid[0] != 0;
      if (!is_literal) {
        const SyntaxNode& written = *node.arguments[position];
        return source_.fault(
            written.span, "`" + node.name + "` needs a literal here, the same for every row",
            argument.type == ValueType::text ? "write a text in single quotes" : "write a number");
      }
      literals.push_back(argument.constant);
    }
    if (overload.prepare == nullptr) return {};
    auto prepared = overload.prepare(literals, context_);
    const size_t holder = overload.literals.front();
    if (!prepared.ok()) {
      if (prepared.error().code != ErrorCode::invalid_input) return prepared.error();
      return source_.fault(node.arguments[holder]->span, prepared.error().what,
                           prepared.error().hint);
    }
    arguments[holder]->prepared = *std::move(prepared);
    std::string& key = arguments[holder]->prepared_key;
    key = std::to_string(reinterpret_cast<uintptr_t>(overload.prepare));
    for (const size_t position : overload.literals) {
      key.append(" ").append(source_.text(node.arguments[position]->span));
    }
    if (overload.names_calendar) calendars_.insert(literals.front().texts.front());
    return {};
  }

  Status check_fitted(const SyntaxNode& node, const FunctionOverload& overload) const {
    if (overload.fitted == nullptr || use_ == ExpressionUse::feature) return {};
    const std::string who = use_ == ExpressionUse::label ? "a label" : "a value of a column";
    return source_.fault(node.span, who + " cannot use `" + node.name + "`, which is learned",
                         "write what depends on its own row only");
  }

  Error unknown_function(const SyntaxNode& node) const {
    std::vector<std::string> names;
    for (const ExpressionFunction& function : expression_functions()) {
      if (!function.is_operator) names.push_back(function.name);
    }
    const auto nearest = nearest_name(node.name, names);
    return source_.fault(
        node.name_span, "unknown function `" + node.name + "`",
        nearest ? "did you mean `" + *nearest + "`?" : "`millgate functions` lists them all");
  }

  Error no_overload(const SyntaxNode& node, const ExpressionFunction& function,
                    const std::vector<Checked>& arguments) const {
    const std::string shown(function.is_operator ? source_.text(node.name_span)
                                                 : std::string_view(function.name));
    const bool takes_count =
        std::any_of(function.overloads.begin(), function.overloads.end(),
                    [&](const FunctionOverload& overload) {
                      return parameter_type(overload, 0, arguments.size()).has_value();
                    });
    if (!takes_count) {
      return source_.fault(node.span,
                           "`" + shown + "` does not take " + std::to_string(arguments.size()) +
                               (arguments.size() == 1 ? " argument" : " arguments"),
                           "write " + function.usage);
    }
    if (const auto wrong = lone_culprit(function, arguments)) {
      return source_.fault(node.arguments[*wrong]->span,
                           "`" + shown + "` cannot take " + type_name(arguments[*wrong].type) +
                               (arguments.size() == 1 ? "" : " here"),
                           type_hint(function, arguments));
    }
    return source_.fault(node.span, "`" + shown + "` cannot take " + listed_types(arguments),
                         type_hint(function, arguments));
  }

  /// The argument that fits no overload in its place, whatever the others are.
  static std::optional<size_t> lone_culprit(const ExpressionFunction& function,
                                            const std::vector<Checked>& arguments) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      const bool fits_somewhere =
          std::any_of(function.overloads.begin(), function.overloads.end(),
                      [&](const FunctionOverload& overload) {
                        const auto wanted = parameter_type(overload, i, arguments.size());
                        return wanted && can_be(arguments[i].type, *wanted, overload);
                      });
      if (!fits_somewhere) return i;
    }
    return std::nullopt;
  }

  static std::string type_hint(const ExpressionFunction& function,
                               const std::vector<Checked>& arguments) {
    const auto has = [&](ValueType type) {
      return std::any_of(arguments.begin(), arguments.end(),
                         [&](const Checked& argument) { return argument.type == type; });
    };
    if (function.name == "//" && has(ValueType::number)) {
      return "`//` divides integers; for numbers write floor(a / b)";
    }
    if (function.group == "Comparison and logic" && has(ValueType::time) && has(ValueType::text)) {
      return "write a time as timestamp '2013-01-01 10:00'";
    }
    if (has(ValueType::boolean)) {
      return "a boolean becomes a number by `case when ... then 1 else 0 end`; a number becomes "
             "a boolean by a comparison, such as `x <> 0`";
    }
    if (has(ValueType::duration) && has(ValueType::integer)) {
      return "write an interval with its unit, interval '30 minutes', or take its seconds by "
             "epoch(x)";
    }
    if (has(ValueType::list) && function.group != "Lists") return result_hint(ValueType::list);
    if (has(ValueType::time) || has(ValueType::duration)) {
      return "epoch(x) gives seconds as a number";
    }
    return "write " + function.usage;
  }

  const ExpressionText& source_;
  const std::vector<Field>& fields_;
  ExpressionUse use_;
  const ExpressionContext& context_;
  std::set<std::string> calendars_;
};

/// `category(x)` and `one_hot(x)`.
Result<TypedExpression> check_category(const ExpressionText& source, const SyntaxNode& syntax,
                                       TypeChecker& checker) {
  const std::string& name = syntax.name;
  if (syntax.arguments.size() != 1) {
    return source.fault(syntax.span, "`" + name + "` takes one argument", "write " + name + "(x)");
  }
  const SyntaxNode& argument = *syntax.arguments.front();
  MILLGATE_ASSIGN(Checked checked, checker.check(argument));
  const bool has_text = !checked.type || *checked.type == ValueType::text ||
                        category_text_kernel(*checked.type) != nullptr;
  if (!has_text) {
    return source.fault(argument.span, "`" + name + "` cannot take " + type_name(checked.type),
                        *checked.type == ValueType::number
                            ? "use the number itself, or make groups: " + name +
                                  "(case when x < 10 then 'low' else 'high' end)"
                            : "take a part of it, such as " + name + "(weekday(x))");
  }
  return TypedExpression{
      .root = convert(std::move(checked), ValueType::text),
      .form = name == kOneHot ? ExpressionForm::one_hot : ExpressionForm::category};
}

/// An integer literal from `low` to `high`.
Result<int64_t> whole_literal(const ExpressionText& source, const SyntaxNode& node,
                              const ColumnsForm& form, int64_t low, int64_t high) {
  const bool is_integer =
      node.kind == SyntaxKind::literal && node.literal_type == ValueType::integer;
  if (is_integer && node.integer >= low && node.integer <= high) return node.integer;
  return source.fault(
      node.span,
      "this must be an integer from " + std::to_string(low) + " to " + std::to_string(high),
      example_of(form));
}

/// `hashed_words(s, n)` and its like.
Result<TypedExpression> check_columns(const ExpressionText& source, const SyntaxNode& syntax,
                                      const ColumnsForm& form, TypeChecker& checker) {
  const std::string shown = "`" + syntax.name + "`";
  const size_t count = syntax.arguments.size();
  if (count < form.count_min || count > form.count_max) {
    return source.fault(syntax.span, shown + " takes " + std::string(form.takes), example_of(form));
  }
  const SyntaxNode& value = *syntax.arguments[0];
  MILLGATE_ASSIGN(Checked checked, checker.check(value));
  if (checked.type && *checked.type != form.of) {
    return source.fault(value.span, shown + " cannot take " + type_name(checked.type) + " here",
                        example_of(form));
  }
  TypedExpression typed{
      .root = convert(std::move(checked), form.of),
      .form = form.of == ValueType::list ? ExpressionForm::elements : ExpressionForm::hashed_grams};
  MILLGATE_ASSIGN(typed.column_count,
                  whole_literal(source, *syntax.arguments[1], form, 2, kColumnCountMax));
  typed.grams.of_characters = form.of_characters;
  if (count == 4) {
    MILLGATE_ASSIGN(typed.grams.low,
                    whole_literal(source, *syntax.arguments[2], form, 1, kGramMax));
    typed.grams.high = typed.grams.low;
  }
  if (count > 2) {
    MILLGATE_ASSIGN(typed.grams.high, whole_literal(source, *syntax.arguments[count - 1], form,
                                                    typed.grams.low, kGramMax));
  }
  return typed;
}

}  // namespace

namespace {

Result<TypedExpression> checked_expression(const ExpressionText& source, const SyntaxNode& syntax,
                                           ExpressionUse use, TypeChecker& checker) {
  if (syntax.kind == SyntaxKind::call && is_whole_form(syntax.name)) {
    if (use != ExpressionUse::feature) {
      const bool is_label = use == ExpressionUse::label;
      return source.fault(
          syntax.span,
          is_label ? "a label cannot be a category" : "a value of a column cannot be a category",
          is_label ? "a label is a condition or a number" : "write the text itself");
    }
    const ColumnsForm* form = columns_form(syntax.name);
    return form != nullptr ? check_columns(source, syntax, *form, checker)
                           : check_category(source, syntax, checker);
  }
  MILLGATE_ASSIGN(Checked checked, checker.check(syntax));
  if (!checked.type) return TypedExpression{.root = constant_null(ValueType::number)};
  const ValueType type = *checked.type;
  if (use == ExpressionUse::value) return TypedExpression{.root = std::move(checked.node)};
  if (type != ValueType::boolean && type != ValueType::integer && type != ValueType::number) {
    const std::string what = use == ExpressionUse::feature ? "a feature" : "a label";
    return source.fault(
        syntax.span,
        what + " must be a number or a boolean; this is " + std::string(to_string(type)),
        use == ExpressionUse::label && type == ValueType::text
            ? "compare it, for example `x = 'yes'`"
            : result_hint(type));
  }
  return TypedExpression{.root = std::move(checked.node)};
}

}  // namespace

Result<TypedExpression> check_types(const ExpressionText& source, const SyntaxNode& syntax,
                                    const std::vector<Field>& fields, ExpressionUse use,
                                    const ExpressionContext& context) {
  TypeChecker checker(source, fields, use, context);
  MILLGATE_ASSIGN(TypedExpression expression, checked_expression(source, syntax, use, checker));
  expression.calendars = checker.calendars();
  return expression;
}

}  // namespace millgate
