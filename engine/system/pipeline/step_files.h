/// The files that a `[[step]]` reads and writes, by what is in them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "system/pipeline/command_step.h"
#include "system/pipeline/source_files.h"
#include "system/pipeline/step_key.h"

namespace millgate {

/// Path, relative to the project -> SHA-256 of the file, in hex.
using FileHashes = std::map<std::string, std::string>;

/// What `step` reads.
struct FilesRead {
  FileHashes listed;  ///< The files of its `reads`.
  /// Files that its command names, so that a changed script is seen. Some of them the command may
  /// only write, as a log: those change while it runs.
  FileHashes named;

  /// Both; of the named ones those that `later`, after the command ran, are as they were.
  [[nodiscard]] FileHashes all_but_changed(const FilesRead& later) const;
  /// Paths among the named ones of either that are not as they were.
  [[nodiscard]] std::set<std::string> changed_names(const FilesRead& later) const;
};

/// `not_read`: paths that the command is known to change by the way; they are not named.
/// Errors: `invalid_input` at an entry of `reads` that names no file; `outside`.
[[nodiscard]] Result<FilesRead> files_read(const std::string& project_folder,
                                           const CommandStep& step,
                                           const std::set<std::string>& not_read, HashCache& cache);

/// What lies where `step` writes.
struct FilesWritten {
  FileHashes there;
  std::vector<std::string> missing;  ///< Entries of `writes` that are not there.
};

/// Errors: `outside`.
[[nodiscard]] Result<FilesWritten> files_written(const std::string& project_folder,
                                                 const CommandStep& step, HashCache& cache);

/// Everything that the result of `step` depends on.
[[nodiscard]] StepKey key_of(const CommandStep& step, const FileHashes& read);

/// Copies of files by their hash, in a folder of the cache.
class KeptFiles {
 public:
  explicit KeptFiles(std::string folder) : folder_(std::move(folder)) {}

  /// Copies the files at `hashes`, as far as they are not kept. Errors: `outside`.
  [[nodiscard]] Status keep(const std::string& project_folder, const FileHashes& hashes) const;
  /// Whether all are kept.
  [[nodiscard]] bool has(const FileHashes& hashes) const;
  /// Writes them where `hashes` says, each proved by its hash. Errors: `damaged`; `outside`.
  [[nodiscard]] Status bring_back(const std::string& project_folder,
                                  const FileHashes& hashes) const;
  /// Removes what is in none of `wanted`. Errors: `outside`.
  [[nodiscard]] Status forget_all_but(const std::vector<FileHashes>& wanted) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& sha256) const;
  std::string folder_;
};

}  // namespace millgate
