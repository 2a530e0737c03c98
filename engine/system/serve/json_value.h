/// JSON values of a request as typed values of a column, strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/feature/vector.h"
#include "ground/error.h"

namespace simdjson::dom {
class element;
class parser;
}  // namespace simdjson::dom

namespace millgate {

/// The parser of this thread: its buffers are reused from request to request.
[[nodiscard]] simdjson::dom::parser& thread_parser();

/// Errors: `invalid_input` saying what is wrong with `body` as JSON.
[[nodiscard]] Result<simdjson::dom::element> parse_body(std::string_view body);

/// Writes `value` into row `row` of `column`, as the column's type. Null stays null. Integers
/// are numbers too, and a number without fraction is an integer; times are ISO 8601 texts and
/// durations texts such as "90s"; lists are lists of numbers and nulls. Nothing else is converted.
/// Errors: `invalid_input` naming `name`, what was expected and what came.
[[nodiscard]] Status set_value(const simdjson::dom::element& value, std::string_view name,
                               Vector& column, size_t row);

/// Writes row `row` of `column` as `set_value` reads it back; null for NaN and infinity too.
void append_json_value(std::string& out, const Vector& column, size_t row);

/// A key's value as text; nothing for null. Errors: `invalid_input` for lists and objects.
[[nodiscard]] Result<std::optional<std::string>> scalar_text(const simdjson::dom::element& value,
                                                             std::string_view name);

/// "text \"abc\"", "a list": what a value is, for messages. At most 40 bytes of a text.
[[nodiscard]] std::string describe_value(const simdjson::dom::element& value);

}  // namespace millgate
