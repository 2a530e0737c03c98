#include "data/feature/c_function.h"

#include <cassert>
#include <map>
#include <vector>

#include "data/feature/c_support.h"
#include "data/feature/function_table.h"

namespace millgate {
namespace {

/// A function that is null where an argument is null, or where `null_if` holds; arguments are
/// a, b, c, d. Null where the kernel is null, and else the same value bit by bit.
struct StrictFunction {
  std::string_view function;
  std::string_view types;
  std::string_view c_name;
  std::string_view null_if;
  std::string_view value;
};

constexpr StrictFunction kStrict[] = {
    {"+", "ii", "add_ints", "sum_overflows(a.value, b.value)", "a.value + b.value"},
    {"+", "nn", "add_nums", "", "a.value + b.value"},
    {"-", "ii", "subtract_ints", "difference_overflows(a.value, b.value)", "a.value - b.value"},
    {"-", "nn", "subtract_nums", "", "a.value - b.value"},
    {"*", "ii", "multiply_ints", "product_overflows(a.value, b.value)", "a.value * b.value"},
    {"*", "nn", "multiply_nums", "", "a.value * b.value"},
    {"/", "nn", "divide_nums", "b.value == 0.0", "a.value / b.value"},
    {"//", "ii", "divide_ints", "!divides(a.value, b.value)", "a.value / b.value"},
    {"%", "ii", "rest_of_ints", "!divides(a.value, b.value)", "a.value % b.value"},
    {"%", "nn", "rest_of_nums", "b.value == 0.0", "fmod(a.value, b.value)"},
    {"negate", "i", "negate_int", "a.value == INT64_MIN", "-a.value"},
    {"negate", "n", "negate_num", "", "-a.value"},

    {"abs", "i", "abs_int", "a.value == INT64_MIN", "a.value < 0 ? -a.value : a.value"},
    {"abs", "n", "abs_num", "", "fabs(a.value)"},
    {"floor", "n", "floor_num", "", "floor(a.value)"},
    {"ceil", "n", "ceil_num", "", "ceil(a.value)"},
    {"round", "i", "round_int", "", "a.value"},
    {"round", "n", "round_num", "", "round(a.value)"},
    {"round", "ni", "round_digits", "", "to_digits(a.value, b.value)"},
    {"sqrt", "n", "sqrt_num", "a.value < 0.0", "sqrt(a.value)"},
    {"ln", "n", "ln_num", "a.value <= 0.0", "log(a.value)"},
    {"log10", "n", "log10_num", "a.value <= 0.0", "log10(a.value)"},
    {"log2", "n", "log2_num", "a.value <= 0.0", "log2(a.value)"},
    {"exp", "n", "exp_num", "", "exp(a.value)"},
    {"pow", "nn", "pow_num", "", "pow(a.value, b.value)"},
    {"sin", "n", "sin_num", "isinf(a.value)", "sin(a.value)"},
    {"cos", "n", "cos_num", "isinf(a.value)", "cos(a.value)"},
    {"tan", "n", "tan_num", "isinf(a.value)", "tan(a.value)"},
    {"asin", "n", "asin_num", "a.value < -1.0 || a.value > 1.0", "asin(a.value)"},
    {"acos", "n", "acos_num", "a.value < -1.0 || a.value > 1.0", "acos(a.value)"},
    {"atan", "n", "atan_num", "", "atan(a.value)"},
    {"atan2", "nn", "atan2_num", "", "atan2(a.value, b.value)"},
    {"cbrt", "n", "cbrt_num", "", "cbrt(a.value)"},
    {"trunc", "n", "trunc_num", "", "trunc(a.value)"},
    {"sign", "i", "sign_int", "", "(a.value > 0) - (a.value < 0)"},
    {"sign", "n", "sign_num", "", "(a.value > 0) - (a.value < 0)"},
    {"isnan", "n", "is_nan", "", "isnan(a.value) != 0"},
    {"isinf", "n", "is_inf", "", "isinf(a.value) != 0"},
    {"isfinite", "n", "is_finite", "", "isfinite(a.value) != 0"},
    {"cyclic_sin", "nn", "cyclic_sin", "b.value == 0.0 || isinf(angle(a.value, b.value))",
     "sin(angle(a.value, b.value))"},
    {"cyclic_cos", "nn", "cyclic_cos", "b.value == 0.0 || isinf(angle(a.value, b.value))",
     "cos(angle(a.value, b.value))"},
    {"width_bucket", "nnni", "width_bucket",
     "d.value <= 0 || d.value > 1000000 || isnan(a.value) || b.value == c.value || "
     "!isfinite(b.value) || !isfinite(c.value)",
     "part_of_width(a.value, b.value, c.value, d.value)"},
    {"clip", "iii", "clip_ints", "",
     "(a.value < b.value ? b.value : a.value) > c.value ? c.value : "
     "(a.value < b.value ? b.value : a.value)"},
    {"clip", "nnn", "clip_nums", "",
     "(a.value < b.value ? b.value : a.value) > c.value ? c.value : "
     "(a.value < b.value ? b.value : a.value)"},

    {"=", "ii", "equal_ints", "", "a.value == b.value"},
    {"=", "nn", "equal_nums", "", "same_num(a.value, b.value)"},
    {"=", "ss", "equal_texts", "", "compare_texts(a, b) == 0"},
    {"<>", "ii", "unequal_ints", "", "a.value != b.value"},
    {"<>", "nn", "unequal_nums", "", "!same_num(a.value, b.value)"},
    {"<>", "ss", "unequal_texts", "", "compare_texts(a, b) != 0"},
    {"<", "ii", "below_ints", "", "a.value < b.value"},
    {"<", "nn", "below_nums", "", "before_num(a.value, b.value)"},
    {"<", "ss", "below_texts", "", "compare_texts(a, b) < 0"},
    {"<=", "ii", "at_most_ints", "", "a.value <= b.value"},
    {"<=", "nn", "at_most_nums", "", "!before_num(b.value, a.value)"},
    {"<=", "ss", "at_most_texts", "", "compare_texts(a, b) <= 0"},
    {">", "ii", "above_ints", "", "a.value > b.value"},
    {">", "nn", "above_nums", "", "before_num(b.value, a.value)"},
    {">", "ss", "above_texts", "", "compare_texts(a, b) > 0"},
    {">=", "ii", "at_least_ints", "", "a.value >= b.value"},
    {">=", "nn", "at_least_nums", "", "!before_num(a.value, b.value)"},
    {">=", "ss", "at_least_texts", "", "compare_texts(a, b) >= 0"},
    {"not", "b", "not_bool", "", "a.value == 0"},

    {"cast as double", "i", "num_from_int", "", "(double)a.value"},
    {"cast as double", "b", "num_from_bool", "", "(double)a.value"},
    {"cast as double", "n", "num_from_num", "", "a.value"},
    {"cast as bigint", "i", "int_from_int", "", "a.value"},
    {"cast as bigint", "n", "int_from_num", "!fits_64_bits(nearbyint(a.value))",
     "(int64_t)nearbyint(a.value)"},
    {"cast as integer", "i", "small_from_int", "!fits_32_bits(a.value)", "a.value"},
    {"cast as integer", "n", "small_from_num",
     "!fits_64_bits(nearbyint(a.value)) || !fits_32_bits((int64_t)nearbyint(a.value))",
     "(int64_t)nearbyint(a.value)"},
    {"cast as boolean", "i", "bool_from_int", "", "a.value != 0"},
    {"cast as boolean", "n", "bool_from_num", "", "a.value != 0.0"},
    {"cast as varchar", "s", "text_from_text", "", "a"},
    {"cast as date", "t", "date_of", "day_number(a.value) < INT64_MIN / MICROS_A_DAY",
     "day_number(a.value) * MICROS_A_DAY"},

    {"year", "t", "year_of", "", "civil_day(day_number(a.value)).year"},
    {"month", "t", "month_of", "", "civil_day(day_number(a.value)).month"},
    {"day", "t", "day_of", "", "civil_day(day_number(a.value)).day"},
    {"day_of_year", "t", "day_of_year", "", "day_in_year(day_number(a.value))"},
    {"weekday", "t", "weekday_of", "", "weekday_number(day_number(a.value))"},
    {"isodow", "t", "isodow_of", "", "(weekday_number(day_number(a.value)) + 6) % 7 + 1"},
    {"week", "t", "week_of", "", "(day_in_year(week_begin(day_number(a.value)) + 3) - 1) / 7 + 1"},
    {"quarter", "t", "quarter_of", "", "(civil_day(day_number(a.value)).month - 1) / 3 + 1"},
    {"days_in_month", "t", "days_in_month", "", "days_of_month(day_number(a.value))"},
    {"hour", "t", "hour_of", "", "micros_of_day(a.value) / INT64_C(3600000000)"},
    {"minute", "t", "minute_of", "", "micros_of_day(a.value) / 60000000 % 60"},
    {"second", "t", "second_of", "", "micros_of_day(a.value) / 1000000 % 60"},
    {"epoch", "t", "epoch_of", "", "(double)a.value / 1000000.0"},
    // Of a text as an array: unit, time(s).
    {"date_trunc", "it", "truncate_time", "", "begin_of_unit(a.value, b.value)"},
    {"date_diff", "itt", "units_between", "",
     "unit_number(a.value, c.value) - unit_number(a.value, b.value)"},
    {"convert", "nnn", "convert_unit", "", "a.value * b.value + c.value"},

    {"length", "s", "length_of", "", "(int64_t)count_points(a.bytes, a.size)"},
    {"contains", "ss", "contains_text", "", "find_text(a, b, 0) <= a.size"},
    {"starts_with", "ss", "starts_with", "",
     "a.size >= b.size && same_bytes(a.bytes, b.bytes, b.size)"},
    {"ends_with", "ss", "ends_with", "",
     "a.size >= b.size && same_bytes(a.bytes + (a.size - b.size), b.bytes, b.size)"},
    {"strpos", "ss", "position_of", "", "position_in(a, b)"},
    {"trim", "s", "trim_text", "", "trimmed(a, 1, 1)"},
    {"ltrim", "s", "ltrim_text", "", "trimmed(a, 1, 0)"},
    {"rtrim", "s", "rtrim_text", "", "trimmed(a, 0, 1)"},
    {"left", "si", "left_of", "", "left_points(a, b.value)"},
    {"right", "si", "right_of", "", "right_points(a, b.value)"},
    {"substring", "si", "rest_of", "", "points_between(a, b.value, INT64_MAX)"},
    {"substring", "sii", "substring_of", "", "points_between(a, b.value, c.value)"},
    {"split_part", "ssi", "part_of_text", "", "part_number(a, b, c.value)"},
    {"hash_bucket", "si", "hash_bucket", "b.value <= 0", "bucket_of_hash(a, b.value)"},
};

std::map<Kernel, KernelName> kernel_names() {
  std::map<Kernel, KernelName> names;
  for (const ExpressionFunction& function : expression_functions()) {
    for (const FunctionOverload& overload : function.overloads) {
      std::string types;
      for (const ValueType type : overload.parameters) types += letter_of(type);
      names.try_emplace(overload.kernel, KernelName{function.name, types});
    }
  }
  names.try_emplace(widening_kernel(ValueType::integer, ValueType::number),
                    KernelName{"cast as double", "i"});
  names.try_emplace(category_text_kernel(ValueType::integer), KernelName{"cast as varchar", "i"});
  names.try_emplace(category_text_kernel(ValueType::boolean), KernelName{"cast as varchar", "b"});
  return names;
}

/// Whether the word `name` stands in `source`.
bool mentions(std::string_view source, std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (size_t at = source.find(name); at != std::string_view::npos;
       at = source.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !is_word(source[at - 1])) && (end == source.size() || !is_word(source[end]))) {
      return true;
    }
  }
  return false;
}

