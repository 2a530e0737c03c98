#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "ground/comma_list.h"
#include "model/release/gate.h"
#include "model/release/model_name.h"
#include "system/doctor/patient.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

void examine_examples(const Project& project, Chart& chart) {
  std::set<std::string> tried;
  for (const FeatureExample& one : project.examples) tried.insert(one.feature);
  std::vector<std::string> names;
  for (const FeatureDefinition& one : project.features) {
    if (!tried.contains(one.name)) names.push_back(one.name);
  }
  if (names.empty()) return;
  const std::string& first = names.front();
  chart.symptoms.push_back(
      {.id = "feature-example",
       .what = count_of(std::ssize(names), "feature") + " without an example: " + brief_list(names),
       .file = "millgate.toml",
       .line = project.feature_section.place_of(first).line,
       .mend = "write what each gives for a row: [[example]] feature = \"" + first +
               "\", given = { COLUMN = VALUE }, expect = VALUE; millgate test",
       .is_safe = false});
}

Symptom about_requirement(const Requirement& one, std::string what, std::string mend) {
  return {.id = "requirement-unmeasured",
          .what = "requirement " + name_of(one) + ": " + std::move(what),
          .file = "millgate.toml",
          .line = one.section.place_of("metric").line,
          .mend = std::move(mend),
          .is_safe = false};
}

/// The model whose verdict counts: what serves; without it, the newest.
Result<std::optional<Id>> model_of(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto trained, runs(ledger));
  if (trained.empty()) return std::optional<Id>();
  const auto live = resolve_model(ledger, "serving");
  if (live.ok()) return std::optional<Id>(*live);
  return std::optional<Id>(trained.back().model);
}

Status examine_requirements(const Patient& patient, Chart& chart) {
  const Ledger& ledger = patient.repository->ledger();
  MILLGATE_ASSIGN(const std::optional<Id> model, model_of(ledger));
  if (!model) return {};  // There is nothing to be measured yet.
  for (const Environment& environment : patient.project->environments) {
    if (environment.requirements.empty()) continue;
    const std::string gate = "millgate gate " + model->brief() +
                             (environment.key.empty() ? "" : " --env " + environment.key);
    MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                    find_verdict(ledger, *model, environment.key));
    for (const Requirement& asked : environment.requirements) {
      const Judgement* judged = nullptr;
      if (verdict) {
        for (const Judgement& one : verdict->judgements()) {
          if (name_of(one.requirement) == name_of(asked) && one.requirement.bound == asked.bound) {
            judged = &one;
          }
        }
      }
      if (judged == nullptr) {
        chart.symptoms.push_back(about_requirement(
            asked, "nobody measured it of model " + model->brief() + " in " + environment.name,
            gate));
      } else if (!judged->evidence && !judged->passed) {
        chart.symptoms.push_back(about_requirement(
            asked, "it could not be measured: " + judged->reason, gate + " says what is missing"));
      }
    }
  }
  return {};
}

}  // namespace

Status examine_code(const Patient& patient, Chart& chart) {
  if (patient.project == nullptr) return {};
  const Project& project = *patient.project;
  if (patient.is_asked("feature-example")) examine_examples(project, chart);
  const bool asks_anything =
      std::any_of(project.environments.begin(), project.environments.end(),
                  [](const Environment& one) { return !one.requirements.empty(); });
  if (patient.is_asked("requirement-none") && project.task && !asks_anything) {
    chart.symptoms.push_back({.id = "requirement-none",
                              .what = "nothing says what a model must meet to go live",
                              .file = "millgate.toml",
                              .line = 0,
                              .mend = "write a [[requirement]]; millgate metrics lists the metrics",
                              .is_safe = false});
  }
  if (!patient.is_asked("requirement-unmeasured") || patient.repository == nullptr) return {};
  return examine_requirements(patient, chart);
}

}  // namespace millgate
