/// What annotators agree on, as people read it.
#pragma once

#include <cstdint>
#include <optional>

#include "data/check/annotators.h"

namespace millgate {

/// At most `shown_max` pairs and items.
void print_annotators(const AnnotatorReport& report, int64_t shown_max);

}  // namespace millgate
