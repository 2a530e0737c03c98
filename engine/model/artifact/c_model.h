/// A model as one C99 file for devices: features, scorer, calibration and what surrounds them,
/// without heap, input or output. docs/guides/devices.md.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct CModel {
  std::string source;       ///< The file.
  std::string prefix;       ///< That of its names: `PREFIX_predict`.
  int64_t table_bytes = 0;  ///< Constant data that it holds where it runs.
  int64_t input_count = 0;
  int64_t feature_count = 0;
  std::string scorer;       ///< Scorer::describe: "gbdt, 120 trees, 31 leaves".
  bool makes_text = false;  ///< PREFIX_predict gives 1 for texts that are too long.
};

/// Its predictions equal those of Model::predict bit by bit where `double` is IEEE 754's and the C
/// library's functions (exp, log ...) give the same bits; the file does not compile where floating
/// point is known to be otherwise. Same model, same bytes.
///
/// Errors: those of Model::load; `invalid_input` for an ONNX model, and as write_c_features.
[[nodiscard]] Result<CModel> write_c_model(const ObjectStore& objects, const Id& model);

}  // namespace millgate
