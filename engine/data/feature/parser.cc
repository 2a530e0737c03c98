#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "data/feature/lexer.h"
#include "data/feature/syntax.h"
#include "ground/clock.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

using Node = std::unique_ptr<SyntaxNode>;

constexpr std::array<std::string_view, 14> kReserved = {"and",  "or",    "not",     "is", "null",
                                                        "true", "false", "between", "in", "case",
                                                        "when", "then",  "else",    "end"};

/// SQL's names of types, and the type that each one means here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kCastTypes = {
    {{"double", "double"},
     {"float8", "double"},
     {"bigint", "bigint"},
     {"int8", "bigint"},
     {"long", "bigint"},
     {"integer", "integer"},
     {"int", "integer"},
     {"int4", "integer"},
     {"boolean", "boolean"},
     {"bool", "boolean"},
     {"varchar", "varchar"},
     {"text", "varchar"},
     {"string", "varchar"},
     {"timestamp", "timestamp"},
     {"datetime", "timestamp"},
     {"date", "date"}}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Recursive descent, one function a level of precedence. From weak to strong:
///   or, and, not, is, = <> < <= > >=, between in, ||, + -, * / // %, unary minus, :: and [].
/// The same as PostgreSQL and DuckDB; comparisons do not chain.
class Parser {
 public:
  Parser(const ExpressionText& source, std::vector<ExpressionToken> tokens)
      : source_(source), tokens_(std::move(tokens)) {}

  Result<Node> whole() {
    if (peek().kind == TokenKind::end) {
      return source_.fault({0, 0}, "the expression is empty", "write a column, for example");
    }
    MILLGATE_ASSIGN(Node node, disjunction());
    if (peek().kind != TokenKind::end) return unexpected("an operator or the end");
    return node;
  }

 private:
  // -- tokens

  const ExpressionToken& peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const ExpressionToken& take() {
    const ExpressionToken& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool is_sign(std::string_view sign) const {
    return peek().kind == TokenKind::sign && peek().text == sign;
  }
  bool is_word(std::string_view word, size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::name && lower_case(peek(ahead).text) == word;
  }
  bool take_sign(std::string_view sign) {
    if (!is_sign(sign)) return false;
    take();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    take();
    return true;
  }
  bool is_reserved() const {
    return peek().kind == TokenKind::name && std::find(kReserved.begin(), kReserved.end(),
                                                       lower_case(peek().text)) != kReserved.end();
  }

  Error unexpected(const std::string& wanted) const {
    const ExpressionToken& token = peek();
    if (token.kind == TokenKind::end) {
      return source_.fault(token.span, "the expression ends where " + wanted + " should follow");
    }
    std::string shown(source_.text(token.span));
    if (shown.size() > 40) shown = shown.substr(0, 37) + "...";
    return source_.fault(token.span, "`" + shown + "` stands where " + wanted + " should");
  }
  Status expect_sign(std::string_view sign) {
    if (take_sign(sign)) return {};
    return unexpected("`" + std::string(sign) + "`");
  }
  Status expect_word(std::string_view word) {
    if (take_word(word)) return {};
    return unexpected("`" + std::string(word) + "`");
  }

  // -- nodes

  Result<Node> call(std::string name, ExpressionSpan name_span, ExpressionSpan span,
                    std::vector<Node> arguments) const {
    auto node = std::make_unique<SyntaxNode>();
    node->kind = SyntaxKind::call;
    node->name = std::move(name);
    node->name_span = name_span;
    node->span = span;
    for (const Node& argument : arguments) {
      node->height = std::max(node->height, argument->height + 1);
    }
    node->arguments = std::move(arguments);
    if (node->height > kSyntaxHeightMax) {
      return source_.fault(
          name_span,
          "the expression is more than " + std::to_string(kSyntaxHeightMax) + " operations deep",
          "split it into several features, or use `in (...)`");
    }
    return node;
  }

  Result<Node> binary(std::string name, ExpressionSpan name_span, Node left, Node right) const {
    const ExpressionSpan span = {left->span.begin, right->span.end};
    std::vector<Node> arguments;
    arguments.push_back(std::move(left));
    arguments.push_back(std::move(right));
    return call(std::move(name), name_span, span, std::move(arguments));
  }

  Result<Node> unary(std::string name, ExpressionSpan name_span, ExpressionSpan span,
                     Node argument) const {
    std::vector<Node> arguments;
    arguments.push_back(std::move(argument));
    return call(std::move(name), name_span, span, std::move(arguments));
  }

  static Node literal(std::optional<ValueType> type, ExpressionSpan span) {
    auto node = std::make_unique<SyntaxNode>();
    node->literal_type = type;
    node->span = span;
    node->name_span = span;
    return node;
  }

  using Level = Result<Node> (Parser::*)();

  /// `next (sign next)*`, from left to right.
  Result<Node> left_chain(Level next, std::initializer_list<std::string_view> signs) {
    MILLGATE_ASSIGN(Node left, (this->*next)());
    for (;;) {
      if (peek().kind != TokenKind::sign) return left;
      if (std::find(signs.begin(), signs.end(), peek().text) == signs.end()) return left;
      const ExpressionToken sign = take();
      MILLGATE_ASSIGN(Node right, (this->*next)());
      MILLGATE_ASSIGN(left, binary(sign.text, sign.span, std::move(left), std::move(right)));
    }
  }

  // -- the grammar

  Result<Node> disjunction() {
    const Nesting nesting(depth_);
    if (depth_ > kNestingMax) {
      return source_.fault(
          peek().span,
          "the expression is nested more than " + std::to_string(kNestingMax) + " deep",
          "split it into several features");
    }
    MILLGATE_ASSIGN(Node left, conjunction());
    while (is_word("or")) {
      const ExpressionSpan span = take().span;
      MILLGATE_ASSIGN(Node right, conjunction());
      MILLGATE_ASSIGN(left, binary("or", span, std::move(left), std::move(right)));
    }
    return left;
  }

  Result<Node> conjunction() {
    MILLGATE_ASSIGN(Node left, negation());
    while (is_word("and")) {
      const ExpressionSpan span = take().span;
      MILLGATE_ASSIGN(Node right, negation());
      MILLGATE_ASSIGN(left, binary("and", span, std::move(left), std::move(right)));
    }
    return left;
  }

  Result<Node> negation() {
    std::vector<ExpressionSpan> words;
    while (is_word("not")) words.push_back(take().span);
    MILLGATE_ASSIGN(Node node, null_test());
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
      const ExpressionSpan span = {word->begin, node->span.end};
      MILLGATE_ASSIGN(node, unary("not", *word, span, std::move(node)));
    }
    return node;
  }

