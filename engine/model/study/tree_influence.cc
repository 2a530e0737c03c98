#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "model/artifact/leaf_numbers.h"
#include "model/study/row_influence.h"

namespace millgate {

namespace {

double number_of(const std::map<std::string, std::string>& parameters, const char* name,
                 double fallback) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
}

/// A tree that has not seen some rows has other leaf values than the formula says.
Status check_parameters(const std::map<std::string, std::string>& parameters) {
  for (const char* name : {"bagging_fraction", "feature_fraction", "lambda_l1", "path_smooth"}) {
    const double neutral = std::string(name).ends_with("fraction") ? 1 : 0;
    if (number_of(parameters, name, neutral) == neutral) continue;
    return invalid_input(
        std::string("the influence of rows on boosted trees is not defined with `") + name + "`",
        "leave it out");
  }
  return {};
}

double sigmoid(double score) { return 1 / (1 + std::exp(-score)); }

/// Of a leaf: sums over its training rows, before its tree.
struct LeafSums {
  double gradient = 0;
  double curvature = 0;
  double test_gradient = 0;  ///< Of the test rows in it.
};

}  // namespace

Result<RowInfluence> tree_influence(const InfluenceRows& rows, const TrainSettings& settings) {
  LearnerInput input{.kind = TaskKind::binary,
                     .feature_names = {},
                     .is_category = rows.is_category,
                     .train = &rows.train,
                     .valid = &rows.train,
                     .settings = &settings,
                     .progress = {}};
  for (size_t i = 0; i < rows.is_category.size(); ++i) {
    input.feature_names.push_back("c" + std::to_string(i));
  }
  MILLGATE_ASSIGN(const Fitted fitted, fit_boosted_trees(input));
  MILLGATE_TRY(check_parameters(fitted.parameters));
  MILLGATE_ASSIGN(const LeafNumbers leaves, LeafNumbers::read(fitted.text));
  const double lambda = number_of(fitted.parameters, "lambda_l2", 0);
  const double rate = number_of(fitted.parameters, "learning_rate", 0.1);
  const std::vector<uint32_t> train = leaves.of_rows(rows.train.features);
  const std::vector<uint32_t> test = leaves.of_rows(rows.test.features);
  const size_t trees = leaves.tree_count();
  const size_t count = rows.train.rows();
  const auto tests = static_cast<double>(rows.test.rows());
  const double mean = std::accumulate(rows.train.labels.begin(), rows.train.labels.end(), 0.0) /
                      static_cast<double>(count);
  const double start = std::log(mean / (1 - mean));
  std::vector<double> scores(count, start);
  std::vector<double> test_scores(rows.test.rows(), start);
  RowInfluence found;
  found.values.assign(count, 0.0);
  std::vector<LeafSums> sums(leaves.number_end());
  for (size_t tree = 0; tree < trees; ++tree) {
    for (size_t i = 0; i < count; ++i) {
      const double p = sigmoid(scores[i]);
      LeafSums& leaf = sums[train[i * trees + tree]];
      leaf.gradient += p - rows.train.labels[i];
      leaf.curvature += p * (1 - p);
    }
    for (size_t t = 0; t < rows.test.rows(); ++t) {
      sums[test[t * trees + tree]].test_gradient += sigmoid(test_scores[t]) - rows.test.labels[t];
    }
    for (size_t i = 0; i < count; ++i) {
      const double p = sigmoid(scores[i]);
      const LeafSums& leaf = sums[train[i * trees + tree]];
      const double below = leaf.curvature + lambda;
      const double value = -leaf.gradient / below;
      const double slope = -(p - rows.train.labels[i] + p * (1 - p) * value) / below;
      // Left out, the leaf loses what up-weighting would add; the loss rises by the opposite.
      found.values[i] -= rate * leaf.test_gradient / tests * slope;
    }
    // The first tree's leaves hold the start as well.
    const double held = tree == 0 ? start : 0;
    for (size_t i = 0; i < count; ++i) {
      scores[i] += leaves.value(train[i * trees + tree]) - held;
    }
    for (size_t t = 0; t < rows.test.rows(); ++t) {
      test_scores[t] += leaves.value(test[t * trees + tree]) - held;
    }
  }
  for (size_t t = 0; t < rows.test.rows(); ++t) {
    const double p = sigmoid(test_scores[t]);
    found.log_loss -= std::log(std::max(rows.test.labels[t] > 0.5 ? p : 1 - p, 1e-15)) / tests;
  }
  return found;
}

}  // namespace millgate
