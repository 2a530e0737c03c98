#include "data/tree/pack.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "data/tree/byte_fields.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

constexpr std::string_view kMagic = "MGPK";
constexpr std::string_view kEndMagic = "MGPE";
constexpr char kFormatVersion = 1;
constexpr size_t kHeadBytes = 8;    ///< Magic, version, three zeros.
constexpr size_t kTailBytes = 8;    ///< Count, magic.
constexpr size_t kEntryBytes = 36;  ///< Id, length.

std::string name_of_pack(const Id& id) { return "pack `" + id.brief() + "`"; }

Status check_head(std::string_view head, const Id& id) {
  if (head.substr(0, kMagic.size()) != kMagic) {
    return damaged(name_of_pack(id) + " does not begin as a pack");
  }
  if (head[4] != kFormatVersion) {
    return invalid_input(name_of_pack(id) + " has format version " +
                             std::to_string(static_cast<uint8_t>(head[4])) +
                             "; this program reads version 1",
                         "use a newer millgate");
  }
  return {};
}

/// The number of chunks, from the last bytes. `size_bytes`: of the whole pack.
Result<uint32_t> read_tail(std::string_view tail, uint64_t size_bytes, const Id& id) {
  FieldReader reader(tail, name_of_pack(id));
  MILLGATE_ASSIGN(const uint32_t count, reader.u32());
  MILLGATE_ASSIGN(const std::string_view magic, reader.raw(kEndMagic.size()));
  if (magic != kEndMagic) return damaged(name_of_pack(id) + " does not end as a pack");
  if (count > (size_bytes - kHeadBytes - kTailBytes) / kEntryBytes) {
    return damaged(name_of_pack(id) + " counts more chunks than it holds");
  }
  return count;
}

/// `index`: the entries between the chunks and the tail.
Result<std::vector<PackedChunk>> read_entries(std::string_view index, uint64_t size_bytes,
                                              const Id& id) {
  FieldReader reader(index, name_of_pack(id));
  std::vector<PackedChunk> chunks(index.size() / kEntryBytes);
  uint64_t offset = kHeadBytes;
  for (PackedChunk& chunk : chunks) {
    MILLGATE_ASSIGN(chunk.id, reader.id());
    MILLGATE_ASSIGN(chunk.length, reader.u32());
    chunk.offset = static_cast<uint32_t>(offset);
    offset += chunk.length;
    if (offset > size_bytes) break;
  }
  if (offset + index.size() + kTailBytes != size_bytes) {
    return damaged(name_of_pack(id) + ": its chunks do not fill it");
  }
  return chunks;
}

Error too_short(const Id& id) { return damaged(name_of_pack(id) + " is too short for a pack"); }

/// Reads exactly the bytes from `offset`.
Result<std::string> read_range(int descriptor, uint64_t offset, size_t size_bytes,
                               const std::string& path) {
  std::string bytes(size_bytes, '\0');
  size_t filled = 0;
  while (filled < size_bytes) {
    const ssize_t count = ::pread(descriptor, bytes.data() + filled, size_bytes - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("read", path, errno);
    if (count == 0) return damaged("`" + path + "` ends too early");
    filled += static_cast<size_t>(count);
  }
  return bytes;
}

Result<std::vector<PackedChunk>> read_open_index(int descriptor, const std::string& path,
                                                 const Id& id) {
  const off_t end = ::lseek(descriptor, 0, SEEK_END);
  if (end < 0) return system_failure("read", path, errno);
  const auto size_bytes = static_cast<uint64_t>(end);
  if (size_bytes < kHeadBytes + kTailBytes) return too_short(id);
  MILLGATE_ASSIGN(const std::string head, read_range(descriptor, 0, kHeadBytes, path));
  MILLGATE_TRY(check_head(head, id));
  MILLGATE_ASSIGN(const std::string tail,
                  read_range(descriptor, size_bytes - kTailBytes, kTailBytes, path));
  MILLGATE_ASSIGN(const uint32_t count, read_tail(tail, size_bytes, id));
  const size_t index_bytes = size_t{count} * kEntryBytes;
  MILLGATE_ASSIGN(const std::string index,
                  read_range(descriptor, size_bytes - kTailBytes - index_bytes, index_bytes, path));
  return read_entries(index, size_bytes, id);
}

}  // namespace

PackBuilder::PackBuilder() { bytes_.reserve(kPackBytes + kPackBytes / 8); }

uint32_t PackBuilder::add(const Id& id, std::string_view bytes) {
  if (bytes_.empty()) {
    bytes_ += kMagic;
    bytes_ += kFormatVersion;
    bytes_.append(3, '\0');
  }
  const auto offset = static_cast<uint32_t>(bytes_.size());
  bytes_ += bytes;
  chunks_.push_back({.id = id, .offset = offset, .length = static_cast<uint32_t>(bytes.size())});
  return offset;
}

std::string PackBuilder::finish() {
  for (const PackedChunk& chunk : chunks_) {
    append_id(bytes_, chunk.id);
    append_u32(bytes_, chunk.length);
  }
  append_u32(bytes_, static_cast<uint32_t>(chunks_.size()));
  bytes_ += kEndMagic;
  std::string finished;
  finished.swap(bytes_);
  chunks_.clear();
  if (spare_.empty()) {
    bytes_.reserve(kPackBytes + kPackBytes / 8);
  } else {
    bytes_ = std::move(spare_.back());
    spare_.pop_back();
    bytes_.clear();
  }
  return finished;
}

Result<std::vector<PackedChunk>> parse_pack(std::string_view bytes, const Id& id) {
  if (bytes.size() < kHeadBytes + kTailBytes) return too_short(id);
  MILLGATE_TRY(check_head(bytes, id));
  MILLGATE_ASSIGN(const uint32_t count,
                  read_tail(bytes.substr(bytes.size() - kTailBytes), bytes.size(), id));
  const size_t index_bytes = size_t{count} * kEntryBytes;
  return read_entries(bytes.substr(bytes.size() - kTailBytes - index_bytes, index_bytes),
                      bytes.size(), id);
}

Result<std::vector<PackedChunk>> read_pack_index(const ObjectStore& objects, const Id& pack) {
  const auto path = objects.local_path(pack);
  if (!path.ok()) {
    if (path.error().code != ErrorCode::outside) return path.error();
    MILLGATE_ASSIGN(const std::string bytes, objects.get(pack));
    return parse_pack(bytes, pack);
  }
  const int descriptor = ::open(path->c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("read", *path, errno);
  auto chunks = read_open_index(descriptor, *path, pack);
  ::close(descriptor);
  return chunks;
}

}  // namespace millgate
