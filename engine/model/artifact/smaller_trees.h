/// Boosted trees made smaller: fewer of them, fewer leaves, numbers with fewer bits.
#pragma once

#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// What is done, in this order. 0: nothing of that kind.
struct Smaller {
  int trees = 0;   ///< Keep the first so many (rounds, where there are several classes).
  int leaves = 0;  ///< Of each tree at most so many: pairs of leaves whose values differ least, by
                   ///< the training rows in them, become one with their mean.
  int bits = 0;    ///< Significant bits of thresholds and leaves, from 2 to 53; 11 are those of a
                   ///< float16, 24 those of a float32.
};

/// LightGBM's text of `text` made smaller. Also without asking for anything it is shorter: what
/// LightGBM keeps of its training and no prediction, explanation or importance reads is left out.
/// LightGBM itself reads it. Same text, same bytes.
///
/// Errors: those of load_lightgbm_text; `invalid_input` for a number out of range (by the name of
/// the learner's parameter, `keep_bits`), and for leaves to be pruned of a model that does not tell
/// the rows in them.
[[nodiscard]] Result<std::string> smaller_lightgbm_text(std::string_view text, const Smaller& how);

}  // namespace millgate
