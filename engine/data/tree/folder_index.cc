#include "data/tree/folder_index.h"

#include <ctime>

#include "data/tree/byte_fields.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

constexpr std::string_view kMagic = "MGFI";
constexpr char kFormatVersion = 1;
constexpr uint64_t kFileBytesMin = 39;

Result<KnownFile> parse_file(FieldReader& reader) {
  KnownFile known;
  MILLGATE_ASSIGN(known.file.path, reader.text());
  MILLGATE_ASSIGN(const std::string_view kind, reader.raw(1));
  if (static_cast<uint8_t>(kind[0]) > 2) return reader.fault("a file is of an unknown kind");
  known.file.kind = static_cast<FileKind>(kind[0]);
  FileStamp& stamp = known.file.stamp;
  MILLGATE_ASSIGN(stamp.inode, reader.varint());
  MILLGATE_ASSIGN(stamp.size_bytes, reader.varint());
  MILLGATE_ASSIGN(const uint64_t changed, reader.varint());
  MILLGATE_ASSIGN(const uint64_t written, reader.varint());
  stamp.changed_nanos = static_cast<int64_t>(changed);
  stamp.written_nanos = static_cast<int64_t>(written);
  MILLGATE_ASSIGN(known.content, reader.id());
  return known;
}

/// The last 32 bytes are the hash of those before: a wrong index would give a wrong commit.
Result<FolderIndex> parse_index(std::string_view bytes) {
  constexpr size_t kHashBytes = 32;
  std::string hash;
  if (bytes.size() >= kHashBytes) {
    append_id(hash, hash_of(bytes.substr(0, bytes.size() - kHashBytes)));
  }
  if (!bytes.ends_with(hash) || hash.empty()) return damaged("the index of a folder is damaged");
  bytes.remove_suffix(kHashBytes);
  FieldReader reader(bytes, "the index of a folder");
  MILLGATE_ASSIGN(const std::string_view head, reader.raw(kMagic.size() + 1));
  if (!head.starts_with(kMagic) || head.back() != kFormatVersion) return reader.fault("its head");
  FolderIndex index;
  MILLGATE_ASSIGN(index.tree, reader.id());
  MILLGATE_ASSIGN(const uint64_t count, reader.count(kFileBytesMin));
  index.files.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    MILLGATE_ASSIGN(KnownFile known, parse_file(reader));
    if (i > 0 && index.files.back().file.path >= known.file.path) return reader.fault("its order");
    index.files.push_back(std::move(known));
  }
  MILLGATE_TRY(reader.finish());
  return index;
}

}  // namespace

FolderIndex read_folder_index(const std::string& path) {
  const auto bytes = read_file(path);
  if (!bytes.ok()) return {};
  auto index = parse_index(*bytes);
  if (!index.ok()) return {};
  return std::move(index).value();
}

Status write_folder_index(const std::string& path, const FolderIndex& index) {
  std::string bytes(kMagic);
  bytes += kFormatVersion;
  append_id(bytes, index.tree);
  append_varint(bytes, index.files.size());
  for (const KnownFile& known : index.files) {
    append_text(bytes, known.file.path);
    bytes += static_cast<char>(known.file.kind);
    append_varint(bytes, known.file.stamp.inode);
    append_varint(bytes, known.file.stamp.size_bytes);
    append_varint(bytes, static_cast<uint64_t>(known.file.stamp.changed_nanos));
    append_varint(bytes, static_cast<uint64_t>(known.file.stamp.written_nanos));
    append_id(bytes, known.content);
  }
  append_id(bytes, hash_of(bytes));
  return write_file(path, bytes);
}

bool is_fresh(const FileStamp& stamp) {
  constexpr int64_t kNanos = 1'000'000'000;
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return stamp.changed_nanos + 2 * kNanos > now.tv_sec * kNanos + now.tv_nsec;
}

}  // namespace millgate
