/// A value of JSON as it was written: numbers keep their digits, members their order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// `text` holds strings, and numbers as they were written; `items` the items of a list, or the
/// members of an object, each with its `name`.
struct JsonValue {
  enum class Kind : uint8_t { null, boolean, integer, number, big_integer, text, list, object };
  std::string name = {};
  Kind kind = Kind::null;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text = {};
  std::vector<JsonValue> items = {};
};

/// Reads `text` into `value`, whose memory is used again. Gives why it is refused, empty when it
/// is not: it is no JSON, an object names a member twice, or it is nested more than
/// kTypeLevelsMax levels deep (type_name.h). Duplicates are refused because each program would
/// take another of them.
[[nodiscard]] std::string parse_json_value(std::string_view text, JsonValue& value);

/// JSON in one line, for messages.
[[nodiscard]] std::string json_text(const JsonValue& value);

}  // namespace millgate
