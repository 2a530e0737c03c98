#include "system/pipeline/online_use.h"

#include <algorithm>
#include <set>
#include <utility>

#include "data/feature/entity_rows.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "model/release/registry.h"
#include "system/pipeline/view_work.h"

namespace millgate {
namespace {

/// Models that may be asked for a prediction, each once.
Result<std::vector<OnlineReader>> models_in_use(const Repository& repository) {
  std::vector<OnlineReader> models;
  std::set<Id> seen;
  MILLGATE_ASSIGN(const auto live, live_everywhere(repository.ledger()));
  for (auto one = live.rbegin(); one != live.rend(); ++one) {
    if (!seen.insert(one->model).second) continue;
    models.push_back({one->model, one->environment.empty() ? std::string("serves")
                                                           : "is live in " + one->environment});
  }
  MILLGATE_ASSIGN(const auto history, serving_history(repository.ledger()));
  for (auto one = history.rbegin(); one != history.rend(); ++one) {
    if (seen.insert(one->model).second) models.push_back({one->model, "was released"});
  }
  MILLGATE_ASSIGN(const auto records, runs(repository.ledger()));
  if (!records.empty() && seen.insert(records.back().model).second) {
    models.push_back({records.back().model, "is the newest"});
  }
  std::erase_if(models,
                [&](const OnlineReader& one) { return !repository.objects().has(one.model); });
  return models;
}

}  // namespace

Result<std::vector<OnlineUse>> online_uses(Repository& repository, const Project& project,
                                           const std::string& revision, const OnlineStore& store) {
  MILLGATE_ASSIGN(const ViewWork work, open_views(repository, project, revision));
  std::set<std::string> defined;
  for (const View& view : work.plan.views) {
    MILLGATE_ASSIGN(ViewDefinition definition, view_definition(*work.database, work.plan, view));
    defined.insert(std::move(definition.version));
  }
  MILLGATE_ASSIGN(std::vector<OnlineView> views, store.views());
  std::vector<OnlineUse> uses;
  for (OnlineView& view : views) {
    const bool is_defined = defined.contains(view.version);
    uses.push_back({.view = std::move(view), .is_defined = is_defined, .readers = {}});
  }
  MILLGATE_ASSIGN(const std::vector<OnlineReader> models, models_in_use(repository));
  for (const OnlineReader& reader : models) {
    MILLGATE_ASSIGN(const auto model, Model::load(repository.objects(), reader.model));
    for (const ReadView& read : model->manifest().views) {
      for (OnlineUse& use : uses) {
        if (use.view.version == read.version) use.readers.push_back(reader);
      }
    }
  }
  return uses;
}

}  // namespace millgate
