/// What a model was made with: part of its identity.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace millgate {

/// The version of the engine; part of every key of a step.
inline constexpr std::string_view kEngineVersion = "0.1.0";

/// Library -> version: millgate, the compiler, and what `learner` uses.
[[nodiscard]] std::map<std::string, std::string> dependencies_of(const std::string& learner);

}  // namespace millgate
