#include "data/feature/vector.h"

#include <array>
#include <span>

#include "ground/nearest_name.h"

namespace millgate {
namespace {

struct NamedType {
  ValueType type;
  std::string_view name;
};

constexpr std::array<NamedType, 6> kTypes = {{{ValueType::boolean, "boolean"},
                                              {ValueType::integer, "integer"},
                                              {ValueType::number, "number"},
                                              {ValueType::text, "text"},
                                              {ValueType::time, "time"},
                                              {ValueType::duration, "duration"}}};

}  // namespace

std::string_view to_string(ValueType type) {
  for (const NamedType& known : kTypes) {
    if (known.type == type) return known.name;
  }
  return "unknown type";
}

Result<ValueType> parse_value_type(std::string_view name) {
  std::vector<std::string> names;
  for (const NamedType& known : kTypes) {
    if (known.name == name) return known.type;
    names.emplace_back(known.name);
  }
  return invalid_input("unknown type `" + std::string(name) + "`", name_hint(name, names));
}

void Vector::reset(ValueType new_type, size_t rows) {
  type = new_type;
  valid.assign(rows, 0);
  const bool is_text = type == ValueType::text;
  const bool is_number = type == ValueType::number;
  integers.assign(is_text || is_number ? 0 : rows, 0);
  numbers.assign(is_number ? rows : 0, 0.0);
  texts.resize(is_text ? rows : 0);
  for (std::string& value : texts) value.clear();
}

}  // namespace millgate
