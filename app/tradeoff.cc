#include "system/pipeline/tradeoff.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/candidates.h"
#include "app/commands.h"
#include "app/going_live.h"
#include "app/loaded_model.h"
#include "app/stakeholder_table.h"
#include "app/talk.h"
#include "model/release/model_name.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> models;
};

/// The models to weigh, each once, the one that serves among them.
Result<std::vector<Id>> chosen_models(const Ledger& ledger, const std::vector<std::string>& names,
                                      const std::optional<Serving>& serving) {
  if (names.empty()) {
    MILLGATE_ASSIGN(const Id latest, resolve_model(ledger, "latest"));
    return newest_models(ledger, {latest}, serving);
  }
  std::vector<Id> ids;
  const auto add = [&](const Id& id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(const Id id, resolve_model(ledger, name));
    add(id);
  }
  if (serving) add(serving->model);
  return ids;
}

Result<int> tradeoff(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  const Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger));
  MILLGATE_ASSIGN(const std::vector<Id> ids, chosen_models(ledger, options.models, now));
  std::vector<std::unique_ptr<LoadedModel>> loaded;  // Candidates point into them.
  std::vector<Candidate> candidates;
  const auto progress = progress_line();
  for (const Id& id : ids) {
    if (progress) {
      progress("measure", static_cast<double>(loaded.size()) / static_cast<double>(ids.size()));
    }
    MILLGATE_ASSIGN(LoadedModel one,
                    load_model(place, id, loaded.empty() ? "" : loaded.front()->run.data_commit));
    loaded.push_back(std::make_unique<LoadedModel>(std::move(one)));
    MILLGATE_ASSIGN(Candidate candidate, candidate_of(place, *loaded.back(), now));
    candidates.push_back(std::move(candidate));
  }
  const std::vector<Stakeholder>& stakeholders = place.project.stakeholders;
  MILLGATE_ASSIGN(const Tradeoff models,
                  weigh_models(*place.repository, place.project, candidates));
  MILLGATE_ASSIGN(const Tradeoff thresholds, weigh_thresholds(place.project, candidates.front()));
  end_progress();
  if (session.json) {
    print_json(to_json(Weighing{stakeholders, models, thresholds}));
    return kDone;
  }
  print_wishes(stakeholders, std::cout);
  std::cout << '\n';
  print_models(models, stakeholders, std::cout);
  std::cout << '\n';
  print_thresholds(thresholds, stakeholders, std::cout);
  if (now) tell_override(*now);
  std::cerr << (thresholds.choices.empty()
                    ? "hint: `millgate gate MODEL` judges\n"
                    : "hint: a threshold is set by `threshold` in [task], and the model trained "
                      "anew; `millgate gate MODEL` judges\n");
  return kDone;
}

}  // namespace

void add_tradeoff(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "tradeoff", "who gains and who loses by each model and threshold", "millgate tradeoff");
  command.add_option("model", options->models,
                     "ids, versions or aliases; default: the newest five and what serves");
  command.does([&session, options] { return tradeoff(session, *options); });
}

}  // namespace millgate
