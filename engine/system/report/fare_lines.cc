#include "system/report/fare_lines.h"

#include <algorithm>
#include <cmath>

#include "ground/comma_list.h"
#include "model/measure/rounded_text.h"

namespace millgate {

namespace {

std::string signed_text(double number) {
  return (std::signbit(number) ? "" : "+") + rounded_text(number);
}

std::string change_words(const StakeholderValue& one) {
  if (!one.change) return {};
  if (one.fare == Fare::same) return "0";
  std::string text = signed_text(*one.change);
  if (one.change_lower && one.change_upper) {
    text += " (" + signed_text(*one.change_lower) + " to " + signed_text(*one.change_upper) + ")";
  }
  return text;
}

}  // namespace

std::string value_words(const StakeholderValue& value) {
  return std::isnan(value.value) ? "not known" : rounded_text(value.value, 5);
}

std::string fare_words(const StakeholderValue& value) {
  if (!value.acceptable) return "UNACCEPTABLE";
  if (value.fare == Fare::unknown) return value.change ? "cannot be told" : "";
  return std::string(to_text(value.fare));
}

std::string wish_text(const Stakeholder& stakeholder) {
  std::string text = stakeholder.wants;
  if (!stakeholder.by.empty()) text += " by " + comma_list(stakeholder.by);
  for (const SliceCondition& condition : stakeholder.where) {
    text += " where " + condition.column + "=" + condition.value;
  }
  text += stakeholder.higher_is_better ? ", more is better" : ", less is better";
  if (stakeholder.at_least) text += ", at least " + rounded_text(*stakeholder.at_least);
  if (stakeholder.at_most) text += ", at most " + rounded_text(*stakeholder.at_most);
  if (stakeholder.weight != 1) {
    text += ", counts " + rounded_text(stakeholder.weight) + " times";
  }
  return text;
}

bool is_bad(const FareLine& line) {
  return line.outcome == "UNACCEPTABLE" || line.outcome == to_text(Fare::loses);
}

std::vector<FareLine> fare_lines(const Tradeoff& models,
                                 const std::vector<Stakeholder>& stakeholders) {
  if (models.choices.empty()) return {};
  const Choice& model = models.choices.front();
  const auto found = std::find_if(models.choices.begin(), models.choices.end(),
                                  [](const Choice& one) { return one.is_current; });
  if (!model.why_not.empty() || model.is_current || found == models.choices.end()) return {};
  const Choice& serving = *found;
  std::vector<FareLine> lines;
  lines.reserve(stakeholders.size());
  for (size_t s = 0; s < stakeholders.size(); ++s) {
    const StakeholderValue& one = model.values[s];
    lines.push_back({stakeholders[s].name, wish_text(stakeholders[s]),
                     serving.values.empty() ? "not known" : value_words(serving.values[s]),
                     value_words(one), change_words(one), fare_words(one)});
  }
  return lines;
}

const Choice* best_compromise(const std::vector<Choice>& choices) {
  const Choice* best = nullptr;
  for (const Choice& one : choices) {
    if (!one.acceptable) continue;
    if (best == nullptr || one.compromise > best->compromise) best = &one;
  }
  return best;
}

std::string standing_words(const Choice& choice, std::string_view current) {
  std::string text = choice.is_current ? std::string(current) : "";
  const auto add = [&](const char* word) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  };
  if (choice.on_front) add("front");
  if (!choice.acceptable) add("unacceptable");
  return text;
}

}  // namespace millgate
