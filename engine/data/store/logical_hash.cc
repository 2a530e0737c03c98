#include "data/store/logical_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace millgate {

namespace {

/// The finalizer of splitmix64: a bijection in which each bit depends on all.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// A value as two words.
struct Words {
  uint64_t first = 0;
  uint64_t second = 0;
};

constexpr Words kNullWords{.first = 0, .second = 0};

Words words_of_number(uint64_t bits) { return {.first = bits, .second = 1}; }

/// Both words go through all bytes, eight at a time, lowest byte first, the last with zeros.
Words words_of_bytes(std::string_view bytes) {
  Words words{.first = bytes.size(), .second = ~uint64_t{bytes.size()}};
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
    words.first = mix(words.first ^ word);
    words.second = mix(words.second + std::rotl(word, 32));
  }
  return words;
}
static_assert(std::endian::native == std::endian::little);

Words words_of(double value) {
  // One NaN is as good as another.
  return words_of_number(std::isnan(value) ? 0x7ff8000000000000ULL
                                           : std::bit_cast<uint64_t>(value));
}
Words words_of(bool value) { return words_of_number(value ? 1 : 0); }
Words words_of(int64_t value) { return words_of_number(static_cast<uint64_t>(value)); }
Words words_of(int32_t value) { return words_of(int64_t{value}); }
Words words_of(std::string_view value) { return words_of_bytes(value); }

template <typename ArrayType>
void add_column(const arrow::Array& column, const RowDigest& seed, std::vector<RowDigest>& rows) {
  const auto& values = static_cast<const ArrayType&>(column);
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto at = static_cast<int64_t>(row);
    const Words words = values.IsNull(at) ? kNullWords : words_of(values.GetView(at));
    for (size_t i = 0; i < seed.size(); ++i) {
      rows[row][i] += mix(mix(seed[i] ^ words.first) ^ words.second);
    }
  }
}

void add_column(const arrow::Array& column, const RowDigest& seed, std::vector<RowDigest>& rows) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return add_column<arrow::BooleanArray>(column, seed, rows);
    case arrow::Type::INT64:
      return add_column<arrow::Int64Array>(column, seed, rows);
    case arrow::Type::DOUBLE:
      return add_column<arrow::DoubleArray>(column, seed, rows);
    case arrow::Type::DATE32:
      return add_column<arrow::Date32Array>(column, seed, rows);
    case arrow::Type::TIMESTAMP:
      return add_column<arrow::TimestampArray>(column, seed, rows);
    case arrow::Type::TIME64:
      return add_column<arrow::Time64Array>(column, seed, rows);
    case arrow::Type::DECIMAL128:
      return add_column<arrow::Decimal128Array>(column, seed, rows);
    default:
      return add_column<arrow::BinaryArray>(column, seed, rows);
  }
}

RowDigest seed_of(const arrow::Field& field) {
  Hasher hasher;
  hasher.add_field(field.name());
  hasher.add_field(field.type()->ToString());
  const Id id = hasher.finish();
  RowDigest seed{};
  std::memcpy(seed.data(), id.bytes.data(), id.bytes.size());
  return seed;
}

}  // namespace

LogicalHash::LogicalHash(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) seeds_.push_back(seed_of(*field));
}

const std::vector<RowDigest>& LogicalHash::add(const arrow::RecordBatch& batch) {
  rows_.assign(static_cast<size_t>(batch.num_rows()), RowDigest{});
  for (size_t i = 0; i < seeds_.size(); ++i) {
    add_column(*batch.column(static_cast<int>(i)), seeds_[i], rows_);
  }
  // A second mixing binds the cells of a row together; else swapping the values of two rows in
  // one column would not change the sum.
  for (RowDigest& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = mix(row[i] + i);
      sum_[i] += row[i];
    }
  }
  return rows_;
}

Id LogicalHash::value() const {
  Id id;
  std::memcpy(id.bytes.data(), sum_.data(), id.bytes.size());
  return id;
}

uint64_t mixed_hash(std::string_view bytes) { return mix(words_of_bytes(bytes).first); }

}  // namespace millgate
