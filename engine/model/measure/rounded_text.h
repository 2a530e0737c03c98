/// Measured values in sentences.
#pragma once

#include <string>

namespace millgate {

/// Four significant digits, which are what a person compares; the exact value stands beside it in
/// the evidence. The whole part is written in full up to 1e15: "62418", not "6.242e+04".
[[nodiscard]] std::string rounded_text(double value, int digits = 4);

}  // namespace millgate
