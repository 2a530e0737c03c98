#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>

#include "data/feature/function_table.h"
#include "data/feature/letter_case.h"
#include "data/feature/text_hash.h"
#include "data/feature/utf8.h"

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
  result = static_cast<int64_t>(count_code_points(text));
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
bool ends_with_text(const std::string& text, const std::string& end, int64_t& result) {
  result = text.ends_with(end) ? 1 : 0;
  return true;
}

/// The spaces of Unicode (category Zs), as DuckDB: no tabulator, no line end.
size_t space_bytes_at(std::string_view text, size_t at) {
  constexpr std::array<std::string_view, 17> kSpaces = {" ",
                                                        "\xC2\xA0",
                                                        "\xE1\x9A\x80",
                                                        "\xE2\x80\x80",
                                                        "\xE2\x80\x81",
                                                        "\xE2\x80\x82",
                                                        "\xE2\x80\x83",
                                                        "\xE2\x80\x84",
                                                        "\xE2\x80\x85",
                                                        "\xE2\x80\x86",
                                                        "\xE2\x80\x87",
                                                        "\xE2\x80\x88",
                                                        "\xE2\x80\x89",
                                                        "\xE2\x80\x8A",
                                                        "\xE2\x80\xAF",
                                                        "\xE2\x81\x9F",
                                                        "\xE3\x80\x80"};
  for (const std::string_view space : kSpaces) {
    if (text.substr(at).starts_with(space)) return space.size();
  }
  return 0;
}
template <bool left, bool right>
bool trim_text(const std::string& text, std::string& result) {
  size_t begin = 0;
  size_t end = text.size();
  while (left && begin < end) {
    const size_t bytes = space_bytes_at(text, begin);
    if (bytes == 0) break;
    begin += bytes;
  }
  while (right && end > begin) {
    const size_t last = previous_code_point(text, end);
    if (space_bytes_at(text, last) != end - last) break;
    end = last;
  }
  result.assign(text, begin, end - begin);
  return true;
}

/// The code points [first, first + count) of `text`, as far as there are such.
void copy_code_points(const std::string& text, int64_t first, int64_t count, std::string& result) {
  size_t begin = 0;
  while (first > 0 && begin < text.size()) {
    begin = next_code_point(text, begin);
    --first;
  }
  size_t end = begin;
  while (count > 0 && end < text.size()) {
    end = next_code_point(text, end);
    --count;
  }
  result.assign(text, begin, end - begin);
}

