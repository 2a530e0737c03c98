#include "system/doctor/examination.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <tuple>

#include "data/git/git_program.h"
#include "data/store/repository.h"
#include "data/table/value_text.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "system/doctor/patient.h"
#include "system/doctor/project_folder.h"
#include "system/pipeline/doctor_settings.h"

namespace millgate {

namespace {

bool names(const std::vector<std::string>& words, const SymptomKind& kind) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == kind.id || word == kind.group;
  });
}

Status check_words(const std::vector<std::string>& words, const std::string& option) {
  for (const std::string& word : words) {
    const auto kinds = symptom_kinds();
    if (std::any_of(kinds.begin(), kinds.end(), [&](const SymptomKind& kind) {
          return word == kind.id || word == kind.group;
        })) {
      continue;
    }
    return invalid_input(option + ": doctor looks for no `" + word + "`", symptom_hint(word));
  }
  return {};
}

/// A project file that cannot be read, as a finding at its place.
Symptom unreadable(const Error& error) {
  Symptom symptom{.id = "project-file",
                  .what = error.what,
                  .file = "millgate.toml",
                  .line = 0,
                  .mend = error.hint.empty() ? "mend it by hand" : error.hint,
                  .is_safe = false};
  if (const size_t at = error.where.find(".toml:"); at != std::string::npos) {
    const std::string rest = error.where.substr(at + 6);
    symptom.line = integer_from(rest.substr(0, rest.find(':'))).value_or(0);
  }
  return symptom;
}

Symptom without_store(const Error& error) {
  if (error.code == ErrorCode::not_found) {
    return {.id = "data-uncommitted",
            .what = "there is no store here: no data is committed",
            .file = "",
            .line = 0,
            .mend =
                "millgate init . && millgate commit -m \"first data\"; of a remote: millgate "
                "clone",
            .is_safe = false};
  }
  return {.id = "ledger",
          .what = error.what,
          .file = ".millgate",
          .line = 0,
          .mend = error.hint.empty() ? "millgate restore brings back a backup" : error.hint,
          .is_safe = false};
}

/// The rules of the project file for findings. Ids are known only here.
Result<DoctorSettings> settings_of(const Project& project) {
  Section root = project.root;
  MILLGATE_ASSIGN(DoctorSettings settings, read_doctor_settings(root));
  for (const AllowedSymptom& one : settings.allow) {
    if (find_symptom_kind(one.id) != nullptr) continue;
    return one.section.error_at("id", "doctor looks for no `" + one.id + "`", symptom_hint(one.id));
  }
  for (const std::string& id : settings.blocks_release) {
    if (find_symptom_kind(id) != nullptr) continue;
    return settings.section.error_at("blocks_release", "doctor looks for no `" + id + "`",
                                     symptom_hint(id));
  }
  return settings;
}

const AllowedSymptom* allowed_by(const DoctorSettings& settings, const Symptom& symptom) {
  for (const AllowedSymptom& one : settings.allow) {
    if (one.id != symptom.id) continue;
    if (one.file.empty() || ::fnmatch(one.file.c_str(), symptom.file.c_str(), 0) == 0) return &one;
  }
  return nullptr;
}

void examine_folders(const Patient& patient, Chart& chart) {
  if (!patient.is_asked("folder-missing")) return;
  std::string missing;
  std::error_code failure;
  for (const ProjectFolder& one : project_folders()) {
    if (std::filesystem::exists(std::filesystem::path(patient.folder) / one.path, failure))
      continue;
    missing += (missing.empty() ? "" : ", ") + std::string(one.path);
  }
  if (missing.empty()) return;
  chart.symptoms.push_back({.id = "folder-missing",
                            .what = "not there: " + missing,
                            .file = "",
                            .line = 0,
                            .mend = "millgate doctor --fix",
                            .is_safe = true});
}

/// In the order of the kinds, then by place.
void sort(std::vector<Symptom>& symptoms) {
  const auto order = [](const Symptom& one) {
    return std::tuple(find_symptom_kind(one.id), std::string_view(one.file), one.line);
  };
  std::stable_sort(symptoms.begin(), symptoms.end(), [&](const Symptom& one, const Symptom& other) {
    return order(one) < order(other);
  });
}

}  // namespace

