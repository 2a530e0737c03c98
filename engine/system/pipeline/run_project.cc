#include "system/pipeline/run_project.h"

#include <string>
#include <utility>

#include "system/pipeline/configuration.h"

namespace millgate {

Result<Project> project_of_run(const Repository& repository, const RunReport& run) {
  MILLGATE_ASSIGN(const Id id, Id::parse(run.configuration_hash));
  auto kept = kept_configuration(repository.objects(), id);
  if (!kept.ok() && kept.error().code == ErrorCode::not_found) {
    return not_found(
        "the project file that made the model " + run.model.brief() + " is not in the store",
        "`millgate fsck` tells what is missing, and a backup or a copy of the "
        "project may have it; the earliest versions of millgate did not keep it");
  }
  MILLGATE_ASSIGN(Configuration configuration, std::move(kept));
  return project_of(repository.project_folder(), std::move(configuration),
                    "millgate.toml of event " + std::to_string(run.event_number));
}

}  // namespace millgate
