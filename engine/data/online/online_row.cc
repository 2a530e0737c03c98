#include "data/online/online_row.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "ground/id.h"

namespace millgate {
namespace {

constexpr char kVersion = 1;
constexpr uint8_t kHasTime = 1;
constexpr uint8_t kIsPushed = 2;
constexpr size_t kStampBytes = 2 + 2 * sizeof(int64_t);
constexpr size_t kEntityBytesMax = 280;
// The first byte behind the prefix: what follows.
constexpr char kPlain = 'e';
constexpr char kHashed = 'h';
constexpr char kUnseen = 'u';

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

template <typename Number>
void put(std::string& out, Number value) {
  char bytes[sizeof(Number)];
  std::memcpy(bytes, &value, sizeof(Number));
  out.append(bytes, sizeof(Number));
}

/// Equal doubles, equal bits.
double canonical(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0.0 ? 0.0 : value;
}

/// How many, a byte for each that says whether it is null, and the numbers.
void put_list(std::string& out, const NumberList& list) {
  put(out, static_cast<uint32_t>(list.size()));
  for (size_t i = 0; i < list.size(); ++i) out += list.is_null(i) ? '\1' : '\0';
  for (const double value : list.values) put(out, value);
}

void put_value(std::string& out, const Vector& column, size_t row) {
  switch (column.type) {
    case ValueType::number:
      put(out, column.numbers[row]);
      break;
    case ValueType::text:
      put(out, static_cast<uint32_t>(column.texts[row].size()));
      out += column.texts[row];
      break;
    case ValueType::list:
      put_list(out, column.lists[row]);
      break;
    default:
      put(out, column.integers[row]);
  }
}

/// Takes values off the front of bytes; false once there are too few.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  template <typename Number>
  bool take(Number& value) {
    if (bytes_.size() < sizeof(Number)) return false;
    std::memcpy(&value, bytes_.data(), sizeof(Number));
    bytes_.remove_prefix(sizeof(Number));
    return true;
  }
  bool take(size_t count, std::string_view& text) {
    if (bytes_.size() < count) return false;
    text = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return true;
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

bool take_list(Bytes& bytes, NumberList* target) {
  uint32_t size = 0;
  std::string_view nulls;
  std::string_view values;
  if (!bytes.take(size) || !bytes.take(size, nulls)) return false;
  if (!bytes.take(size * sizeof(double), values)) return false;
  if (target == nullptr) return true;
  target->clear();
  if (nulls.find('\1') != std::string_view::npos) target->nulls.assign(nulls.begin(), nulls.end());
  target->values.resize(size);
  if (size > 0) std::memcpy(target->values.data(), values.data(), values.size());
  return true;
}

bool take_value(Bytes& bytes, ValueType type, Vector* target, size_t row) {
  if (type == ValueType::text) {
    uint32_t size = 0;
    std::string_view text;
    if (!bytes.take(size) || !bytes.take(size, text)) return false;
    if (target != nullptr) target->texts[row] = text;
    return true;
  }
  if (type == ValueType::list)
    return take_list(bytes, target == nullptr ? nullptr : &target->lists[row]);
  if (type == ValueType::number) {
    double number = 0;
    if (!bytes.take(number)) return false;
    if (target != nullptr) target->numbers[row] = number;
    return true;
  }
  int64_t integer = 0;
  if (!bytes.take(integer)) return false;
  if (target != nullptr) target->integers[row] = integer;
  return true;
}

Error damaged_row(const std::string& how) {
  return damaged("a row of the online store " + how,
                 "remove the folder `.millgate/online` and run `millgate materialise`");
}

}  // namespace

std::string key_prefix(const OnlineView& view) { return view.version.substr(0, kViewDigits); }

std::string unseen_key(const OnlineView& view) { return key_prefix(view) + kUnseen; }

std::string entity_key(const OnlineView& view, const Block& entity, size_t row) {
  std::string key = key_prefix(view) + kPlain;
  for (const Vector& column : entity.columns) {
    if (column.type == ValueType::number) {
      put(key, canonical(column.numbers[row]));
    } else {
      put_value(key, column, row);
    }
  }
  if (key.size() <= kViewDigits + kEntityBytesMax) return key;
  const Id id = hash_of(std::string_view(key).substr(kViewDigits + 1));
  return key_prefix(view) + kHashed +
         std::string(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

std::string write_row(const RowStamp& stamp, const Block& values, size_t row) {
  std::string out(1, kVersion);
  out += static_cast<char>((stamp.has_time ? kHasTime : 0) | (stamp.is_pushed ? kIsPushed : 0));
  put(out, stamp.happened);
  put(out, stamp.known);
  const size_t mask_at = out.size();
  out.append((values.columns.size() + 7) / 8, '\0');
  for (size_t i = 0; i < values.columns.size(); ++i) {
    if (values.columns[i].valid[row] == 0) continue;
    out[mask_at + i / 8] = static_cast<char>(out[mask_at + i / 8] | (1 << (i % 8)));
    put_value(out, values.columns[i], row);
  }
  return out;
}

Result<RowStamp> read_stamp(std::string_view bytes) {
  if (bytes.size() < kStampBytes) return damaged_row("is too short");
  if (bytes[0] != kVersion) {
    return damaged_row("is of version " + std::to_string(static_cast<uint8_t>(bytes[0])) +
                       ", which this program does not know");
  }
  RowStamp stamp;
  const auto flags = static_cast<uint8_t>(bytes[1]);
  stamp.has_time = (flags & kHasTime) != 0;
  stamp.is_pushed = (flags & kIsPushed) != 0;
  Bytes rest(bytes.substr(2));
  (void)rest.take(stamp.happened);
  (void)rest.take(stamp.known);
  return stamp;
}

Status read_row(std::string_view bytes, const std::vector<Field>& fields, RowTargets targets,
                size_t row) {
  const size_t mask_bytes = (fields.size() + 7) / 8;
  if (bytes.size() < kStampBytes + mask_bytes) return damaged_row("is too short");
  if (bytes[0] != kVersion) return read_stamp(bytes).error();
  const std::string_view mask = bytes.substr(kStampBytes, mask_bytes);
  Bytes rest(bytes.substr(kStampBytes + mask_bytes));
  for (size_t i = 0; i < fields.size(); ++i) {
    Vector* const target = targets[i];
    const bool is_there = ((static_cast<uint8_t>(mask[i / 8]) >> (i % 8)) & 1) != 0;
    if (target != nullptr) target->valid[row] = is_there ? 1 : 0;
    if (is_there && !take_value(rest, fields[i].type, target, row)) {
      return damaged_row("ends within field `" + fields[i].name + "`");
    }
  }
  if (!rest.empty()) return damaged_row("is longer than its fields");
  return {};
}

}  // namespace millgate
