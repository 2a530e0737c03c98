#include "app/candidates.h"

#include <algorithm>
#include <utility>

#include "model/release/model_name.h"

namespace millgate {

namespace {

constexpr size_t kNewest = 5;

}  // namespace

Result<std::vector<Id>> newest_models(const Ledger& ledger, std::vector<Id> first,
                                      const std::optional<Serving>& serving) {
  const auto add = [&](const Id& id) {
    if (std::find(first.begin(), first.end(), id) == first.end()) first.push_back(id);
  };
  MILLGATE_ASSIGN(const std::vector<RunRecord> versions, model_versions(ledger));
  for (auto one = versions.rbegin(); one != versions.rend() && first.size() < kNewest; ++one) {
    add(one->model);
  }
  if (serving) add(serving->model);
  return first;
}

Result<std::string> version_name(const Ledger& ledger, const Id& id) {
  MILLGATE_ASSIGN(const std::vector<RunRecord> versions, model_versions(ledger));
  for (size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].model == id) return "v" + std::to_string(i + 1) + " " + id.brief();
  }
  return id.brief();
}

Result<Candidate> candidate_of(const Workplace& place, const LoadedModel& loaded,
                               const std::optional<Serving>& serving,
                               std::vector<Evidence> of_program) {
  Candidate candidate{.name = {}, .model = loaded.view(), .of_program = std::move(of_program)};
  const Id& id = loaded.model->id();
  MILLGATE_ASSIGN(candidate.name, version_name(place.repository->ledger(), id));
  candidate.serves = serving && serving->model == id;
  if (candidate.of_program.empty() && wants_program_metrics(place.project.stakeholders)) {
    MILLGATE_ASSIGN(candidate.of_program, evidence_of_program(place, loaded));
  }
  return candidate;
}

}  // namespace millgate
