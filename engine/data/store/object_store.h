/// Immutable objects named by the SHA-256 of their bytes, in any FileStore.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "ground/error.h"
#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {

/// Thread-safe; several processes may put and get at once.
class ObjectStore {
 public:
  explicit ObjectStore(std::shared_ptr<FileStore> files) : files_(std::move(files)) {}

  /// Stores `bytes` unless they are there already. Durable when it returns.
  [[nodiscard]] Result<Id> put(std::string_view bytes);
  /// Moves the finished local file into the store (it must lie on the same file system).
  [[nodiscard]] Result<Id> put_file(const std::string& local_path);
  /// Errors: `not_found`; `damaged` when the bytes do not hash to `id`.
  [[nodiscard]] Result<std::string> get(const Id& id) const;
  [[nodiscard]] bool has(const Id& id) const;
  /// The same, and marks it as in use, so that `gc` keeps it for its grace period.
  [[nodiscard]] bool claim(const Id& id) { return files_->mark_fresh(name_of(id)).ok(); }
  /// For readers such as DuckDB that open files by themselves.
  /// Errors: `not_found`; `damaged` when the size on disk is zero.
  [[nodiscard]] Result<std::string> local_path(const Id& id) const;
  /// The same after `verify`, which is done once for each object in the life of this store.
  [[nodiscard]] Result<std::string> verified_path(const Id& id) const;
  /// Rehashes the object. Errors: as `get`.
  [[nodiscard]] Status verify(const Id& id) const;
  /// Takes an object away for good; it may be gone already. Whoever needs it loses it.
  /// Errors: `outside`.
  [[nodiscard]] Status remove(const Id& id);
  /// "objects/ab/cdef..." as kept in the FileStore.
  [[nodiscard]] static std::string name_of(const Id& id);

 private:
  [[nodiscard]] bool is_there_for_good(const Id& id);

  std::shared_ptr<FileStore> files_;
  /// Shared by copies.
  struct Verified {
    std::mutex mutex;
    std::unordered_set<Id> ids;
  };
  std::shared_ptr<Verified> verified_ = std::make_shared<Verified>();
};

}  // namespace millgate
