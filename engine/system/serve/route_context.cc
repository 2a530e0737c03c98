#include "system/serve/route_context.h"

#include <algorithm>

namespace millgate {

std::string name_of(const ProjectView& project) {
  if (!project.name.empty()) return project.name;
  const std::shared_ptr<const ServedModel> model = project.models->get();
  return model == nullptr ? std::string() : model->name();
}

std::vector<std::string> names_of(const std::vector<ProjectView>& projects) {
  std::vector<std::string> names;
  names.reserve(projects.size());
  for (const ProjectView& project : projects) names.push_back(name_of(project));
  return names;
}

ServedModels models_of(const std::vector<ProjectView>& projects) {
  ServedModels models;
  for (const ProjectView& project : projects) {
    std::shared_ptr<const ServedModel> model = project.models->get();
    if (model != nullptr) models.push_back(std::move(model));
  }
  return models;
}

bool are_ready(const std::vector<ProjectView>& projects) {
  return std::all_of(projects.begin(), projects.end(),
                     [](const ProjectView& project) { return project.models->is_ready(); });
}

std::vector<ProjectView> RouteContext::views() const {
  if (!projects.empty()) return projects;
  return {{.name = {}, .models = &models, .log = log, .sketches = sketches, .online = online}};
}

}  // namespace millgate
