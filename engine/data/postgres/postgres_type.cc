#include "data/postgres/postgres_type.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/text_stream.h"

namespace millgate {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr int32_t kDigitsMax = 38;
/// Days and microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL begins to count.
constexpr int32_t kEpochDays = 10'957;
constexpr int64_t kEpochMicros = 946'684'800'000'000;
constexpr int64_t kDayMicros = 86'400'000'000;

/// The number that `bytes` are, most significant first.
template <typename Number>
Number number_of(std::string_view bytes, size_t at = 0) {
  std::array<char, sizeof(Number)> turned{};
  for (size_t i = 0; i < sizeof(Number); ++i) turned[i] = bytes[at + sizeof(Number) - 1 - i];
  Number number{};
  std::memcpy(&number, turned.data(), sizeof(Number));
  return number;
}

/// 10 to the power of 0 ... 38.
Wide power_of_ten(int32_t exponent) {
  static const auto powers = [] {
    std::array<Wide, kDigitsMax + 1> all{1};
    for (size_t i = 1; i < all.size(); ++i) all[i] = all[i - 1] * 10;
    return all;
  }();
  return powers.at(static_cast<size_t>(exponent));
}

/// How many bytes a value has; -1: any number.
int fixed_size(PostgresForm form) {
  switch (form) {
    case PostgresForm::boolean:
      return 1;
    case PostgresForm::int2:
      return 2;
    case PostgresForm::int4:
    case PostgresForm::oid:
    case PostgresForm::float4:
    case PostgresForm::date:
      return 4;
    case PostgresForm::int8:
    case PostgresForm::float8:
    case PostgresForm::timestamp:
    case PostgresForm::timestamptz:
    case PostgresForm::time:
      return 8;
    case PostgresForm::uuid:
      return 16;
    default:
      return -1;
  }
}

std::string uuid_text(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// A numeric in its binary form: digits of base 10,000, the first of them worth 10,000^weight.
struct Numeric {
  static constexpr uint16_t kNegative = 0x4000;
  static constexpr uint16_t kNan = 0xC000;
  static constexpr uint16_t kInfinity = 0xD000;
  static constexpr uint16_t kMinusInfinity = 0xF000;
  int count = 0;
  int weight = 0;
  uint16_t sign = 0;
  std::string_view digits;

  [[nodiscard]] unsigned digit(int at) const {
    return number_of<uint16_t>(digits, static_cast<size_t>(at) * 2);
  }
};

Result<Numeric> numeric_of(std::string_view bytes) {
  if (bytes.size() < 8) return damaged("a numeric has less than 8 bytes");
  Numeric numeric{.count = number_of<int16_t>(bytes, 0),
                  .weight = number_of<int16_t>(bytes, 2),
                  .sign = number_of<uint16_t>(bytes, 4),
                  .digits = bytes.substr(8)};
  if (numeric.count < 0 || numeric.digits.size() != static_cast<size_t>(numeric.count) * 2) {
    return damaged("a numeric has another size than it says");
  }
  for (int i = 0; i < numeric.count; ++i) {
    if (numeric.digit(i) >= 10'000) return damaged("a numeric has a digit past 9999");
  }
  return numeric;
}

/// The digits without sign times 10^scale; false when that is no whole number below 10^38.
bool scaled(const Numeric& numeric, int32_t scale, Wide& value) {
  static const Wide limit = power_of_ten(kDigitsMax);
  value = 0;
  for (int i = 0; i < numeric.count; ++i) {
    // The place of this digit's ones, after scaling.
    const int32_t place = 4 * (numeric.weight - i) + scale;
    const unsigned digit = numeric.digit(i);
    if (place >= 0) {
      if (digit == 0) continue;
      if (place >= kDigitsMax) return false;
      const Wide power = power_of_ten(place);
      if (digit > (limit - value) / power) return false;
      value += digit * power;
    } else if (place > -4) {
      const auto power = static_cast<unsigned>(power_of_ten(-place));
      if (digit % power != 0) return false;
      value += digit / power;
    } else if (digit != 0) {
      return false;
    }
  }
  return value < limit;
}

}  // namespace

PostgresForm form_of(const PostgresType& type) {
  switch (type.number) {
    case 16:
      return PostgresForm::boolean;
    case 21:
      return PostgresForm::int2;
    case 23:
      return PostgresForm::int4;
    case 20:
      return PostgresForm::int8;
    case 26:
      return PostgresForm::oid;
    case 700:
      return PostgresForm::float4;
    case 701:
      return PostgresForm::float8;
    case 1700:
      return PostgresForm::numeric;
    case 18:    // "char"
    case 19:    // name
    case 25:    // text
    case 114:   // json
    case 142:   // xml
    case 705:   // a text constant of a query
    case 1042:  // character
    case 1043:  // character varying
      return PostgresForm::text;
    case 3802:
      return PostgresForm::jsonb;
    case 2950:
      return PostgresForm::uuid;
    case 17:
      return PostgresForm::bytes;
    case 1082:
      return PostgresForm::date;
    case 1114:
      return PostgresForm::timestamp;
    case 1184:
      return PostgresForm::timestamptz;
    case 1083:
      return PostgresForm::time;
    case 650:   // cidr
    case 774:   // macaddr8
    case 829:   // macaddr
    case 869:   // inet
    case 1560:  // bit
    case 1562:  // bit varying
      return PostgresForm::as_text;
    default:
      break;
  }
  if (type.kind == 'e') return PostgresForm::text;
  if (type.category == 'A' && type.item != 0) return PostgresForm::array;
  if (type.kind == 'b' && type.category == 'S') return PostgresForm::as_text;  // citext ...
  return PostgresForm::refused;
}

std::string instead_of(const PostgresType& type, const std::string& column) {
  if (type.number == 1186) return "extract(epoch from " + column + ") as " + column + "_seconds";
  if (type.number == 790) return column + "::numeric(20, 2)";  // money
  if (type.number == 1700) return column + "::double precision, or " + column + "::text";
  if (type.number == 1266) return column + "::time, or " + column + "::text";  // with time zone
  if (type.category == 'A') return "array_to_json(" + column + ")::text";
  if (type.kind == 'c') return "row_to_json(" + column + ")::text";
  if (type.kind == 'r') return "lower(" + column + "), upper(" + column + ")";
  return column + "::text";
}

std::shared_ptr<arrow::DataType> column_type_of(PostgresForm form, int32_t modifier) {
  switch (form) {
    case PostgresForm::boolean:
      return arrow::boolean();
    case PostgresForm::int2:
    case PostgresForm::int4:
    case PostgresForm::int8:
    case PostgresForm::oid:
      return arrow::int64();
    case PostgresForm::float4:
    case PostgresForm::float8:
      return arrow::float64();
    case PostgresForm::text:
    case PostgresForm::jsonb:
    case PostgresForm::uuid:
    case PostgresForm::as_text:
      return arrow::utf8();
    case PostgresForm::bytes:
      return arrow::binary();
    case PostgresForm::date:
      return arrow::date32();
    case PostgresForm::timestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case PostgresForm::timestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case PostgresForm::time:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case PostgresForm::numeric:
      break;
    case PostgresForm::array:
    case PostgresForm::refused:
      return nullptr;
  }
  if (modifier < 4) return nullptr;
  // numeric(p, s): s has eleven bits with a sign. It may be negative, and larger than p.
  int32_t precision = ((modifier - 4) >> 16) & 0xffff;
  int32_t scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (scale < 0) {
    precision -= scale;
    scale = 0;
  }
  if (scale > precision) precision = scale;
  if (precision > kDigitsMax) return nullptr;
  return arrow::decimal128(precision, scale);
}

std::shared_ptr<arrow::DataType> list_type_of(PostgresForm item, int32_t modifier) {
  // Items that are floats stay so, as everywhere in tables: vectors are many.
  if (item == PostgresForm::float4) return arrow::list(arrow::float32());
  auto type = column_type_of(item, modifier);
  return type == nullptr ? nullptr : arrow::list(std::move(type));
}

PostgresColumn::PostgresColumn(std::string name, PostgresForm form,
                               std::shared_ptr<arrow::DataType> type, PostgresForm item)
    : name_(std::move(name)), form_(form), type_(std::move(type)) {
  // Cannot fail: the types are those of column_type_of.
  builder_ = arrow::MakeBuilder(form == PostgresForm::array ? arrow::int32() : type_).ValueOrDie();
  if (form != PostgresForm::array) return;
  items_ = std::make_unique<PostgresColumn>(
      name_, item, static_cast<const arrow::ListType&>(*type_).value_type());
}
PostgresColumn::PostgresColumn(PostgresColumn&&) noexcept = default;
PostgresColumn& PostgresColumn::operator=(PostgresColumn&&) noexcept = default;
PostgresColumn::~PostgresColumn() = default;

Error PostgresColumn::does_not_fit(const std::string& value, const std::string& instead) const {
  return invalid_input(
      "column `" + name_ + "` is of type " + type_->ToString() + ", but is " + value,
      "correct it in the database, or write into --query: " + instead);
}

void PostgresColumn::add_null() { (void)builder_->AppendNull(); }

Status PostgresColumn::add(std::string_view bytes) {
  const int size = fixed_size(form_);
  if (size >= 0 && bytes.size() != static_cast<size_t>(size)) {
    return damaged("column `" + name_ + "`: a value has " + std::to_string(bytes.size()) +
                   " bytes instead of " + std::to_string(size));
  }
  const auto append = [this]<typename Builder>(Builder* /*kind*/, auto value) -> Status {
    MILLGATE_ARROW_TRY(static_cast<Builder*>(builder_.get())->Append(value), "column " + name_);
    return {};
  };
  constexpr auto* kInteger = static_cast<arrow::Int64Builder*>(nullptr);
  constexpr auto* kDouble = static_cast<arrow::DoubleBuilder*>(nullptr);
  switch (form_) {
    case PostgresForm::boolean:
      return append(static_cast<arrow::BooleanBuilder*>(nullptr), bytes[0] != 0);
    case PostgresForm::int2:
      return append(kInteger, int64_t{number_of<int16_t>(bytes)});
    case PostgresForm::int4:
      return append(kInteger, int64_t{number_of<int32_t>(bytes)});
    case PostgresForm::int8:
      return append(kInteger, number_of<int64_t>(bytes));
    case PostgresForm::oid:
      return append(kInteger, int64_t{number_of<uint32_t>(bytes)});
    case PostgresForm::float4:
      if (type_->id() == arrow::Type::FLOAT) {
        return append(static_cast<arrow::FloatBuilder*>(nullptr), number_of<float>(bytes));
      }
      return append(kDouble, static_cast<double>(number_of<float>(bytes)));
    case PostgresForm::float8:
      return append(kDouble, number_of<double>(bytes));
    case PostgresForm::numeric:
      return add_numeric(bytes);
    case PostgresForm::text:
    case PostgresForm::as_text:
      return add_text(bytes);
    case PostgresForm::jsonb:
      if (bytes.empty() || bytes[0] != 1) return damaged("column `" + name_ + "`: unknown jsonb");
      return add_text(bytes.substr(1));
    case PostgresForm::uuid:
      return add_text(uuid_text(bytes));
    case PostgresForm::bytes:
      return append(static_cast<arrow::BinaryBuilder*>(nullptr), bytes);
    case PostgresForm::date: {
      const auto days = number_of<int32_t>(bytes);
      if (days == std::numeric_limits<int32_t>::max() ||
          days == std::numeric_limits<int32_t>::min()) {
        return does_not_fit(days > 0 ? "infinity" : "-infinity",
                            "nullif(" + name_ + ", '" + (days > 0 ? "" : "-") + "infinity')");
      }
      return append(static_cast<arrow::Date32Builder*>(nullptr), days + kEpochDays);
    }
    case PostgresForm::timestamp:
    case PostgresForm::timestamptz: {
      const auto micros = number_of<int64_t>(bytes);
      if (micros == std::numeric_limits<int64_t>::max() ||
          micros == std::numeric_limits<int64_t>::min()) {
        return does_not_fit(micros > 0 ? "infinity" : "-infinity",
                            "nullif(" + name_ + ", '" + (micros > 0 ? "" : "-") + "infinity')");
      }
      if (micros > std::numeric_limits<int64_t>::max() - kEpochMicros) {
        return does_not_fit("past the year 294246", "null");
      }
      return append(static_cast<arrow::TimestampBuilder*>(nullptr), micros + kEpochMicros);
    }
    case PostgresForm::time: {
      const auto micros = number_of<int64_t>(bytes);
      if (micros == kDayMicros) {
        return does_not_fit("24:00:00", name_ + "::text, or nullif(" + name_ + ", '24:00')");
      }
      if (micros < 0 || micros > kDayMicros) return damaged("column `" + name_ + "`: no time");
      return append(static_cast<arrow::Time64Builder*>(nullptr), micros);
    }
    case PostgresForm::array:
      return add_array(bytes);
    case PostgresForm::refused:
      break;
  }
  return bug("a column of a refused type is read");
}

Status PostgresColumn::add_text(std::string_view bytes) {
  if (invalid_utf8_at(bytes) != std::string_view::npos) {
    // Asked for as UTF-8, it was made or checked by the server.
    return damaged("column `" + name_ + "`: the server sent a text that is not UTF-8");
  }
  MILLGATE_ARROW_TRY(static_cast<arrow::StringBuilder*>(builder_.get())->Append(bytes),
                     "column " + name_);
  return {};
}

Status PostgresColumn::add_numeric(std::string_view bytes) {
  MILLGATE_ASSIGN(const Numeric numeric, numeric_of(bytes));
  if (numeric.sign == Numeric::kNan) {
    return does_not_fit("NaN", "nullif(" + name_ + ", 'NaN'), or " + name_ + "::double precision");
  }
  if (numeric.sign == Numeric::kInfinity || numeric.sign == Numeric::kMinusInfinity) {
    return does_not_fit("infinite", name_ + "::double precision");
  }
  const auto& type = static_cast<const arrow::Decimal128Type&>(*type_);
  Wide value = 0;
  if (!scaled(numeric, type.scale(), value) || value >= power_of_ten(type.precision())) {
    return does_not_fit("a number that does not fit exactly", name_ + "::double precision");
  }
  arrow::Decimal128 decimal(static_cast<int64_t>(static_cast<uint64_t>(value >> 64)),
                            static_cast<uint64_t>(value));
  if (numeric.sign == Numeric::kNegative) decimal.Negate();
  MILLGATE_ARROW_TRY(static_cast<arrow::Decimal128Builder*>(builder_.get())->Append(decimal),
                     "column " + name_);
  return {};
}

/// Dimensions, whether items may be null, the type of the items; length and first index of each
/// dimension; then the items, each behind its size.
Status PostgresColumn::add_array(std::string_view bytes) {
  const auto broken = [this] { return damaged("column `" + name_ + "`: an array is cut off"); };
  if (bytes.size() < 12) return broken();
  const auto dimensions = number_of<int32_t>(bytes);
  if (dimensions < 0 || dimensions > 1) {
    return does_not_fit("an array of several dimensions", "array_to_json(" + name_ + ")::text");
  }
  int32_t count = 0;
  size_t at = 12;
  if (dimensions == 1) {
    if (bytes.size() < 20) return broken();
    count = number_of<int32_t>(bytes, at);
    at += 8;
  }
  const auto begin = static_cast<int32_t>(items_->builder_->length());
  for (int32_t i = 0; i < count; ++i) {
    if (bytes.size() - at < 4) return broken();
    const auto size = number_of<int32_t>(bytes, at);
    at += 4;
    if (size == -1) {
      items_->add_null();
      continue;
    }
    if (size < 0 || bytes.size() - at < static_cast<size_t>(size)) return broken();
    MILLGATE_TRY(items_->add(bytes.substr(at, static_cast<size_t>(size))));
    at += static_cast<size_t>(size);
  }
  if (count < 0 || at != bytes.size()) return broken();
  MILLGATE_ARROW_TRY(static_cast<arrow::Int32Builder*>(builder_.get())->Append(begin),
                     "column " + name_);
  return {};
}

Result<std::shared_ptr<arrow::Array>> PostgresColumn::finish() {
  if (items_ != nullptr) {
    // A null where a list would begin is a list that is null.
    MILLGATE_ARROW_TRY(static_cast<arrow::Int32Builder*>(builder_.get())
                           ->Append(static_cast<int32_t>(items_->builder_->length())),
                       "column " + name_);
    MILLGATE_ARROW(const auto offsets, builder_->Finish(), "column " + name_);
    MILLGATE_ASSIGN(const auto items, items_->finish());
    MILLGATE_ARROW(std::shared_ptr<arrow::Array> lists,
                   arrow::ListArray::FromArrays(type_, *offsets, *items), "column " + name_);
    return lists;
  }
  MILLGATE_ARROW(auto array, builder_->Finish(), "column " + name_);
  return array;
}

}  // namespace millgate
