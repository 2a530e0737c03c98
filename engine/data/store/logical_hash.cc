#include "data/store/logical_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "data/table/type_name.h"

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

/// Of a column whose type is not nested.
template <typename Each>
void for_plain_words(const arrow::Array& column, int64_t begin, int64_t end, const Each& each) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return for_words_of<arrow::BooleanArray>(column, begin, end, each);
    case arrow::Type::INT64:
      return for_words_of<arrow::Int64Array>(column, begin, end, each);
    case arrow::Type::DOUBLE:
      return for_words_of<arrow::DoubleArray>(column, begin, end, each);
    case arrow::Type::FLOAT:
      return for_words_of<arrow::FloatArray>(column, begin, end, each);
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

/// Both words of a list go through the words of its items.
class ListWords {
 public:
  explicit ListWords(int64_t length)
      : words_{.first = static_cast<uint64_t>(length), .second = ~static_cast<uint64_t>(length)} {}
  void take(const Words& item) {
    words_.first = mix(words_.first ^ item.first) + item.second;
    words_.second = mix(words_.second + std::rotl(item.first, 32)) ^ item.second;
  }
  [[nodiscard]] const Words& words() const { return words_; }

 private:
  Words words_;
};

/// The words of the cells of a nested column. Keeps no reference to it but to its buffers.
class NestedWords {
 public:
  explicit NestedWords(std::shared_ptr<arrow::Array> column) : column_(std::move(column)) {
    switch (column_->type_id()) {
      case arrow::Type::LIST:
        parts_.emplace_back(static_cast<const arrow::ListArray&>(*column_).values());
        return;
      case arrow::Type::FIXED_SIZE_LIST:
        parts_.emplace_back(static_cast<const arrow::FixedSizeListArray&>(*column_).values());
        return;
      case arrow::Type::MAP:
        parts_.emplace_back(static_cast<const arrow::MapArray&>(*column_).keys());
        parts_.emplace_back(static_cast<const arrow::MapArray&>(*column_).items());
        return;
      case arrow::Type::STRUCT: {
        const auto& record = static_cast<const arrow::StructArray&>(*column_);
        for (int i = 0; i < record.num_fields(); ++i) {
          parts_.emplace_back(record.field(i));
          name_hashes_.push_back(mixed_hash(record.type()->field(i)->name()));
        }
        return;
      }
      default:
        return;
    }
  }

  [[nodiscard]] Words at(int64_t row) const {
    if (column_->IsNull(row)) return kNullWords;
    switch (column_->type_id()) {
      case arrow::Type::LIST:
        return list_at(static_cast<const arrow::ListArray&>(*column_), row);
      case arrow::Type::FIXED_SIZE_LIST:
        return list_at(static_cast<const arrow::FixedSizeListArray&>(*column_), row);
      case arrow::Type::MAP:
        return map_at(static_cast<const arrow::MapArray&>(*column_), row);
      case arrow::Type::STRUCT:
        return struct_at(row);
      default: {
        Words found;
        for_plain_words(*column_, row, row + 1,
                        [&](int64_t, const Words& words) { found = words; });
        return found;
      }
    }
  }

 private:
  template <typename List>
  [[nodiscard]] Words list_at(const List& list, int64_t row) const {
    const int64_t begin = list.value_offset(row);
    const int64_t end = list.value_offset(row + 1);
    ListWords words(end - begin);
    if (parts_[0].parts_.empty()) {
      for_plain_words(*parts_[0].column_, begin, end,
                      [&](int64_t, const Words& item) { words.take(item); });
    } else {
      for (int64_t i = begin; i < end; ++i) words.take(parts_[0].at(i));
    }
    return words.words();
  }
  [[nodiscard]] Words map_at(const arrow::MapArray& map, int64_t row) const {
    const int64_t begin = map.value_offset(row);
    const int64_t end = map.value_offset(row + 1);
    ListWords words(end - begin);
    for (int64_t i = begin; i < end; ++i) {
      words.take(parts_[0].at(i));
      words.take(parts_[1].at(i));
    }
    return words.words();
  }
  /// A sum, so that the order of members is no matter; null members add nothing, so that a struct
  /// that gets a member stays what it was.
  [[nodiscard]] Words struct_at(int64_t row) const {
    Words sum{.first = 1, .second = 2};
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].column_->IsNull(row)) continue;
      const Words words = parts_[i].at(row);
      sum.first += cell_hash(name_hashes_[i], words);
      sum.second += cell_hash(~name_hashes_[i], words);
    }
    return sum;
  }

  std::shared_ptr<arrow::Array> column_;
  std::vector<NestedWords> parts_;
  std::vector<uint64_t> name_hashes_;  ///< Of the members of a struct.
};

template <typename Each>
void for_words(const arrow::Array& column, int64_t begin, int64_t end, const Each& each) {
  if (!is_nested_type(*column.type())) return for_plain_words(column, begin, end, each);
  const NestedWords words(arrow::MakeArray(column.data()));
  for (int64_t row = begin; row < end; ++row) each(row, words.at(row));
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
    hasher.add_field(ordered_type_name(*schema.field(column)->type()));
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
