/// `millgate export MODEL --wasm-page FILE`: a model as one HTML file that predicts in a browser.
#pragma once

#include <string>

#include "app/session.h"
#include "ground/error.h"

namespace millgate {

struct PageExportOptions {
  std::string model;  ///< As `resolve_model` takes it; empty: what serves.
  std::string file;
  bool force = false;
};

/// Errors: `conflict` where the file is there and `force` is not; as make_browser_page.
[[nodiscard]] Result<int> export_page(const Session& session, const PageExportOptions& options);

}  // namespace millgate
