/// What a model must not be used for, as far as its run tells.
#pragma once

#include <string>
#include <vector>

#include "system/report/card_facts.h"

namespace millgate {

/// One known limit, in a sentence, with the source of its numbers.
struct CardLimit {
  std::string name;  ///< "period", "left_out", "small_groups" ...
  std::string text;
  CardSource source = CardSource::run;
};

/// Computed from the facts only: nothing is guessed, and an empty list is possible.
[[nodiscard]] std::vector<CardLimit> find_limits(const CardFacts& facts);

}  // namespace millgate
