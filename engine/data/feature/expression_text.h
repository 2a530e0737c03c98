/// One expression as its author wrote it, and how faults point into it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// Bytes [begin, end) of an expression.
struct ExpressionSpan {
  size_t begin = 0;
  size_t end = 0;
};

/// The text of one expression. Remembers the span of the last fault, so that the caller may
/// point at it in the file that the expression came from. One thread at a time.
class ExpressionText {
 public:
  /// `label` stands before the expression in excerpts (`minute_of_day`); may be empty.
  ExpressionText(std::string label, std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view text(ExpressionSpan span) const;

  /// An `invalid_input` error at `span`: `where` is the label, the excerpt has carets below the
  /// span. An empty span gets one caret.
  [[nodiscard]] Error fault(ExpressionSpan span, std::string what, std::string hint = {}) const;
  [[nodiscard]] ExpressionSpan fault_span() const { return fault_span_; }

 private:
  [[nodiscard]] std::string excerpt(ExpressionSpan span) const;

  std::string label_;
  std::string text_;
  mutable ExpressionSpan fault_span_;
};

}  // namespace millgate
