/// Whether a model gives away which rows it was trained on.
#pragma once

#include <span>

#include "ground/error.h"
#include "model/measure/evidence.h"

namespace millgate {

/// `membership_advantage`: how much better than by chance an attacker tells trained rows from
/// others who sees the loss of a row and calls those below a limit trained, the best limit taken
/// (Yeom et al. 2018): the largest share of trained rows less the share of others below any limit,
/// 0 to 1. It is the one-sided distance of Kolmogorov and Smirnov, and above 0 by chance alone. The
/// 95 % interval reaches 1.358 sqrt(1/n + 1/m) to both sides, cut at 0 and 1: what chance adds or
/// takes at any limit at once (Smirnov 1948), so it is rather too wide.
///
/// Where the others come from another time than the trained rows, drift of the data counts too: the
/// figure is then an upper estimate. Errors: `invalid_input` for fewer than 30 rows of either kind,
/// or a loss that is NaN.
[[nodiscard]] Result<Evidence> measure_membership(std::span<const double> trained_loss,
                                                  std::span<const double> other_loss);

}  // namespace millgate