/// What a function gives, by the way its value is written down in the table of the language.
ValueType result_of(const StrictFunction& one) {
  for (const ExpressionFunction& function : expression_functions()) {
    if (function.name != one.function) continue;
    for (const FunctionOverload& overload : function.overloads) {
      std::string types;
      for (const ValueType type : overload.parameters) types += letter_of(type);
      if (types == one.types) return overload.result;
    }
    // Arguments that C takes in another form: the only overload.
    return function.overloads.front().result;
  }
  assert(false && "a function of C that the language does not have");
  return ValueType::number;
}

std::string source_of(const StrictFunction& one) {
  constexpr std::string_view kNames = "abcd";
  const ValueType result = result_of(one);
  std::string parameters;
  std::string nulls;
  for (size_t i = 0; i < one.types.size(); ++i) {
    const char letter = one.types[i];
    const std::string_view type = letter == 'n' ? "num_v" : letter == 's' ? "text_v" : "int_v";
    const char name = kNames[i];
    parameters += (i == 0 ? "" : ", ") + std::string(type) + " " + name;
    nulls += (i == 0 ? "!" : " || !") + std::string(1, name) + ".known";
  }
  if (!one.null_if.empty()) nulls += " || " + std::string(one.null_if);
  const std::string_view kind = c_kind_of(result);
  const std::string of(kind.substr(0, kind.size() - 1));
  return "static " + std::string(c_type_of(result)) + " " + std::string(one.c_name) + "(" +
         parameters + ") {\n  if (" + nulls + ") return no_" + of + "();\n  return " + of + "_of(" +
         std::string(one.value) + ");\n}\n";
}

}  // namespace

