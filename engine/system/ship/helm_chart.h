/// A Helm chart that runs a packaged image: the manifests of kubernetes.h, with values to choose.
#pragma once

#include <string>

#include "ground/error.h"
#include "system/ship/kubernetes.h"
#include "system/ship/package.h"

namespace millgate {

/// Writes the chart into `folder`, which must be missing or empty: Chart.yaml, values.yaml, a
/// schema that refuses values it does not know, and templates. With its values as they are, it
/// makes what `write_kubernetes` writes. Its version counts with the events of the ledger, so that
/// a later release of a model is an upgrade; the image is named by its digest alone, and has no tag
/// that could be moved.
///
/// Errors: as check_kubernetes; `outside`.
[[nodiscard]] Status write_helm_chart(const Package& package, const PulledImage& image,
                                      const std::string& folder);

}  // namespace millgate
