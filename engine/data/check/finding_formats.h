/// What was found, in the formats that other tools read.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/check/check.h"

namespace millgate {

/// JUnit's XML: one test case a rule, named by it, in one suite a table. A rule of severity
/// warning that does not hold is written as skipped, with its reason, so that a build passes as
/// `millgate check` does. Characters that XML cannot hold become U+FFFD.
[[nodiscard]] std::string to_junit(const CheckReport& report);

/// SARIF 2.1.0: one rule a rule, and one result for each that does not hold, at its place in the
/// project file.
[[nodiscard]] nlohmann::ordered_json to_sarif(const CheckReport& report);

}  // namespace millgate
