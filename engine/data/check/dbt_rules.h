/// Tests of dbt as rules.
#pragma once

#include <string>

#include "data/check/import_rules.h"
#include "ground/json.h"

namespace millgate {

/// Adds the tests that dbt's `target/manifest.json` (of `dbt parse`, `build` or `run`; schema v10
/// to v12) has for the model, seed, snapshot or source called `table`: those of dbt itself, of
/// dbt_utils and of dbt_expectations; and the freshness of a source. Names in references are those
/// of the other model. Source: https://schemas.getdbt.com/dbt/manifest/v12.json. Errors:
/// `invalid_input` when nothing is called `table`.
[[nodiscard]] Status import_dbt(const Json& manifest, const std::string& table, ImportedRules& out);

}  // namespace millgate
