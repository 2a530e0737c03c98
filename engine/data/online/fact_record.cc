#include "data/online/fact_record.h"

#include <cmath>
#include <cstring>

#include "data/online/online_row.h"
#include "ground/id.h"

namespace millgate {
namespace {

constexpr char kPushedFact = 1;

template <typename Number>
Number number_at(std::string_view bytes, size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

template <typename Number>
void append(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

size_t mask_bytes(size_t column_count) { return (column_count + 7) / 8; }

int64_t short_hash(std::string_view bytes) {
  const Id id = hash_of(bytes);
  int64_t hash = 0;
  std::memcpy(&hash, id.bytes.data(), sizeof(hash));
  return hash;
}

/// A number that equal values share and, but for one chance in 10^15, no others.
double identity_of(const Vector& column, size_t row) {
  std::string bytes;
  if (column.type == ValueType::text) {
    bytes = column.texts[row];
  } else if (column.type == ValueType::number) {
    const double value = column.numbers[row];
    append(bytes, std::isnan(value) ? std::nan("") : value + 0.0);  // -0.0 + 0.0 is 0.0.
  } else if (column.type == ValueType::list) {
    for (const double value : column.lists[row].values) append(bytes, value);
  } else {
    append(bytes, column.integers[row]);
  }
  constexpr int kFractionBits = 53;
  return static_cast<double>(static_cast<uint64_t>(short_hash(bytes)) >> (64 - kFractionBits));
}

double value_of(const FactColumn& column, const Vector& values, size_t row) {
  if (column.form == FactForm::presence) return 1.0;
  if (column.form == FactForm::identity) return identity_of(values, row);
  return values.type == ValueType::number ? values.numbers[row]
                                          : static_cast<double>(values.integers[row]);
}

int64_t key_of(const OnlineView& view, const FactSource& fact, std::string_view values) {
  if (fact.key.columns.empty()) {
    if (!fact.is_pushed) return fact.number;
    std::string said(values);
    append(said, fact.happened);
    append(said, fact.known);
    return short_hash(said);
  }
  std::string said;
  for (const Vector& column : fact.key.columns) said += column.valid[fact.row] != 0 ? '1' : '0';
  return short_hash(said + entity_key(view, fact.key, fact.row));
}

}  // namespace

size_t record_bytes(size_t column_count) {
  return kRecordHeadBytes + mask_bytes(column_count) + column_count * sizeof(double);
}

std::string write_record(const OnlineView& view, const std::vector<FactColumn>& columns,
                         const FactSource& fact) {
  std::string mask(mask_bytes(columns.size()), '\0');
  std::string numbers;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Vector& values = fact.values.columns[i];
    const bool is_there = values.valid[fact.row] != 0;
    if (is_there) mask[i / 8] = static_cast<char>(mask[i / 8] | (1 << (i % 8)));
    append(numbers, is_there ? value_of(columns[i], values, fact.row) : 0.0);
  }
  std::string record;
  record.reserve(record_bytes(columns.size()));
  append(record, fact.happened);
  append(record, fact.known);
  append(record, key_of(view, fact, mask + numbers));
  record += fact.is_pushed ? kPushedFact : '\0';
  return record + mask + numbers;
}

FactRecord::FactRecord(std::string_view record)
    : bytes(record),
      happened(number_at<int64_t>(record, 0)),
      known(number_at<int64_t>(record, sizeof(int64_t))),
      key(number_at<int64_t>(record, 2 * sizeof(int64_t))),
      is_pushed(record[kRecordHeadBytes - 1] == kPushedFact) {}

WindowFact FactRecord::fact(std::optional<size_t> column, size_t column_count) const {
  WindowFact fact{.happened = happened, .known = known, .key = key, .value = 1.0};
  if (!column) return fact;
  const auto mask = static_cast<uint8_t>(bytes[kRecordHeadBytes + *column / 8]);
  fact.has_value = ((mask >> (*column % 8)) & 1) != 0;
  fact.value = number_at<double>(
      bytes, kRecordHeadBytes + mask_bytes(column_count) + *column * sizeof(double));
  return fact;
}

}  // namespace millgate
