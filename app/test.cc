#include <algorithm>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/loaded_model.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "ground/shortest_text.h"
#include "model/release/model_name.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/gate_expectations.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  std::string model;  ///< Empty: the newest, if there is one.
};

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

/// What the project expects of a model, and how it does.
struct ModelTest {
  std::optional<Id> model;  ///< Nothing: there is none yet, or nothing is expected.
  std::vector<ExpectationOutcome> outcomes;
  [[nodiscard]] bool passed() const {
    return std::all_of(outcomes.begin(), outcomes.end(),
                       [](const ExpectationOutcome& one) { return one.passed; });
  }
};

/// Before the first model there is nothing to try, which is no failure unless one was named.
Result<ModelTest> test_model(const Workplace& place, const std::string& name) {
  ModelTest tested;
  if (place.project.expectations.empty()) return tested;
  const auto id = resolve_model(place.repository->ledger(), name.empty() ? "latest" : name);
  if (!id.ok()) {
    if (name.empty() && id.error().code == ErrorCode::not_found) return tested;
    return id.error();
  }
  tested.model = *id;
  MILLGATE_ASSIGN(const LoadedModel loaded, load_model(place, *id, ""));
  MILLGATE_ASSIGN(tested.outcomes, try_expectations(place.project, loaded.view()));
  end_progress();
  return tested;
}

void print_counter_example(const CounterExample& one) {
  std::cout << "  " << one.row << ": ";
  if (!one.decided.empty()) {
    std::cout << one.decided << ", then " << one.then_decided << '\n';
    return;
  }
  std::cout << rounded(one.prediction);
  if (one.changed) std::cout << ", then " << rounded(*one.changed);
  std::cout << '\n';
}

void print_model_test(const ModelTest& tested, const Project& project) {
  if (project.expectations.empty()) return;
  if (!tested.model) {
    std::cout << "no model yet to try " << project.expectations.size()
              << " expectations on: `millgate run` trains one\n";
    return;
  }
  size_t good = 0;
  for (const ExpectationOutcome& one : tested.outcomes) {
    good += one.passed ? 1 : 0;
    if (one.passed) continue;
    std::cout << "FAILED expectation in line " << one.line << ": " << one.name << "\n  expected "
              << one.expected << "; ";
    if (one.row_count == 0) {
      std::cout << one.note << '\n';
    } else {
      std::cout << grouped(one.broken_count) << " of " << grouped(one.row_count)
                << " rows do not\n";
    }
    for (const CounterExample& shown : one.counter_examples) print_counter_example(shown);
  }
  std::cout << good << " of " << tested.outcomes.size() << " expectations of model "
            << tested.model->brief() << " hold\n";
}

Result<int> test(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const FeatureTestReport report,
                  test_features(*place.repository, place.project, options.revision));
  MILLGATE_ASSIGN(const ModelTest tested, test_model(place, options.model));
  if (session.json) {
    Json json = to_json(report);
    json["passed"] = report.passed() && tested.passed();
    if (tested.model) json["model"] = tested.model->hex();
    json["expectations"] = Json::array();
    for (const ExpectationOutcome& one : tested.outcomes) {
      json["expectations"].push_back(to_json(one));
    }
    print_json(json);
  } else {
    print_report(report);
    print_model_test(tested, place.project);
  }
  return report.passed() && tested.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_test(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "test",
      "try the features ([[example]]s, and what must always hold) and a model ([[expectation]]s)",
      "millgate test");
  command.add_option("--rev", options->revision, "version whose rows the features are tried on")
      .shows_default();
  command.add_option("--model", options->model,
                     "id, version, alias or `serving`, for [[expectation]]s; default: the newest");
  command.does([&session, options] { return test(session, *options); });
}

}  // namespace millgate
