#include <utility>

#include "system/doctor/patient.h"
#include "system/report/datasheet.h"

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
       .what = "source `" + source.name + "`: nobody has said " + listed(missing),
       .file = "millgate.toml",
       .line = source.section.place_of("name").line,
       .mend =
           "millgate datasheet " + source.name + " shows the lines for `about` that would say it",
       .is_safe = false});
}

}  // namespace

Status examine_documents(const Patient& patient, Chart& chart) {
  if (patient.project == nullptr || !patient.is_asked("human-field")) return {};
  const Project& project = *patient.project;
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
  return {};
}

}  // namespace millgate
