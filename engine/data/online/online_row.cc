#include "data/online/online_row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "data/online/fact_record.h"
#include "ground/id.h"

namespace millgate {
namespace {

constexpr char kPlainVersion = 1;
constexpr char kFactVersion = 2;
constexpr uint8_t kHasTime = 1;
constexpr uint8_t kIsPushed = 2;
constexpr size_t kStampBytes = 2 + 2 * sizeof(int64_t);
/// `kept_from`, the bytes of a record and those of all.
constexpr size_t kFactHeadBytes = sizeof(int64_t) + sizeof(uint16_t) + sizeof(uint32_t);
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

void put_facts(std::string& out, const FactBytes& facts) {
  put(out, facts.kept_from);
  put(out, static_cast<uint16_t>(facts.record_bytes));
  put(out, static_cast<uint32_t>(facts.records.size()));
  out += facts.records;
}

/// `row` with other facts.
std::string with_facts(std::string_view row, const FactBytes& facts) {
  std::string out(row.substr(0, kStampBytes));
  put_facts(out, facts);
  uint32_t old_size = 0;
  std::memcpy(&old_size, row.data() + kStampBytes + kFactHeadBytes - sizeof(old_size),
              sizeof(old_size));
  return out += row.substr(kStampBytes + kFactHeadBytes + old_size);
}

/// Appends the records of `facts` that are `wanted`.
template <typename Wanted>
void add_records(std::string& records, const FactBytes& facts, Wanted wanted) {
  for (size_t at = 0; at < facts.records.size(); at += facts.record_bytes) {
    const FactRecord one(facts.records.substr(at, facts.record_bytes));
    if (wanted(one)) records += one.bytes;
  }
}

bool has_record(std::string_view records, std::string_view record) {
  for (size_t at = 0; at < records.size(); at += record.size()) {
    if (records.substr(at, record.size()) == record) return true;
  }
  return false;
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

std::string write_row(const RowStamp& stamp, const Block& values, size_t row,
                      const FactBytes* facts) {
  std::string out(1, facts == nullptr ? kPlainVersion : kFactVersion);
  out += static_cast<char>((stamp.has_time ? kHasTime : 0) | (stamp.is_pushed ? kIsPushed : 0));
  put(out, stamp.happened);
  put(out, stamp.known);
  if (facts != nullptr) put_facts(out, *facts);
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
  if (bytes[0] != kPlainVersion && bytes[0] != kFactVersion) {
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

bool has_facts(std::string_view bytes) { return !bytes.empty() && bytes[0] == kFactVersion; }

Result<std::optional<FactBytes>> read_facts(std::string_view bytes) {
  MILLGATE_TRY(read_stamp(bytes));
  if (!has_facts(bytes)) return std::optional<FactBytes>();
  Bytes rest(bytes.substr(kStampBytes));
  FactBytes facts;
  uint16_t record_bytes = 0;
  uint32_t size = 0;
  if (!rest.take(facts.kept_from) || !rest.take(record_bytes) || !rest.take(size) ||
      !rest.take(size, facts.records)) {
    return damaged_row("ends within its facts");
  }
  facts.record_bytes = record_bytes;
  if (record_bytes < kRecordHeadBytes || size % record_bytes != 0) {
    return damaged_row("has a part of a fact");
  }
  return std::optional(facts);
}

Result<std::string> merged_row(std::string_view there, std::string_view coming) {
  MILLGATE_ASSIGN(const RowStamp old_stamp, read_stamp(there));
  MILLGATE_ASSIGN(const RowStamp stamp, read_stamp(coming));
  MILLGATE_ASSIGN(const auto old_facts, read_facts(there));
  MILLGATE_ASSIGN(const auto facts, read_facts(coming));
  if (!old_facts || !facts || old_facts->record_bytes != facts->record_bytes) {
    return damaged_row("has other facts than its view");
  }
  FactBytes merged{
      .kept_from = facts->kept_from, .record_bytes = facts->record_bytes, .records = {}};
  std::string records;
  if (stamp.is_pushed) {
    merged.kept_from = std::max(facts->kept_from, old_facts->kept_from);
    add_records(records, *old_facts,
                [&](const FactRecord& one) { return one.happened > merged.kept_from; });
    add_records(records, *facts, [&](const FactRecord& one) {
      return one.happened > merged.kept_from && !has_record(records, one.bytes);
    });
  } else {
    records = facts->records;
    add_records(records, *old_facts, [&](const FactRecord& one) {
      return one.is_pushed &&
             RowStamp{.has_time = true, .happened = one.happened, .known = one.known}.is_newer_than(
                 stamp);
    });
  }
  merged.records = records;
  const bool may_stay = old_stamp.is_pushed || stamp.is_pushed;
  const bool stays = may_stay && old_stamp.is_newer_than(stamp);
  return with_facts(stays ? there : coming, merged);
}

Result<std::optional<std::string>> pushed_part(std::string_view there) {
  MILLGATE_ASSIGN(const RowStamp stamp, read_stamp(there));
  MILLGATE_ASSIGN(const auto facts, read_facts(there));
  if (!stamp.is_pushed) return std::optional<std::string>();
  if (!facts) return std::optional(std::string(there));
  std::string records;
  add_records(records, *facts, [](const FactRecord& one) { return one.is_pushed; });
  return std::optional(with_facts(
      there,
      {.kept_from = facts->kept_from, .record_bytes = facts->record_bytes, .records = records}));
}

Status read_row(std::string_view bytes, const std::vector<Field>& fields, RowTargets targets,
                size_t row) {
  MILLGATE_ASSIGN(const auto facts, read_facts(bytes));
  Bytes rest(bytes.substr(kStampBytes + (facts ? kFactHeadBytes + facts->records.size() : 0)));
  std::string_view mask;
  if (!rest.take((fields.size() + 7) / 8, mask)) return damaged_row("is too short");
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
