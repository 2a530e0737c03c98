/// Suites of Great Expectations as rules.
#pragma once

#include <string>
#include <vector>

#include "data/check/import_rules.h"
#include "ground/json.h"

namespace millgate {

/// What one expectation says as rules of a table, or why no rule can say it.
struct ExpectationRules {
  std::vector<std::string> rules;
  std::string why;  ///< Empty when there are rules.
};

/// `type` as Great Expectations names it ("expect_column_mean_to_be_between"), with its arguments.
/// Definitions: https://greatexpectations.io/expectations. The standard deviation is that of a
/// sample, a quantile a value that occurs, as there.
[[nodiscard]] ExpectationRules rules_of_expectation(const std::string& type, const Json& arguments);

/// Adds the `expectations` of a suite (0.x or 1.x) to `out`, as rules of `table`.
void import_expectations(const Json& expectations, const std::string& table, ImportedRules& out);

}  // namespace millgate
