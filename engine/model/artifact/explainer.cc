#include "model/artifact/explainer.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/artifact/ensemble.h"
#include "model/artifact/linear_terms.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"
#include "model/artifact/sampled_shapley.h"
#include "model/artifact/tree_ensemble.h"
#include "model/artifact/tree_shap.h"

namespace millgate {
namespace {

class TreeExplainer final : public Explainer {
 public:
  explicit TreeExplainer(const Trees& trees)
      : shap_(trees), feature_count_(trees.feature_count), scale_(scale_of(trees.output)) {
    // A sum of leaves times `factor_` is the score: a forest's mean, a sigmoid with a slope.
    if (trees.average) factor_ /= static_cast<double>(trees.roots.size());
    if (trees.output == ScoreOutput::sigmoid) factor_ *= trees.sigmoid;
    base_ = trees.base + shap_.base() * factor_;
  }

  [[nodiscard]] size_t feature_count() const override { return feature_count_; }
  [[nodiscard]] ScoreScale scale() const override { return scale_; }
  [[nodiscard]] double base_value() const override { return base_; }

  void explain(std::span<const double> features, std::span<double> out) const override {
    std::fill(out.begin(), out.end(), 0.0);
    shap_.add_contributions(features, out);
    for (double& contribution : out) contribution *= factor_;
  }

 private:
  static ScoreScale scale_of(ScoreOutput output) {
    switch (output) {
      case ScoreOutput::identity:
        return ScoreScale::value;
      case ScoreOutput::sigmoid:
        return ScoreScale::log_odds;
      case ScoreOutput::exponential:
        return ScoreScale::logarithm;
      case ScoreOutput::signed_square:
        return ScoreScale::signed_root;
    }
    return ScoreScale::value;
  }

  TreeShap shap_;
  size_t feature_count_;
  ScoreScale scale_;
  double factor_ = 1;
  double base_ = 0;
};

class LinearExplainer final : public Explainer {
 public:
  explicit LinearExplainer(const LinearModel& model)
      : terms_(model),
        intercept_(model.intercept),
        scale_(model.logistic ? ScoreScale::log_odds : ScoreScale::value) {}

  [[nodiscard]] size_t feature_count() const override { return terms_.feature_count(); }
  [[nodiscard]] ScoreScale scale() const override { return scale_; }
  [[nodiscard]] double base_value() const override { return intercept_; }

  void explain(std::span<const double> features, std::span<double> out) const override {
    assert(features.size() == out.size());
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = terms_.contribution(i % feature_count(), features[i]);
    }
  }

 private:
  LinearTerms terms_;
  double intercept_;
  ScoreScale scale_;
};

}  // namespace

std::string_view to_text(ScoreScale scale) {
  switch (scale) {
    case ScoreScale::value:
      return "value";
    case ScoreScale::log_odds:
      return "log-odds";
    case ScoreScale::logarithm:
      return "logarithm";
    case ScoreScale::signed_root:
      return "signed square root";
  }
  return "value";
}

double prediction_of(ScoreScale scale, double sum) {
  switch (scale) {
    case ScoreScale::value:
      return sum;
    case ScoreScale::log_odds:
      return 1.0 / (1.0 + std::exp(-sum));
    case ScoreScale::logarithm:
      return std::exp(sum);
    case ScoreScale::signed_root:
      return std::copysign(sum * sum, sum);
  }
  return sum;
}

Result<std::shared_ptr<const Explainer>> load_explainer(const std::string& format,
                                                        std::string_view text) {
  if (format == "lightgbm") {
    MILLGATE_ASSIGN(const Trees trees, read_lightgbm_trees(text));
    if (trees.leaf_rows.empty()) {
      return invalid_input(
          "LightGBM model: it does not tell how many training rows reached its leaves, so it "
          "cannot "
          "be explained",
          "save it with `leaf_count` and `internal_count`, as LightGBM does by itself");
    }
    return std::shared_ptr<const Explainer>(std::make_shared<TreeExplainer>(trees));
  }
  if (format == "xgboost") {
    MILLGATE_ASSIGN(const Trees trees, read_xgboost_trees(text));
    return std::shared_ptr<const Explainer>(std::make_shared<TreeExplainer>(trees));
  }
  if (format == "linear") {
    MILLGATE_ASSIGN(const LinearModel model, read_linear(text));
    return std::shared_ptr<const Explainer>(std::make_shared<LinearExplainer>(model));
  }
  return invalid_input(
      "a model of format `" + format + "` cannot be explained",
      "the formats are lightgbm, xgboost and linear; an ONNX model is explained by sampling, with "
      "its training profile");
}

namespace {

constexpr size_t kBackgroundRows = 100;

/// Of a model that nothing is known of but what it predicts.
Result<std::shared_ptr<const Explainer>> explainer_by_sampling(const ObjectStore& objects,
                                                               const Id& id) {
  MILLGATE_ASSIGN(const auto model, Model::load_of_one_number(objects, id));
  if (model->feature_profiles().empty()) {
    return invalid_input("model " + id.brief() +
                         " has no training profile, without which an "
                         "absent feature cannot be averaged over");
  }
  const ShapleySampling sampling;
  std::shared_ptr<const Scorer> scorer(model, &model->scorer());  // Lives as long as the model.
  return make_sampled_explainer(
      std::move(scorer),
      background_rows(model->features(), model->feature_profiles(), kBackgroundRows, sampling.seed),
      sampling);
}

}  // namespace

Result<std::shared_ptr<const Explainer>> load_explainer(const ObjectStore& objects,
                                                        const Id& model) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(model));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(bytes));
  if (stored.model_format == "onnx" || stored.model_format == "ensemble") {
    return explainer_by_sampling(objects, model);
  }
  auto text = objects.get(stored.model);
  if (!text && text.error().code == ErrorCode::not_found) {
    return damaged("model " + model.brief() + ": its scorer is missing",
                   "`millgate run --force` makes it again");
  }
  if (!text) return text.error();
  return load_explainer(stored.model_format, *text);
}

}  // namespace millgate