int64_t Examination::count(Harm harm) const {
  return std::count_if(symptoms.begin(), symptoms.end(),
                       [&](const Symptom& one) { return find_symptom_kind(one.id)->harm == harm; });
}

Result<Examination> examine(const std::string& folder, const Clock& clock,
                            const ExaminationOptions& options) {
  MILLGATE_TRY(check_words(options.only, "--only"));
  MILLGATE_TRY(check_words(options.skip, "--skip"));
  Examination examination;
  for (const SymptomKind& kind : symptom_kinds()) {
    if (!options.only.empty() && !names(options.only, kind)) continue;
    if (!names(options.skip, kind)) examination.asked.emplace_back(kind.id);
  }
  Chart chart;
  Patient patient{.folder = folder,
                  .project = nullptr,
                  .repository = nullptr,
                  .in_git = git_top_folder(folder).ok(),
                  .whole_history = options.whole_history,
                  .is_asked = [&](std::string_view id) {
                    return std::find(examination.asked.begin(), examination.asked.end(), id) !=
                           examination.asked.end();
                  }};
  const auto project = read_project(folder, options.overrides);
  DoctorSettings settings;
  if (project.ok()) {
    patient.project = &*project;
    MILLGATE_ASSIGN(settings, settings_of(*project));
  } else {
    chart.symptoms.push_back(unreadable(project.error()));
  }
  const auto repository = Repository::open(folder, clock);
  if (repository.ok()) {
    patient.repository = repository->get();
  } else {
    chart.symptoms.push_back(without_store(repository.error()));
  }
  for (const auto& part :
       {examine_data, examine_git, examine_code, examine_deployment, examine_documents}) {
    MILLGATE_TRY(part(patient, chart));
  }
  examine_folders(patient, chart);
  std::erase_if(chart.symptoms, [&](const Symptom& one) { return !patient.is_asked(one.id); });
  sort(chart.symptoms);
  for (Symptom& one : chart.symptoms) {
    if (const AllowedSymptom* allowed = allowed_by(settings, one)) {
      examination.allowed.push_back({std::move(one), allowed->because});
    } else {
      examination.symptoms.push_back(std::move(one));
    }
  }
  examination.passed_over = std::move(chart.passed_over);
  return examination;
}

Result<std::vector<std::string>> mend_safely(const std::string& folder,
                                             const Examination& examination) {
  std::vector<std::string> done;
  for (const Symptom& one : examination.symptoms) {
    if (one.id == "git-ignore") {
      const std::string path = (std::filesystem::path(folder) / ".gitignore").string();
      auto text = read_file(path);
      if (!text.ok() && text.error().code != ErrorCode::not_found) return text.error();
      std::string lines = text.ok() ? *text : "";
      if (!lines.empty() && lines.back() != '\n') lines += '\n';
      MILLGATE_TRY(write_file(path, lines + "/.millgate/\n"));
      done.emplace_back("added /.millgate/ to .gitignore");
    } else if (one.id == "folder-missing") {
      MILLGATE_ASSIGN(const auto made, make_project_folders(folder));
      for (const std::string& path : made) done.push_back("made the folder " + path);
    }
  }
  return done;
}

Json to_json(const Examination& examination) {
  const auto symptom_json = [](const Symptom& one) -> Json {
    const SymptomKind* kind = find_symptom_kind(one.id);
    return {{"id", one.id},
            {"group", kind->group},
            {"harm", kind->harm == Harm::error ? "error" : "warning"},
            {"what", one.what},
            {"file", one.file.empty() ? Json() : Json(one.file)},
            {"line", one.line > 0 ? Json(one.line) : Json()},
            {"mend", one.mend},
            {"fix", one.is_safe}};
  };
  Json json = {{"asked", examination.asked},
               {"errors", examination.count(Harm::error)},
               {"warnings", examination.count(Harm::warning)},
               {"symptoms", Json::array()},
               {"allowed", Json::array()},
               {"passed_over", examination.passed_over}};
  for (const Symptom& one : examination.symptoms) json["symptoms"].push_back(symptom_json(one));
  for (const AllowedFinding& one : examination.allowed) {
    Json allowed = symptom_json(one.symptom);
    allowed["because"] = one.because;
    json["allowed"].push_back(std::move(allowed));
  }
  return json;
}

}  // namespace millgate
