/// A verdict in the forms that other programs read: continuous integration, code review.
#pragma once

#include <string>
#include <vector>

#include "model/release/gate.h"
#include "system/report/fare_lines.h"

namespace millgate {

/// JUnit XML: one test case a requirement, failures with their reason; what only should be met and
/// is not is skipped, with the reason. UTF-8, with a declaration.
[[nodiscard]] std::string verdict_junit(const Verdict& verdict);

/// SARIF 2.1.0: one rule a metric, one result a requirement: `kind` pass or fail, `level` error for
/// what must be met and warning for what should, placed at the requirement in the project file.
[[nodiscard]] std::string verdict_sarif(const Verdict& verdict);

/// Markdown for the comment of a pull request: outcome, table of requirements, reasons of failures,
/// and how stakeholders fare, where `fares` has any.
[[nodiscard]] std::string verdict_markdown(const Verdict& verdict,
                                           const std::vector<FareLine>& fares);

/// A requirement in one line: "auc >= 0.7", "recall_gap [by sex] <= 0.1",
/// "auc not worse by 0.01 than what serves".
[[nodiscard]] std::string requirement_text(const Requirement& requirement);

}  // namespace millgate
