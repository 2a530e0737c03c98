/// Jumps of the label rate, as people read them.
#pragma once

#include <cstdint>

#include "data/check/label_jumps.h"

namespace millgate {

/// At most `shown_max` comparisons that are no jumps.
void print_label_jumps(const LabelJumps& jumps, const LabelJumpOptions& options, int64_t shown_max);

}  // namespace millgate
