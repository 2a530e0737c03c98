#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "system/pipeline/feature_work.h"

namespace millgate {

namespace {

Json to_json(const FeatureTestReport& report) {
  Json examples = Json::array();
  for (const ExampleOutcome& one : report.examples) {
    examples.push_back({{"feature", one.feature},
                        {"given", one.given},
                        {"expected", one.expected},
                        {"found", one.found},
                        {"passed", one.passed},
                        {"line", one.line}});
  }
  Json properties = Json::array();
  for (const PropertyOutcome& one : report.properties) {
    properties.push_back({{"subject", one.subject},
                          {"property", one.property},
                          {"passed", one.passed},
                          {"detail", one.detail}});
  }
  return {{"passed", report.passed()},
          {"learned_by", report.model ? report.model->hex() : ""},
          {"examples", examples},
          {"properties", properties},
          {"without_example", report.without_example}};
}

/// "5 of 6 examples hold", then what does not.
void print_report(const FeatureTestReport& report) {
  size_t good_examples = 0;
  for (const ExampleOutcome& one : report.examples) {
    good_examples += one.passed ? 1 : 0;
    if (one.passed) continue;
    std::cout << "FAILED example in line " << one.line << ": " << one.feature << " is " << one.found
              << ", not " << one.expected << "\n  for " << one.given << '\n';
  }
  size_t good_properties = 0;
  for (const PropertyOutcome& one : report.properties) {
    good_properties += one.passed ? 1 : 0;
    if (one.passed) continue;
    std::cout << "FAILED " << one.subject << ": " << one.property << "\n  " << one.detail << '\n';
  }
  std::cout << good_examples << " of " << report.examples.size() << " examples and "
            << good_properties << " of " << report.properties.size() << " properties hold\n";
  if (!report.without_example.empty()) {
    std::cout << "without an example:";
    for (const std::string& name : report.without_example) std::cout << ' ' << name;
    std::cout << '\n';
  }
}

Result<int> test(const Session& session, const std::string& revision) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const FeatureTestReport report,
                  test_features(*place.repository, place.project, revision));
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return report.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_test(const Command& program, Session& session) {
  auto revision = std::make_shared<std::string>(kCurrentBranch);
  const Command command = program.add_command(
      "test", "try the features: the [[example]]s of the project, and what must always hold",
      "millgate test");
  command.add_option("--rev", *revision, "version whose rows are tried").shows_default();
  command.does([&session, revision] { return test(session, *revision); });
}

}  // namespace millgate
