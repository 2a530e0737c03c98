#include "data/delta/deletion_vector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/crc.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

namespace millgate {

namespace {

constexpr uint32_t kMagic = 1681511377;
constexpr uint32_t kCookieWithoutRuns = 12346;
constexpr uint32_t kCookieWithRuns = 12347;
constexpr uint32_t kContainersMax = 65536;
/// Fewer containers than this have no offsets when there are runs.
constexpr uint32_t kOffsetsMin = 4;
constexpr uint32_t kArrayMax = 4096;  ///< More rows in a container are a bitset.
constexpr size_t kBitsetWords = 1024;

constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

Error broken(const std::string& object, const std::string& what) {
  return damaged(object + " " + what, "get the table again from where it came");
}

/// Bytes read from the front; numbers are little-endian.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& object) : left_(bytes), object_(object) {}

  [[nodiscard]] const std::string& object() const { return object_; }
  [[nodiscard]] bool empty() const { return left_.empty(); }
  Result<std::string_view> take(size_t count) {
    if (count > left_.size()) return broken(object_, "ends too early");
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  template <typename T>
  Result<T> number() {
    MILLGATE_ASSIGN(const auto taken, take(sizeof(T)));
    uint64_t value = 0;
    for (size_t i = sizeof(T); i > 0; --i) {
      value = value << 8 | static_cast<uint8_t>(taken[i - 1]);
    }
    return static_cast<T>(value);
  }

 private:
  std::string_view left_;
  const std::string& object_;
};

/// Ranges that rise, those that touch made one.
class Ranges {
 public:
  Status add(uint64_t begin, uint64_t end, const std::string& object) {
    if (!all_.empty() && begin < all_.back().end) return broken(object, "holds rows out of order");
    if (!all_.empty() && begin == all_.back().end) {
      all_.back().end = end;
    } else {
      all_.push_back({.begin = begin, .end = end});
    }
    return {};
  }
  std::vector<RowRange> take() { return std::move(all_); }

 private:
  std::vector<RowRange> all_;
};

struct Container {
  uint64_t first_row = 0;  ///< Of which the low 16 bits are 0.
  uint32_t row_count = 0;
  bool has_runs = false;
};

Status read_runs(Bytes& bytes, const Container& container, Ranges& ranges) {
  MILLGATE_ASSIGN(const auto run_count, bytes.number<uint16_t>());
  for (uint32_t i = 0; i < run_count; ++i) {
    MILLGATE_ASSIGN(const auto start, bytes.number<uint16_t>());
    MILLGATE_ASSIGN(const auto more, bytes.number<uint16_t>());
    if (uint32_t{start} + more >= 65536) return broken(bytes.object(), "holds a run too long");
    const uint64_t begin = container.first_row + start;
    MILLGATE_TRY(ranges.add(begin, begin + more + 1, bytes.object()));
  }
  return {};
}

Status read_bitset(Bytes& bytes, const Container& container, Ranges& ranges) {
  for (size_t i = 0; i < kBitsetWords; ++i) {
    MILLGATE_ASSIGN(auto word, bytes.number<uint64_t>());
    while (word != 0) {
      const auto begin = static_cast<uint64_t>(std::countr_zero(word));
      const auto count = static_cast<uint64_t>(std::countr_one(word >> begin));
      const uint64_t row = container.first_row + i * 64 + begin;
      MILLGATE_TRY(ranges.add(row, row + count, bytes.object()));
      word = begin + count == 64 ? 0 : word >> (begin + count) << (begin + count);
    }
  }
  return {};
}

Status read_array(Bytes& bytes, const Container& container, Ranges& ranges) {
  for (uint32_t i = 0; i < container.row_count; ++i) {
    MILLGATE_ASSIGN(const auto low, bytes.number<uint16_t>());
    const uint64_t row = container.first_row + low;
    MILLGATE_TRY(ranges.add(row, row + 1, bytes.object()));
  }
  return {};
}

/// One bitmap of 32 bits; its rows begin at `first_row`.
Status read_bitmap(Bytes& bytes, uint64_t first_row, Ranges& ranges) {
  MILLGATE_ASSIGN(const auto cookie, bytes.number<uint32_t>());
  uint32_t count = (cookie >> 16) + 1;
  std::string_view run_flags;
  const bool any_runs = (cookie & 0xFFFF) == kCookieWithRuns;
  if (any_runs) {
    MILLGATE_ASSIGN(run_flags, bytes.take((count + 7) / 8));
  } else if (cookie == kCookieWithoutRuns) {
    MILLGATE_ASSIGN(count, bytes.number<uint32_t>());
  } else {
    return broken(bytes.object(), "holds no roaring bitmap");
  }
  if (count > kContainersMax) return broken(bytes.object(), "holds too many containers");
  std::vector<Container> containers(count);
  for (uint32_t i = 0; i < count; ++i) {
    MILLGATE_ASSIGN(const auto high, bytes.number<uint16_t>());
    MILLGATE_ASSIGN(const auto less_one, bytes.number<uint16_t>());
    const bool has_runs = any_runs && (static_cast<uint8_t>(run_flags[i / 8]) >> i % 8 & 1) != 0;
    containers[i] = {.first_row = first_row + (uint64_t{high} << 16),
                     .row_count = uint32_t{less_one} + 1,
                     .has_runs = has_runs};
  }
  if (!any_runs || count >= kOffsetsMin) MILLGATE_TRY(bytes.take(size_t{4} * count));
  for (const Container& container : containers) {
    const auto read = container.has_runs                ? read_runs
                      : container.row_count > kArrayMax ? read_bitset
                                                        : read_array;
    MILLGATE_TRY(read(bytes, container, ranges));
  }
  return {};
}

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

/// "PREFIX/deletion_vector_UUID.bin" for a random prefix and the letters of a UUID.
Result<std::string> relative_path(std::string_view text) {
  constexpr size_t kUuidLetters = 20;
  if (text.size() < kUuidLetters) {
    return damaged("the Delta log names a deletion vector `" + std::string(text) +
                   "`, which is no UUID");
  }
  const std::string_view prefix = text.substr(0, text.size() - kUuidLetters);
  MILLGATE_ASSIGN(const std::string uuid, z85_decoded(text.substr(prefix.size())));
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) name += '-';
    name += kHex[static_cast<uint8_t>(uuid[i]) >> 4];
    name += kHex[static_cast<uint8_t>(uuid[i]) & 15];
  }
  const std::string file = "deletion_vector_" + name + ".bin";
  if (prefix.find_first_of("/.") != std::string_view::npos) {
    return damaged("the Delta log names a deletion vector `" + std::string(text) +
                   "` outside of the table's folder");
  }
  return prefix.empty() ? file : std::string(prefix) + "/" + file;
}

