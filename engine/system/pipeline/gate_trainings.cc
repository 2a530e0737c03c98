#include "system/pipeline/gate_trainings.h"

#include <utility>

#include "model/learn/rival.h"
#include "system/pipeline/run_project.h"
#include "system/pipeline/training_set.h"
#include "system/pipeline/tune.h"

namespace millgate {
namespace {

ContestSide side_of(Rival rival) {
  return {.predictions = std::move(rival.predictions),
          .threshold = rival.threshold,
          .decide_by = std::move(rival.decide_by)};
}

}  // namespace

Result<GateTrainings> GateTrainings::open(Repository& repository, const Project& project,
                                          const GateModel& judged, const GateRows& rows) {
  auto then = project_of_run(repository, *judged.run);
  if (!then.ok() && then.error().code != ErrorCode::not_found) return then.error();
  const Project& made_by = then.ok() ? *then : project;
  MILLGATE_ASSIGN(const TrainingSet set,
                  open_training_set(repository, made_by, judged.run->data_commit));
  TrainRequest request = train_request(made_by, set, judged.judged);
  if (request.settings.tune) {
    StepReport step;
    MILLGATE_ASSIGN(const auto search, finished_search(repository, made_by, set, step));
    if (!search) {
      return invalid_input("the search that [train] `tune` asks for is not finished: " + step.why,
                           "`millgate tune` finishes it");
    }
    request.settings = tuned_settings(request.settings, *search);
  }
  return GateTrainings(std::move(request), rows);
}

Result<ContestSide> GateTrainings::simple(SimpleModelKind kind,
                                          std::span<const std::string> groups) const {
  MILLGATE_ASSIGN(Split split, split_rows(*request_.joined, request_.settings));
  split.test = rows_->numbers();
  MILLGATE_ASSIGN(Rival rival, kind == SimpleModelKind::last_value
                                   ? last_values(request_, rows_->all(), groups, split)
                                   : train_simple(kind, request_, rows_->all(), split));
  return side_of(std::move(rival));
}

Result<ContestSide> GateTrainings::aged(int64_t micros) const {
  const Time origin{rows_->split().test_begin_micros - micros};
  MILLGATE_ASSIGN(Split split, split_at(*request_.joined, request_.settings, origin));
  split.test = rows_->numbers();
  MILLGATE_ASSIGN(Rival rival, train_rival(request_, rows_->all(), split));
  return side_of(std::move(rival));
}

}  // namespace millgate
