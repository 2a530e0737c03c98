/// `doctor`: checks the folder of a project for life, and mends what can be mended safely.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/doctor/symptom.h"

namespace millgate {

struct ExaminationOptions {
  std::vector<std::string> only;            ///< Ids or groups; empty: all.
  std::vector<std::string> skip;            ///< The same; counts more.
  bool whole_history = false;               ///< Read all of git's history, however large.
  std::vector<std::string> overrides = {};  ///< Of the project file.
};

/// A finding that the project file allows.
struct AllowedFinding {
  Symptom symptom;
  std::string because;
};

struct Examination {
  std::vector<std::string> asked;  ///< Ids that were looked for.
  std::vector<Symptom> symptoms;   ///< In the order of symptom_kinds, then by place.
  std::vector<AllowedFinding> allowed;
  std::vector<std::string> passed_over;  ///< What was not looked at, and why.

  [[nodiscard]] int64_t count(Harm harm) const;
};

/// Looks at `folder`, which holds a millgate.toml. Changes nothing. A project file that cannot be
/// read and a damaged ledger are findings, and the rest is looked at all the same.
/// Errors: `invalid_input` for an id that is none, here or in the project file; `outside`.
[[nodiscard]] Result<Examination> examine(const std::string& folder, const Clock& clock,
                                          const ExaminationOptions& options = {});

/// Mends the findings of `examination` that are safe to mend; says what it did, one sentence each.
/// Doing it again does nothing. Errors: `outside`.
[[nodiscard]] Result<std::vector<std::string>> mend_safely(const std::string& folder,
                                                           const Examination& examination);

[[nodiscard]] nlohmann::ordered_json to_json(const Examination& examination);

}  // namespace millgate
