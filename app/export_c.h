/// `millgate export MODEL --c FILE`: a model as C99 for a device.
#pragma once

#include <string>

#include "app/session.h"
#include "ground/error.h"

namespace millgate {

struct CExportOptions {
  std::string model;  ///< As `resolve_model` takes it; empty: what serves.
  std::string file;   ///< `-`: standard output.
  bool force = false;
};

/// Errors: `conflict` where the file is there and `force` is not; as write_c_model.
[[nodiscard]] Result<int> export_c(const Session& session, const CExportOptions& options);

}  // namespace millgate
