#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "data/feature/fitted_function.h"
#include "data/feature/function_table.h"
#include "data/feature/target_mean.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kObject = "what a feature learned";
constexpr const char* kGroup = "Learned from training rows";
constexpr double kDefaultWeight = 20.0;

/// A number for each text, and one for texts that were never seen.
class FittedTable : public LearnedParameters {
 public:
  FittedTable(std::map<std::string, double> values, double otherwise)
      : values_(values.begin(), values.end()), otherwise_(otherwise) {}

  [[nodiscard]] Json save() const override {
    Json entries = Json::array();
    const std::map<std::string, double> sorted(values_.begin(), values_.end());
    for (const auto& [text, value] : sorted) entries.push_back(Json::array({text, value}));
    return {{"unseen", otherwise_}, {"values", std::move(entries)}};
  }
  [[nodiscard]] double of(const std::string& text) const {
    const auto found = values_.find(text);
    return found == values_.end() ? otherwise_ : found->second;
  }

 private:
  std::unordered_map<std::string, double> values_;
  double otherwise_;
};

Result<std::shared_ptr<const LearnedParameters>> load_table(const Json& json) {
  MILLGATE_ASSIGN(const double otherwise, json_member<double>(json, "unseen", kObject));
  MILLGATE_ASSIGN(const auto entries, (json_member<std::vector<std::pair<std::string, double>>>(
                                          json, "values", kObject)));
  std::map<std::string, double> values(entries.begin(), entries.end());
  if (values.size() != entries.size()) return damaged("an encoding has a text twice");
  return std::shared_ptr<const LearnedParameters>(
      std::make_shared<FittedTable>(std::move(values), otherwise));
}

void table_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const auto& table = prepared_as<FittedTable>(arguments.back());
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    out.valid[row] = 1;
    out.numbers[row] = table.of(Slot<std::string>::get(arguments[0], row));
  }
}

Result<std::map<std::string, int64_t>> counts_of(const Vector& texts) {
  std::map<std::string, int64_t> counts;
  for (size_t row = 0; row < texts.size(); ++row) {
    if (texts.valid[row] != 0) ++counts[texts.texts[row]];
  }
  if (!counts.empty()) return counts;
  return invalid_input("no training row has a value to learn from",
                       "check the columns that it reads with `millgate profile`");
}

Result<FitResult> learn_frequency(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(const auto counts, counts_of(arguments[0]));
  int64_t total = 0;
  for (const auto& [text, count] : counts) total += count;
  std::map<std::string, double> shares;
  for (const auto& [text, count] : counts) {
    shares.emplace(text, static_cast<double>(count) / static_cast<double>(total));
  }
  return FitResult{.fitted = std::make_shared<FittedTable>(std::move(shares), 0.0)};
}

Result<FitResult> learn_target_mean(std::span<const Vector> arguments, const FitLabels& labels) {
  double weight = kDefaultWeight;
  if (arguments.size() > 1) weight = arguments[1].numbers.front();
  MILLGATE_ASSIGN(TargetMeans means, target_means(arguments[0], labels, weight));
  return FitResult{
      .fitted = std::make_shared<FittedTable>(std::move(means.of_text), means.of_unseen),
      .training_values = std::move(means.training_values)};
}

Result<std::shared_ptr<const Prepared>> prepare_weight(std::span<const Vector> literals,
                                                       const ExpressionContext& /*context*/) {
  const double weight = literals[0].numbers.front();
  if (weight >= 0 && weight <= 1e9) return std::shared_ptr<const Prepared>();
  return invalid_input("the weight must not be below 0",
                       "it is the number of rows that the mean of all rows counts as");
}

// -- impute_most

class FittedText : public LearnedParameters {
 public:
  explicit FittedText(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] Json save() const override { return {{"value", text_}}; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Of equally frequent texts the first by bytes.
Result<FitResult> learn_most(std::span<const Vector> arguments, const FitLabels& /*labels*/) {
  MILLGATE_ASSIGN(const auto counts, counts_of(arguments[0]));
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return FitResult{.fitted = std::make_shared<FittedText>(most->first)};
}

Result<std::shared_ptr<const LearnedParameters>> load_text(const Json& json) {
  MILLGATE_ASSIGN(auto text, json_member<std::string>(json, "value", kObject));
  return std::shared_ptr<const LearnedParameters>(std::make_shared<FittedText>(std::move(text)));
}

void most_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const std::string& filling = prepared_as<FittedText>(arguments.back()).text();
  for (size_t row = 0; row < rows; ++row) {
    out.valid[row] = 1;
    out.texts[row] = arguments[0].valid(row) ? Slot<std::string>::get(arguments[0], row) : filling;
  }
}

const FittedKind kFrequencyKind = {.learn = learn_frequency, .load = load_table};
const FittedKind kTargetKind = {
    .needs_labels = true, .learn = learn_target_mean, .load = load_table};
const FittedKind kMostKind = {.learn = learn_most, .load = load_text};

constexpr ValueType kText = ValueType::text;
constexpr ValueType kNumber = ValueType::number;

ExpressionFunction encoding(std::string name, std::string usage, std::string doc,
                            std::vector<FunctionOverload> overloads) {
  return {.name = std::move(name),
          .group = kGroup,
          .usage = std::move(usage),
          .doc = std::move(doc),
          .overloads = std::move(overloads)};
}

FunctionOverload of_text(ValueType result, Kernel kernel, const FittedKind& kind) {
  return {.parameters = {kText},
          .result = result,
          .kernel = kernel,
          .integers_as_text = true,
          .fitted = &kind};
}

}  // namespace

std::vector<ExpressionFunction> encoding_functions() {
  FunctionOverload weighted = of_text(kNumber, table_kernel, kTargetKind);
  weighted.parameters.push_back(kNumber);
  weighted.literals = {1};
  weighted.prepare = prepare_weight;
  return {
      encoding("impute_most", "impute_most(s)",
               "s, or where it is null the most frequent text of the training rows.",
               {of_text(kText, most_kernel, kMostKind)}),
      encoding("frequency", "frequency(s)",
               "The share of the training rows that have this value; 0 for one never seen.",
               {of_text(kNumber, table_kernel, kFrequencyKind)}),
      encoding("target_mean", "target_mean(s), target_mean(s, weight)",
               "The mean label of the rows with this value, drawn towards the mean of all rows as "
               "if weight (20) more of those had it. A training row sees only labels that were "
               "known at its time, or, without times, those of other folds.",
               {of_text(kNumber, table_kernel, kTargetKind), std::move(weighted)}),
      // These are the whole expression, so that no overload says what they take.
      encoding("category", "category(x)",
               "The number of the category of a text, integer or boolean; NaN for one never seen.",
               {}),
      encoding("one_hot", "one_hot(x)",
               "One column for each category, 1 in its own and 0 in the others.", {}),
      encoding("hashed_words", "hashed_words(s, n), hashed_words(s, n, k)",
               "n columns that count the words of s, and the runs of up to k words, each in the "
               "column of its hash (as scikit-learn's HashingVectorizer without signs and norm).",
               {}),
      encoding("hashed_characters", "hashed_characters(s, n, low, high)",
               "The same for runs of low to high characters.", {}),
      encoding("elements", "elements(l, n)",
               "n columns, one for each element of a list; all are missing where it has not n.",
               {}),
  };
}

}  // namespace millgate
