/// The manifest object of a model. Inside the room; format: docs/formats/model.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "ground/id.h"
#include "model/artifact/model.h"

namespace millgate {

/// The manifest as it is stored: what the model knows of itself, and where its parts are.
struct StoredManifest {
  Manifest manifest;
  std::string model_format;  ///< As load_scorer (model_format.h) knows it.
  Id features;
  Id model;
  Id profiles;
  std::optional<Calibration> calibration = {};
  std::optional<Uncertainty> uncertainty = {};
};

/// The bytes of the object. Same contents, same bytes. In version 1 where there is nothing that a
/// reader of it would pass over and so predict otherwise.
[[nodiscard]] std::string write_manifest(const StoredManifest& stored);
/// Errors: `damaged` naming the member; `invalid_input` for a newer format version.
[[nodiscard]] Result<StoredManifest> read_manifest(std::string_view bytes);

}  // namespace millgate
