#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include "ground/comma_list.h"
#include "ground/file_store.h"
#include "system/doctor/git_files.h"
#include "system/doctor/patient.h"
#include "system/monitor/wording.h"
#include "system/pipeline/model_about.h"
#include "system/report/datasheet.h"
#include "system/report/verify_document.h"

namespace millgate {

namespace {

/// `about` by itself: a policy for personal data answers that question too.
bool is_answered(const Project& project, const Source& source, const std::string& member) {
  for (const auto& [name, text] : source.about.texts) {
    if (name == member && !text.empty()) return true;
  }
  if (member != "personal_data") return false;
  for (const TablePolicy& policy : project.personal) {
    if (policy.table == source.name && !policy.columns.empty()) return true;
  }
  return false;
}

void examine_about(const Project& project, const Source& source, Chart& chart) {
  std::vector<std::string> missing;
  for (const SheetQuestion& question : sheet_questions()) {
    if (!is_answered(project, source, question.member)) missing.emplace_back(question.member);
  }
  if (missing.empty()) return;
  chart.symptoms.push_back(
      {.id = "human-field",
       .what = "source `" + source.name + "`: nobody has said " + brief_list(missing),
       .file = "millgate.toml",
       .line = source.section.place_of("name").line,
       .mend =
           "millgate datasheet " + source.name + " shows the lines for `about` that would say it",
       .is_safe = false});
}

Status examine_model(const Project& project, Chart& chart) {
  if (!project.task) return {};
  Section root = project.root;
  MILLGATE_ASSIGN(const ModelAbout about, read_model_about(root));
  const std::vector<ModelQuestion> open = about.unanswered();
  std::vector<std::string> missing;
  missing.reserve(open.size());
  for (const ModelQuestion& question : open) missing.emplace_back(question.member);
  if (missing.empty()) return {};
  chart.symptoms.push_back({.id = "human-field",
                            .what = "the model: nobody has said " + brief_list(missing),
                            .file = "millgate.toml",
                            .line = root.has("model") ? root.place_of("model").line : 0,
                            .mend =
                                "write them into [model] of millgate.toml; `millgate report --as "
                                "annex-iv` says what each asks for",
                            .is_safe = false});
  return {};
}

// --- documents beside their evidence ---------------------------------------------------------

/// Nothing that we write is larger.
constexpr uintmax_t kDocumentBytesMax = 32U << 20U;

bool may_be_document(const std::string& path) {
  constexpr std::array<std::string_view, 5> kEnds = {".md", ".markdown", ".html", ".htm", ".json"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return path.ends_with(end); });
}

/// Files of git's index and of `reports`, from the project's folder on.
Result<std::set<std::string>> possible_documents(const Patient& patient) {
  std::set<std::string> paths;
  if (patient.in_git) {
    MILLGATE_ASSIGN(const auto files, indexed_files(patient.folder));
    for (const GitBlob& file : files) {
      if (may_be_document(file.path)) paths.insert(file.path);
    }
  }
  std::error_code failure;
  const std::filesystem::path reports = std::filesystem::path(patient.folder) / "reports";
  for (const auto& entry : std::filesystem::directory_iterator(reports, failure)) {
    const std::string path = "reports/" + entry.path().filename().string();
    if (may_be_document(path)) paths.insert(path);
  }
  return paths;
}

bool is_by_hand(const DocumentFinding& one) {
  return one.fault == DocumentFault::altered || one.fault == DocumentFault::added;
}

void tell(const std::string& path, const DocumentCheck& check, bool by_hand, Chart& chart) {
  const DocumentFinding* first = nullptr;
  int64_t count = 0;
  for (const DocumentFinding& one : check.findings) {
    if (is_by_hand(one) != by_hand) continue;
    if (first == nullptr) first = &one;
    ++count;
  }
  if (first == nullptr) return;
  const std::string what = std::string(to_text(check.seal.topic.kind)) + ": ";
  chart.symptoms.push_back(
      {.id = by_hand ? "document-altered" : "document-stale",
       .what = what + (first->line == 0
                           ? first->context
                           : count_of(count, "place") +
                                 (by_hand ? " altered by hand" : " not as the evidence says now")),
       .file = path,
       .line = first->line,
       .mend = "millgate report verify " + path + " shows them; " +
               command_for(check.seal.topic, path) + " writes it anew",
       .is_safe = false});
}

Status examine_evidence(const Patient& patient, Chart& chart) {
  MILLGATE_ASSIGN(const std::set<std::string> paths, possible_documents(patient));
  DocumentVerifier verifier(*patient.repository, *patient.project);
  for (const std::string& path : paths) {
    const std::string file = (std::filesystem::path(patient.folder) / path).string();
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure) ||
        std::filesystem::file_size(file, failure) > kDocumentBytesMax) {
      continue;
    }
    MILLGATE_ASSIGN(const std::string text, read_file(file));
    if (!has_seal(text)) continue;
    const auto check = verifier.verify(text);
    if (!check.ok()) {
      chart.passed_over.push_back(path + ": " + check.error().what);
      continue;
    }
    if (patient.is_asked("document-altered")) tell(path, *check, true, chart);
    if (patient.is_asked("document-stale")) tell(path, *check, false, chart);
  }
  return {};
}

Status examine_people(const Project& project, Chart& chart) {
  // `init` asks for it in these words.
  if (project.description.empty() || project.description.find("Say here ") != std::string::npos) {
    chart.symptoms.push_back({.id = "human-field",
                              .what = "the project does not say who asks what, and when",
                              .file = "millgate.toml",
                              .line = 0,
                              .mend = "write it into `description` of [project]",
                              .is_safe = false});
  }
  for (const Source& source : project.sources) examine_about(project, source, chart);
  return examine_model(project, chart);
}

}  // namespace

Status examine_documents(const Patient& patient, Chart& chart) {
  if (patient.project == nullptr) return {};
  const bool asks_evidence =
      patient.is_asked("document-altered") || patient.is_asked("document-stale");
  if (asks_evidence && patient.repository != nullptr) {
    MILLGATE_TRY(examine_evidence(patient, chart));
  }
  return patient.is_asked("human-field") ? examine_people(*patient.project, chart) : Status();
}

}  // namespace millgate
