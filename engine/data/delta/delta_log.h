/// The log of a Delta table: which files hold its rows at a version.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "data/delta/delta_action.h"
#include "ground/error.h"
#include "ground/file_store.h"

namespace millgate {

/// A Delta table at one version. The files are those whose rows are in it, by path.
struct DeltaSnapshot {
  int64_t version = -1;             ///< -1: there is no table yet.
  int64_t checkpoint_version = -1;  ///< The newest checkpoint; -1: none.
  DeltaProtocol protocol;
  DeltaMetadata metadata;
  std::map<std::string, DeltaFile> files;
  std::map<std::string, DeltaRemoval> removals;
  std::map<std::string, int64_t> transactions;
  std::string commit_info;  ///< Of `version` itself; empty when its log file is gone.

  /// Whether files call columns by other names than the table does (`columnMapping` by name).
  [[nodiscard]] bool maps_columns() const;
  /// What a further version says.
  void apply(const DeltaActions& actions);
};

/// Reads checkpoints and log files as far as `version` (nothing: the newest). `files` is the folder
/// of the table.
/// Errors: `not_found` for a version that the log does not reach; `damaged` for a log with holes or
/// lines that are none; `invalid_input` naming the feature when a reader must know one that this
/// one does not.
[[nodiscard]] Result<DeltaSnapshot> read_delta_log(const FileStore& files,
                                                   std::optional<int64_t> version = std::nullopt);

/// Whether the folder holds any version.
[[nodiscard]] bool has_delta_log(const FileStore& files);

/// Makes `actions` the version after `snapshot`, and applies them to it; a checkpoint is written
/// when the last is ten versions old, by way of a file in `scratch_folder`.
/// Errors: `conflict` when somebody else wrote that version first; `outside`.
[[nodiscard]] Status append_delta_version(FileStore& files, DeltaSnapshot& snapshot,
                                          const DeltaActions& actions,
                                          const std::string& scratch_folder);

/// "_delta_log/00000000000000000012.json".
[[nodiscard]] std::string delta_log_name(int64_t version);

}  // namespace millgate
