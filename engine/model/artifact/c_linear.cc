#include <string>
#include <vector>

#include "model/artifact/c_scorer.h"
#include "model/artifact/linear_terms.h"

namespace millgate {
namespace {

constexpr std::string_view kAdds =
    "/* What a number adds; what is missing counts as the mean. */\n"
    "static double number_adds(double x, double mean, double scale, double coefficient) {\n"
    "  const double standard = (x - mean) / scale;\n"
    "  const double reached = standard < -REACH ? -REACH : REACH < standard ? REACH : standard;\n"
    "  return isfinite(x) ? coefficient * reached : 0.0;\n"
    "}\n\n";
constexpr std::string_view kCategoryAdds =
    "/* What a category adds; 0 for one that is missing or not known. */\n"
    "static double category_adds(double x, const double *adds, size_t count) {\n"
    "  return isfinite(x) && x >= 0.0 && x < (double)count ? adds[(size_t)x] : 0.0;\n"
    "}\n\n";

}  // namespace

std::string write_c_linear(const LinearModel& model, CTables& tables) {
  const LinearTerms terms(model);
  std::string sum = "  double sum = " + c_number(model.intercept) + ";\n";
  bool has_numbers = false;
  bool has_categories = false;
  size_t column = 0;
  for (size_t feature = 0; feature < terms.feature_count(); ++feature) {
    const std::string x = "features[" + std::to_string(feature) + "]";
    const bool is_category = !model.columns.empty() && model.columns[column].is_category();
    if (!is_category) {
      has_numbers = true;
      sum += "  sum += number_adds(" + x + ", " + c_number(model.mean[column]) + ", " +
             c_number(model.scale[column]) + ", " + c_number(model.coefficient[column]) + ");\n";
      ++column;
      continue;
    }
    has_categories = true;
    std::vector<double> adds;
    for (; column < model.columns.size() && model.columns[column].feature == feature; ++column) {
      adds.resize(static_cast<size_t>(model.columns[column].category) + 1, 0.0);
    }
    for (size_t code = 0; code < adds.size(); ++code) {
      adds[code] = terms.contribution(feature, static_cast<double>(code));
    }
    const std::string table = "adds" + std::to_string(feature);
    std::string text =
        "static const double " + table + "[" + std::to_string(adds.size()) + "] = {\n";
    for (const double one : adds) text += "  " + c_number(one) + ",\n";
    tables.add(text + "};\n", static_cast<int64_t>(adds.size()) * 8);
    sum +=
        "  sum += category_adds(" + x + ", " + table + ", " + std::to_string(adds.size()) + ");\n";
  }
  std::string text;
  if (has_numbers) {
    text += "#define REACH " + c_number(kLinearReach) + "\n";
    text += kAdds;
  }
  if (has_categories) text += kCategoryAdds;
  return text + "static double score_features(const double *features) {\n" + sum +
         (terms.feature_count() == 0 ? "  (void)features;\n" : "") + "  return " +
         (model.logistic ? "1.0 / (1.0 + exp(-sum))" : "sum") + ";\n}\n";
}

}  // namespace millgate
