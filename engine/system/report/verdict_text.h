/// A verdict in the forms that other programs read: continuous integration, code review.
#pragma once

#include <string>

#include "model/release/gate.h"
#include "system/pipeline/weighing.h"

namespace millgate {

/// JUnit XML: one test case a requirement, failures with their reason; what only should be met and
/// is not is skipped, with the reason. Properties of the suite say how each stakeholder fares and
/// what is on the front. UTF-8, with a declaration.
[[nodiscard]] std::string verdict_junit(const Verdict& verdict, const Weighing& weighing);

/// SARIF 2.1.0: one rule a metric, one result a requirement: `kind` pass or fail, `level` error for
/// what must be met and warning for what should, placed at the requirement in the project file.
/// What stakeholders get of each choice is a property of the run.
[[nodiscard]] std::string verdict_sarif(const Verdict& verdict, const Weighing& weighing);

/// Markdown for the comment of a pull request: outcome, table of requirements, reasons of failures,
/// how stakeholders fare and what there is to choose from, where `weighing` has any.
[[nodiscard]] std::string verdict_markdown(const Verdict& verdict, const Weighing& weighing);

/// A requirement in one line: "auc >= 0.7", "recall_gap [by sex] <= 0.1",
/// "auc not worse by 0.01 than what serves".
[[nodiscard]] std::string requirement_text(const Requirement& requirement);

}  // namespace millgate
