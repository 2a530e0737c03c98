#include <re2/re2.h>

#include "data/feature/function_table.h"
#include "data/feature/letter_case.h"
#include "data/feature/utf8.h"

namespace millgate {
namespace {

// -- like

/// `%` is any text, `_` one code point. One mark to return to is enough: a later `%` can take
/// over whatever an earlier one could.
bool is_like(std::string_view text, std::string_view pattern) {
  size_t at = 0;
  size_t wanted = 0;
  size_t retry_wanted = std::string_view::npos;
  size_t retry_at = 0;
  while (at < text.size()) {
    if (wanted < pattern.size() && pattern[wanted] == '%') {
      retry_wanted = ++wanted;
      retry_at = at;
    } else if (wanted < pattern.size() && pattern[wanted] == '_') {
      at = next_code_point(text, at);
      ++wanted;
    } else if (wanted < pattern.size() && pattern[wanted] == text[at]) {
      ++at;
      ++wanted;
    } else if (retry_wanted != std::string_view::npos) {
      retry_at = next_code_point(text, retry_at);
      at = retry_at;
      wanted = retry_wanted;
    } else {
      return false;
    }
  }
  while (wanted < pattern.size() && pattern[wanted] == '%') ++wanted;
  return wanted == pattern.size();
}

bool like(const std::string& text, const std::string& pattern, int64_t& result) {
  result = is_like(text, pattern) ? 1 : 0;
  return true;
}
bool like_in_any_case(const std::string& text, const std::string& pattern, int64_t& result) {
  std::string lower_text;
  std::string lower_pattern;
  append_lower_case(text, lower_text);
  append_lower_case(pattern, lower_pattern);
  result = is_like(lower_text, lower_pattern) ? 1 : 0;
  return true;
}

// -- regular expressions

struct PreparedPattern : Prepared {
  explicit PreparedPattern(const std::string& pattern) : regex(pattern, RE2::Quiet) {}
  RE2 regex;
  int group = 0;
  std::string replacement;
  bool replaces_all = false;
};

Result<std::shared_ptr<PreparedPattern>> compiled(const std::string& pattern) {
  auto prepared = std::make_shared<PreparedPattern>(pattern);
  if (!prepared->regex.ok()) {
    return invalid_input("the regular expression is wrong: " + prepared->regex.error(),
                         "its syntax is that of RE2; `\\` is written once");
  }
  return prepared;
}

Result<std::shared_ptr<const Prepared>> prepare_pattern(std::span<const Vector> literals,
                                                        const ExpressionContext& /*context*/) {
  MILLGATE_ASSIGN(auto prepared, compiled(literals[0].texts.front()));
  return std::shared_ptr<const Prepared>(std::move(prepared));
}

Result<std::shared_ptr<const Prepared>> prepare_group(std::span<const Vector> literals,
                                                      const ExpressionContext& /*context*/) {
  MILLGATE_ASSIGN(auto prepared, compiled(literals[0].texts.front()));
  const int64_t group = literals[1].integers.front();
  const int groups = prepared->regex.NumberOfCapturingGroups();
  if (group < 0 || group > groups) {
    return invalid_input("the regular expression has no group " + std::to_string(group),
                         "it has " + std::to_string(groups) + "; 0 is the whole match");
  }
  prepared->group = static_cast<int>(group);
  return std::shared_ptr<const Prepared>(std::move(prepared));
}

Result<std::shared_ptr<const Prepared>> prepare_replacement(std::span<const Vector> literals,
                                                            const ExpressionContext& /*context*/) {
  MILLGATE_ASSIGN(auto prepared, compiled(literals[0].texts.front()));
  prepared->replacement = literals[1].texts.front();
  std::string fault;
  if (!prepared->regex.CheckRewriteString(prepared->replacement, &fault)) {
    return invalid_input("the replacement is wrong: " + fault, "`\\1` is the first group");
  }
  if (literals.size() > 2 && literals[2].texts.front() != "g") {
    return invalid_input("unknown option `" + literals[2].texts.front() + "` of `regexp_replace`",
                         "'g' replaces every match");
  }
  prepared->replaces_all = literals.size() > 2;
  return std::shared_ptr<const Prepared>(std::move(prepared));
}

template <bool whole>
void matches_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const RE2& regex = prepared_as<PreparedPattern>(arguments[1]).regex;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    const std::string& text = Slot<std::string>::get(arguments[0], row);
    out.valid[row] = 1;
    out.integers[row] =
        (whole ? RE2::FullMatch(text, regex) : RE2::PartialMatch(text, regex)) ? 1 : 0;
  }
}

