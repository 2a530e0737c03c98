/// What `FeatureProgram::save` wrote, before it is compiled again (but what calls learned).
/// Inside the room.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

struct SavedProgram {
  static constexpr int64_t kFormat = 1;

  std::vector<Field> inputs;
  std::vector<FeatureDefinition> definitions;
  /// One a definition; nothing where it learns none.
  std::vector<std::optional<std::vector<std::string>>> categories;
  ExpressionContext context;
};

/// Errors: `damaged` naming the member.
[[nodiscard]] Result<SavedProgram> read_saved_program(const nlohmann::ordered_json& json);

}  // namespace millgate
