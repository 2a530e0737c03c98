#include "data/tree/file_batch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "data/tree/content_cuts.h"
#include "ground/descriptor.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

constexpr size_t kWindowBytes = size_t{8} << 20;
/// From this size on a file is read as a stream, alone.
constexpr uint64_t kLongFileBytes = uint64_t{4} << 20;
/// A batch of short files ends when it holds this much.
constexpr uint64_t kBatchBytes = uint64_t{4} << 20;
constexpr size_t kBatchFiles = 256;

/// Short files that one thread reads.
struct FileBatch {
  std::vector<std::string> bytes;  ///< The chunks of `files` lie in them.
  std::vector<ReadFile> files;
};

/// A file of the user while it is read, and proof that it did not change meanwhile.
class OpenFile {
 public:
  Status open(const std::string& path) {
    path_ = path;
    file_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file_.is_open()) return system_failure("read", path, errno);
    MILLGATE_ASSIGN(before_, look());
    return {};
  }

  /// Fills `bytes` from `filled` on as far as the file goes; the new end.
  Result<size_t> read_into(std::string& bytes, size_t filled) {
    while (filled < bytes.size()) {
      const ssize_t count = ::read(file_.number(), bytes.data() + filled, bytes.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_failure("read", path_, errno);
      if (count == 0) break;
      filled += static_cast<size_t>(count);
      // All that was there, and less than asked for: nobody must be asked again for the end.
      if (filled == before_.stamp.size_bytes && filled < bytes.size()) break;
    }
    return filled;
  }

  [[nodiscard]] const FoundFile& before() const { return before_; }

  Status check_unchanged(uint64_t size_read) const {
    MILLGATE_ASSIGN(const FoundFile after, look());
    if (after.stamp == before_.stamp && size_read == before_.stamp.size_bytes) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "`" + path_ + "` was changed while it was read",
                 .hint = "try again when nothing writes to it"};
  }

 private:
  Result<FoundFile> look() const {
    constexpr int64_t kNanos = 1'000'000'000;
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) return system_failure("read", path_, errno);
    FoundFile file;
    file.kind = (status.st_mode & S_IXUSR) != 0 ? FileKind::executable : FileKind::plain;
    file.stamp = {.inode = status.st_ino,
                  .size_bytes = static_cast<uint64_t>(status.st_size),
                  .changed_nanos = status.st_ctim.tv_sec * kNanos + status.st_ctim.tv_nsec,
                  .written_nanos = status.st_mtim.tv_sec * kNanos + status.st_mtim.tv_nsec};
    return file;
  }

  std::string path_;
  Descriptor file_;
  FoundFile before_;
};

Result<std::string> read_link(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t count = ::readlink(path.c_str(), target.data(), target.size());
  if (count < 0) return system_failure("read the link", path, errno);
  target.resize(static_cast<size_t>(count));
  return target;
}

Status read_short(const std::string& path, ReadFile& read, std::string& bytes) {
  if (read.file.kind == FileKind::link) {
    MILLGATE_ASSIGN(bytes, read_link(path));
    read.file.stamp.size_bytes = bytes.size();
    return {};
  }
  OpenFile file;
  MILLGATE_TRY(file.open(path));
  bytes.resize(file.before().stamp.size_bytes + 1);  // One more sees the end.
  MILLGATE_ASSIGN(const size_t size, file.read_into(bytes, 0));
  bytes.resize(size);
  MILLGATE_TRY(file.check_unchanged(size));
  read.file.kind = file.before().kind;
  read.file.stamp = file.before().stamp;
  return {};
}

void cut(std::string_view rest, ReadFile& read) {
  read.content = hash_of(rest);
  while (!rest.empty()) {
    const std::string_view chunk = rest.substr(0, first_chunk_bytes(rest));
    const Id id =
        chunk.size() == rest.size() && read.chunks.empty() ? read.content : hash_of(chunk);
    read.chunks.push_back({.id = id, .bytes = chunk});
    rest.remove_prefix(chunk.size());
  }
}

/// A part of a long file whose chunks are being hashed.
struct Window {
  std::shared_ptr<const std::string> bytes;
  std::future<std::vector<ReadChunk>> chunks;
};

std::vector<ReadChunk> hash_chunks(std::string_view bytes, const std::vector<size_t>& lengths) {
  std::vector<ReadChunk> chunks;
  chunks.reserve(lengths.size());
  for (const size_t length : lengths) {
    const std::string_view chunk = bytes.substr(0, length);
    chunks.push_back({.id = hash_of(chunk), .bytes = chunk});
    bytes.remove_prefix(length);
  }
  return chunks;
}

