#include "system/pipeline/gate_data.h"

#include <optional>
#include <string>
#include <utility>

#include "data/check/check.h"

namespace millgate {
namespace {

constexpr const char* kMetrics[] = {"check_failures", "check_warnings", "check_broken_share"};
/// Rules that a note names before it only counts them.
constexpr size_t kNamedMax = 3;

Status tell_unmeasured(const std::string& why, GateEvidence& into) {
  for (const char* metric : kMetrics) into.unmeasured.push_back({metric, "", why});
  return {};
}

double broken_share(const Finding& finding) {
  return finding.judged_count == 0 ? 0
                                   : static_cast<double>(finding.broken_count) /
                                         static_cast<double>(finding.judged_count);
}

/// "customers: fee >= 0 (12 of 800)".
std::string text_of(const Finding& finding) {
  const std::string seen =
      finding.measured.empty()
          ? std::to_string(finding.broken_count) + " of " + std::to_string(finding.judged_count)
          : finding.measured;
  return finding.table + ": " + finding.rule + " (" + seen + ")";
}

/// Nothing when no rule of that severity is stated.
std::optional<Evidence> count_failed(const std::vector<Finding>& findings, Severity severity) {
  Evidence evidence;
  size_t failed = 0;
  size_t stated = 0;
  for (const Finding& one : findings) {
    if (one.severity != severity) continue;
    ++stated;
    if (one.passed || ++failed > kNamedMax) continue;
    evidence.note += (failed > 1 ? "; " : "broken: ") + text_of(one);
  }
  if (stated == 0) return std::nullopt;
  if (failed > kNamedMax) evidence.note += "; " + std::to_string(failed - kNamedMax) + " more";
  if (failed == 0) {
    evidence.note =
        stated == 1 ? "one rule was judged" : std::to_string(stated) + " rules were judged";
  }
  evidence.value = static_cast<double>(failed);
  return evidence;
}

/// Nothing when all rules are about tables as a whole.
std::optional<Evidence> largest_share(const std::vector<Finding>& findings) {
  const Finding* worst = nullptr;
  for (const Finding& one : findings) {
    if (one.severity != Severity::error || !one.measured.empty()) continue;
    if (worst == nullptr || broken_share(one) > broken_share(*worst)) worst = &one;
  }
  if (worst == nullptr) return std::nullopt;
  Evidence evidence;
  evidence.value = broken_share(*worst);
  evidence.row_count = worst->judged_count;
  if (worst->broken_count > 0) evidence.note = text_of(*worst);
  return evidence;
}

}  // namespace

Status measure_data(const Repository& repository, const Project& project, const RunReport& run,
                    GateEvidence& into) {
  if (project.rules.empty()) {
    return tell_unmeasured(
        "the project file states no [[check]]; `millgate check --infer` proposes some", into);
  }
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(run.data_commit));
  const auto report = check_commit(repository, commit, project.rules);
  if (!report.ok()) {
    if (report.error().code != ErrorCode::invalid_input) return report.error();
    return tell_unmeasured(
        "commit " + commit.id.brief() +
            ", which the model was trained on, cannot be checked: " + report.error().what + " (" +
            report.error().where + "); mend the rule, or train on a commit that has what it reads",
        into);
  }
  const auto add = [&](const char* metric, std::optional<Evidence> evidence, const char* why_not) {
    if (!evidence) {
      into.unmeasured.push_back({metric, "", why_not});
      return;
    }
    evidence->metric = metric;
    evidence->data = "commit " + commit.id.brief();
    evidence->inputs = {run.data_commit};
    into.evidence.push_back(*std::move(evidence));
  };
  add("check_failures", count_failed(report->findings, Severity::error),
      "the project file states no [[check]] of severity error");
  add("check_warnings", count_failed(report->findings, Severity::warning),
      "the project file states no [[check]] of severity warning");
  add("check_broken_share", largest_share(report->findings),
      "the project file states no [[check]] of severity error that is about rows");
  return {};
}

}  // namespace millgate
