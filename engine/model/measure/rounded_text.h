/// Measured values in sentences.
#pragma once

#include <string>

namespace millgate {

/// Four digits, which are what a person compares; the exact value stands beside it in the evidence.
[[nodiscard]] std::string rounded_text(double value);

}  // namespace millgate
