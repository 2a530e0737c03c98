/// Windows of one entity, in one pass over time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "data/feature/vector.h"
#include "data/feature/window.h"

namespace millgate {

/// One version of one fact of an entity.
struct WindowFact {
  int64_t happened = 0;
  int64_t known = 0;
  int64_t key = 0;  ///< Facts with the same key are versions of one; the one known last counts.
  double value = 0.0;
  bool has_value = true;
};

/// The value of `window` at each of `asked` (ascending): nothing where no fact counts and the
/// kind has no value for that; counts are then 0. `facts` are in the order that decides ties of
/// happened and of known, the later one being newer.
///
/// O((facts + asked) log facts). Sums are those of a tree over the facts, never a difference of
/// larger sums, so that no error is carried from row to row.
[[nodiscard]] std::vector<std::optional<double>> sweep_window(const Window& window,
                                                              std::span<const WindowFact> facts,
                                                              std::span<const int64_t> asked);

}  // namespace millgate
