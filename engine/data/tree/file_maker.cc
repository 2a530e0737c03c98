#include "data/tree/file_maker.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "ground/descriptor.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

constexpr size_t kOpenPacksMax = 64;
constexpr size_t kBufferBytes = size_t{1} << 20;

Error wrong_content(const TreeEntry& entry) {
  return damaged("`" + entry.path + "` cannot be made: its bytes in the store are damaged",
                 "`millgate fsck` names the damaged object and repairs it from a remote");
}

}  // namespace

/// A pack as a file that is read in parts, or, in a store without local files, its bytes.
class FileMaker::OpenPack {
 public:
  OpenPack(int descriptor, std::string path) : file_(descriptor), path_(std::move(path)) {}
  explicit OpenPack(std::string bytes) : file_(-1), bytes_(std::move(bytes)) {}

  Status read(uint64_t offset, size_t size_bytes, std::string& into) const {
    into.resize(size_bytes);
    if (!file_.is_open()) {
      if (offset + size_bytes > bytes_.size()) return damaged("a pack ends too early");
      into = bytes_.substr(offset, size_bytes);
      return {};
    }
    size_t filled = 0;
    while (filled < size_bytes) {
      const ssize_t count = ::pread(file_.number(), into.data() + filled, size_bytes - filled,
                                    static_cast<off_t>(offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_failure("read", path_, errno);
      if (count == 0) return damaged("`" + path_ + "` ends too early");
      filled += static_cast<size_t>(count);
    }
    return {};
  }

 private:
  Descriptor file_;
  std::string path_;
  std::string bytes_;
};

FileMaker::FileMaker(const ObjectStore& objects, bool hard_links)
    : objects_(objects), hard_links_(hard_links) {}

FileMaker::~FileMaker() = default;

void FileMaker::add_donor(const Id& content, FileKind kind, std::string path) {
  donors_.emplace(content, Donor{.kind = kind, .path = std::move(path)});
}

Result<MadeBy> FileMaker::make(const TreeEntry& entry, const std::string& path) {
  const std::string temporary = path + unique_name(".millgate-");
  MadeBy made_by = MadeBy::copy;
  const auto fill = [&]() -> Status {
    if (entry.kind == FileKind::link) {
      MILLGATE_ASSIGN(const std::string target, read_all(entry));
      if (::symlink(target.c_str(), temporary.c_str()) != 0) {
        return system_failure("write the link", path, errno);
      }
      return {};
    }
    MILLGATE_ASSIGN(const bool linked, link_from_donor(entry, temporary, made_by));
    if (linked) return {};
    const mode_t mode = entry.kind == FileKind::executable ? 0777 : 0666;
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.is_open()) return system_failure("write", path, errno);
    return write_pieces(entry, file.number(), path);
  };
  Status status = fill();
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = system_failure("write", path, errno);
  }
  if (status.ok()) {
    // Renaming onto another name of the same file does nothing and leaves both.
    if (made_by == MadeBy::hard_link) ::unlink(temporary.c_str());
    return made_by;
  }
  ::unlink(temporary.c_str());
  return std::move(status).error();
}

Result<bool> FileMaker::link_from_donor(const TreeEntry& entry, const std::string& temporary,
                                        MadeBy& made_by) {
  const auto found = donors_.find(entry.content);
  if (found == donors_.end() || (!reflinks_ && !hard_links_)) return false;
  const Donor& donor = found->second;
  if (reflinks_) {
    const Descriptor source(::open(donor.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const mode_t mode = entry.kind == FileKind::executable ? 0777 : 0666;
    const Descriptor target(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (source.is_open() && target.is_open() &&
        ::ioctl(target.number(), FICLONE, source.number()) == 0) {
      made_by = MadeBy::reflink;
      return true;
    }
    reflinks_ = false;
    ::unlink(temporary.c_str());
  }
  if (!hard_links_ || donor.kind != entry.kind) return false;
  if (::link(donor.path.c_str(), temporary.c_str()) != 0) return false;
  made_by = MadeBy::hard_link;
  return true;
}

Status FileMaker::write_pieces(const TreeEntry& entry, int descriptor, const std::string& path) {
  Hasher hasher;
  std::string buffer;
  for (const Piece& piece : entry.pieces) {
    MILLGATE_ASSIGN(const OpenPack* const pack, open_pack(piece.pack));
    for (uint64_t done = 0; done < piece.length; done += buffer.size()) {
      const size_t size_bytes = std::min<uint64_t>(kBufferBytes, piece.length - done);
      MILLGATE_TRY(pack->read(piece.offset + done, size_bytes, buffer));
      hasher.add(buffer);
      MILLGATE_TRY(write_all(descriptor, buffer, path));
    }
  }
  if (hasher.finish() != entry.content) return wrong_content(entry);
  return {};
}

Result<std::string> FileMaker::read_all(const TreeEntry& entry) {
  std::string bytes;
  std::string buffer;
  for (const Piece& piece : entry.pieces) {
    MILLGATE_ASSIGN(const OpenPack* const pack, open_pack(piece.pack));
    MILLGATE_TRY(pack->read(piece.offset, piece.length, buffer));
    bytes += buffer;
  }
  if (hash_of(bytes) != entry.content) return wrong_content(entry);
  return bytes;
}

Result<FileMaker::OpenPack*> FileMaker::open_pack(const Id& pack) {
  if (const auto found = packs_.find(pack); found != packs_.end()) return found->second.get();
  if (packs_.size() >= kOpenPacksMax) packs_.clear();
  std::unique_ptr<OpenPack> opened;
  if (const auto path = objects_.local_path(pack); path.ok()) {
    const int descriptor = ::open(path->c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return system_failure("read", *path, errno);
    opened = std::make_unique<OpenPack>(descriptor, *path);
  } else {
    MILLGATE_ASSIGN(std::string bytes, objects_.get(pack));
    opened = std::make_unique<OpenPack>(std::move(bytes));
  }
  return packs_.emplace(pack, std::move(opened)).first->second.get();
}

}  // namespace millgate
