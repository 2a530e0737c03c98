/// What the parts of an examination look at, and where they write what they find.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/doctor/symptom.h"
#include "system/pipeline/project.h"

namespace millgate {

struct Patient {
  std::string folder;                ///< Of the project.
  const Project* project = nullptr;  ///< Null where the project file cannot be read.
  Repository* repository = nullptr;  ///< Null without a store. Nothing is recorded in it.
  bool in_git = false;
  bool whole_history = false;  ///< However long it takes.
  std::function<bool(std::string_view id)> is_asked;
};

struct Chart {
  std::vector<Symptom> symptoms;
  std::vector<std::string> passed_over;  ///< What was not looked at, and why; one sentence each.
};

// One for each group of symptoms. They look only at what is asked, and change nothing.
// Errors: `outside` for files and git; `damaged`.
[[nodiscard]] Status examine_data(const Patient& patient, Chart& chart);
[[nodiscard]] Status examine_git(const Patient& patient, Chart& chart);
[[nodiscard]] Status examine_code(const Patient& patient, Chart& chart);
[[nodiscard]] Status examine_deployment(const Patient& patient, Chart& chart);
[[nodiscard]] Status examine_documents(const Patient& patient, Chart& chart);

}  // namespace millgate
