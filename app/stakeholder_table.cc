#include "app/stakeholder_table.h"

#include <cmath>
#include <string>

#include "app/text_table.h"

namespace millgate {
namespace {

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
    cells.push_back(value_words(one) + (fare.empty() ? "" : " " + fare));
  }
  cells.push_back(std::isnan(choice.compromise) ? "" : rounded(choice.compromise, 3));
  cells.push_back(standing_words(choice, current));
  table.add(std::move(cells));
}

}  // namespace

void print_fares(const std::vector<FareLine>& lines, std::ostream& out) {
  if (lines.empty()) return;
  TextTable table({"stakeholder", "wants", "serving", "this model", "change", ""});
  for (const FareLine& one : lines) {
    table.add({one.stakeholder, one.wants, one.serving, one.model, one.change, one.outcome});
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
  const Choice* best = best_compromise(models.choices);
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
  const Choice* best = best_compromise(thresholds.choices);
  out << (best == nullptr ? "no threshold is acceptable to all of them"
                          : "best compromise by weight: threshold " + rounded(best->threshold))
      << '\n';
}

}  // namespace millgate
