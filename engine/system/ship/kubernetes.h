/// Manifests that run a packaged image in a Kubernetes cluster.
#pragma once

#include <string>

#include "ground/error.h"
#include "system/ship/oci_image.h"
#include "system/ship/package.h"

namespace millgate {

/// The image as a cluster pulls it.
struct PulledImage {
  std::string repository;  ///< "registry.example.org/team/flights", without tag or digest.
  Id digest;               ///< Of its manifest.
};

/// Writes into `folder`, which must be missing or empty, one YAML file for each of Deployment,
/// Service, HorizontalPodAutoscaler, PodDisruptionBudget and NetworkPolicy, with kustomization.yaml
/// around them, and inference-service.yaml for KServe, which stands instead of them. The image is
/// named by its digest. Pods meet the "restricted" Pod Security Standard; nothing may leave them,
/// and only the port of predictions comes in.
///
/// Errors: as check_kubernetes; `outside`.
[[nodiscard]] Status write_kubernetes(const Package& package, const PulledImage& image,
                                      const std::string& folder);

/// What would stop `write_kubernetes`, for who wants to know before the image is written.
///
/// Errors: `invalid_input` for a repository that is none; `conflict` when the folder holds
/// something.
[[nodiscard]] Status check_kubernetes(const std::string& repository, const std::string& folder);

}  // namespace millgate
