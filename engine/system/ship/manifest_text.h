/// The text of Kubernetes manifests, with slots to be filled: once by numbers, once by what Helm
/// fills in.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// One manifest. A slot is `@WORD@`; one at the begin of a line takes whole lines, or none.
struct ManifestText {
  std::string_view file;
  std::string_view text;
};

/// What stands in place of a slot.
struct SlotText {
  std::string_view slot;  ///< "NAME".
  std::string text;
};

/// Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget and NetworkPolicy.
[[nodiscard]] std::span<const ManifestText> cluster_objects();

/// `text` with every slot filled; one that `slots` does not name takes nothing.
[[nodiscard]] std::string fill_slots(std::string_view text, std::span<const SlotText> slots);

}  // namespace millgate
