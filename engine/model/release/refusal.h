/// Errors that this room says often.
#pragma once

#include <string>
#include <utility>

#include "ground/error.h"

namespace millgate {

/// Understood, and the answer is no.
[[nodiscard]] inline Error refused(std::string what, std::string hint) {
  return Error{.code = ErrorCode::refused, .what = std::move(what), .hint = std::move(hint)};
}

/// Somebody else came first, or it is so already.
[[nodiscard]] inline Error conflict(std::string what, std::string hint) {
  return Error{.code = ErrorCode::conflict, .what = std::move(what), .hint = std::move(hint)};
}

/// Whether nothing but space was given where a word is due.
[[nodiscard]] inline bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace millgate