/// SQL's positions: 1 is the first character, -1 the last one; 0 is the one before the first. A
/// negative count goes to the left.
bool substring(const std::string& text, int64_t start, int64_t count, std::string& result) {
  const auto size = static_cast<int64_t>(count_code_points(text));
  // Beyond these nothing changes, and nothing overflows.
  constexpr int64_t kFar = int64_t{1} << 50;
  start = std::clamp(start, -kFar, kFar);
  count = std::clamp(count, -2 * kFar, 2 * kFar);
  int64_t first = start < 0 ? size + start : start - 1;
  int64_t last = first + count;
  if (count < 0) std::swap(first, last);
  first = std::clamp<int64_t>(first, 0, size);
  last = std::clamp<int64_t>(last, 0, size);
  if (first < last) copy_code_points(text, first, last - first, result);
  return true;
}
bool rest_of_text(const std::string& text, int64_t start, std::string& result) {
  return substring(text, start, std::numeric_limits<int64_t>::max(), result);
}
/// A negative count leaves out so many at the other end.
bool left_of(const std::string& text, int64_t count, std::string& result) {
  if (count < 0) {
    const auto size = static_cast<int64_t>(count_code_points(text));
    count = count < -size ? 0 : size + count;
  }
  copy_code_points(text, 0, count, result);
  return true;
}
bool right_of(const std::string& text, int64_t count, std::string& result) {
  const auto size = static_cast<int64_t>(count_code_points(text));
  const int64_t first =
      count < 0 ? (count < -size ? size : -count) : (count > size ? 0 : size - count);
  copy_code_points(text, first, size, result);
  return true;
}
/// The position of `part`, from 1; 0 where it is not there.
bool position_of(const std::string& text, const std::string& part, int64_t& result) {
  const size_t found = text.find(part);
  result =
      found == std::string::npos
          ? 0
          : static_cast<int64_t>(count_code_points(std::string_view(text).substr(0, found))) + 1;
  return true;
}
bool replace_text(const std::string& text, const std::string& old, const std::string& with,
                  std::string& result) {
  if (old.empty()) {
    result = text;
    return true;
  }
  size_t at = 0;
  for (size_t found = text.find(old); found != std::string::npos; found = text.find(old, at)) {
    result.append(text, at, found - at).append(with);
    at = found + old.size();
  }
  result.append(text, at);
  return true;
}
/// The part of this number, from 1, or from the end, -1; empty where there is none.
bool split_part(const std::string& text, const std::string& separator, int64_t number,
                std::string& result) {
  std::vector<std::string_view> parts;
  const std::string_view all = text;
  size_t at = 0;
  if (separator.empty()) {
    while (at < all.size()) {
      const size_t next = next_code_point(all, at);
      parts.push_back(all.substr(at, next - at));
      at = next;
    }
  } else {
    for (size_t found = all.find(separator); found != std::string_view::npos;
         found = all.find(separator, at)) {
      parts.push_back(all.substr(at, found - at));
      at = found + separator.size();
    }
    parts.push_back(all.substr(at));
  }
  const auto count = static_cast<int64_t>(parts.size());
  if (number == 0 || number > count || number < -count) return true;
  result = parts[static_cast<size_t>(number > 0 ? number - 1 : count + number)];
  return true;
}
bool bucket_of_hash(const std::string& text, int64_t count, int64_t& result) {
  if (count <= 0) return false;
  result = hash_bucket(text, count);
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
constexpr ValueType kInteger = ValueType::integer;

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
  ExpressionFunction substrings = textual(
      "substring", "substring(s, start), substring(s, start, count)",
      "The characters from position start on, 1 for the first, -1 for the last.",
      {{kText, kInteger}, kText, strict_kernel<rest_of_text, std::string, std::string, int64_t>});
  substrings.overloads.push_back(
      {{kText, kInteger, kInteger},
       kText,
       strict_kernel<substring, std::string, std::string, int64_t, int64_t>});
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
      textual("ends_with", "ends_with(s, end)", "Whether s ends in end.",
              {{kText, kText},
               ValueType::boolean,
               strict_kernel<ends_with_text, int64_t, std::string, std::string>}),
      textual("strpos", "strpos(s, part)", "The position of part in s, from 1; 0 where it is not.",
              {{kText, kText},
               kInteger,
               strict_kernel<position_of, int64_t, std::string, std::string>}),
      textual("trim", "trim(s)", "Without spaces at both ends.",
              {{kText}, kText, strict_kernel<trim_text<true, true>, std::string, std::string>}),
      textual("ltrim", "ltrim(s)", "Without spaces at the begin.",
              {{kText}, kText, strict_kernel<trim_text<true, false>, std::string, std::string>}),
      textual("rtrim", "rtrim(s)", "Without spaces at the end.",
              {{kText}, kText, strict_kernel<trim_text<false, true>, std::string, std::string>}),
      textual(
          "left", "left(s, n)", "The first n characters; below 0, all but the last -n.",
          {{kText, kInteger}, kText, strict_kernel<left_of, std::string, std::string, int64_t>}),
      textual(
          "right", "right(s, n)", "The last n characters; below 0, all but the first -n.",
          {{kText, kInteger}, kText, strict_kernel<right_of, std::string, std::string, int64_t>}),
      std::move(substrings),
      textual("replace", "replace(s, old, new)", "s with every old replaced by new.",
              {{kText, kText, kText},
               kText,
               strict_kernel<replace_text, std::string, std::string, std::string, std::string>}),
      textual("split_part", "split_part(s, separator, n)",
              "The part number n of s between separators, from 1, or -1 from the end; empty where "
              "there is none.",
              {{kText, kText, kInteger},
               kText,
               strict_kernel<split_part, std::string, std::string, std::string, int64_t>}),
      textual("hash_bucket", "hash_bucket(s, n)",
              "A number from 0 to n - 1 that is the same for equal texts, everywhere and always "
              "(MurmurHash3, as scikit-learn's FeatureHasher).",
              {.parameters = {kText, kInteger},
               .result = kInteger,
               .kernel = strict_kernel<bucket_of_hash, int64_t, std::string, int64_t>,
               .integers_as_text = true}),
  };
}

Kernel category_text_kernel(ValueType from) {
  if (from == ValueType::integer) return strict_kernel<integer_text, std::string, int64_t>;
  if (from == ValueType::boolean) return strict_kernel<boolean_text, std::string, int64_t>;
  return nullptr;
}

}  // namespace millgate
