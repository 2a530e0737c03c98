/// `[doctor]`: what `millgate doctor` may overlook, and what must be in order before a release.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// A `[[doctor.allow]]`: a symptom that somebody looked at and answers for.
struct AllowedSymptom {
  std::string id;       ///< As system/doctor/symptom.h lists them.
  std::string file;     ///< Glob of the path from the project's folder on; empty: anywhere.
  std::string because;  ///< Never empty.
  Section section;
};

/// Which symptoms exist is known to the room doctor, which looks at the ids.
struct DoctorSettings {
  std::vector<AllowedSymptom> allow;
  std::vector<std::string> blocks_release;  ///< Ids: while one is found, `release` refuses.
  Section section;
};

/// Reads `[doctor]` of the project file's `root`. Errors: `invalid_input` with the place.
[[nodiscard]] Result<DoctorSettings> read_doctor_settings(Section& root);

}  // namespace millgate
