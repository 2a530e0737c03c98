/// A remote: objects, branches and tags in a folder or in a bucket, shared by several projects.
/// Format: docs/formats/remote.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {

/// Where a branch or tag of a remote stands.
struct RemoteRef {
  int64_t number = 0;  ///< 1, 2, 3 ...: how often it moved. A tag has 1.
  Id commit;
  std::string author;
  Time time;
};

/// Thread-safe; several projects may use one remote at once. Branches move by a new small file
/// whose name carries the next number and which only one can create: nobody overwrites.
class Remote {
 public:
  explicit Remote(std::shared_ptr<FileStore> files) : files_(std::move(files)) {}

  /// Branch -> where it stands. Errors: `outside`, `damaged`.
  [[nodiscard]] Result<std::map<std::string, RemoteRef>> branches() const;
  [[nodiscard]] Result<std::map<std::string, RemoteRef>> tags() const;
  /// Moves `branch` from what it was (nothing: it did not exist) to `ref.commit`; `ref.number` is
  /// set here. Errors: `conflict` when somebody else moved it meanwhile; `outside`.
  [[nodiscard]] Status move_branch(const std::string& branch, const std::optional<RemoteRef>& from,
                                   RemoteRef ref);
  /// Errors: `conflict` when the tag exists; `outside`.
  [[nodiscard]] Status make_tag(const std::string& tag, const RemoteRef& ref);

  [[nodiscard]] FileStore& files() { return *files_; }
  [[nodiscard]] const std::shared_ptr<FileStore>& shared_files() const { return files_; }

 private:
  [[nodiscard]] Result<std::map<std::string, RemoteRef>> refs(const std::string& kind) const;

  std::shared_ptr<FileStore> files_;
};

/// "s3://bucket/folder" (see parse_s3_place), or the path of a folder, which is made when missing.
/// Errors: `invalid_input`, `outside`.
[[nodiscard]] Result<Remote> open_remote(const std::string& url);

/// The remotes of a project, by name. Kept in `.millgate/remotes.json`.
[[nodiscard]] Result<std::map<std::string, std::string>> read_remotes(const Repository& repository);
[[nodiscard]] Status write_remotes(const Repository& repository,
                                   const std::map<std::string, std::string>& remotes);
/// The address of the remote that `given` names; `given` itself when none is called so.
[[nodiscard]] Result<std::string> remote_address(const Repository& repository,
                                                 const std::string& given);
/// The same, opened; a folder is not made. Errors: `not_found` with the nearest name; `outside`.
[[nodiscard]] Result<Remote> open_remote_at(const Repository& repository, const std::string& given);
/// The address of remote `name`.
/// Errors: `not_found` with the nearest name.
[[nodiscard]] Result<std::string> remote_url(const Repository& repository, const std::string& name);

}  // namespace millgate
