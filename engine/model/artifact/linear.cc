#include <algorithm>
#include <cassert>
#include <cmath>

#include "ground/json.h"
#include "model/artifact/ensemble.h"

namespace millgate {
namespace {

constexpr double kCoefficientMax = 1e100;

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
  const auto usable = [](double value) { return std::abs(value) <= kCoefficientMax; };
  if (!usable(model.intercept) ||
      !std::all_of(model.coefficient.begin(), model.coefficient.end(), usable)) {
    return "a `coefficient` or the `intercept` is not a number within 1e100";
  }
  return {};
}

class LinearScorer final : public Scorer {
 public:
  explicit LinearScorer(LinearModel model) : model_(std::move(model)) {}

  [[nodiscard]] size_t feature_count() const override { return model_.coefficient.size(); }

  void score(std::span<const double> features, std::span<double> out) const override {
    const size_t count = feature_count();
    assert(features.size() == out.size() * count);
    for (size_t row = 0; row < out.size(); ++row) {
      double sum = model_.intercept;
      for (size_t i = 0; i < count; ++i) {
        sum += linear_contribution(model_, i, features[row * count + i]);
      }
      out[row] = model_.logistic ? 1.0 / (1.0 + std::exp(-sum)) : sum;
    }
  }

  /// Shares of the absolute coefficients: features are standardised, so these compare.
  [[nodiscard]] std::vector<double> importance() const override {
    double sum = 0;
    for (double coefficient : model_.coefficient) sum += std::abs(coefficient);
    std::vector<double> shares;
    shares.reserve(model_.coefficient.size());
    for (double coefficient : model_.coefficient) {
      shares.push_back(sum > 0 ? std::abs(coefficient) / sum : 0);
    }
    return shares;
  }

  [[nodiscard]] std::string describe() const override {
    return std::string(model_.logistic ? "logistic" : "linear") + ", " +
           std::to_string(feature_count()) + (feature_count() == 1 ? " feature" : " features");
  }

 private:
  LinearModel model_;
};

}  // namespace

double linear_contribution(const LinearModel& model, size_t index, double value) {
  if (!std::isfinite(value)) return 0;  // The mean stands in.
  const double standard = (value - model.mean[index]) / model.scale[index];
  return model.coefficient[index] * std::clamp(standard, -kLinearReach, kLinearReach);
}

std::shared_ptr<const Scorer> make_linear_scorer(LinearModel model) {
  assert(fault_of(model).empty());
  return std::make_shared<LinearScorer>(std::move(model));
}

std::string save_linear(const LinearModel& model) {
  Json json;
  json["logistic"] = model.logistic;
  json["intercept"] = model.intercept;
  json["coefficient"] = model.coefficient;
  json["mean"] = model.mean;
  json["scale"] = model.scale;
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
  if (const std::string fault = fault_of(model); !fault.empty()) {
    return damaged("linear model: " + fault);
  }
  return model;
}

Result<std::shared_ptr<const Scorer>> load_linear(std::string_view json) {
  MILLGATE_ASSIGN(LinearModel model, read_linear(json));
  return make_linear_scorer(std::move(model));
}

}  // namespace millgate
