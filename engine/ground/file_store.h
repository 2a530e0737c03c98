/// The one door to files: a local folder, a folder in memory, or a faulty twin for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Named byte strings. Names are relative paths with `/`; `..` is refused, as is the folder
/// `.tmp` at the top, which a local store uses itself. Such a name is `invalid_input`.
/// Thread-safe; several processes may use one store at once.
class FileStore {
 public:
  virtual ~FileStore() = default;

  /// Publishes `bytes` as `name` atomically and durably: a temporary file, synced, renamed,
  /// the folder synced. A reader sees nothing, the old bytes or all of the new ones, also
  /// after a crash at any point. Errors: `outside` (disk full, no permission).
  [[nodiscard]] virtual Status write(const std::string& name, std::string_view bytes) = 0;

  /// The same, but only when there is no such file yet: of two callers at once one is told.
  /// Errors: `conflict` when it exists; as `write`.
  [[nodiscard]] virtual Status create(const std::string& name, std::string_view bytes) = 0;

  /// Publishes an existing local file by renaming it to `name` (synced first; copied when it
  /// lies in another file system). On success the local file is gone.
  [[nodiscard]] virtual Status adopt(const std::string& local_path, const std::string& name) = 0;

  /// Errors: `not_found`; `outside` when it cannot be read.
  [[nodiscard]] virtual Result<std::string> read(const std::string& name) const = 0;
  [[nodiscard]] virtual bool exists(const std::string& name) const = 0;
  [[nodiscard]] virtual Result<uint64_t> size_bytes(const std::string& name) const = 0;
  /// Names that start with `prefix`, sorted. Temporary files are not listed.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& prefix) const = 0;
  /// Not synced: after a power cut the file may be back. Errors: `not_found`; `outside`.
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;

  /// Gives the file the time of now, so that whoever removes old files sees that it is in use.
  /// Errors: `not_found`; `outside`.
  [[nodiscard]] virtual Status mark_fresh(const std::string& name) = 0;

  /// A path that other libraries in this process (Arrow, DuckDB) can open, or "" if there is
  /// none (in memory).
  [[nodiscard]] virtual std::string local_path(const std::string& name) const = 0;
};

/// A store in the folder `root`, made when missing.
/// Errors: `outside` when the folder cannot be made or is not writable.
[[nodiscard]] Result<std::shared_ptr<FileStore>> open_local_file_store(const std::string& root);

[[nodiscard]] std::shared_ptr<FileStore> make_memory_file_store();

/// Passes every call on to `inner`, but asks `fault` first: a returned error is given back
/// instead (and nothing is written). `operation` is "write", "adopt", "read", "remove".
[[nodiscard]] std::shared_ptr<FileStore> make_faulty_file_store(
    std::shared_ptr<FileStore> inner,
    std::function<Status(std::string_view operation, const std::string& name)> fault);

/// Reads a whole file of the user. Errors: `not_found`, `outside`, naming the path.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

/// Writes a file of the user atomically, making its folder when missing. Symbolic links and
/// the mode of an older file stay; a device such as /dev/stdout is written to directly.
/// Errors: `outside`, naming the path.
[[nodiscard]] Status write_file(const std::string& path, std::string_view bytes);

/// The files that match `pattern` (`*`, `?` and `[...]` in any part of it), sorted by name.
/// A pattern without wildcards gives that file, or nothing when it does not exist.
[[nodiscard]] std::vector<std::string> expand_glob(const std::string& pattern);

}  // namespace millgate
