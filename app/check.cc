#include "data/check/check.h"

#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"

namespace millgate {

namespace {

Json to_json(const CheckReport& report) {
  Json findings = Json::array();
  for (const Finding& one : report.findings) {
    Json breakdown = Json::object();
    for (const auto& [value, count] : one.breakdown) breakdown[value] = count;
    findings.push_back({{"table", one.table},
                        {"rule", one.rule},
                        {"where", one.where},
                        {"severity", one.severity == Severity::error ? "error" : "warning"},
                        {"at_least", one.at_least},
                        {"judged_count", one.judged_count},
                        {"broken_count", one.broken_count},
                        {"passed", one.passed},
                        {"breakdown", breakdown},
                        {"since_commit", one.since_commit},
                        {"next_step", one.next_step}});
  }
  Json missing = Json::array();
  for (const MissingValues& one : report.missing) {
    missing.push_back({{"table", one.table},
                       {"column", one.column},
                       {"null_count", one.null_count},
                       {"row_count", one.row_count}});
  }
  return {{"commit", report.commit},
          {"passed", report.passed()},
          {"findings", findings},
          {"missing", missing}};
}

std::string verdict_of(const Finding& finding) {
  if (finding.passed) return finding.broken_count == 0 ? "ok" : "ok, within its share";
  return finding.severity == Severity::error ? "FAILED" : "warning";
}

/// Which values break the rule, since when, and how to see the rows.
void print_details(const Finding& finding) {
  if (finding.broken_count == 0) return;
  std::cout << '\n' << finding.table << ": " << finding.rule << '\n';
  if (!finding.breakdown.empty()) {
    std::cout << "  most often:";
    for (const auto& [value, count] : finding.breakdown) {
      std::cout << ' ' << value << " (" << grouped(count) << ')';
    }
    std::cout << '\n';
  }
  if (!finding.since_commit.empty()) std::cout << "  since commit " << finding.since_commit << '\n';
  if (!finding.next_step.empty()) std::cout << "  rows: " << finding.next_step << '\n';
}

void print_report(const CheckReport& report) {
  TextTable table({"table", "rule", "judged", "broken", "share", "limit", ""});
  for (const Finding& one : report.findings) {
    const double good = one.judged_count == 0 ? 1.0
                                              : 1.0 - static_cast<double>(one.broken_count) /
                                                          static_cast<double>(one.judged_count);
    table.add({one.table, one.rule, grouped(one.judged_count), grouped(one.broken_count),
               percent(1.0 - good), percent(1.0 - one.at_least), verdict_of(one)});
  }
  table.print(std::cout);
  for (const Finding& one : report.findings) print_details(one);
  if (!report.missing.empty()) {
    std::cout << "\nmissing values\n";
    TextTable missing({"table", "column", "missing", "share"});
    for (const MissingValues& one : report.missing) {
      missing.add(
          {one.table, one.column, grouped(one.null_count),
           percent(static_cast<double>(one.null_count) / static_cast<double>(one.row_count))});
    }
    missing.print(std::cout);
  }
  std::cout << "\ncommit " << report.commit << ": "
            << (report.passed() ? "every rule holds" : "some rules are broken") << '\n';
}

Result<int> check(const Session& session, const std::string& revision) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(revision));
  MILLGATE_ASSIGN(const CheckReport report,
                  check_commit(*place.repository, commit, place.project.rules));
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return report.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_check(CLI::App& program, Session& session) {
  auto revision = std::make_shared<std::string>("main");
  CLI::App* command = add_command(program, "check", "judge a version by the rules of the project",
                                  "millgate check --rev main~1");
  command->add_option("--rev", *revision, "version to judge")->capture_default_str();
  command->callback([&session, revision] {
    session.action = [&session, revision] { return check(session, *revision); };
  });
}

}  // namespace millgate
