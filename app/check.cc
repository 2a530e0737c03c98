#include <iostream>
#include <map>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/check/check.h"
#include "data/check/finding_formats.h"
#include "data/check/import_rules.h"
#include "data/check/infer_rules.h"
#include "data/query/sql_token.h"
#include "ground/file_store.h"
#include "system/pipeline/personal_use.h"

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
                        {"measured", one.measured},
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
    if (!one.measured.empty()) {
      table.add({one.table, one.rule, one.measured, "", "", "", verdict_of(one)});
      continue;
    }
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

Json rules_json(const std::vector<ProposedRule>& rules) {
  Json list = Json::array();
  for (const ProposedRule& one : rules) {
    list.push_back({{"table", one.table},
                    {"rule", one.rule},
                    {"where", one.where},
                    {"at_least", one.at_least},
                    {"severity", one.is_warning ? "warning" : "error"},
                    {"because", one.because}});
  }
  return list;
}

struct Options {
  std::string revision = kCurrentBranch;
  std::string format = "text";
  bool infer = false;
  std::string import_file;
  std::string table;
};

/// Rules of another tool's file as TOML, and on stderr what could not be taken over.
Result<int> import_file(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::string text, read_file(options.import_file));
  auto read = import_rules(text, options.table);
  if (!read.ok()) return std::move(read).error().inside("`" + options.import_file + "`");
  if (session.json) {
    Json rest = Json::array();
    for (const NotCarried& one : read->not_carried) {
      rest.push_back({{"what", one.what}, {"why", one.why}});
    }
    print_json({{"tool", read->tool}, {"rules", rules_json(read->rules)}, {"not_carried", rest}});
    return kDone;
  }
  std::cout << to_toml(read->rules);
  std::cerr << grouped(static_cast<int64_t>(read->rules.size()))
            << (read->rules.size() == 1 ? " rule of " : " rules of ") << read->tool
            << "; not carried over: " << read->not_carried.size() << '\n';
  for (const NotCarried& one : read->not_carried) {
    std::cerr << "  " << one.what << ": " << one.why << '\n';
  }
  return kDone;
}

/// A rule with values of a column that the policy for personal data hides would tell them.
Status drop_guarded(const Repository& repository, const Commit& commit,
                    std::vector<ProposedRule>& rules) {
  std::map<std::string, GuardedCells> tables;
  for (const ProposedRule& one : rules) {
    if (tables.contains(one.table)) continue;
    MILLGATE_ASSIGN(tables[one.table],
                    open_cells(repository, sql_name(one.table), commit.id.hex()));
  }
  const auto dropped = std::erase_if(rules, [&](const ProposedRule& one) {
    return tables.at(one.table).condition(one.rule) != one.rule;
  });
  if (dropped > 0) {
    std::cerr << "note: " << dropped
              << (dropped == 1 ? " rule is not proposed: it holds"
                               : " rules are not proposed: they hold")
              << " values of columns that [source.personal] hides\n";
  }
  return {};
}

/// Rules that the version meets, as TOML to be read, changed and put into the project file.
Result<int> infer(const Session& session, const Workplace& place, const Commit& commit) {
  HappenedColumns happened;
  for (const Source& source : place.project.sources) {
    if (!source.happened.empty()) happened[source.name] = source.happened;
  }
  MILLGATE_ASSIGN(std::vector<ProposedRule> rules,
                  infer_rules(*place.repository, commit, happened));
  MILLGATE_TRY(drop_guarded(*place.repository, commit, rules));
  if (!session.json) {
    std::cout << to_toml(rules);
    std::cerr << grouped(static_cast<int64_t>(rules.size()))
              << " rules proposed from what is there: read them, keep what you want to be true, "
                 "put it into millgate.toml\n";
    return kDone;
  }
  print_json({{"commit", commit.id.brief()}, {"rules", rules_json(rules)}});
  return kDone;
}

/// Values that break rules, as the policy for personal data asks.
Status show_guarded(const Repository& repository, const std::string& revision,
                    CheckReport& report) {
  for (Finding& one : report.findings) {
    if (one.examples.empty() && one.breakdown.empty()) continue;
    MILLGATE_ASSIGN(const GuardedCells cells,
                    open_cells(repository, sql_name(one.table), revision));
    for (auto& row : one.examples) cells.show_row(one.example_header, row);
    std::vector<std::pair<std::string, int64_t>> breakdown;
    for (const auto& [value, count] : one.breakdown) {
      std::string shown = cells.shown(one.rule, value);
      const bool is_same = !breakdown.empty() && breakdown.back().first == shown;
      if (is_same) breakdown.back().second += count;
      if (!is_same) breakdown.emplace_back(std::move(shown), count);
    }
    one.breakdown = std::move(breakdown);
  }
  return {};
}

Result<int> check(const Session& session, const Options& options) {
  if (!options.import_file.empty()) return import_file(session, options);
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(options.revision));
  if (options.infer) return infer(session, place, commit);
  MILLGATE_TRY(check_personal_use(*place.repository, place.project, commit.tables));
  MILLGATE_ASSIGN(CheckReport report, check_commit(*place.repository, commit, place.project.rules));
  MILLGATE_TRY(show_guarded(*place.repository, options.revision, report));
  if (options.format == "junit") {
    std::cout << to_junit(report);
  } else if (options.format == "sarif") {
    print_json(to_sarif(report));
  } else if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return report.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_check(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("check", "judge a version by the rules of the project",
                          "millgate check --rev main~1\n"
                          "  millgate check --infer >proposed.toml");
  command.add_option("--rev", options->revision, "version to judge").shows_default();
  command.add_flag("--infer", options->infer, "propose rules that this version meets, as TOML");
  Parameter imported =
      command.add_option("--import", options->import_file,
                         "a suite of Great Expectations, schema of Pandera (both JSON) or dbt's "
                         "target/manifest.json, to be written as rules");
  Parameter table =
      command.add_option("--table", options->table, "the table that --import is about");
  table.needs(imported);
  imported.needs(table);
  command.add_option("--format", options->format, "text, junit (XML) or sarif (JSON)")
      .one_of({"text", "junit", "sarif"})
      .shows_default();
  command.does([&session, options] { return check(session, *options); });
}

}  // namespace millgate
