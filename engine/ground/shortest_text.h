/// Numbers as text that loses nothing.
#pragma once

#include <string>

namespace millgate {

/// The shortest decimal text that reads back as the same double: "0.1", "5", "1e+22", "nan".
[[nodiscard]] std::string shortest_text(double value);

}  // namespace millgate
