#include "system/pipeline/useful_features.h"

#include <arrow/table.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/feature/join.h"
#include "ground/nearest_name.h"
#include "model/learn/attempt.h"
#include "system/pipeline/feature_work.h"

namespace millgate {

namespace {

Status check_names(const Project& project, const std::vector<std::string>& without) {
  std::vector<std::string> names;
  names.reserve(project.features.size());
  for (const FeatureDefinition& one : project.features) names.push_back(one.name);
  for (const std::string& name : without) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return not_found("there is no feature `" + name + "`", name_hint(name, names));
  }
  return {};
}

/// Feature -> why it is known too late.
std::map<std::string, std::string> known_too_late(const FeatureWork& work,
                                                  const std::vector<Leak>& leaks) {
  std::map<std::string, std::string> late;
  for (const AnswerRead& one : answers_read(work.plan.task, work.program, work.fields)) {
    late.emplace(one.feature, "it reads `" + one.column + "`, from which the label is made");
  }
  for (const Leak& one : leaks) {
    late.emplace(one.feature, "it reads `" + one.column + "`: " + one.reason);
  }
  return late;
}

/// The views, or the task's table, that hold `inputs`.
std::vector<std::string> sources_of(const FeatureWork& work,
                                    const std::vector<std::string>& inputs) {
  std::set<std::string> sources;
  for (const std::string& input : inputs) {
    const auto view =
        std::find_if(work.plan.views.begin(), work.plan.views.end(),
                     [&](const View& one) { return input.starts_with(one.name + "."); });
    sources.insert(view == work.plan.views.end() ? work.plan.task.table : view->name);
  }
  return {sources.begin(), sources.end()};
}

std::vector<std::string> inputs_of(const FeatureWork& work, const std::string& feature) {
  for (const Feature& one : work.program.features()) {
    if (one.name == feature) return one.inputs;
  }
  return {};
}

}  // namespace

Result<UsefulFeatures> useful_features(Repository& repository, const Project& project,
                                       const UsefulFeaturesOptions& options) {
  MILLGATE_TRY(check_names(project, options.without));
  std::vector<Leak> leaks;
  MILLGATE_ASSIGN(const FeatureWork work,
                  open_features(repository, project, options.revision, &leaks));
  const auto late = known_too_late(work, leaks);
  TrainRequest request;
  request.task = work.plan.task;
  request.context = work.context;
  request.settings = project.train;
  for (const FeatureDefinition& one : project.features) {
    const bool is_left_out = std::find(options.without.begin(), options.without.end(), one.name) !=
                             options.without.end();
    if (!is_left_out && !late.contains(one.name)) request.features.push_back(one);
  }
  if (request.features.empty()) {
    return invalid_input("no feature is left to judge: " + std::to_string(late.size()) + " of " +
                             std::to_string(project.features.size()) + " are known too late",
                         "`millgate run` names the first of them and what to do");
  }
  if (options.study.progress) options.study.progress("join", 0);
  MILLGATE_ASSIGN(request.joined, join_as_of(*work.database, work.plan, work.columns()));
  UsefulFeatures made;
  MILLGATE_ASSIGN(made.usefulness, feature_usefulness(request, options.study));
  for (const FeatureDefinition& one : project.features) {
    const auto found = late.find(one.name);
    if (found == late.end()) continue;
    UsefulFeature leak;
    leak.name = one.name;
    leak.expression = one.expression;
    leak.inputs = inputs_of(work, one.name);
    leak.advice = FeatureAdvice::leak;
    leak.reason = found->second;
    made.usefulness.features.push_back(std::move(leak));
  }
  for (const UsefulFeature& one : made.usefulness.features) {
    made.sources.push_back(sources_of(work, one.inputs));
  }
  return made;
}

}  // namespace millgate
