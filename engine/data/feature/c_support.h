/// Functions in C99 that the exported functions of the language are made of. Inside the room: used
/// by c_function.cc.
#pragma once

#include <span>
#include <string_view>

namespace millgate {

/// What others need, and functions that look at null themselves.
struct CSupport {
  std::string_view c_name;
  std::string_view source;
};

/// Each after what it needs. Types `int_v`, `num_v`, `text_v` and `listed_text`, and TEXT_MAX where
/// a text is made, stand before them (c_features.h).
[[nodiscard]] std::span<const CSupport> c_support();

}  // namespace millgate
