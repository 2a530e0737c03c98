#include "system/pipeline/reproduce.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ground/json.h"
#include "ground/shortest_text.h"
#include "model/artifact/model.h"
#include "model/artifact/model_difference.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"
#include "system/pipeline/run_project.h"

namespace millgate {

namespace {

using Versions = std::map<std::string, std::string>;

/// Of versions that are the same, at most so many are told one by one: a program in Python finds
/// more than a hundred packages.
constexpr size_t kToldVersions = 8;

std::string count(size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

/// Which of the parts of `before` that are about data have another value in `after`.
std::string changed_data(const StepKey& before, const StepKey& after) {
  StepKey old, now;
  for (const auto& [from, to] : {std::pair{&before, &old}, std::pair{&after, &now}}) {
    for (const auto& [name, value] : from->parts()) {
      if (name.starts_with("rows of ")) to->add(name, value);
    }
  }
  return old.id() == now.id() ? "" : now.difference_from(old);
}

ReproducedStep data_step(const Repository& repository, const RunReport& run,
                         const RunReport& again) {
  ReproducedStep step{
      .name = "data", .same = true, .how = "commit " + run.data_commit.substr(0, 12)};
  const std::string changed = changed_data(run.keys.join, again.keys.join);
  if (changed.empty()) return step;
  step.same = false;
  step.how = changed;
  const auto forgotten = repository.ledger().events(0, "forget");
  if (forgotten.ok() && !forgotten->empty()) {
    step.how += ": rows were forgotten for good since (event " +
                std::to_string(forgotten->back().number) + ")";
  }
  return step;
}

/// Of everything that a step reads beside rows and parameters of the learner.
ReproducedStep definition_step(const RunReport& run, const RunReport& again) {
  ReproducedStep step{.name = "definitions", .same = true, .how = ""};
  if (changed_data(run.keys.join, again.keys.join).empty() &&
      run.keys.join.id() != again.keys.join.id()) {
    step.how = again.keys.join.difference_from(run.keys.join);
  } else if (run.keys.join.id() == again.keys.join.id() &&
             run.keys.train.id() != again.keys.train.id()) {
    step.how = again.keys.train.difference_from(run.keys.train);
  }
  step.same = step.how.empty();
  if (step.same) step.how = "project file " + run.configuration_hash.substr(0, 12);
  return step;
}

ReproducedStep dependency_step(const Versions& before, const Versions& after) {
  ReproducedStep step{.name = "dependencies", .same = before == after, .how = ""};
  const auto add = [&](const std::string& words) {
    step.how += (step.how.empty() ? "" : ", ") + words;
  };
  for (const auto& [library, version] : before) {
    const auto now = after.find(library);
    if (step.same) add(library + " " + version);
    if (now == after.end()) add(library + " " + version + ", then none");
    if (now != after.end() && now->second != version) {
      add(library + " " + version + ", then " + now->second);
    }
  }
  if (step.same && before.size() > kToldVersions) step.how = count(before.size(), "version");
  for (const auto& [library, version] : after) {
    if (!before.contains(library)) add(library + " none, then " + version);
  }
  return step;
}

ReproducedStep joined_step(const RunReport& run, const RunReport& again) {
  ReproducedStep step{.name = "joined rows", .same = true, .how = ""};
  if (run.joined_rows.empty()) {
    step.how = "not compared: the run did not keep their hash";
    return step;
  }
  step.same = run.joined_rows == again.joined_rows;
  step.how = again.joined_rows.substr(0, 12);
  if (!step.same) step.how = run.joined_rows.substr(0, 12) + ", then " + step.how;
  return step;
}

ReproducedStep parameter_step(const RunReport& run, const RunReport& again) {
  ReproducedStep step{.name = "parameters", .same = true, .how = ""};
  if (run.study != again.study) {
    step.same = false;
    step.how =
        "the search is another: " + run.study.substr(0, 12) + ", then " + again.study.substr(0, 12);
  } else if (run.parameters != again.parameters) {
    step = dependency_step(run.parameters, again.parameters);
    step.name = "parameters";
  } else {
    step.how = count(run.parameters.size(), "parameter");
    if (!run.study.empty()) step.how += " from the search " + run.study.substr(0, 12);
  }
  return step;
}

/// The parts of the model, of which `differences` are those that differ.
void add_parts(const std::vector<ModelDifference>& differences, const Manifest& manifest,
               const RunReport& run, std::vector<ReproducedStep>& steps) {
  const std::vector<std::pair<std::string, std::string>> parts = {
      {"features", "fitted on " + std::to_string(manifest.train_row_count) + " rows"},
      {"model", manifest.learner},
      {"calibration", run.calibrated_by},
      {"uncertainty", run.uncertainty ? std::string(to_text(run.uncertainty->method)) : ""},
      {"profiles", "of the training rows"},
      {"manifest", "threshold " + shortest_text(manifest.threshold)},
  };
  for (const auto& [part, how] : parts) {
    const auto found = std::find_if(differences.begin(), differences.end(),
                                    [&](const auto& one) { return one.part == part; });
    if (found != differences.end()) {
      steps.push_back({.name = part, .same = false, .how = found->what});
    } else if (!how.empty()) {
      steps.push_back({.name = part, .same = true, .how = how});
    }
  }
}

/// Evidence without what names the model that it is about.
Json figures(const Evidence& evidence) {
  Json json = to_json(evidence);
  json.erase("inputs");
  return json;
}

ReproducedStep evidence_step(const RunReport& run, const RunReport& again) {
  ReproducedStep step{.name = "evidence", .same = true, .how = ""};
  for (size_t i = 0; i < std::min(run.evidence.size(), again.evidence.size()); ++i) {
    const Evidence& before = run.evidence[i];
    const Evidence& after = again.evidence[i];
    if (figures(before) == figures(after)) continue;
    step.same = false;
    step.how = before.metric + (before.slice.empty() ? "" : " of " + before.slice) + ": " +
               shortest_text(before.value) + ", then " + shortest_text(after.value);
    return step;
  }
  step.same = run.evidence.size() == again.evidence.size();
  step.how = count(run.evidence.size(), "figure");
  if (!step.same) step.how += ", then " + std::to_string(again.evidence.size());
  return step;
}

Status append(Repository& repository, const std::string& author, Reproduction& reproduction) {
  MILLGATE_ASSIGN(const Event event,
                  repository.ledger().append({.kind = "reproduction",
                                              .subject = reproduction.model.hex(),
                                              .author = author,
                                              .body = dump_json(to_json(reproduction))}));
  reproduction.event_number = event.number;
  return {};
}

}  // namespace

const ReproducedStep* Reproduction::first_difference() const {
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [](const ReproducedStep& step) { return !step.same; });
  return found == steps.end() ? nullptr : &*found;
}

Result<Reproduction> reproduce_model(Repository& repository, const Id& model,
                                     const ReproduceOptions& options) {
  const Stopwatch watch;
  MILLGATE_ASSIGN(const RunReport run, read_run(repository, model));
  MILLGATE_ASSIGN(const Project project, project_of_run(repository, run));
  RunOptions how;
  how.revision = run.data_commit;
  how.author = options.author;
  how.record = false;
  how.threads = options.threads;
  how.progress = options.progress;
  MILLGATE_ASSIGN(const RunReport again, run_pipeline(repository, project, how));
  MILLGATE_ASSIGN(const auto before, Model::load(repository.objects(), model));
  MILLGATE_ASSIGN(const auto after, Model::load(repository.objects(), again.model));
  MILLGATE_ASSIGN(const auto differences,
                  model_differences(repository.objects(), model, again.model));

  Reproduction reproduction{
      .model = model, .made = again.model, .steps = {}, .data_commit = run.data_commit};
  reproduction.threads = options.threads;
  std::vector<ReproducedStep>& steps = reproduction.steps;
  const Manifest& manifest = before->manifest();
  steps.push_back(data_step(repository, run, again));
  steps.push_back(definition_step(run, again));
  steps.push_back(dependency_step(manifest.dependencies, after->manifest().dependencies));
  steps.push_back(joined_step(run, again));
  steps.push_back(parameter_step(run, again));
  add_parts(differences, manifest, run, steps);
  steps.push_back(evidence_step(run, again));
  reproduction.seconds = watch.seconds();
  MILLGATE_TRY(append(repository, options.author, reproduction));
  return reproduction;
}

Json to_json(const Reproduction& reproduction) {
  Json steps = Json::array();
  for (const ReproducedStep& step : reproduction.steps) {
    steps.push_back({{"step", step.name}, {"same", step.same}, {"how", step.how}});
  }
  const ReproducedStep* first = reproduction.first_difference();
  return {{"model", reproduction.model.hex()},
          {"made", reproduction.made.hex()},
          {"same", reproduction.is_same()},
          {"data_commit", reproduction.data_commit},
          {"first_difference", first != nullptr ? Json(first->name) : Json()},
          {"steps", steps},
          {"threads", reproduction.threads},
          {"seconds", reproduction.seconds}};
}

}  // namespace millgate
