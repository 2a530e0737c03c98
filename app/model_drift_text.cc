#include "app/model_drift_text.h"

#include <algorithm>

#include "app/text_table.h"

namespace millgate {

namespace {

constexpr int64_t kShown = 10;
/// Current rows of which nothing is known, from where on it is said.
constexpr double kUnknownShown = 0.005;

std::string change_text(const ShiftHarm& harm) {
  return with_sign(harm.change) + " (" + with_sign(harm.lower) + " .. " + with_sign(harm.upper) +
         ")";
}

std::string outcome(const FeatureDrift& one) {
  std::string text = one.does_harm() ? "HARM" : one.loss.upper < 0 ? "helps" : "";
  if (one.loss.unknown_share >= kUnknownShown) {
    text += (text.empty() ? "" : ", ") + percent(one.loss.unknown_share) + " cannot be told";
  }
  return text;
}

bool is_worth_showing(const FeatureDrift& one, double effect_min) {
  return one.does_harm() || one.loss.upper < 0 || one.effect >= effect_min;
}

}  // namespace

void print_model_drift(const ModelDrift& drift, const Id& model, double effect_min,
                       std::ostream& out) {
  const bool earns = !drift.features.empty() && drift.features.front().earned;
  out << "\nwhat it does to model " << model.brief() << ", whose " << drift.loss_name << " is "
      << rounded(drift.loss) << " on " << grouped(drift.labelled_rows) << " test rows:\n";
  std::vector<std::string> header = {"feature", "effect", "importance",
                                     "change of " + drift.loss_name};
  if (earns) header.emplace_back("change of what a row earns");
  header.emplace_back("");
  TextTable table(header);
  int64_t harmful = 0;
  int64_t shown = 0;
  for (const FeatureDrift& one : drift.features) {
    harmful += one.does_harm() ? 1 : 0;
    if (!is_worth_showing(one, effect_min) || ++shown > kShown) continue;
    std::vector<std::string> cells = {one.name, rounded(one.effect, 3), percent(one.importance),
                                      change_text(one.loss)};
    if (earns) cells.push_back(one.earned ? change_text(*one.earned) : "");
    cells.push_back(outcome(one));
    table.add(std::move(cells));
  }
  if (!table.empty()) table.print(out);
  if (shown > kShown) out << "... and " << grouped(shown - kShown) << " more; --json has all\n";
  out << grouped(harmful) << " of " << grouped(std::ssize(drift.features))
      << " features do harm by their drift; each as if nothing but it had changed\n";
}

}  // namespace millgate
