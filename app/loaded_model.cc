#include "app/loaded_model.h"

#include <arrow/table.h>

#include "app/joined_rows.h"
#include "system/ship/program_probe.h"

namespace millgate {
namespace {

/// Rows that are sent, again and again, to measure a latency.
constexpr int64_t kTimedRows = 1'000;

}  // namespace

Result<LoadedModel> load_model(const Workplace& place, const Id& id, const std::string& commit) {
  LoadedModel loaded;
  MILLGATE_ASSIGN(loaded.run, read_run(*place.repository, id));
  MILLGATE_ASSIGN(loaded.model, Model::load(place.repository->objects(), id));
  MILLGATE_ASSIGN(loaded.trained, joined_rows(place, loaded.run.data_commit, *loaded.model, ""));
  loaded.judged = loaded.trained;
  if (!commit.empty() && commit != loaded.run.data_commit) {
    MILLGATE_ASSIGN(loaded.judged, joined_rows(place, commit, *loaded.model, ""));
  }
  return loaded;
}

Result<std::vector<Evidence>> evidence_of_program(const Workplace& place,
                                                  const LoadedModel& loaded) {
  const auto some = loaded.judged->Slice(0, kTimedRows);
  MILLGATE_ASSIGN(const Block rows, block_from(*some, loaded.model->features().inputs()));
  MILLGATE_ASSIGN(LatencyProbe probe,
                  measure_program(place.repository->objects(), *loaded.model, rows,
                                  {.scratch = place.repository->folder("scratch")}));
  for (const Evidence& one : loaded.run.evidence) {
    if (one.metric == "training_energy_joules") probe.evidence.push_back(one);
  }
  return std::move(probe.evidence);
}

}  // namespace millgate
