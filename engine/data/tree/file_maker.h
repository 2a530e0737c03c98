/// Makes one file of a tree on the disk. Inside the room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "data/store/object_store.h"
#include "data/tree/tree.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// How a file came to be.
enum class MadeBy : uint8_t { copy, reflink, hard_link };

/// One thread at a time. Keeps packs that several files lie in open.
class FileMaker {
 public:
  FileMaker(const ObjectStore& objects, bool hard_links);
  ~FileMaker();
  FileMaker(const FileMaker&) = delete;
  FileMaker& operator=(const FileMaker&) = delete;

  /// The file at `path` had this content when its stamp was taken; the caller checked the stamp.
  void add_donor(const Id& content, FileKind kind, std::string path);

  /// Makes `entry` at `path`, in a folder that exists; what is there is replaced in one step.
  /// Errors: `damaged`, `not_found`, `outside`.
  [[nodiscard]] Result<MadeBy> make(const TreeEntry& entry, const std::string& path);

 private:
  struct Donor {
    FileKind kind = FileKind::plain;
    std::string path;
  };
  class OpenPack;

  [[nodiscard]] Result<bool> link_from_donor(const TreeEntry& entry, const std::string& temporary,
                                             MadeBy& made_by);
  [[nodiscard]] Status write_pieces(const TreeEntry& entry, int descriptor,
                                    const std::string& path);
  [[nodiscard]] Result<std::string> read_all(const TreeEntry& entry);
  [[nodiscard]] Result<OpenPack*> open_pack(const Id& pack);

  const ObjectStore& objects_;
  bool hard_links_;
  bool reflinks_ = true;  ///< Until the file system says no.
  std::unordered_map<Id, Donor> donors_;
  std::map<Id, std::unique_ptr<OpenPack>> packs_;
};

}  // namespace millgate
