#include "data/table/column_type.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "data/table/type_name.h"
#include "data/table/value_text.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// The types that a text can mean, narrowest first; `TypeGuess::fits_` holds one bit for each.
enum Fit : uint8_t {
  kBoolean = 1,
  kInteger = 2,
  kNumber = 4,
  kDate = 8,
  kTimestamp = 16,
  kZonedTimestamp = 32,
};

/// What values have been seen; `TypeGuess::shapes_` holds one bit for each.
enum Shape : uint8_t { kPlain = 1, kList = 2, kObject = 4 };

/// `text` must be valid for at least one bit of `asked` to be worth a look.
uint8_t fits_of_number(std::string_view text, uint8_t asked) {
  uint8_t fits = 0;
  if ((asked & kInteger) != 0 && integer_from(text)) fits |= kInteger;
  if ((asked & kNumber) != 0 && number_from(text)) fits |= kNumber;
  return fits;
}

uint8_t fits_of_time(std::string_view text) {
  // The cheap look first: most texts are no dates.
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return 0;
  const auto timestamp = timestamp_from(text);
  if (!timestamp) return 0;
  if (timestamp->zoned) return kZonedTimestamp;
  return text.size() == 10 ? kDate | kTimestamp : kTimestamp;
}

/// Decimals of another width are those of 128 bits, unless they may have more digits.
bool is_supported_decimal(const arrow::DataType& type) {
  return arrow::is_decimal(type.id()) && static_cast<const arrow::DecimalType&>(type).precision() <=
                                             arrow::Decimal128Type::kMaxPrecision;
}

}  // namespace

namespace {

std::shared_ptr<arrow::DataType> type_within(const arrow::DataType& type, int level);

std::shared_ptr<arrow::Field> item_of(const arrow::DataType& list, int level) {
  const arrow::DataType& item = *list.field(0)->type();
  const bool is_short = item.id() == arrow::Type::FLOAT || item.id() == arrow::Type::HALF_FLOAT;
  const auto type = is_short ? arrow::float32() : type_within(item, level);
  return type == nullptr ? nullptr : arrow::field("item", type);
}

std::shared_ptr<arrow::DataType> struct_within(const arrow::DataType& type, int level) {
  arrow::FieldVector members;
  std::set<std::string> names;
  for (const auto& field : type.fields()) {
    const auto member = type_within(*field->type(), level);
    if (member == nullptr || !names.insert(field->name()).second) return nullptr;
    members.push_back(arrow::field(field->name(), member));
  }
  return members.empty() ? nullptr : arrow::struct_(members);
}

std::shared_ptr<arrow::DataType> nested_within(const arrow::DataType& type, int level) {
  using arrow::Type;
  if (level > kTypeLevelsMax) return nullptr;
  if (type.id() == Type::STRUCT) return struct_within(type, level);
  if (type.id() == Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    const auto key = type_within(*map.key_type(), level);
    const auto item = type_within(*map.item_type(), level);
    if (key == nullptr || item == nullptr || is_nested_type(*key)) return nullptr;
    return arrow::map(key, item);
  }
  const auto item = item_of(type, level);
  if (item == nullptr) return nullptr;
  if (type.id() != Type::FIXED_SIZE_LIST) return arrow::list(item);
  const int32_t size = static_cast<const arrow::FixedSizeListType&>(type).list_size();
  return size > 0 ? arrow::fixed_size_list(item, size) : nullptr;
}

std::shared_ptr<arrow::DataType> type_within(const arrow::DataType& type, int level) {
  return is_nested_type(type) ? nested_within(type, level + 1) : table_type_of(type);
}

}  // namespace

std::shared_ptr<arrow::DataType> table_type_of(const arrow::DataType& type) {
  using arrow::Type;
  if (is_nested_type(type)) return nested_within(type, 1);
  switch (type.id()) {
    case Type::BOOL:
      return arrow::boolean();
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return arrow::int64();
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return arrow::float64();
    case Type::NA:
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::DATE32:
    case Type::DATE64:
      return arrow::date32();
    case Type::TIME32:
    case Type::TIME64:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
      return arrow::timestamp(arrow::TimeUnit::MICRO, zoned ? "UTC" : "");
    }
    case Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      return is_nested_type(values) ? nullptr : table_type_of(values);
    }
    default:
      return is_supported_decimal(type)
                 ? arrow::decimal128(static_cast<const arrow::DecimalType&>(type).precision(),
                                     static_cast<const arrow::DecimalType&>(type).scale())
                 : nullptr;
  }
}

void TypeGuess::narrow(uint8_t fitting) {
  fits_ &= fitting;
  shapes_ |= kPlain;
}

void TypeGuess::add_text(std::string_view text) {
  shapes_ |= kPlain;
  if (fits_ == 0) return;
  text = trimmed(text);
  uint8_t fits = 0;
  if ((fits_ & (kInteger | kNumber)) != 0) fits |= fits_of_number(text, fits_);
  if ((fits_ & (kDate | kTimestamp | kZonedTimestamp)) != 0) fits |= fits_of_time(text);
  if ((fits_ & kBoolean) != 0 && boolean_from(text)) fits |= kBoolean;
  fits_ &= fits;
}

