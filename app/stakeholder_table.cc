#include "app/stakeholder_table.h"

#include <cmath>
#include <string>

#include "app/text_table.h"
#include "ground/comma_list.h"

namespace millgate {
namespace {

/// Money and rates alike: digits enough for the one, few enough for the other.
std::string value_text(double value) { return std::isnan(value) ? "not known" : rounded(value, 5); }

std::string change_text(const StakeholderValue& one) {
  if (!one.change) return {};
  if (one.fare == Fare::same) return "0";
  std::string text = with_sign(*one.change, 4);
  if (one.change_lower && one.change_upper) {
    text += " (" + with_sign(*one.change_lower, 4) + " to " + with_sign(*one.change_upper, 4) + ")";
  }
  return text;
}

std::string fare_words(const StakeholderValue& one) {
  if (!one.acceptable) return "UNACCEPTABLE";
  if (one.fare == Fare::unknown) return one.change ? "cannot be told" : "";
  return std::string(to_text(one.fare));
}

/// "utility by origin", with what limits it.
std::string wish_text(const Stakeholder& one) {
  std::string text = one.wants;
  if (!one.by.empty()) text += " by " + comma_list(one.by);
  for (const SliceCondition& condition : one.where) {
    text += " where " + condition.column + "=" + condition.value;
  }
  text += one.higher_is_better ? ", more is better" : ", less is better";
  if (one.at_least) text += ", at least " + rounded(*one.at_least);
  if (one.at_most) text += ", at most " + rounded(*one.at_most);
  if (one.weight != 1) text += ", counts " + rounded(one.weight) + " times";
  return text;
}

std::string standing(const Choice& choice, const char* current) {
  std::string text = choice.is_current ? current : "";
  const auto add = [&](const char* word) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  };
  if (choice.on_front) add("front");
  if (!choice.acceptable) add("unacceptable");
  return text;
}

std::vector<std::string> header(const char* first, const std::vector<Stakeholder>& stakeholders) {
  std::vector<std::string> texts = {first};
  for (const Stakeholder& one : stakeholders) texts.push_back(one.name);
  texts.insert(texts.end(), {"compromise", ""});
  return texts;
}

void add_choice(const Choice& choice, std::string name, const char* current, TextTable& table) {
  std::vector<std::string> cells = {std::move(name)};
  for (const StakeholderValue& one : choice.values) {
    const std::string fare = fare_words(one);
    cells.push_back(value_text(one.value) + (fare.empty() ? "" : " " + fare));
  }
  cells.push_back(std::isnan(choice.compromise) ? "" : rounded(choice.compromise, 3));
  cells.push_back(standing(choice, current));
  table.add(std::move(cells));
}

const Choice* best_of(const std::vector<Choice>& choices) {
  const Choice* best = nullptr;
  for (const Choice& one : choices) {
    if (!one.acceptable) continue;
    if (best == nullptr || one.compromise > best->compromise) best = &one;
  }
  return best;
}

}  // namespace

void print_fares(const Choice& model, const Choice& serving,
                 const std::vector<Stakeholder>& stakeholders, std::ostream& out) {
  if (!model.why_not.empty()) return;
  TextTable table({"stakeholder", "wants", "serving", "this model", "change", ""});
  for (size_t s = 0; s < stakeholders.size(); ++s) {
    const StakeholderValue& one = model.values[s];
    table.add({stakeholders[s].name, wish_text(stakeholders[s]),
               serving.values.empty() ? "not known" : value_text(serving.values[s].value),
               value_text(one.value), change_text(one), fare_words(one)});
  }
  table.print(out);
}

void print_wishes(const std::vector<Stakeholder>& stakeholders, std::ostream& out) {
  for (const Stakeholder& one : stakeholders) out << one.name << ": " << wish_text(one) << '\n';
}

void print_models(const Tradeoff& models, const std::vector<Stakeholder>& stakeholders,
                  std::ostream& out) {
  out << "models, on " << grouped(models.row_count) << " test rows";
  if (models.left_out_count > 0) {
    out << " (" << grouped(models.left_out_count) << " trained what serves and are left out)";
  }
  out << ":\n";
  TextTable table(header("model", stakeholders));
  for (const Choice& one : models.choices) {
    if (one.why_not.empty()) add_choice(one, one.name, "serves", table);
  }
  if (!table.empty()) table.print(out);
  for (const Choice& one : models.choices) {
    if (!one.why_not.empty()) out << one.name << " is not compared: " << one.why_not << '\n';
  }
  const Choice* best = best_of(models.choices);
  if (best == nullptr) {
    out << "no model is acceptable to all of them\n";
  } else if (models.choices.size() > 1) {
    out << "best compromise by weight: " << best->name << '\n';
  }
}

void print_thresholds(const Tradeoff& thresholds, const std::vector<Stakeholder>& stakeholders,
                      std::ostream& out) {
  if (thresholds.choices.empty()) return;
  out << "thresholds of " << thresholds.choices.front().name << ", on "
      << grouped(thresholds.row_count) << " validation rows:\n";
  TextTable table(header("threshold", stakeholders));
  for (const Choice& one : thresholds.choices) {
    add_choice(one, rounded(one.threshold), "current", table);
  }
  table.print(out);
  const Choice* best = best_of(thresholds.choices);
  out << (best == nullptr ? "no threshold is acceptable to all of them"
                          : "best compromise by weight: threshold " + rounded(best->threshold))
      << '\n';
}

}  // namespace millgate
