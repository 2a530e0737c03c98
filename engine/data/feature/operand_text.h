/// One value as people read it.
#pragma once

#include <string>

#include "data/feature/kernel.h"

namespace millgate {

/// "null", true, 12, 12.5, 'JFK', 2013-01-01T10:00:00Z; a duration in seconds: "90 s".
[[nodiscard]] std::string operand_text(const Operand& operand, size_t row);

}  // namespace millgate