Status take_window(Window& window, const TakeChunk& take) {
  for (const ReadChunk& chunk : window.chunks.get()) MILLGATE_TRY(take(chunk));
  return {};
}

/// Meant for a thread of its own.
Result<FileBatch> read_batch(const std::string& folder, std::span<const FoundFile* const> files) {
  FileBatch batch;
  batch.bytes.resize(files.size());
  batch.files.resize(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    ReadFile& read = batch.files[i];
    read.file = *files[i];
    MILLGATE_TRY(read_short(folder + "/" + read.file.path, read, batch.bytes[i]));
    cut(batch.bytes[i], read);
  }
  return batch;
}

/// The chunks are hashed in other threads. Memory: two windows.
Result<ReadFile> read_long_file(const std::string& folder, const FoundFile& found,
                                const TakeChunk& take) {
  OpenFile file;
  MILLGATE_TRY(file.open(folder + "/" + found.path));
  ReadFile read;
  read.file = file.before();
  read.file.path = found.path;
  Hasher hasher;
  std::future<void> whole;  // The hash of the whole file, one window behind the other.
  Window before;
  std::string carried;
  uint64_t size_bytes = 0;
  for (bool at_end = false; !at_end;) {
    auto bytes = std::make_shared<std::string>(std::move(carried));
    const size_t carried_bytes = bytes->size();
    bytes->resize(kWindowBytes);
    MILLGATE_ASSIGN(const size_t filled, file.read_into(*bytes, carried_bytes));
    at_end = filled < kWindowBytes;
    bytes->resize(filled);
    size_bytes += filled - carried_bytes;
    if (whole.valid()) whole.get();
    whole = std::async(std::launch::async, [&hasher, bytes, carried_bytes] {
      hasher.add(std::string_view(*bytes).substr(carried_bytes));
    });
    std::vector<size_t> lengths;
    std::string_view rest = *bytes;
    while (!rest.empty() && (at_end || rest.size() >= kChunkBytesMax)) {
      lengths.push_back(first_chunk_bytes(rest));
      rest.remove_prefix(lengths.back());
    }
    carried = rest;
    Window window{.bytes = bytes, .chunks = {}};
    window.chunks = std::async(std::launch::async, [bytes, lengths = std::move(lengths)] {
      return hash_chunks(*bytes, lengths);
    });
    if (before.chunks.valid()) MILLGATE_TRY(take_window(before, take));
    before = std::move(window);
  }
  MILLGATE_TRY(take_window(before, take));
  whole.get();
  MILLGATE_TRY(file.check_unchanged(size_bytes));
  read.content = hasher.finish();
  return read;
}

bool is_long(const FoundFile& file) {
  return file.kind != FileKind::link && file.stamp.size_bytes >= kLongFileBytes;
}

/// The files that are read together, from the first of `files` on: one long one, or short ones.
std::span<const FoundFile* const> next_batch(std::span<const FoundFile* const> files) {
  if (is_long(*files[0])) return files.first(1);
  size_t count = 0;
  uint64_t size_bytes = 0;
  while (count < files.size() && count < kBatchFiles && size_bytes < kBatchBytes &&
         !is_long(*files[count])) {
    size_bytes += files[count++]->stamp.size_bytes;
  }
  return files.first(count);
}

}  // namespace

Status read_files(const std::string& folder, const std::vector<const FoundFile*>& files,
                  const TakeChunk& take_chunk, const TakeFile& take_file) {
  struct Reading {
    std::span<const FoundFile* const> files;
    std::future<Result<FileBatch>> batch;  ///< Not of a long file, which is read in its turn.
  };
  const size_t ahead_max = std::max(2U, std::thread::hardware_concurrency()) + 1;
  std::deque<Reading> reading;
  std::span<const FoundFile* const> rest(files);
  while (!rest.empty() || !reading.empty()) {
    while (!rest.empty() && reading.size() < ahead_max) {
      Reading next{.files = next_batch(rest), .batch = {}};
      rest = rest.subspan(next.files.size());
      if (!is_long(*next.files[0])) {
        next.batch = std::async(std::launch::async, read_batch, std::cref(folder), next.files);
      }
      reading.push_back(std::move(next));
    }
    Reading now = std::move(reading.front());
    reading.pop_front();
    if (now.batch.valid()) {
      MILLGATE_ASSIGN(const FileBatch batch, now.batch.get());
      for (const ReadFile& file : batch.files) MILLGATE_TRY(take_file(file));
    } else {
      MILLGATE_ASSIGN(const ReadFile file, read_long_file(folder, *now.files[0], take_chunk));
      MILLGATE_TRY(take_file(file));
    }
  }
  return {};
}

}  // namespace millgate
