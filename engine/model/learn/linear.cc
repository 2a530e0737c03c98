#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "model/learn/learner.h"

namespace millgate {

namespace {

/// Training rows with missing values replaced by the mean, shifted and scaled; a last column of
/// ones carries the intercept.
struct Standardised {
  size_t rows = 0;
  size_t width = 0;  ///< Features and the intercept.
  std::vector<double> values;
};

double at(const Examples& examples, size_t row, size_t feature, size_t feature_count) {
  return examples.features[row * feature_count + feature];
}

void measure_features(const Examples& train, LinearModel& model) {
  const size_t count = model.mean.size();
  for (size_t j = 0; j < count; ++j) {
    double sum = 0;
    size_t present = 0;
    for (size_t i = 0; i < train.rows(); ++i) {
      const double value = at(train, i, j, count);
      if (std::isfinite(value)) {
        sum += value;
        ++present;
      }
    }
    model.mean[j] = present == 0 ? 0 : sum / static_cast<double>(present);
    double squares = 0;
    for (size_t i = 0; i < train.rows(); ++i) {
      const double value = at(train, i, j, count);
      if (std::isfinite(value)) squares += (value - model.mean[j]) * (value - model.mean[j]);
    }
    const double scale = std::sqrt(squares / static_cast<double>(train.rows()));
    model.scale[j] = scale > 0 ? scale : 1;
  }
}

Standardised standardise(const Examples& train, const LinearModel& model) {
  const size_t count = model.mean.size();
  Standardised out{.rows = train.rows(), .width = count + 1, .values = {}};
  out.values.assign(out.rows * out.width, 1.0);
  for (size_t i = 0; i < out.rows; ++i) {
    for (size_t j = 0; j < count; ++j) {
      const double value = at(train, i, j, count);
      out.values[i * out.width + j] =
          std::isfinite(value) ? (value - model.mean[j]) / model.scale[j] : 0;
    }
  }
  return out;
}

/// Solves `matrix` x = `right` by Cholesky's method; `matrix` is symmetric, positive definite
/// and is overwritten. False when it is not.
bool solve(std::vector<double>& matrix, std::vector<double>& right) {
  const size_t n = right.size();
  for (size_t j = 0; j < n; ++j) {
    double pivot = matrix[j * n + j];
    for (size_t k = 0; k < j; ++k) pivot -= matrix[j * n + k] * matrix[j * n + k];
    if (!(pivot > 0)) return false;
    const double root = std::sqrt(pivot);
    matrix[j * n + j] = root;
    for (size_t i = j + 1; i < n; ++i) {
      double sum = matrix[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = sum / root;
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) right[i] -= matrix[i * n + k] * right[k];
    right[i] /= matrix[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) right[i] -= matrix[k * n + i] * right[k];
    right[i] /= matrix[i * n + i];
  }
  return true;
}

double sigmoid(double score) { return 1 / (1 + std::exp(-score)); }

double dot(const Standardised& x, size_t row, const std::vector<double>& weights) {
  double sum = 0;
  for (size_t j = 0; j < x.width; ++j) sum += x.values[row * x.width + j] * weights[j];
  return sum;
}

/// Gradient and curvature of the penalised loss; its value is returned. Serial sums: the result
/// does not depend on threads.
double derivatives(const Standardised& x, const std::vector<double>& labels, bool logistic,
                   double l2, const std::vector<double>& weights, std::vector<double>& gradient,
                   std::vector<double>& hessian) {
  const size_t n = x.width;
  std::fill(gradient.begin(), gradient.end(), 0.0);
  std::fill(hessian.begin(), hessian.end(), 0.0);
  double loss = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    const double score = dot(x, i, weights);
    const double prediction = logistic ? sigmoid(score) : score;
    const double error = prediction - labels[i];
    const double curvature = logistic ? prediction * (1 - prediction) : 1.0;
    // log(1 + exp(score)) - label * score, without overflow.
    loss += logistic
                ? std::max(score, 0.0) + std::log1p(std::exp(-std::abs(score))) - labels[i] * score
                : error * error / 2;
    const double* row = &x.values[i * n];
    for (size_t j = 0; j < n; ++j) {
      gradient[j] += error * row[j];
      const double weighted = curvature * row[j];
      for (size_t k = 0; k <= j; ++k) hessian[j * n + k] += weighted * row[k];
    }
  }
  for (size_t j = 0; j + 1 < n; ++j) {  // The intercept, the last, is not penalised.
    loss += l2 * weights[j] * weights[j] / 2;
    gradient[j] += l2 * weights[j];
    hessian[j * n + j] += l2;
  }
  return loss;
}

/// Newton's method with halved steps where a whole one overshoots.
Result<std::vector<double>> minimise(const Standardised& x, const std::vector<double>& labels,
                                     bool logistic, double l2, int& rounds) {
  constexpr int kRoundsMax = 100;
  const size_t n = x.width;
  std::vector<double> weights(n, 0.0), gradient(n), hessian(n * n), scratch_gradient(n),
      scratch_hessian(n * n);
  double loss = derivatives(x, labels, logistic, l2, weights, gradient, hessian);
  for (rounds = 1; rounds <= kRoundsMax; ++rounds) {
    std::vector<double> step = gradient;
    std::vector<double> matrix = hessian;
    if (!solve(matrix, step)) {
      return invalid_input("linear learner: the features are not independent of each other",
                           "raise `l2` in [train.parameters], or remove repeated features");
    }
    double decrement = std::inner_product(step.begin(), step.end(), gradient.begin(), 0.0);
    double length = 1;
    std::vector<double> next(n);
    double next_loss = loss;
    for (int halving = 0; halving < 40; ++halving, length /= 2) {
      for (size_t j = 0; j < n; ++j) next[j] = weights[j] - length * step[j];
      next_loss = derivatives(x, labels, logistic, l2, next, scratch_gradient, scratch_hessian);
      if (next_loss <= loss) break;
    }
    if (!(next_loss <= loss)) return weights;  // No step is better: the end of double precision.
    weights.swap(next);
    gradient.swap(scratch_gradient);
    hessian.swap(scratch_hessian);
    loss = next_loss;
    if (decrement < 1e-12 * (1 + std::abs(loss))) return weights;
  }
  return invalid_input(
      "linear learner: no convergence after " + std::to_string(kRoundsMax) + " rounds",
      "raise `l2` in [train.parameters]: the classes may be separable");
}

Fitted finish_linear(LinearModel model, const LearnerInput& input, int rounds) {
  Fitted fitted;
  fitted.format = "linear";
  fitted.text = save_linear(model);
  fitted.scorer = make_linear_scorer(std::move(model));
  fitted.best_round = rounds;
  std::vector<double> predictions(input.valid->rows());
  fitted.scorer->score(input.valid->features, predictions);
  fitted.valid_loss = {mean_loss(input.kind, input.valid->labels, predictions)};
  return fitted;
}

Result<double> l2_of(const TrainSettings& settings) {
  const auto found = settings.parameters.find("l2");
  if (found == settings.parameters.end()) return 1.0;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (*end != '\0' || !(value >= 0)) {
    return invalid_input("parameter `l2` must be a number of 0 or more, not `" + found->second +
                         "`");
  }
  return value;
}

LinearModel empty_model(const LearnerInput& input) {
  const size_t count = input.feature_names.size();
  LinearModel model;
  model.mean.assign(count, 0.0);
  model.scale.assign(count, 1.0);
  model.coefficient.assign(count, 0.0);
  model.logistic = input.kind == TaskKind::binary;
  return model;
}

}  // namespace

Result<Fitted> fit_linear(const LearnerInput& input) {
  for (size_t j = 0; j < input.feature_names.size(); ++j) {
    if (input.is_category[j]) {
      return invalid_input(
          "learner `linear` cannot use the category feature `" + input.feature_names[j] + "`",
          "write a number instead, such as `origin == 'EWR'`, or use learner = \"gbdt\"");
    }
  }
  MILLGATE_ASSIGN(const double l2, l2_of(*input.settings));
  LinearModel model = empty_model(input);
  measure_features(*input.train, model);
  const Standardised x = standardise(*input.train, model);
  int rounds = 0;
  MILLGATE_ASSIGN(const std::vector<double> weights,
                  minimise(x, input.train->labels, model.logistic, l2, rounds));
  std::copy(weights.begin(), weights.end() - 1, model.coefficient.begin());
  model.intercept = weights.back();
  Fitted fitted = finish_linear(std::move(model), input, rounds);
  fitted.parameters = input.settings->parameters;
  fitted.parameters.emplace("l2", "1");
  return fitted;
}

Result<Fitted> fit_constant(const LearnerInput& input) {
  const std::vector<double>& labels = input.train->labels;
  const double mean = std::accumulate(labels.begin(), labels.end(), 0.0) /
                      static_cast<double>(std::max<size_t>(labels.size(), 1));
  LinearModel model = empty_model(input);
  model.intercept = model.logistic ? std::log(mean / (1 - mean)) : mean;
  return finish_linear(std::move(model), input, 0);
}

}  // namespace millgate
