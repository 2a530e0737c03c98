/// Rules taken over from the files of other tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/check/infer_rules.h"
#include "ground/error.h"

namespace millgate {

/// Something that a file asks for and no rule can say.
struct NotCarried {
  std::string what;  ///< "expect_column_kl_divergence_to_be_less_than (price)".
  std::string why;
};

struct ImportedRules {
  std::string tool;  ///< "Great Expectations", "Pandera" or "dbt".
  std::vector<ProposedRule> rules;
  std::vector<NotCarried> not_carried;
};

/// Reads a Great Expectations suite (JSON, 0.x or 1.x), a Pandera schema (`schema.to_json()`) or
/// the tests that a manifest of dbt has for the model `table` as rules of `table`. Nothing is
/// dropped in silence: what has no rule is in `not_carried`. Errors: `invalid_input` when `text` is
/// none of them, or too deep to be one, or has no such model.
[[nodiscard]] Result<ImportedRules> import_rules(std::string_view text, const std::string& table);

}  // namespace millgate