char letter_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return 'b';
    case ValueType::integer:
      return 'i';
    case ValueType::number:
      return 'n';
    case ValueType::text:
      return 's';
    case ValueType::time:
      return 't';
    case ValueType::duration:
      return 'd';
    case ValueType::list:
      return 'l';
  }
  return '?';
}

std::string_view c_type_of(ValueType type) {
  if (type == ValueType::number) return "num_v";
  return type == ValueType::text ? "text_v" : "int_v";
}

std::string_view c_kind_of(ValueType type) {
  if (type == ValueType::number) return "nums";
  return type == ValueType::text ? "texts" : "ints";
}

const KernelName* name_of(Kernel kernel) {
  static const std::map<Kernel, KernelName> kNames = kernel_names();
  const auto found = kNames.find(kernel);
  return found == kNames.end() ? nullptr : &found->second;
}

std::string_view c_function_of(const KernelName& name) {
  for (const StrictFunction& one : kStrict) {
    if (one.function == name.function && one.types == name.types) return one.c_name;
  }
  return {};
}

std::vector<CStrictFunction> c_strict_functions() {
  std::vector<CStrictFunction> all;
  for (const StrictFunction& one : kStrict) {
    all.push_back({.c_name = one.c_name, .types = one.types, .result = result_of(one)});
  }
  return all;
}

std::string c_functions(const std::set<std::string>& used) {
  struct FunctionText {
    std::string_view name;
    std::string text;
  };
  std::vector<FunctionText> all;
  for (const CSupport& one : c_support()) all.push_back({one.c_name, std::string(one.source)});
  for (const StrictFunction& one : kStrict) all.push_back({one.c_name, source_of(one)});

  // From the end: who needs something has been seen before it.
  std::vector<bool> needed(all.size(), false);
  size_t known = 0;
  for (size_t i = all.size(); i-- > 0;) {
    const bool asked = used.contains(std::string(all[i].name));
    known += asked ? 1 : 0;
    needed[i] = asked;
    for (size_t later = i + 1; later < all.size() && !needed[i]; ++later) {
      needed[i] = needed[later] && mentions(all[later].text, all[i].name);
    }
  }
  assert(known == used.size());
  std::string text;
  for (size_t i = 0; i < all.size(); ++i) {
    if (needed[i]) text += all[i].text + "\n";
  }
  return text;
}

}  // namespace millgate
