/// `millgate export MODEL --onnx FILE`: a model with its features as one graph.
#pragma once

#include <string>

#include "app/session.h"
#include "ground/error.h"

namespace millgate {

struct OnnxExportOptions {
  std::string model;  ///< Empty: what serves.
  std::string file;
  bool force = false;  ///< Write over a file that is there.
};

[[nodiscard]] Result<int> export_onnx(const Session& session, const OnnxExportOptions& options);

}  // namespace millgate
