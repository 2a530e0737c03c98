/// The files that a source stands for, named by what is in them.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/table/source.h"
#include "ground/error.h"

namespace millgate {

/// One file of a source.
struct SourceFile {
  std::string path;    ///< As the project file means it: relative to the project's folder.
  std::string sha256;  ///< Of its bytes, in hex.
  int64_t size_bytes = 0;
};

/// Hashes of files, remembered in a file of the cache folder, so that what did not change is not
/// read again. A file is trusted when its path, inode, size and time of change are those it had
/// when it was hashed, and that time had passed by then for two seconds: a change within the
/// clock's grain would go unseen.
/// One thread at a time. Losing the cache costs only time.
class HashCache {
 public:
  /// `path` of the file that keeps it.
  explicit HashCache(std::string path);
  ~HashCache();
  HashCache(const HashCache&) = delete;
  HashCache& operator=(const HashCache&) = delete;

  /// The file's hash and size. Errors: `not_found`, `outside`.
  [[nodiscard]] Result<SourceFile> hash(const std::string& full_path);
  /// Writes what was learned.
  [[nodiscard]] Status save() const;

 private:
  std::string path_;
  std::unique_ptr<nlohmann::ordered_json> known_;
  bool changed_ = false;
};

/// The files of `source`, sorted by path. Errors: `not_found` at the glob that matches nothing.
[[nodiscard]] Result<std::vector<SourceFile>> find_source_files(const std::string& project_folder,
                                                                const Source& source,
                                                                HashCache& cache);

/// The path to open for a file of a source.
[[nodiscard]] std::string full_path(const std::string& project_folder, const std::string& path);

}  // namespace millgate
