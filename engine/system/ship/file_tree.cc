#include "system/ship/file_tree.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace millgate {
namespace {

constexpr size_t kBlock = 512;

/// The header of POSIX.1-1988 (ustar).
struct Header {
  char name[100];
  char mode[8];
  char owner[8];
  char group[8];
  char size[12];
  char time[12];
  char checksum[8];
  char kind;
  char link[100];
  char magic[6];
  char version[2];
  char owner_name[32];
  char group_name[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char rest[12];
};
static_assert(sizeof(Header) == kBlock);

template <size_t size>
void put_octal(char (&field)[size], uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(size - 1),
                static_cast<unsigned long long>(value));
  std::memcpy(field, text, size);
}

/// What a header says beside the name.
struct Member {
  char kind = '0';
  uint64_t size = 0;
  uint32_t mode = 0644;
  uint32_t owner = 0;
  int64_t time_seconds = 0;
};

/// Where a path may be cut so that both parts fit; npos where it has to be told otherwise.
size_t cut_of(const std::string& path) {
  if (path.size() <= sizeof(Header::name)) return 0;
  for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    if (at <= sizeof(Header::prefix) && path.size() - at - 1 <= sizeof(Header::name)) return at;
  }
  return std::string::npos;
}

void append_header(std::string& tar, const std::string& path, const Member& member) {
  Header header;
  std::memset(&header, 0, sizeof header);
  const size_t cut = cut_of(path);
  const bool is_cut = cut != 0 && cut != std::string::npos;
  const std::string name = is_cut ? path.substr(cut + 1) : path.substr(0, sizeof header.name);
  std::memcpy(header.name, name.data(), name.size());
  if (is_cut) std::memcpy(header.prefix, path.data(), cut);
  put_octal(header.mode, member.mode);
  put_octal(header.owner, member.owner);
  put_octal(header.group, member.owner);
  put_octal(header.size, member.size);
  put_octal(header.time, static_cast<uint64_t>(member.time_seconds));
  header.kind = member.kind;
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  put_octal(header.device_major, 0);
  put_octal(header.device_minor, 0);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  uint64_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  char text[8];
  std::snprintf(text, sizeof text, "%06llo", static_cast<unsigned long long>(sum));
  std::memcpy(header.checksum, text, 7);  // Six digits, zero, space.
  tar.append(reinterpret_cast<const char*>(&header), sizeof header);
}

void append_bytes(std::string& tar, const std::string& bytes) {
  tar += bytes;
  tar.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
}

/// A record of pax counts itself: "27 path=...\n".
std::string pax_record(const std::string& path) {
  const size_t rest = path.size() + std::strlen(" path=\n");
  size_t size = rest + 1;
  while (std::to_string(size).size() + rest != size) ++size;
  return std::to_string(size) + " path=" + path + "\n";
}

}  // namespace

void FileTree::add_parents(const std::string& path) {
  for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string folder = path.substr(0, at);
    if (!entries_.contains(folder)) add_folder(folder);
  }
}

void FileTree::add_file(const std::string& path, std::string bytes, uint32_t mode) {
  add_parents(path);
  entries_[path] = {.bytes = std::move(bytes), .is_folder = false, .mode = mode};
}

void FileTree::add_folder(const std::string& path, uint32_t mode, uint32_t owner) {
  add_parents(path);
  entries_[path] = {.bytes = {}, .is_folder = true, .mode = mode, .owner = owner};
}

void FileTree::add_tree(const std::string& folder, const FileTree& other) {
  for (const auto& [path, entry] : other.entries_) {
    add_parents(folder + "/" + path);
    entries_[folder + "/" + path] = entry;
  }
}

int64_t FileTree::size_bytes() const {
  size_t size = 0;
  for (const auto& [path, entry] : entries_) size += entry.bytes.size();
  return static_cast<int64_t>(size);
}

std::string FileTree::to_tar(int64_t time_seconds) const {
  std::string tar;
  tar.reserve(static_cast<size_t>(size_bytes()) + (entries_.size() + 2) * 2 * kBlock);
  for (const auto& [path, entry] : entries_) {
    const std::string name = entry.is_folder ? path + "/" : path;
    if (cut_of(name) == std::string::npos) {
      const std::string record = pax_record(name);
      append_header(tar, "pax", {.kind = 'x', .size = record.size(), .time_seconds = time_seconds});
      append_bytes(tar, record);
    }
    append_header(tar, name,
                  {.kind = entry.is_folder ? '5' : '0',
                   .size = entry.bytes.size(),
                   .mode = entry.mode,
                   .owner = entry.owner,
                   .time_seconds = time_seconds});
    append_bytes(tar, entry.bytes);
  }
  tar.append(2 * kBlock, '\0');
  return tar;
}

Status check_empty_folder(const std::string& folder) {
  std::error_code failure;
  if (!std::filesystem::exists(folder, failure) || std::filesystem::is_empty(folder, failure)) {
    return {};
  }
  Error error = invalid_input("`" + folder + "` is not empty", "name a folder that is not there");
  error.code = ErrorCode::conflict;
  return error;
}

}  // namespace millgate
