/// The TOML library as the engine uses it. For .cc files of this room; nobody includes toml++
/// past this header. Include in .cc files only.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "ground/source_text.h"

namespace millgate {

/// Thrown where toml++ would end the program; `parse_toml` catches it.
struct BrokenTomlAssertion {};
[[noreturn]] void report_broken_toml_assertion();

}  // namespace millgate

// Version 3.3 asserts, and with NDEBUG even assumes, what a file may break: "[" in front of
// anything but a key, or "k = [}". Here both throw.
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::millgate::report_broken_toml_assertion())
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expression) TOML_ASSERT(expression)
#include <toml++/toml.h>

namespace millgate {

/// Why a text is not TOML, and where.
struct TomlFault {
  std::string what;  ///< One line.
  Place place;
};

[[nodiscard]] std::variant<toml::table, TomlFault> parse_toml(std::string_view text);

}  // namespace millgate