  Result<Node> null_test() {
    MILLGATE_ASSIGN(Node node, comparison());
    if (!is_word("is")) return node;
    ExpressionSpan name_span = take().span;
    const bool negated = take_word("not");
    if (!is_word("null")) return unexpected(negated ? "`null`" : "`null` or `not null`");
    name_span.end = take().span.end;
    const ExpressionSpan span = {node->span.begin, name_span.end};
    return unary(negated ? "is not null" : "is null", name_span, span, std::move(node));
  }

  bool is_comparison() const {
    static constexpr std::array<std::string_view, 6> kSigns = {"=", "<>", "<", "<=", ">", ">="};
    return peek().kind == TokenKind::sign &&
           std::find(kSigns.begin(), kSigns.end(), peek().text) != kSigns.end();
  }

  Result<Node> comparison() {
    MILLGATE_ASSIGN(Node left, range());
    if (!is_comparison()) return left;
    const ExpressionToken sign = take();
    MILLGATE_ASSIGN(Node right, range());
    if (is_comparison()) {
      return source_.fault(peek().span, "comparisons do not chain",
                           "write `a < b and b < c`, or put brackets around the first one");
    }
    return binary(sign.text, sign.span, std::move(left), std::move(right));
  }

  bool is_range_word(size_t ahead) const {
    static constexpr std::array<std::string_view, 4> kWords = {"between", "in", "like", "ilike"};
    return std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view word) { return is_word(word, ahead); });
  }

  /// `x [not] between low and high`, `x [not] in (a, b)`, `x [not] like pattern`.
  Result<Node> range() {
    MILLGATE_ASSIGN(Node node, joined_text());
    const bool negated = is_word("not") && is_range_word(1);
    if (!negated && !is_range_word(0)) return node;
    const ExpressionSpan not_span = negated ? take().span : ExpressionSpan();
    const ExpressionToken word = take();
    std::vector<Node> arguments;
    arguments.push_back(std::move(node));
    const std::string name = lower_case(word.text);
    if (name == "like" || name == "ilike") {
      MILLGATE_ASSIGN(Node pattern, joined_text());
      arguments.push_back(std::move(pattern));
    } else if (name == "between") {
      MILLGATE_ASSIGN(Node low, joined_text());
      arguments.push_back(std::move(low));
      MILLGATE_TRY(expect_word("and"));
      MILLGATE_ASSIGN(Node high, joined_text());
      arguments.push_back(std::move(high));
    } else {
      MILLGATE_TRY(expect_sign("("));
      MILLGATE_TRY(list_into(arguments, ")"));
    }
    const ExpressionSpan span = {arguments.front()->span.begin, previous_end()};
    MILLGATE_ASSIGN(Node result, call(name, word.span, span, std::move(arguments)));
    if (!negated) return result;
    return unary("not", not_span, span, std::move(result));
  }

  Result<Node> joined_text() { return left_chain(&Parser::sum, {"||"}); }
  Result<Node> sum() { return left_chain(&Parser::product, {"+", "-"}); }
  Result<Node> product() { return left_chain(&Parser::signed_term, {"*", "/", "//", "%"}); }

  Result<Node> signed_term() {
    std::vector<ExpressionSpan> minuses;
    while (is_sign("-")) minuses.push_back(take().span);
    MILLGATE_ASSIGN(Node node, cast_chain());
    for (auto minus = minuses.rbegin(); minus != minuses.rend(); ++minus) {
      const ExpressionSpan span = {minus->begin, node->span.end};
      MILLGATE_ASSIGN(node, unary("negate", *minus, span, std::move(node)));
    }
    return node;
  }

  /// `x::double` and `l[1]`, which bind before the minus.
  Result<Node> cast_chain() {
    MILLGATE_ASSIGN(Node node, primary());
    for (;;) {
      if (take_sign("::")) {
        MILLGATE_ASSIGN(node, cast_of(std::move(node)));
      } else if (is_sign("[")) {
        MILLGATE_ASSIGN(node, element_of(std::move(node)));
      } else {
        return node;
      }
    }
  }

  /// `l[1]`.
  Result<Node> element_of(Node list) {
    ExpressionSpan brackets = take().span;
    MILLGATE_ASSIGN(Node index, disjunction());
    MILLGATE_TRY(expect_sign("]"));
    brackets.end = previous_end();
    return binary("list_extract", brackets, std::move(list), std::move(index));
  }

  /// `[a, b, ...]`: the opening bracket has been taken.
  Result<Node> list_of_values() {
    const size_t begin = previous_begin();
    std::vector<Node> arguments;
    MILLGATE_TRY(list_into(arguments, "]"));
    const ExpressionSpan span = {begin, previous_end()};
    return call("list_value", span, span, std::move(arguments));
  }

  /// `cast(x as double)`.
  Result<Node> long_cast() {
    const size_t begin = take().span.begin;
    take();
    MILLGATE_ASSIGN(Node node, disjunction());
    MILLGATE_TRY(expect_word("as"));
    MILLGATE_ASSIGN(node, cast_of(std::move(node)));
    MILLGATE_TRY(expect_sign(")"));
    node->span = {begin, previous_end()};
    return node;
  }

  /// The type follows.
  Result<Node> cast_of(Node value) {
    const ExpressionToken type = peek();
    if (type.kind != TokenKind::name) return unexpected("the name of a type");
    std::vector<std::string> names;
    names.reserve(kCastTypes.size());
    for (const auto& [name, meaning] : kCastTypes) names.emplace_back(name);
    const auto* known = std::find_if(kCastTypes.begin(), kCastTypes.end(), [&](const auto& entry) {
      return entry.first == lower_case(type.text);
    });
    if (known == kCastTypes.end()) {
      return source_.fault(type.span, "unknown type `" + type.text + "`",
                           name_hint(lower_case(type.text), names));
    }
    take();
    const ExpressionSpan span = {value->span.begin, type.span.end};
    return unary("cast as " + std::string(known->second), type.span, span, std::move(value));
  }

  Result<Node> primary() {
    switch (peek().kind) {
      case TokenKind::integer:
      case TokenKind::number:
      case TokenKind::text:
        return plain_literal();
      case TokenKind::quoted_name:
        return column();
      case TokenKind::name:
        return word();
      case TokenKind::sign:
        if (take_sign("(")) return in_brackets();
        if (take_sign("[")) return list_of_values();
        [[fallthrough]];
      case TokenKind::end:
        return unexpected("a value");
    }
    return unexpected("a value");
  }

  Result<Node> in_brackets() {
    const size_t begin = previous_begin();
    MILLGATE_ASSIGN(Node node, disjunction());
    MILLGATE_TRY(expect_sign(")"));
    node->span = {begin, previous_end()};
    return node;
  }

  Node plain_literal() {
    const ExpressionToken& token = take();
    const ValueType type = token.kind == TokenKind::integer  ? ValueType::integer
                           : token.kind == TokenKind::number ? ValueType::number
                                                             : ValueType::text;
    Node node = literal(type, token.span);
    node->integer = token.integer;
    node->number = token.number;
    if (type == ValueType::text) node->text = token.text;
    return node;
  }

  Result<Node> word() {
    const std::string lower = lower_case(peek().text);
    if (lower == "null") return literal(std::nullopt, take().span);
    if (lower == "true" || lower == "false") {
      Node node = literal(ValueType::boolean, take().span);
      node->integer = lower == "true" ? 1 : 0;
      return node;
    }
    if (lower == "case") return case_of();
    if (is_reserved()) {
      Error error = unexpected("a value");
      error.hint = "a column of this name is written in double quotes";
      return error;
    }
    if (lower == "cast" && peek(1).kind == TokenKind::sign && peek(1).text == "(") {
      return long_cast();
    }
    const bool before_text = peek(1).kind == TokenKind::text;
    if (before_text && (lower == "interval" || lower == "timestamp")) return time_literal(lower);
    if (peek(1).kind == TokenKind::sign && peek(1).text == "(") return function();
    return column();
  }

  /// `interval '30 minutes'`, `timestamp '2013-01-01 10:00'`.
  Result<Node> time_literal(const std::string& word) {
    const size_t begin = take().span.begin;
    const ExpressionToken& value = take();
    const bool is_interval = word == "interval";
    Node node =
        literal(is_interval ? ValueType::duration : ValueType::time, {begin, value.span.end});
    if (is_interval) {
      const Result<int64_t> micros = parse_duration_micros(value.text);
      if (!micros.ok()) return source_.fault(value.span, micros.error().what, interval_hint(value));
      node->integer = *micros;
    } else {
      const Result<Time> time = parse_time(value.text);
      if (!time.ok()) return source_.fault(value.span, time.error().what, time.error().hint);
      node->integer = time->micros;
    }
    return node;
  }

  static std::string interval_hint(const ExpressionToken& value) {
    const std::string lower = lower_case(value.text);
    if (lower.find("month") != std::string::npos || lower.find("year") != std::string::npos) {
      return "months and years have no fixed length; use days";
    }
    return "write weeks, days, hours, minutes, seconds or milliseconds: interval '30 minutes'";
  }

  /// `case when a then b ... [else c] end`.
  Result<Node> case_of() {
    const ExpressionSpan name_span = take().span;
    std::vector<Node> arguments;
    if (!is_word("when")) {
      Error error = unexpected("`when`");
      error.hint = "write `case when x = 1 then ... end`";
      return error;
    }
    while (take_word("when")) {
      MILLGATE_ASSIGN(Node condition, disjunction());
      arguments.push_back(std::move(condition));
      MILLGATE_TRY(expect_word("then"));
      MILLGATE_ASSIGN(Node value, disjunction());
      arguments.push_back(std::move(value));
    }
    if (take_word("else")) {
      MILLGATE_ASSIGN(Node value, disjunction());
      arguments.push_back(std::move(value));
    } else {
      arguments.push_back(literal(std::nullopt, {peek().span.begin, peek().span.begin}));
    }
    if (!is_word("end")) return unexpected("`when`, `else` or `end`");
    take();
    return call("case", name_span, {name_span.begin, previous_end()}, std::move(arguments));
  }

  Result<Node> function() {
    const ExpressionToken name = take();
    take();
    std::vector<Node> arguments;
    if (!take_sign(")")) MILLGATE_TRY(list_into(arguments, ")"));
    return call(lower_case(name.text), name.span, {name.span.begin, previous_end()},
                std::move(arguments));
  }

  /// `a, b, c` and the bracket `end`: the opening one has been taken.
  Status list_into(std::vector<Node>& arguments, std::string_view end) {
    do {
      MILLGATE_ASSIGN(Node argument, disjunction());
      arguments.push_back(std::move(argument));
    } while (take_sign(","));
    if (take_sign(end)) return {};
    return unexpected("`,` or `" + std::string(end) + "`");
  }

  Result<Node> column() {
    auto node = std::make_unique<SyntaxNode>();
    node->kind = SyntaxKind::column;
    const size_t begin = peek().span.begin;
    node->name = take().text;
    while (take_sign(".")) {
      if (peek().kind != TokenKind::name && peek().kind != TokenKind::quoted_name) {
        return unexpected("the name of a column");
      }
      node->name += "." + take().text;
    }
    node->span = {begin, previous_end()};
    node->name_span = node->span;
    return node;
  }

  size_t previous_begin() const { return tokens_[at_ - 1].span.begin; }
  size_t previous_end() const { return tokens_[at_ - 1].span.end; }

  /// Counts one level of nesting while it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int& depth_;
  };

  const ExpressionText& source_;
  std::vector<ExpressionToken> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Node> parse_expression(const ExpressionText& source) {
  if (source.text().size() > kExpressionBytesMax) {
    return source.fault(
        {kExpressionBytesMax, kExpressionBytesMax},
        "the expression is longer than " + std::to_string(kExpressionBytesMax / 1024) + " KiB",
        "split it into several features");
  }
  MILLGATE_ASSIGN(std::vector<ExpressionToken> tokens, read_tokens(source));
  return Parser(source, std::move(tokens)).whole();
}

}  // namespace millgate
