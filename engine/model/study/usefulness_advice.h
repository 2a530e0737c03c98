/// What to do with a feature, and why, in words. Inside the room: callers use usefulness.h.
#pragma once

#include "model/study/usefulness.h"

namespace millgate {

/// Sets advice and reason of every feature of `usefulness` from its figures. Of each group the
/// feature that is kept is that with the largest loss when permuted.
void judge_features(Usefulness& usefulness);

}  // namespace millgate
