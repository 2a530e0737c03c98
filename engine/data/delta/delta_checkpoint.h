/// Checkpoints of a Delta log: the state of a table at one version, as a Parquet file.
#pragma once

#include <string>

#include "data/delta/delta_action.h"
#include "ground/error.h"

namespace millgate {

/// Writes the file `path`. Errors: `outside`.
[[nodiscard]] Status write_delta_checkpoint(const DeltaActions& actions, const std::string& path);

/// The actions of one checkpoint file, whoever wrote it; columns that are not asked for are not
/// read. Errors: `damaged` naming the file; `not_found`.
[[nodiscard]] Result<DeltaActions> read_delta_checkpoint(const std::string& path);

}  // namespace millgate