void TypeGuess::add_json_text(std::string_view text) { narrow(fits_of_time(text)); }
void TypeGuess::add_boolean() { narrow(kBoolean); }
void TypeGuess::add_number() { narrow(kNumber); }

void TypeGuess::add_integer(int64_t value) {
  constexpr int64_t kExact = int64_t{1} << 53;
  narrow(value >= -kExact && value <= kExact ? kInteger | kNumber : kInteger);
}

void TypeGuess::add_type(const std::shared_ptr<arrow::DataType>& type) {
  using arrow::Type;
  TypeGuess guess;
  guess.shapes_ = kPlain;
  switch (type->id()) {
    case Type::BOOL:
      guess.fits_ = kBoolean;
      break;
    case Type::INT64:
      guess.fits_ = kInteger | kNumber;
      break;
    case Type::DOUBLE:
      guess.fits_ = kNumber;
      break;
    case Type::DATE32:
      guess.fits_ = kDate | kTimestamp;
      break;
    case Type::TIMESTAMP:
      guess.fits_ = static_cast<const arrow::TimestampType&>(*type).timezone().empty()
                        ? kTimestamp
                        : kZonedTimestamp;
      break;
    default:
      guess.fits_ = 0;
      if (type->id() != Type::STRING) guess.declared_ = type;
  }
  merge(guess);
}

void TypeGuess::merge(const TypeGuess& other) {
  if (other.shapes_ == 0) return;
  const bool same_declared =
      declared_ != nullptr && other.declared_ != nullptr && declared_->Equals(*other.declared_);
  if (shapes_ == 0) {
    declared_ = other.declared_;
  } else if (!same_declared) {
    declared_ = nullptr;
  }
  fits_ &= other.fits_;
  shapes_ |= other.shapes_;
  for (const ColumnGuess& part : other.parts_) part_of(part.name).merge(part.guess);
}

TypeGuess& TypeGuess::part_of(const std::string& name) {
  for (ColumnGuess& part : parts_) {
    if (part.name == name) return part.guess;
  }
  parts_.push_back({.name = name, .guess = {}});
  return parts_.back().guess;
}

TypeGuess& TypeGuess::add_list() {
  shapes_ |= kList;
  return part_of("");
}

void TypeGuess::add_object() { shapes_ |= kObject; }
TypeGuess& TypeGuess::member(const std::string& name) { return part_of(name); }

std::shared_ptr<arrow::DataType> TypeGuess::type() const {
  if (shapes_ == 0) return arrow::utf8();
  if (shapes_ == kList) return arrow::list(arrow::field("item", parts_[0].guess.type()));
  if (shapes_ == kObject) {
    arrow::FieldVector members;
    for (const ColumnGuess& part : parts_) {
      members.push_back(arrow::field(part.name, part.guess.type()));
    }
    return arrow::struct_(members);
  }
  // Lists or objects beside other values: no type holds both, and each reader says where.
  if (shapes_ != kPlain) return arrow::utf8();
  if (declared_ != nullptr) return declared_;
  if ((fits_ & kBoolean) != 0) return arrow::boolean();
  if ((fits_ & kInteger) != 0) return arrow::int64();
  if ((fits_ & kNumber) != 0) return arrow::float64();
  if ((fits_ & kDate) != 0) return arrow::date32();
  if ((fits_ & kTimestamp) != 0) return arrow::timestamp(arrow::TimeUnit::MICRO);
  if ((fits_ & kZonedTimestamp) != 0) return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::utf8();
}

std::vector<ColumnGuess> guesses_of(const arrow::Schema& schema) {
  std::vector<ColumnGuess> columns;
  columns.reserve(static_cast<size_t>(schema.num_fields()));
  for (const auto& field : schema.fields()) {
    columns.push_back({.name = field->name(), .guess = {}});
    columns.back().guess.add_type(field->type());
  }
  return columns;
}

Status check_column_names(const std::string& path, const std::vector<std::string>& names,
                          const std::vector<std::string>& expected, const std::string& told_by) {
  const auto missing_from = [](const std::vector<std::string>& wanted,
                               const std::vector<std::string>& there) {
    std::vector<std::string> missing;
    for (const std::string& name : wanted) {
      if (std::find(there.begin(), there.end(), name) == there.end()) missing.push_back(name);
    }
    return missing;
  };
  const std::vector<std::string> missing = missing_from(expected, names);
  const std::vector<std::string> added = missing_from(names, expected);
  if (missing.empty() && added.empty()) return {};
  Error error;
  if (!missing.empty()) {
    error = invalid_input(
        "`" + path + "` has no column `" + missing[0] + "`, which " + told_by + " has",
        name_hint(missing[0], added.empty() ? names : added));
  } else {
    error = invalid_input(
        "`" + path + "` has a column `" + added[0] + "`, which " + told_by + " has not",
        "take it out of the file, or import the files with it as a table of their own");
  }
  error.where = path;
  return error;
}

}  // namespace millgate
