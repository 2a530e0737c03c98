#include "system/pipeline/doctor_settings.h"

#include <utility>

namespace millgate {

Result<DoctorSettings> read_doctor_settings(Section& root) {
  DoctorSettings settings;
  MILLGATE_ASSIGN(settings.section, root.section("doctor"));
  MILLGATE_ASSIGN(settings.blocks_release, settings.section.texts("blocks_release"));
  MILLGATE_ASSIGN(const auto sections, settings.section.sections("allow"));
  settings.allow.reserve(sections.size());
  for (Section section : sections) {
    AllowedSymptom one;
    MILLGATE_ASSIGN(one.id, section.text("id"));
    MILLGATE_ASSIGN(one.file, section.text_or("file", ""));
    MILLGATE_ASSIGN(one.because, section.text("because"));
    if (one.because.empty()) {
      return section.error_at("because", "an allowed symptom needs a reason",
                              "say why it does no harm here; who reads the file later will ask");
    }
    MILLGATE_TRY(section.finish());
    one.section = section;
    settings.allow.push_back(std::move(one));
  }
  MILLGATE_TRY(settings.section.finish());
  return settings;
}

}  // namespace millgate
