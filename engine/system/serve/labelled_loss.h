/// What labels say about the models of a roll-out: the prediction log joined with feedback.
#pragma once

#include <string>

#include "ground/error.h"
#include "model/release/rollout.h"
#include "system/serve/rollout_report.h"

namespace millgate {

/// Where the rows are.
struct LabelPlaces {
  std::string predictions;  ///< Folder of the prediction log,
  std::string shadow;       ///< and of that of challengers in shadow.
  std::string feedback;
};

/// The loss of every prediction that got a label since the roll-out began, by step and model,
/// between 0 and 1: the squared difference between probability and label (Brier), or, where the
/// plan has a `loss_cap`, the absolute miss of a regression, at most the cap, as a share of it. A
/// prediction counts with its first label, so that nothing that was counted changes later. In
/// shadow the champion counts where the challenger's answer to the same request is there as well.
///
/// Nothing for roll-outs of part of the traffic: the
/// log does not say who took part. Errors: `outside`, `damaged` of a file.
[[nodiscard]] Result<StepLosses> labelled_losses(const LabelPlaces& rows, const Rollout& rollout);

/// In the folder of a roll-out, for who only reads. Nothing saved: no entries.
[[nodiscard]] Result<StepLosses> saved_losses(const std::string& folder, size_t steps);
[[nodiscard]] Status save_losses(const std::string& folder, const StepLosses& losses);

}  // namespace millgate
