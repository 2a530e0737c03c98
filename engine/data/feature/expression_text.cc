#include "data/feature/expression_text.h"

#include <algorithm>
#include <utility>

namespace millgate {
namespace {

/// Characters that a person counts: bytes that do not continue a UTF-8 sequence.
size_t character_count(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

ExpressionText::ExpressionText(std::string label, std::string text)
    : label_(std::move(label)), text_(std::move(text)) {}

std::string_view ExpressionText::text(ExpressionSpan span) const {
  return std::string_view(text_).substr(span.begin, span.end - span.begin);
}

Error ExpressionText::fault(ExpressionSpan span, std::string what, std::string hint) const {
  span.begin = std::min(span.begin, text_.size());
  span.end = std::clamp(span.end, span.begin, text_.size());
  fault_span_ = span;
  Error error = invalid_input(std::move(what), std::move(hint));
  error.where = label_;
  error.excerpt = excerpt(span);
  return error;
}

/// The line of the expression that `span` begins in, with carets below it. An expression of
/// several lines shows only that one, so that carets stay below what they mean.
std::string ExpressionText::excerpt(ExpressionSpan span) const {
  constexpr size_t kContextMax = 100;  // Bytes shown before the fault; long lists stay readable.
  size_t line_begin = span.begin == 0 ? 0 : text_.rfind('\n', span.begin - 1) + 1;
  const size_t line_end = std::min(text_.find('\n', span.begin), text_.size());
  std::string before = label_.empty() ? "" : label_ + " = ";
  if (span.begin - line_begin > kContextMax) {
    line_begin = span.begin - kContextMax;
    while (line_begin < span.begin && (text_[line_begin] & 0xC0) == 0x80) ++line_begin;
    before += "... ";
  }
  const size_t shown_end = std::min(line_end, std::max(span.end, span.begin + kContextMax));
  std::string line = before + text_.substr(line_begin, shown_end - line_begin);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  const size_t indent = character_count(before) + character_count(text({line_begin, span.begin}));
  const size_t width = character_count(text({span.begin, std::min(span.end, line_end)}));
  return line + "\n" + std::string(indent, ' ') + std::string(std::max<size_t>(width, 1), '^');
}

}  // namespace millgate
