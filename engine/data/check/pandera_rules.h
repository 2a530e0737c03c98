/// Schemas of Pandera as rules.
#pragma once

#include <string>

#include "data/check/import_rules.h"
#include "ground/json.h"

namespace millgate {

/// Adds what a schema says, as `schema.to_json()` of Pandera 0.2x and later writes it, to `out` as
/// rules of `table`.
void import_pandera(const Json& schema, const std::string& table, ImportedRules& out);

}  // namespace millgate
