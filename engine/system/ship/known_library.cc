#include "system/ship/known_library.h"

#include <algorithm>
#include <array>

namespace millgate {
namespace {

constexpr auto kLoaded = std::to_array<KnownLibrary>({
#include "system/ship/known_libraries.inc"
});

constexpr auto kCompiledIn = std::to_array<KnownLibrary>({
#include "system/ship/compiled_in_libraries.inc"
});

}  // namespace

const KnownLibrary* find_known_library(std::string_view file) {
  const auto found = std::find_if(kLoaded.begin(), kLoaded.end(), [file](const KnownLibrary& one) {
    return file.starts_with(one.name);
  });
  return found == kLoaded.end() ? nullptr : &*found;
}

std::span<const KnownLibrary> compiled_in_libraries() { return kCompiledIn; }

}  // namespace millgate
