#include "data/feature/vector.h"

#include <array>
#include <span>

#include "data/feature/kernel.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

struct NamedType {
  ValueType type;
  std::string_view name;
};

constexpr std::array<NamedType, 7> kTypes = {{{ValueType::boolean, "boolean"},
                                              {ValueType::integer, "integer"},
                                              {ValueType::number, "number"},
                                              {ValueType::text, "text"},
                                              {ValueType::time, "time"},
                                              {ValueType::duration, "duration"},
                                              {ValueType::list, "list"}}};

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

void NumberList::add(double value) {
  values.push_back(value);
  if (!nulls.empty()) nulls.push_back(0);
}

void NumberList::add_null() {
  nulls.resize(values.size(), 0);
  values.push_back(0.0);
  nulls.push_back(1);
}

void NumberList::clear() {
  values.clear();
  nulls.clear();
}

void Vector::reset(ValueType new_type, size_t rows) {
  type = new_type;
  valid.assign(rows, 0);
  const bool is_text = type == ValueType::text;
  const bool is_number = type == ValueType::number;
  const bool is_list = type == ValueType::list;
  integers.assign(is_text || is_number || is_list ? 0 : rows, 0);
  numbers.assign(is_number ? rows : 0, 0.0);
  texts.resize(is_text ? rows : 0);
  for (std::string& value : texts) value.clear();
  lists.resize(is_list ? rows : 0);
  for (NumberList& value : lists) value.clear();
}

void Vector::append(const Operand& values, size_t rows) {
  const Vector& from = *values.vector;
  type = from.type;
  for (size_t row = 0; row < rows; ++row) {
    const size_t at = values.at(row);
    valid.push_back(from.valid[at]);
    if (!from.integers.empty()) integers.push_back(from.integers[at]);
    if (!from.numbers.empty()) numbers.push_back(from.numbers[at]);
    if (!from.texts.empty()) texts.push_back(from.texts[at]);
    if (!from.lists.empty()) lists.push_back(from.lists[at]);
  }
}

void Vector::assign_rows(const Vector& other, size_t first, size_t rows) {
  type = other.type;
  const auto copy = [&](auto& ours, const auto& theirs) {
    if (theirs.empty()) return ours.clear();
    const auto begin = theirs.begin() + static_cast<ptrdiff_t>(first);
    ours.assign(begin, begin + static_cast<ptrdiff_t>(rows));
  };
  copy(valid, other.valid);
  copy(integers, other.integers);
  copy(numbers, other.numbers);
  copy(texts, other.texts);
  copy(lists, other.lists);
}

}  // namespace millgate
