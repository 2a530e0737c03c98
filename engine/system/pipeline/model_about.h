/// `[model]` of the project file: what only people can say of the models of a project.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// One thing that people are asked for.
struct ModelQuestion {
  const char* member;  ///< Of `[model]`: "licence".
  const char* title;   ///< "Licence"
  const char* asks;    ///< "under which terms the model may be used; ..."
  const char* who;     ///< Who will know: "legal".
  /// Asked for every model; else only by the technical documentation of the EU AI Act.
  bool is_common = true;
};
/// In the order in which documents have them.
[[nodiscard]] std::span<const ModelQuestion> model_questions();
/// `member` must be one.
[[nodiscard]] const ModelQuestion& model_question(std::string_view member);

struct ModelAbout {
  std::map<std::string, std::string> answers;  ///< By member; none is empty.

  [[nodiscard]] std::string answer(const std::string& member) const;
  /// Of those that are asked for every model.
  [[nodiscard]] std::vector<ModelQuestion> unanswered() const;
};

/// Reads `[model]` of the project file's `root`. Errors: `invalid_input` with the place for a
/// member that is none.
[[nodiscard]] Result<ModelAbout> read_model_about(Section& root);

}  // namespace millgate