/// Empty where nothing matches.
void extract_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const auto& pattern = prepared_as<PreparedPattern>(arguments[1]);
  std::vector<re2::StringPiece> groups(static_cast<size_t>(pattern.group) + 1);
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    const std::string& text = Slot<std::string>::get(arguments[0], row);
    out.valid[row] = 1;
    if (!pattern.regex.Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(),
                             static_cast<int>(groups.size()))) {
      continue;
    }
    const re2::StringPiece& found = groups.back();
    if (!found.empty()) out.texts[row].assign(found.data(), found.size());
  }
}

void replace_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const auto& pattern = prepared_as<PreparedPattern>(arguments[1]);
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    std::string& text = out.texts[row];
    text = Slot<std::string>::get(arguments[0], row);
    out.valid[row] = 1;
    if (pattern.replaces_all) {
      RE2::GlobalReplace(&text, pattern.regex, pattern.replacement);
    } else {
      RE2::Replace(&text, pattern.regex, pattern.replacement);
    }
  }
}

constexpr ValueType kText = ValueType::text;

ExpressionFunction pattern(std::string name, std::string usage, std::string doc,
                           std::vector<FunctionOverload> overloads, bool is_operator = false) {
  return {.name = std::move(name),
          .group = "Patterns",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .is_operator = is_operator,
          .overloads = std::move(overloads)};
}

FunctionOverload of_pattern(std::vector<ValueType> parameters, ValueType result, Kernel kernel,
                            Prepare prepare) {
  FunctionOverload overload{
      .parameters = std::move(parameters), .result = result, .kernel = kernel, .prepare = prepare};
  for (size_t i = 1; i < overload.parameters.size(); ++i) overload.literals.push_back(i);
  return overload;
}

}  // namespace

std::vector<ExpressionFunction> pattern_functions() {
  constexpr ValueType kBoolean = ValueType::boolean;
  return {
      pattern("like", "s like pattern, s not like pattern",
              "Whether the whole of s fits: `%` is any text, `_` one character.",
              {{{kText, kText}, kBoolean, strict_kernel<like, int64_t, std::string, std::string>}},
              true),
      pattern("ilike", "s ilike pattern, s not ilike pattern", "The same in any case of letters.",
              {{{kText, kText},
                kBoolean,
                strict_kernel<like_in_any_case, int64_t, std::string, std::string>}},
              true),
      pattern("regexp_matches", "regexp_matches(s, 'pattern')",
              "Whether a part of s fits the regular expression (RE2).",
              {of_pattern({kText, kText}, kBoolean, matches_kernel<false>, prepare_pattern)}),
      pattern("regexp_full_match", "regexp_full_match(s, 'pattern')",
              "Whether the whole of s fits it.",
              {of_pattern({kText, kText}, kBoolean, matches_kernel<true>, prepare_pattern)}),
      pattern(
          "regexp_extract", "regexp_extract(s, 'pattern'), regexp_extract(s, 'pattern', 1)",
          "The first part that fits, or its group of this number; empty where none fits.",
          {of_pattern({kText, kText}, kText, extract_kernel, prepare_pattern),
           of_pattern({kText, kText, ValueType::integer}, kText, extract_kernel, prepare_group)}),
      pattern(
          "regexp_replace",
          "regexp_replace(s, 'pattern', 'new'), regexp_replace(s, 'pattern', 'new', 'g')",
          "s with the first part that fits, or with 'g' every one, replaced.",
          {of_pattern({kText, kText, kText}, kText, replace_kernel, prepare_replacement),
           of_pattern({kText, kText, kText, kText}, kText, replace_kernel, prepare_replacement)}),
  };
}

}  // namespace millgate
