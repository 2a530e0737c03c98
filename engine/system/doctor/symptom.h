/// What `doctor` can find wrong with the folder of a project.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

enum class Harm {
  error,    ///< It will cost somebody: doctor's answer is no.
  warning,  ///< Worth knowing.
};

/// One thing that doctor looks for.
struct SymptomKind {
  std::string_view id;     ///< Stable: named by --only, --skip and [[doctor.allow]].
  std::string_view group;  ///< "data", "git", "code", "deployment", "documents", "folders".
  Harm harm = Harm::warning;
  std::string_view healthy;  ///< What is so where nothing is found: "no secret is in git".
};

/// All of them, by group, in the order in which they are told.
[[nodiscard]] std::span<const SymptomKind> symptom_kinds();
/// Null when there is none of that id.
[[nodiscard]] const SymptomKind* find_symptom_kind(std::string_view id);
/// "did you mean ...": for an id that is none.
[[nodiscard]] std::string symptom_hint(const std::string& id);

/// One finding.
struct Symptom {
  std::string id;
  std::string what;      ///< One line: the object, then its fault.
  std::string file;      ///< From the project's folder on; empty: it is in no file.
  int64_t line = 0;      ///< From 1; 0: the file as a whole.
  std::string mend;      ///< What to do; a command where there is one.
  bool is_safe = false;  ///< `doctor --fix` mends it: nothing of the user can be lost by it.

  /// "file:line", "file" or "".
  [[nodiscard]] std::string where() const;
};

}  // namespace millgate
