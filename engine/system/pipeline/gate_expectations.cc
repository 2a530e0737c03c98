#include "system/pipeline/gate_expectations.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ground/json.h"
#include "system/pipeline/gate_rows.h"

namespace millgate {
namespace {

/// Expectations that a note names before it only counts them.
constexpr size_t kNamedFailures = 3;

constexpr const char* kFailuresMetric = "expectation_failures";

/// "dearer is not likelier (12 of 800)".
std::string named_failure(const ExpectationOutcome& outcome) {
  if (outcome.row_count == 0) return outcome.name + " (" + outcome.note + ")";
  return outcome.name + " (" + std::to_string(outcome.broken_count) + " of " +
         std::to_string(outcome.row_count) + ")";
}

}  // namespace

Result<std::vector<ExpectationOutcome>> try_expectations(const Project& project,
                                                         const GateModel& judged) {
  std::vector<ExpectationOutcome> outcomes;
  if (project.expectations.empty()) return outcomes;
  MILLGATE_ASSIGN(const GateRows rows, GateRows::open(project, *judged.model, *judged.judged));
  std::vector<std::string> columns;
  for (const auto& field : judged.judged->schema()->fields()) columns.push_back(field->name());
  outcomes.reserve(project.expectations.size());
  for (const ModelExpectation& one : project.expectations) {
    MILLGATE_ASSIGN(ExpectationOutcome outcome,
                    try_expectation(one, *judged.model, rows.inputs(), columns));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Status measure_expectations(const Project& project, const GateModel& judged, GateEvidence& into) {
  if (project.expectations.empty()) {
    into.unmeasured.push_back({kFailuresMetric, "", "the project file states no [[expectation]]"});
    return {};
  }
  MILLGATE_ASSIGN(const std::vector<ExpectationOutcome> outcomes,
                  try_expectations(project, judged));
  Evidence evidence{.metric = kFailuresMetric,
                    .data = "test",
                    .inputs = {judged.run->model.hex(), judged.run->data_commit}};
  size_t failed = 0;
  for (const ExpectationOutcome& one : outcomes) {
    evidence.row_count = std::max(evidence.row_count, one.row_count);
    if (one.passed || ++failed > kNamedFailures) continue;
    evidence.note += (failed > 1 ? "; " : "broken: ") + named_failure(one);
  }
  if (failed > kNamedFailures) {
    evidence.note += "; " + std::to_string(failed - kNamedFailures) + " more";
  }
  if (failed == 0) {
    evidence.note = outcomes.size() == 1 ? "one expectation was tried"
                                         : std::to_string(outcomes.size()) + " were tried";
  }
  evidence.value = static_cast<double>(failed);
  into.evidence.push_back(std::move(evidence));
  return {};
}

Json to_json(const ExpectationOutcome& outcome) {
  Json json = {{"name", outcome.name},           {"line", outcome.line},
               {"expected", outcome.expected},   {"passed", outcome.passed},
               {"row_count", outcome.row_count}, {"broken_count", outcome.broken_count},
               {"note", outcome.note},           {"counter_examples", Json::array()}};
  for (const CounterExample& one : outcome.counter_examples) {
    Json shown = {{"row", one.row}, {"prediction", one.prediction}};
    if (one.changed) shown["changed"] = *one.changed;
    if (!one.decided.empty()) {
      shown["decided"] = one.decided;
      shown["then_decided"] = one.then_decided;
    }
    json["counter_examples"].push_back(std::move(shown));
  }
  return json;
}

}  // namespace millgate
