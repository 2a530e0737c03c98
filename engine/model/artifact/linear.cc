#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

#include "ground/json.h"
#include "model/artifact/class_scorer.h"
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

namespace {

Json linear_json(const LinearModel& model) {
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
  return json;
}

constexpr std::string_view kObject = "linear model";

Result<LinearModel> linear_from_json(const Json& parsed) {
  using Numbers = std::vector<double>;
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

/// One model a class: the mean of their importances is that of all.
Result<std::shared_ptr<const Scorer>> linear_classes(const Json& list) {
  if (!list.is_array() || list.size() < 3) {
    return damaged("linear model: `classes` is no list of three models or more");
  }
  ClassScorerParts parts;
  parts.output = ClassOutput::share;
  for (const Json& one : list) {
    MILLGATE_ASSIGN(const LinearModel model, linear_from_json(one));
    if (!model.logistic) return damaged("linear model: a class's model is not `logistic`");
    parts.classes.push_back(make_linear_scorer(model));
    const std::vector<double> importance = parts.classes.back()->importance();
    parts.importance.resize(importance.size());
    if (parts.classes.back()->feature_count() != parts.classes.front()->feature_count()) {
      return damaged("linear model: the models of its classes differ in their features");
    }
    for (size_t j = 0; j < importance.size(); ++j) {
      parts.importance[j] += importance[j] / static_cast<double>(list.size());
    }
  }
  parts.description =
      parts.classes.front()->describe() + ", " + std::to_string(list.size()) + " classes";
  return make_class_scorer(std::move(parts));
}

}  // namespace

std::string save_linear(const LinearModel& model) { return dump_json(linear_json(model)); }

std::string save_linear_classes(std::span<const LinearModel> models) {
  Json json;
  json["classes"] = Json::array();
  for (const LinearModel& model : models) json["classes"].push_back(linear_json(model));
  return dump_json(json);
}

Result<LinearModel> read_linear(std::string_view json) {
  MILLGATE_ASSIGN(const Json parsed, parse_json(json, kObject));
  return linear_from_json(parsed);
}

Result<std::shared_ptr<const Scorer>> load_linear(std::string_view json) {
  MILLGATE_ASSIGN(const Json parsed, parse_json(json, kObject));
  if (parsed.contains("classes")) return linear_classes(parsed["classes"]);
  MILLGATE_ASSIGN(const LinearModel model, linear_from_json(parsed));
  return make_linear_scorer(model);
}

}  // namespace millgate
