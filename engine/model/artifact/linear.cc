#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

#include "ground/json.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/linear_terms.h"

namespace millgate {
namespace {

constexpr double kCoefficientMax = 1e100;

std::string fault_of_columns(const LinearModel& model) {
  if (model.columns.empty()) return {};
  if (model.columns.size() != model.coefficient.size()) {
    return "`feature` and `coefficient` differ in length";
  }
  for (size_t i = 0; i < model.columns.size(); ++i) {
    const LinearColumn& column = model.columns[i];
    if (column.category > kLinearCategoryMax) return "a `category` is too large";
    const bool first = i == 0 || model.columns[i - 1].feature != column.feature;
    const uint32_t next = i == 0 ? 0 : model.columns[i - 1].feature + 1;
    if (first && column.feature != next) return "the features of its columns are not in order";
    // Further columns of a feature are further categories.
    if (!first && (!column.is_category() || !model.columns[i - 1].is_category() ||
                   column.category <= model.columns[i - 1].category)) {
      return "the categories of a feature do not ascend";
    }
  }
  return {};
}

/// The fault of `model`, or empty.
std::string fault_of(const LinearModel& model) {
  if (model.mean.size() != model.coefficient.size() ||
      model.scale.size() != model.coefficient.size()) {
    return "`mean`, `scale` and `coefficient` differ in length";
  }
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(model.mean.begin(), model.mean.end(), finite)) {
    return "a `mean` is not finite";
  }
  if (!std::all_of(model.scale.begin(), model.scale.end(),
                   [](double scale) { return std::isfinite(scale) && scale > 0; })) {
    return "a `scale` is not a positive number";
  }
  if (std::string fault = fault_of_columns(model); !fault.empty()) return fault;
  const auto usable = [](double value) { return std::abs(value) <= kCoefficientMax; };
  if (!usable(model.intercept) ||
      !std::all_of(model.coefficient.begin(), model.coefficient.end(), usable)) {
    return "a `coefficient` or the `intercept` is not a number within 1e100";
  }
  return {};
}

class LinearScorer final : public Scorer {
 public:
  explicit LinearScorer(const LinearModel& model)
      : terms_(model), intercept_(model.intercept), logistic_(model.logistic) {}

  [[nodiscard]] size_t feature_count() const override { return terms_.feature_count(); }

  void score(std::span<const double> features, std::span<double> out) const override {
    const size_t count = feature_count();
    assert(features.size() == out.size() * count);
    for (size_t row = 0; row < out.size(); ++row) {
      double sum = intercept_;
      for (size_t i = 0; i < count; ++i) sum += terms_.contribution(i, features[row * count + i]);
      out[row] = logistic_ ? 1.0 / (1.0 + std::exp(-sum)) : sum;
    }
  }

  /// Shares of the standard deviations of what the features add: for numbers, which are
  /// standardised, of the absolute coefficients.
  [[nodiscard]] std::vector<double> importance() const override {
    double sum = 0;
    for (size_t i = 0; i < feature_count(); ++i) sum += terms_.spread(i);
    std::vector<double> shares;
    shares.reserve(feature_count());
    for (size_t i = 0; i < feature_count(); ++i) {
      shares.push_back(sum > 0 ? terms_.spread(i) / sum : 0);
    }
    return shares;
  }

  [[nodiscard]] std::string describe() const override {
    return std::string(logistic_ ? "logistic" : "linear") + ", " + std::to_string(feature_count()) +
           (feature_count() == 1 ? " feature" : " features");
  }

 private:
  LinearTerms terms_;
  double intercept_;
  bool logistic_;
};

}  // namespace

std::shared_ptr<const Scorer> make_linear_scorer(const LinearModel& model) {
  assert(fault_of(model).empty());
  return std::make_shared<LinearScorer>(model);
}

std::string save_linear(const LinearModel& model) {
  Json json;
  json["logistic"] = model.logistic;
  json["intercept"] = model.intercept;
  json["coefficient"] = model.coefficient;
  json["mean"] = model.mean;
  json["scale"] = model.scale;
  const auto is_category = [](const LinearColumn& column) { return column.is_category(); };
  if (std::any_of(model.columns.begin(), model.columns.end(), is_category)) {
    json["feature"] = Json::array();
    json["category"] = Json::array();
    for (const LinearColumn& column : model.columns) {
      json["feature"].push_back(column.feature);
      json["category"].push_back(column.category);
    }
  }
  return dump_json(json);
}

Result<LinearModel> read_linear(std::string_view json) {
  constexpr std::string_view kObject = "linear model";
  using Numbers = std::vector<double>;
  MILLGATE_ASSIGN(const Json parsed, parse_json(json, kObject));
  LinearModel model;
  MILLGATE_ASSIGN(model.logistic, json_member<bool>(parsed, "logistic", kObject));
  MILLGATE_ASSIGN(model.intercept, json_member<double>(parsed, "intercept", kObject));
  MILLGATE_ASSIGN(model.coefficient, json_member<Numbers>(parsed, "coefficient", kObject));
  MILLGATE_ASSIGN(model.mean, json_member<Numbers>(parsed, "mean", kObject));
  MILLGATE_ASSIGN(model.scale, json_member<Numbers>(parsed, "scale", kObject));
  if (parsed.contains("feature") || parsed.contains("category")) {
    using Codes = std::vector<int64_t>;
    MILLGATE_ASSIGN(const Codes features, json_member<Codes>(parsed, "feature", kObject));
    MILLGATE_ASSIGN(const Codes categories, json_member<Codes>(parsed, "category", kObject));
    if (features.size() != categories.size() || features.empty()) {
      return damaged("linear model: `feature` and `category` differ in length, or are empty");
    }
    for (size_t i = 0; i < features.size(); ++i) {
      if (features[i] < 0 || features[i] > UINT32_MAX || categories[i] < -1 ||
          categories[i] > kLinearCategoryMax) {
        return damaged("linear model: a `feature` or `category` is out of range");
      }
      model.columns.push_back(
          {static_cast<uint32_t>(features[i]), static_cast<int32_t>(categories[i])});
    }
  }
  if (const std::string fault = fault_of(model); !fault.empty()) {
    return damaged("linear model: " + fault);
  }
  return model;
}

Result<std::shared_ptr<const Scorer>> load_linear(std::string_view json) {
  MILLGATE_ASSIGN(const LinearModel model, read_linear(json));
  return make_linear_scorer(model);
}

}  // namespace millgate