/// The serialized bitmaps of a vector that lies in a file with others.
Result<std::string> read_from_file(const std::string& path, const DeltaDeletionVector& vector) {
  const std::string object = "`" + path + "`";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    Error error = not_found("the file " + object + " with deletion vectors is not there",
                            "get the table again from where it came");
    error.where = path;
    return error;
  }
  constexpr size_t kAround = 8;  // The length before, the checksum behind.
  std::string bytes(static_cast<size_t>(vector.size_bytes) + kAround, '\0');
  const int version = file.get();
  if (version != 1) return broken(object, "is no file of deletion vectors of version 1");
  file.seekg(vector.offset);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return broken(object, "ends before the deletion vector that the log names");
  }
  const std::string_view all = bytes;
  const std::string_view data = all.substr(4, all.size() - kAround);
  if (big_endian(all.substr(0, 4)) != data.size()) {
    return broken(object, "holds a deletion vector of another size than the log says");
  }
  boost::crc_32_type checksum;
  checksum.process_bytes(data.data(), data.size());
  if (checksum.checksum() != big_endian(all.substr(all.size() - 4))) {
    return broken(object, "holds a deletion vector that is not what its checksum says");
  }
  return std::string(data);
}

}  // namespace

Result<std::string> z85_decoded(std::string_view text) {
  if (text.size() % 5 != 0) return damaged("`" + std::string(text) + "` is no Z85 text");
  std::string bytes;
  bytes.reserve(text.size() / 5 * 4);
  for (size_t i = 0; i < text.size(); i += 5) {
    uint64_t value = 0;
    for (const char c : text.substr(i, 5)) {
      const size_t digit = kZ85.find(c);
      if (digit == std::string_view::npos) {
        return damaged("`" + std::string(text) + "` is no Z85 text");
      }
      value = value * 85 + digit;
    }
    if (value > UINT32_MAX) return damaged("`" + std::string(text) + "` is no Z85 text");
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

Result<std::vector<RowRange>> parse_row_bitmaps(std::string_view all, const std::string& object) {
  Bytes bytes(all, object);
  Ranges ranges;
  MILLGATE_ASSIGN(const auto magic, bytes.number<uint32_t>());
  if (magic != kMagic) return broken(object, "is no deletion vector");
  MILLGATE_ASSIGN(const auto bitmap_count, bytes.number<uint64_t>());
  for (uint64_t i = 0; i < bitmap_count; ++i) {
    MILLGATE_ASSIGN(const auto key, bytes.number<uint32_t>());
    if (key > INT32_MAX) return broken(object, "holds rows beyond 63 bits");
    MILLGATE_TRY(read_bitmap(bytes, uint64_t{key} << 32, ranges));
  }
  if (!bytes.empty()) return broken(object, "goes on behind its end");
  return ranges.take();
}

Result<std::vector<RowRange>> read_deletion_vector(const std::string& folder,
                                                   const DeltaDeletionVector& vector) {
  const std::string object = "the deletion vector of `" + vector.file + "`";
  if (vector.size_bytes < 0 || vector.size_bytes > INT32_MAX || vector.offset < 0) {
    return broken(object, "has no sound size in the log");
  }
  std::string bytes;
  if (vector.storage == "i") {
    MILLGATE_ASSIGN(bytes, z85_decoded(vector.place));
    if (bytes.size() < static_cast<size_t>(vector.size_bytes)) {
      return broken(object, "is shorter than the log says");
    }
    bytes.resize(static_cast<size_t>(vector.size_bytes));  // It was filled up for the letters.
  } else if (vector.storage == "u") {
    MILLGATE_ASSIGN(const std::string path, relative_path(vector.place));
    MILLGATE_ASSIGN(bytes, read_from_file(folder + "/" + path, vector));
  } else if (vector.storage == "p") {
    return invalid_input(
        "the Delta table has a deletion vector outside of its folder: `" + vector.place + "`",
        "write a whole copy of the table with the program that made it");
  } else {
    return broken(object, "is stored as `" + vector.storage + "`, which Delta does not know");
  }
  MILLGATE_ASSIGN(auto ranges, parse_row_bitmaps(bytes, object));
  uint64_t count = 0;
  for (const RowRange& range : ranges) count += range.end - range.begin;
  if (count != static_cast<uint64_t>(vector.row_count)) {
    return broken(object, "deletes " + std::to_string(count) + " rows, and not " +
                              std::to_string(vector.row_count) + " as the log says");
  }
  return ranges;
}

}  // namespace millgate
