/// What a model was made with: part of its identity.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "model/learn/train_settings.h"

namespace millgate {

/// The version of the engine; part of every key of a step.
inline constexpr std::string_view kEngineVersion = "0.1.0";

/// Library -> version: millgate, the compiler, the libraries that read and join rows and that
/// logarithms come from, and what the learner uses. Of a program that is a
/// Python script the interpreter and every package that it finds ("numpy (python)"), asked of that
/// interpreter itself; of any other the SHA-256 of the program ("program `train`").
/// Errors: `outside` when the interpreter does not answer within a minute.
[[nodiscard]] Result<std::map<std::string, std::string>> dependencies_of(
    const TrainSettings& settings);

}  // namespace millgate
