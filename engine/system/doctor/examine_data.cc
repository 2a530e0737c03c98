#include <filesystem>
#include <utility>

#include "ground/file_store.h"
#include "system/doctor/patient.h"
#include "system/pipeline/source_status.h"

namespace millgate {

namespace {

/// In a clone of the code the data may be elsewhere: it is read from the store then.
bool has_files(const std::string& folder, const std::string& path) {
  return !expand_glob((std::filesystem::path(folder) / path).string()).empty();
}

/// `project` with those sources alone whose files are here.
Project with_files(const Project& project) {
  Project here = project;
  std::erase_if(here.sources, [&](const Source& one) {
    return one.path.empty() || !has_files(project.folder, one.path);
  });
  std::erase_if(here.folders, [&](const FolderSource& one) {
    return !std::filesystem::is_directory(std::filesystem::path(project.folder) / one.path);
  });
  return here;
}

int64_t line_of(const Project& project, const std::string& name) {
  for (const Source& one : project.sources) {
    if (one.name == name) return one.section.place_of("name").line;
  }
  for (const FolderSource& one : project.folders) {
    if (one.name == name) return one.section.place_of("name").line;
  }
  return 0;
}

Status examine_sources(const Patient& patient, Chart& chart) {
  const Project here = with_files(*patient.project);
  MILLGATE_ASSIGN(const ProjectStatus status,
                  project_status(*patient.repository, here, kCurrentBranch));
  for (const SourceStatus& one : status.sources) {
    if (!one.has_path || one.state == SourceState::unchanged) continue;
    const bool is_fresh = one.state == SourceState::fresh;
    Symptom symptom;
    symptom.id = is_fresh ? "data-uncommitted" : "data-changed";
    symptom.what = "source `" + one.name +
                   (is_fresh ? "` was never committed: nothing can be made from it again"
                             : "` has edits or new files that are in no commit");
    symptom.file = "millgate.toml";
    symptom.line = line_of(here, one.name);
    symptom.mend = is_fresh ? "millgate commit -m \"first data\""
                            : "keep it: millgate commit -m \"what changed\"; or go back: millgate "
                              "checkout " +
                                  one.name + " --force";
    chart.symptoms.push_back(std::move(symptom));
  }
  return {};
}

}  // namespace

Status examine_data(const Patient& patient, Chart& chart) {
  if (patient.repository == nullptr) return {};
  if (patient.is_asked("ledger")) {
    if (const Status whole = patient.repository->ledger().verify(); !whole.ok()) {
      chart.symptoms.push_back({.id = "ledger",
                                .what = whole.error().what,
                                .file = ".millgate/ledger.sqlite",
                                .line = 0,
                                .mend = "millgate fsck; millgate restore brings back a backup",
                                .is_safe = false});
      return {};  // What it says of the data is not to be believed.
    }
  }
  const bool wants_sources =
      patient.is_asked("data-uncommitted") || patient.is_asked("data-changed");
  if (patient.project == nullptr || !wants_sources) return {};
  return examine_sources(patient, chart);
}

}  // namespace millgate
