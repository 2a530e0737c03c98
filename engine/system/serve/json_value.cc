#include "system/serve/json_value.h"

#include <simdjson.h>

#include <cmath>

#include "ground/clock.h"
#include "system/serve/json_text.h"

namespace millgate {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

/// Doubles up to here are exact integers.
constexpr double kExactMax = 9007199254740992.0;

std::string_view expected(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "an integer";
    case ValueType::number:
      return "a number";
    case ValueType::text:
      return "a text";
    case ValueType::time:
      return "a time as text";
    case ValueType::duration:
      return "a duration as text";
    case ValueType::list:
      return "a list of numbers";
  }
  return "a value";
}

std::string_view example(ValueType type) {
  switch (type) {
    case ValueType::time:
      return "write a time as in \"2013-01-01T10:00:00Z\"";
    case ValueType::duration:
      return "write a duration as in \"90s\" or \"2h 30m\"";
    case ValueType::list:
      return "write a list as in [0.5, null, 2]";
    case ValueType::integer:
    case ValueType::number:
      return "write digits without quotes; a missing value is null";
    default:
      return "a missing value is null";
  }
}

Error wrong_type(const element& value, std::string_view name, ValueType type) {
  return invalid_input("`" + std::string(name) + "`: expected " + std::string(expected(type)) +
                           ", got " + describe_value(value),
                       std::string(example(type)));
}

std::optional<int64_t> integer_of(const element& value) {
  if (value.type() == element_type::INT64) return value.get_int64().value_unsafe();
  if (value.type() != element_type::DOUBLE) return std::nullopt;
  const double number = value.get_double().value_unsafe();
  if (std::trunc(number) != number || std::abs(number) > kExactMax) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<double> number_of(const element& value) {
  switch (value.type()) {
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return value.get_double().value_unsafe();
    default:
      return std::nullopt;
  }
}

/// Times and durations: texts that `parse` reads as microseconds.
template <typename Parse>
Status set_micros(const element& value, std::string_view name, Vector& column, size_t row,
                  const Parse& parse) {
  if (value.type() != element_type::STRING) return wrong_type(value, name, column.type);
  const Result<int64_t> micros = parse(value.get_string().value_unsafe());
  if (!micros.ok()) {
    return invalid_input("`" + std::string(name) + "`: " + micros.error().what,
                         std::string(example(column.type)));
  }
  column.integers[row] = *micros;
  return {};
}

Status set_list(const element& value, std::string_view name, Vector& column, size_t row) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return wrong_type(value, name, column.type);
  NumberList& list = column.lists[row];
  list.clear();
  for (const element item : items) {
    if (item.is_null()) {
      list.add_null();
      continue;
    }
    const std::optional<double> number = number_of(item);
    if (!number) {
      return invalid_input("`" + std::string(name) + "`: expected a list of numbers, element " +
                               std::to_string(list.size() + 1) + " is " + describe_value(item),
                           std::string(example(column.type)));
    }
    list.add(*number);
  }
  return {};
}

Status set_present(const element& value, std::string_view name, Vector& column, size_t row) {
  switch (column.type) {
    case ValueType::boolean:
      if (!value.is_bool()) return wrong_type(value, name, column.type);
      column.integers[row] = value.get_bool().value_unsafe() ? 1 : 0;
      return {};
    case ValueType::integer: {
      const std::optional<int64_t> integer = integer_of(value);
      if (!integer) return wrong_type(value, name, column.type);
      column.integers[row] = *integer;
      return {};
    }
    case ValueType::number: {
      const std::optional<double> number = number_of(value);
      if (!number) return wrong_type(value, name, column.type);
      column.numbers[row] = *number;
      return {};
    }
    case ValueType::text:
      if (value.type() != element_type::STRING) return wrong_type(value, name, column.type);
      column.texts[row] = value.get_string().value_unsafe();
      return {};
    case ValueType::time:
      return set_micros(value, name, column, row, [](std::string_view text) -> Result<int64_t> {
        MILLGATE_ASSIGN(const Time time, parse_time(text));
        return time.micros;
      });
    case ValueType::duration:
      return set_micros(value, name, column, row, parse_duration_micros);
    case ValueType::list:
      return set_list(value, name, column, row);
  }
  return bug("a value type without a reader");
}

}  // namespace

simdjson::dom::parser& thread_parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

Result<element> parse_body(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return invalid_input("the request has no body", "send a JSON object");
  }
  element root;
  const auto error = thread_parser().parse(body.data(), body.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return invalid_input(std::string("the body is not JSON: ") + simdjson::error_message(error),
                         "NaN and infinity are not JSON; a missing value is null");
  }
  return root;
}

Status set_value(const element& value, std::string_view name, Vector& column, size_t row) {
  if (value.is_null()) return {};
  MILLGATE_TRY(set_present(value, name, column, row));
  column.valid[row] = 1;
  return {};
}

void append_json_value(std::string& out, const Vector& column, size_t row) {
  if (column.valid[row] == 0) {
    out += "null";
    return;
  }
  switch (column.type) {
    case ValueType::boolean:
      out += column.integers[row] != 0 ? "true" : "false";
      return;
    case ValueType::integer:
      return append_json_integer(out, column.integers[row]);
    case ValueType::number:
      return append_json_number(out, column.numbers[row]);
    case ValueType::text:
      return append_json_text(out, column.texts[row]);
    case ValueType::time:
      return append_json_text(out, to_string(Time{column.integers[row]}));
    case ValueType::duration: {
      // Seconds with decimals may come as "1e+05", which is no duration.
      const int64_t micros = column.integers[row];
      const bool whole = micros % 1'000'000 == 0;
      return append_json_text(
          out, whole ? std::to_string(micros / 1'000'000) + "s" : std::to_string(micros) + "us");
    }
    case ValueType::list: {
      const NumberList& list = column.lists[row];
      out += '[';
      for (size_t i = 0; i < list.size(); ++i) {
        if (i > 0) out += ',';
        if (list.is_null(i)) {
          out += "null";
        } else {
          append_json_number(out, list.values[i]);
        }
      }
      out += ']';
      return;
    }
  }
}

Result<std::optional<std::string>> scalar_text(const element& value, std::string_view name) {
  std::string text;
  switch (value.type()) {
    case element_type::NULL_VALUE:
      return std::optional<std::string>();
    case element_type::STRING:
      text = value.get_string().value_unsafe();
      break;
    case element_type::BOOL:
      text = value.get_bool().value_unsafe() ? "true" : "false";
      break;
    case element_type::INT64:
      append_json_integer(text, value.get_int64().value_unsafe());
      break;
    case element_type::UINT64:
      text = std::to_string(value.get_uint64().value_unsafe());
      break;
    case element_type::DOUBLE:
      append_json_number(text, value.get_double().value_unsafe());
      break;
    default:
      return invalid_input("`" + std::string(name) + "`: expected one value, got " +
                           describe_value(value));
  }
  return std::optional<std::string>(std::move(text));
}

std::string describe_value(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      size_t end = std::min<size_t>(text.size(), 40);
      // Not in the middle of a letter.
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      return "the text `" + std::string(text.substr(0, end)) + (end < text.size() ? "...`" : "`");
    }
    case element_type::BOOL:
      return value.get_bool().value_unsafe() ? "true" : "false";
    case element_type::NULL_VALUE:
      return "null";
    case element_type::UINT64:
      return "the number " + std::to_string(value.get_uint64().value_unsafe());
    default: {
      std::string text = "the number ";
      append_json_number(text, value.get_double().value_unsafe());
      return text;
    }
  }
}

}  // namespace millgate
