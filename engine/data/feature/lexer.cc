#include "data/feature/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace millgate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool continues_name(char c) { return begins_name(c) || is_digit(c); }

/// Longest first, so that `<=` is not read as `<`.
constexpr std::array<std::string_view, 21> kSigns = {"::", "<=", ">=", "<>", "!=", "==", "//",
                                                     "||", "+",  "-",  "*",  "/",  "%",  "=",
                                                     "<",  ">",  "(",  ")",  "[",  "]",  ","};

/// Reads tokens one after the other.
class Lexer {
 public:
  explicit Lexer(const ExpressionText& source) : source_(source), text_(source.text()) {}

  Result<std::vector<ExpressionToken>> read() {
    std::vector<ExpressionToken> tokens;
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      begin_ = at_;
      if (at_ == text_.size()) break;
      MILLGATE_ASSIGN(ExpressionToken token, next());
      tokens.push_back(std::move(token));
    }
    tokens.push_back(token(TokenKind::end));
    return tokens;
  }

 private:
  Result<ExpressionToken> next() {
    const char c = text_[at_];
    if (begins_name(c)) return name();
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      return number();
    }
    if (c == '\'') return quoted('\'', TokenKind::text);
    if (c == '"') return quoted('"', TokenKind::quoted_name);
    return sign();
  }

  ExpressionToken token(TokenKind kind) const {
    return {.kind = kind, .span = {begin_, at_}, .text = text_.substr(begin_, at_ - begin_)};
  }

  ExpressionToken name() {
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return token(TokenKind::name);
  }

  Result<ExpressionToken> number() {
    bool whole = true;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ < text_.size() && text_[at_] == '.') {
      whole = false;
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      size_t digits = at_ + 1;
      if (digits < text_.size() && (text_[digits] == '+' || text_[digits] == '-')) ++digits;
      if (digits < text_.size() && is_digit(text_[digits])) {
        whole = false;
        at_ = digits;
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      }
    }
    if (at_ < text_.size() && continues_name(text_[at_])) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      return source_.fault({begin_, at_},
                           "`" + text_.substr(begin_, at_ - begin_) + "` is not a number",
                           "a column whose name begins with a digit is written in double quotes");
    }
    ExpressionToken result = token(whole ? TokenKind::integer : TokenKind::number);
    const char* first = result.text.data();
    const char* last = first + result.text.size();
    const auto error = whole ? std::from_chars(first, last, result.integer).ec
                             : std::from_chars(first, last, result.number).ec;
    if (error != std::errc() || !std::isfinite(result.number)) {
      return source_.fault(result.span, "number " + result.text + " is out of range",
                           whole ? "integers have 64 bits; " + result.text + ".0 is a number" : "");
    }
    return result;
  }

  /// SQL quotes: the quote itself is written twice.
  Result<ExpressionToken> quoted(char quote, TokenKind kind) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != quote) break;
        ++at_;
      }
      value += text_[at_];
    }
    if (at_ == text_.size()) {
      return source_.fault({begin_, at_}, std::string("the quote ") + quote + " has no end",
                           std::string("close it with ") + quote + "; inside, write it twice");
    }
    ++at_;
    ExpressionToken result = token(kind);
    if (value.empty() && kind == TokenKind::quoted_name) {
      return source_.fault(result.span, "a column name in double quotes is empty",
                           "text is written in single quotes");
    }
    result.text = std::move(value);
    return result;
  }

  Result<ExpressionToken> sign() {
    const std::string_view rest = std::string_view(text_).substr(at_);
    if (rest.starts_with("--") || rest.starts_with("/*")) {
      return source_.fault({begin_, begin_ + 2}, "expressions have no comments",
                           rest.starts_with("--") ? "for a double minus, write a space between"
                                                  : "write comments after # in the project file");
    }
    for (const std::string_view known : kSigns) {
      if (!rest.starts_with(known)) continue;
      at_ += known.size();
      ExpressionToken result = token(TokenKind::sign);
      if (known == "!=") result.text = "<>";
      if (known == "==") result.text = "=";
      return result;
    }
    if (rest.front() == '.') {
      ++at_;
      return token(TokenKind::sign);
    }
    const auto byte = static_cast<unsigned char>(rest.front());
    const bool shows = byte > 0x20 && byte < 0x7F;
    constexpr const char* kHex = "0123456789abcdef";
    const std::string character =
        shows ? "`" + std::string(1, rest.front()) + "`"
              : std::string("the byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
    const char* hint = rest.front() == '^'   ? "powers are written pow(x, y)"
                       : rest.front() == '&' ? "write `and`"
                       : rest.front() == '|' ? "write `or`; `||` joins texts"
                       : rest.front() == ';' ? "an expression ends without `;`"
                                             : "";
    return source_.fault({begin_, begin_ + 1}, character + " means nothing in an expression", hint);
  }

  const ExpressionText& source_;
  const std::string& text_;
  size_t begin_ = 0;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<ExpressionToken>> read_tokens(const ExpressionText& source) {
  return Lexer(source).read();
}

}  // namespace millgate
