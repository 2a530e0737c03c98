/// A package as an OCI image layout, written without a container engine.
#pragma once

#include <cstdint>
#include <string>

#include "ground/error.h"
#include "ground/id.h"
#include "system/ship/package.h"

namespace millgate {

struct OciImage {
  Id manifest;      ///< Digest of the manifest: how a cluster names the image.
  std::string tag;  ///< In index.json: the model's brief id.
  int64_t unpacked_bytes = 0;
  int64_t layer_count = 0;
};

/// The layout in `folder`, which must be missing or empty. Two layers: the program, the same for
/// all models of one program, below; the model above. Runs as user 65532, serves on port 8080 of
/// all addresses, and writes into /var/lib/millgate alone. Same package, same bytes. Errors:
/// `conflict` when the folder holds something; `outside`.
[[nodiscard]] Result<OciImage> write_oci_image(const Package& package, const std::string& folder);

}  // namespace millgate
