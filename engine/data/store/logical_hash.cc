#include "data/store/logical_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

namespace millgate {

namespace {

/// The finalizer of splitmix64: a bijection in which each bit depends on all.
constexpr uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Both halves of the product, folded.
constexpr uint64_t folded_product(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// A value as two words.
struct Words {
  uint64_t first = 0;
  uint64_t second = 0;
};

constexpr Words kNullWords{.first = 0, .second = 0};

Words words_of_number(uint64_t bits) { return {.first = bits, .second = 1}; }

template <typename Word>
uint64_t load(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Up to seven bytes, lowest first, the rest zeros: by loads that overlap rather than byte by byte.
uint64_t load_tail(const char* at, size_t count) {
  if (count >= 4) return load<uint32_t>(at) | load<uint32_t>(at + count - 4) << (8 * (count - 4));
  if (count == 0) return 0;
  return load<uint8_t>(at) | load<uint8_t>(at + count / 2) << (8 * (count / 2)) |
         load<uint8_t>(at + count - 1) << (8 * (count - 1));
}

/// Both words go through all bytes, eight at a time, lowest byte first, the last with zeros.
Words words_of_bytes(std::string_view bytes) {
  Words words{.first = bytes.size(), .second = ~uint64_t{bytes.size()}};
  const auto take = [&](uint64_t word) {
    words.first = mix(words.first ^ word);
    words.second = mix(words.second + std::rotl(word, 32));
  };
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) take(load<uint64_t>(bytes.data() + at));
  if (at < bytes.size()) take(load_tail(bytes.data() + at, bytes.size() - at));
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

/// Calls `each(row, words)` for the cells [begin, end) of a column.
template <typename ArrayType, typename Each>
void for_words_of(const arrow::Array& column, int64_t begin, int64_t end, const Each& each) {
  const auto& values = static_cast<const ArrayType&>(column);
  if (values.null_count() == 0) {
    for (int64_t row = begin; row < end; ++row) each(row, words_of(values.GetView(row)));
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    each(row, values.IsNull(row) ? kNullWords : words_of(values.GetView(row)));
  }
}

template <typename Each>
void for_words(const arrow::Array& column, int64_t begin, int64_t end, const Each& each) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return for_words_of<arrow::BooleanArray>(column, begin, end, each);
    case arrow::Type::INT64:
      return for_words_of<arrow::Int64Array>(column, begin, end, each);
    case arrow::Type::DOUBLE:
      return for_words_of<arrow::DoubleArray>(column, begin, end, each);
    case arrow::Type::DATE32:
      return for_words_of<arrow::Date32Array>(column, begin, end, each);
    case arrow::Type::TIMESTAMP:
      return for_words_of<arrow::TimestampArray>(column, begin, end, each);
    case arrow::Type::TIME64:
      return for_words_of<arrow::Time64Array>(column, begin, end, each);
    case arrow::Type::DECIMAL128:
      return for_words_of<arrow::Decimal128Array>(column, begin, end, each);
    default:
      return for_words_of<arrow::BinaryArray>(column, begin, end, each);
  }
}

uint64_t cell_hash(uint64_t row_hash, const Words& words) {
  return mix(mix(row_hash ^ words.first) + words.second);
}

using Sums = std::array<uint64_t, 4>;
constexpr Sums kTurns = {mix(1), mix(2), mix(3), mix(4)};
constexpr Sums kFactors = {mix(5) | 1, mix(6) | 1, mix(7) | 1, mix(8) | 1};

/// What word `i` of a digest gets from a cell.
constexpr uint64_t contribution(uint64_t cell, size_t i) {
  return folded_product(cell ^ kTurns[i], kFactors[i]);
}

}  // namespace

ColumnDigests::ColumnDigests(const arrow::Schema& schema)
    : sums_(static_cast<size_t>(schema.num_fields())) {}

ColumnDigests::ColumnDigests(const arrow::Schema& schema, const std::vector<Id>& values)
    : ColumnDigests(schema) {
  for (size_t i = 0; i < sums_.size() && i < values.size(); ++i) {
    std::memcpy(sums_[i].data(), values[i].bytes.data(), values[i].bytes.size());
  }
}

void ColumnDigests::add(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes) {
  for (size_t i = 0; i < sums_.size(); ++i) {
    add_column(i, *rows.column(static_cast<int>(i)), row_hashes);
  }
}

void ColumnDigests::add_column(size_t column, const arrow::Array& cells,
                               std::span<const uint64_t> row_hashes) {
  auto sum = sums_[column];
  for_words(cells, 0, cells.length(), [&](int64_t row, const Words& words) {
    const uint64_t cell = cell_hash(row_hashes[static_cast<size_t>(row)], words);
    // Written out: this is the hottest place of a commit.
    sum[0] += contribution(cell, 0);
    sum[1] += contribution(cell, 1);
    sum[2] += contribution(cell, 2);
    sum[3] += contribution(cell, 3);
  });
  sums_[column] = sum;
}

void ColumnDigests::add_cell(size_t column, const arrow::Array& cells, int64_t row,
                             uint64_t row_hash) {
  for_words(cells, row, row + 1, [&](int64_t, const Words& words) {
    const uint64_t cell = cell_hash(row_hash, words);
    for (size_t word = 0; word < 4; ++word) sums_[column][word] += contribution(cell, word);
  });
}

void ColumnDigests::remove_cell(size_t column, const arrow::Array& cells, int64_t row,
                                uint64_t row_hash) {
  for_words(cells, row, row + 1, [&](int64_t, const Words& words) {
    const uint64_t cell = cell_hash(row_hash, words);
    for (size_t word = 0; word < 4; ++word) sums_[column][word] -= contribution(cell, word);
  });
}

std::vector<Id> ColumnDigests::values() const {
  std::vector<Id> ids(sums_.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    std::memcpy(ids[i].bytes.data(), sums_[i].data(), ids[i].bytes.size());
  }
  return ids;
}

Id logical_hash_of(const arrow::Schema& schema, const std::vector<std::string>& key,
                   const std::vector<Id>& digests) {
  std::vector<int> order(static_cast<size_t>(schema.num_fields()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return schema.field(a)->name() < schema.field(b)->name(); });
  Hasher hasher;
  hasher.add_field(std::to_string(key.size()));
  for (const std::string& name : key) hasher.add_field(name);
  for (const int column : order) {
    const Id& digest = digests[static_cast<size_t>(column)];
    hasher.add_field(schema.field(column)->name());
    hasher.add_field(schema.field(column)->type()->ToString());
    hasher.add_field({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
  }
  return hasher.finish();
}

std::vector<uint64_t> key_hashes(const RowKeys& keys) {
  std::vector<uint64_t> hashes(keys.size());
  for (size_t row = 0; row < hashes.size(); ++row) hashes[row] = mixed_hash(keys[row]);
  return hashes;
}

std::vector<uint64_t> content_hashes(const arrow::RecordBatch& rows) {
  std::vector<uint64_t> hashes(static_cast<size_t>(rows.num_rows()));
  for (int i = 0; i < rows.num_columns(); ++i) {
    const uint64_t name_hash = mixed_hash(rows.schema()->field(i)->name());
    for_words(*rows.column(i), 0, rows.num_rows(), [&](int64_t row, const Words& words) {
      hashes[static_cast<size_t>(row)] += cell_hash(name_hash, words);
    });
  }
  return hashes;
}

uint64_t mixed_hash(std::string_view bytes) { return mix(words_of_bytes(bytes).first); }

}  // namespace millgate
