#include <algorithm>
#include <charconv>

#include "data/feature/function_table.h"
#include "data/feature/letter_case.h"

namespace millgate {
namespace {

bool lower_of(const std::string& text, std::string& result) {
  append_lower_case(text, result);
  return true;
}
bool upper_of(const std::string& text, std::string& result) {
  append_upper_case(text, result);
  return true;
}
/// Code points: bytes that do not continue a UTF-8 sequence.
bool length_of(const std::string& text, int64_t& result) {
  result = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return true;
}
bool contains_text(const std::string& text, const std::string& part, int64_t& result) {
  result = text.find(part) != std::string::npos ? 1 : 0;
  return true;
}
bool starts_with_text(const std::string& text, const std::string& start, int64_t& result) {
  result = text.starts_with(start) ? 1 : 0;
  return true;
}
bool join_texts(const std::string& a, const std::string& b, std::string& result) {
  result.append(a).append(b);
  return true;
}
bool integer_text(int64_t value, std::string& result) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  result.assign(digits, end);
  return true;
}
bool boolean_text(int64_t value, std::string& result) {
  result = value != 0 ? "true" : "false";
  return true;
}

/// Nulls are left out; the result is never null.
void concat_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    out.valid[row] = 1;
    for (const Operand& argument : arguments) {
      if (argument.valid(row)) out.texts[row].append(Slot<std::string>::get(argument, row));
    }
  }
}

constexpr ValueType kText = ValueType::text;

ExpressionFunction textual(std::string name, std::string usage, std::string doc,
                           FunctionOverload overload) {
  return {.name = std::move(name),
          .group = "Text",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .overloads = {std::move(overload)}};
}

}  // namespace

std::vector<ExpressionFunction> text_functions() {
  ExpressionFunction join =
      textual("||", "a || b", "The two texts as one; an integer is written in digits.",
              {.parameters = {kText, kText},
               .result = kText,
               .kernel = strict_kernel<join_texts, std::string, std::string, std::string>,
               .integers_as_text = true});
  join.is_operator = true;
  return {
      std::move(join),
      textual("concat", "concat(a, b, ...)",
              "All texts as one, nulls left out; an integer is written in digits.",
              {.parameters = {kText},
               .result = kText,
               .kernel = concat_kernel,
               .repeat_from = 0,
               .repeat_count = 1,
               .integers_as_text = true}),
      textual("lower", "lower(s)", "In small letters.",
              {{kText}, kText, strict_kernel<lower_of, std::string, std::string>}),
      textual("upper", "upper(s)", "In capital letters.",
              {{kText}, kText, strict_kernel<upper_of, std::string, std::string>}),
      textual("length", "length(s)", "The number of characters (Unicode code points).",
              {{kText}, ValueType::integer, strict_kernel<length_of, int64_t, std::string>}),
      textual("contains", "contains(s, part)", "Whether part stands in s.",
              {{kText, kText},
               ValueType::boolean,
               strict_kernel<contains_text, int64_t, std::string, std::string>}),
      textual("starts_with", "starts_with(s, start)", "Whether s begins with start.",
              {{kText, kText},
               ValueType::boolean,
               strict_kernel<starts_with_text, int64_t, std::string, std::string>}),
  };
}

Kernel category_text_kernel(ValueType from) {
  if (from == ValueType::integer) return strict_kernel<integer_text, std::string, int64_t>;
  if (from == ValueType::boolean) return strict_kernel<boolean_text, std::string, int64_t>;
  return nullptr;
}

}  // namespace millgate
