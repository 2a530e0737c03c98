/// What is known of the libraries that a program of ours loads or was compiled with.
#pragma once

#include <span>
#include <string_view>

namespace millgate {

/// One library, or several of one product.
struct KnownLibrary {
  std::string_view name;     ///< Of what is loaded: how the name of its file begins.
  std::string_view licence;  ///< SPDX; an expression where it has a blank.
  std::string_view folder;   ///< Of the licence's text in share/millgate/licences.
};

/// The library of a file such as "libssl.so.3"; null: nobody has written down what it is.
[[nodiscard]] const KnownLibrary* find_known_library(std::string_view file);

[[nodiscard]] std::span<const KnownLibrary> compiled_in_libraries();

}  // namespace millgate
