#include "model/learn/smaller_model.h"

#include <charconv>

#include "model/artifact/smaller_trees.h"
#include "model/learn/attempt.h"

namespace millgate {
namespace {

struct Shrinking {
  Smaller smaller;
  int student_leaves = 0;
  std::map<std::string, std::string> parameters;  ///< Those that were given.

  /// The number by a parameter's name; null: it is none of these.
  [[nodiscard]] int* find(const std::string& name) {
    if (name == "keep_trees") return &smaller.trees;
    if (name == "keep_leaves") return &smaller.leaves;
    if (name == "keep_bits") return &smaller.bits;
    return name == "student_leaves" ? &student_leaves : nullptr;
  }
};

Result<Shrinking> read_shrinking(const std::map<std::string, std::string>& parameters) {
  Shrinking shrinking;
  for (const auto& [name, text] : parameters) {
    int* const number = shrinking.find(name);
    if (number == nullptr) continue;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), *number);
    const int least = name == "keep_bits" || name == "student_leaves" ? 2 : 1;
    if (fault != std::errc() || end != text.data() + text.size() || *number < least) {
      return invalid_input("parameter `" + name + "` = `" + text + "` is no whole number from " +
                               std::to_string(least) + " on",
                           "look at [train.parameters]");
    }
    shrinking.parameters[name] = text;
  }
  return shrinking;
}

/// Trees that learn what `teacher` says.
Result<Fitted> fit_student(const LearnerInput& input, const Fitted& teacher, int leaves) {
  if (input.kind != TaskKind::binary && input.kind != TaskKind::regression) {
    return invalid_input("`student_leaves` is for binary tasks and regressions",
                         "`keep_trees`, `keep_leaves` and `keep_bits` work for all boosted trees");
  }
  Examples told = *input.train;
  told.labels = predictions_of(teacher, told);
  TrainSettings settings = *input.settings;
  settings.parameters["num_leaves"] = std::to_string(leaves);
  LearnerInput student = input;
  student.settings = &settings;
  student.train = &told;
  if (input.kind == TaskKind::binary) student.objective = "cross_entropy";
  return fit_boosted_trees(student);
}

}  // namespace

std::map<std::string, std::string> without_shrinking(
    std::map<std::string, std::string> parameters) {
  Shrinking none;
  std::erase_if(parameters, [&](const auto& one) { return none.find(one.first) != nullptr; });
  return parameters;
}

Result<Fitted> fit_smaller_trees(const LearnerInput& input) {
  MILLGATE_ASSIGN(const Shrinking shrinking, read_shrinking(input.settings->parameters));
  TrainSettings settings = *input.settings;
  settings.parameters = without_shrinking(std::move(settings.parameters));
  LearnerInput whole = input;
  whole.settings = &settings;
  MILLGATE_ASSIGN(Fitted fitted, fit_boosted_trees(whole));
  if (shrinking.parameters.empty() || fitted.is_stopped) return fitted;
  if (shrinking.student_leaves > 0) {
    MILLGATE_ASSIGN(fitted, fit_student(whole, fitted, shrinking.student_leaves));
  }
  MILLGATE_ASSIGN(fitted.text, smaller_lightgbm_text(fitted.text, shrinking.smaller));
  MILLGATE_ASSIGN(fitted.scorer, load_lightgbm_text(fitted.text));
  fitted.parameters.insert(shrinking.parameters.begin(), shrinking.parameters.end());
  return fitted;
}

}  // namespace millgate
