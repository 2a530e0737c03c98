#include "model/artifact/explanation_quality.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "model/artifact/disturbance.h"

namespace millgate {
namespace {

/// What the explainer says of every row, row-major, and what the scorer does.
struct Explanations {
  std::vector<double> contributions;
  std::vector<double> scores;
};

Result<Explanations> explain(const Model& model, const Explainer& explainer, const Block& inputs) {
  Model::Scratch scratch;
  std::vector<Prediction> predictions;
  MILLGATE_TRY(model.predict(inputs, predictions, scratch));
  Explanations made;
  made.contributions.resize(scratch.features.size());
  explainer.explain(scratch.features, made.contributions);
  made.scores = std::move(scratch.values);
  return made;
}

/// The numbers of the features that contribute most to a row.
std::set<size_t> strongest(std::span<const double> contributions) {
  std::vector<size_t> order(contributions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(contributions[a]) > std::abs(contributions[b]);
  });
  std::set<size_t> found;
  for (const size_t feature : order) {
    if (found.size() == kStrongest || contributions[feature] == 0) break;
    found.insert(feature);
  }
  return found;
}

/// Share of both that both have; 1 where neither has any.
double shared(const std::set<size_t>& a, const std::set<size_t>& b) {
  if (a.empty() && b.empty()) return 1;
  const auto both = std::count_if(a.begin(), a.end(), [&](size_t one) { return b.contains(one); });
  return static_cast<double>(both) / static_cast<double>(std::max(a.size(), b.size()));
}

int64_t carrying_features(std::span<const double> contributions, size_t features) {
  std::vector<double> sizes(features);
  for (size_t i = 0; i < contributions.size(); ++i) {
    sizes[i % features] += std::abs(contributions[i]);
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  const double all = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  double held = 0;
  int64_t count = 0;
  while (held < kCarriedShare * all) held += sizes[static_cast<size_t>(count++)];
  return count;
}

}  // namespace

Result<ExplanationQuality> measure_explanations(const Model& model, const Explainer& explainer,
                                                const Block& inputs, uint64_t seed) {
  if (inputs.rows == 0) return invalid_input("explanations: there are no rows");
  MILLGATE_ASSIGN(const Explanations plain, explain(model, explainer, inputs));
  MILLGATE_ASSIGN(const Block noisy, disturbed(model, inputs, {}, Disturbance(), seed));
  MILLGATE_ASSIGN(const Explanations moved, explain(model, explainer, noisy));
  const size_t features = explainer.feature_count();
  ExplanationQuality quality;
  quality.carrying_features = carrying_features(plain.contributions, features);
  quality.agreement.reserve(inputs.rows);
  for (size_t row = 0; row < inputs.rows; ++row) {
    const auto of_row = [&](const Explanations& all) {
      return std::span(all.contributions).subspan(row * features, features);
    };
    const std::span<const double> ours = of_row(plain);
    const double sum = std::accumulate(ours.begin(), ours.end(), explainer.base_value());
    quality.additivity_error =
        std::max(quality.additivity_error,
                 std::abs(prediction_of(explainer.scale(), sum) - plain.scores[row]));
    quality.agreement.push_back(shared(strongest(ours), strongest(of_row(moved))));
  }
  return quality;
}

}  // namespace millgate
