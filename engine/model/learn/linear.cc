#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "model/learn/learner.h"

namespace millgate {

namespace {

/// Categories of a feature that get a column of their own: the most frequent ones.
constexpr size_t kCategoriesMax = 100;

/// Training rows with missing values replaced by the mean, shifted and scaled; a last column of
/// ones carries the intercept.
struct Standardised {
  size_t rows = 0;
  size_t width = 0;  ///< Columns of the model and the intercept.
  std::vector<double> values;
};

/// The categories of `feature` in the training rows, ascending.
std::vector<int32_t> categories_of(const Examples& train, size_t feature, size_t feature_count) {
  std::map<int32_t, size_t> rows;
  for (size_t i = 0; i < train.rows(); ++i) {
    const double value = train.features[i * feature_count + feature];
    if (value >= 0 && value <= kLinearCategoryMax) ++rows[static_cast<int32_t>(value)];
  }
  std::vector<std::pair<size_t, int32_t>> by_rows;
  by_rows.reserve(rows.size());
  for (const auto& [category, count] : rows) by_rows.emplace_back(train.rows() - count, category);
  std::sort(by_rows.begin(), by_rows.end());
  by_rows.resize(std::min(by_rows.size(), kCategoriesMax));
  std::vector<int32_t> categories;
  categories.reserve(by_rows.size());
  for (const auto& [others, category] : by_rows) categories.push_back(category);
  std::sort(categories.begin(), categories.end());
  return categories;
}

/// The columns of the model: one a number, one a category that the training rows hold.
std::vector<LinearColumn> columns_of(const LearnerInput& input) {
  const size_t count = input.feature_names.size();
  std::vector<LinearColumn> columns;
  for (size_t j = 0; j < count; ++j) {
    const auto feature = static_cast<uint32_t>(j);
    if (!input.is_category[j]) {
      columns.push_back({.feature = feature});
      continue;
    }
    const std::vector<int32_t> categories = categories_of(*input.train, j, count);
    for (const int32_t category : categories) columns.push_back({feature, category});
    if (categories.empty()) columns.push_back({feature, 0});  // Each feature has a column.
  }
  return columns;
}

/// The values of `column` in the training rows; NaN where it has none.
std::vector<double> values_of(const LearnerInput& input, const std::vector<LinearColumn>& columns,
                              size_t column) {
  const size_t count = input.feature_names.size();
  const uint32_t feature = columns[column].feature;
  std::vector<uint8_t> known;  // By code.
  for (const LinearColumn& other : columns) {
    if (other.feature != feature || !other.is_category()) continue;
    known.resize(static_cast<size_t>(other.category) + 1, 0);  // They ascend.
    known.back() = 1;
  }
  std::vector<double> values(input.train->rows());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = input.train->features[i * count + feature];
    if (!columns[column].is_category()) {
      values[i] = std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
    } else {
      const bool is_known = value >= 0 && value < static_cast<double>(known.size()) &&
                            known[static_cast<size_t>(value)] != 0;
      values[i] = !is_known                           ? std::numeric_limits<double>::quiet_NaN()
                  : value == columns[column].category ? 1
                                                      : 0;
    }
  }
  return values;
}

/// Means and scales of the columns into `model`; gives the rows by them.
Standardised standardise(const LearnerInput& input, LinearModel& model) {
  Standardised out{.rows = input.train->rows(), .width = model.columns.size() + 1, .values = {}};
  out.values.assign(out.rows * out.width, 1.0);
  for (size_t j = 0; j < model.columns.size(); ++j) {
    const std::vector<double> values = values_of(input, model.columns, j);
    double sum = 0, squares = 0;
    size_t present = 0;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      sum += value;
      ++present;
    }
    const double mean = present == 0 ? 0 : sum / static_cast<double>(present);
    for (const double value : values) {
      if (!std::isnan(value)) squares += (value - mean) * (value - mean);
    }
    const double deviation = std::sqrt(squares / static_cast<double>(out.rows));
    const double scale = deviation > 0 ? deviation : 1;
    for (size_t i = 0; i < out.rows; ++i) {
      out.values[i * out.width + j] = std::isnan(values[i]) ? 0 : (values[i] - mean) / scale;
    }
    model.mean[j] = mean;
    model.scale[j] = scale;
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

/// What coefficients cost beside the loss (elastic net).
struct Penalty {
  double l1 = 0;  ///< Times the sum of absolute coefficients.
  double l2 = 0;  ///< Times half the sum of squares.
};

double sigmoid(double score) { return 1 / (1 + std::exp(-score)); }

double dot(const Standardised& x, size_t row, const std::vector<double>& weights) {
  double sum = 0;
  for (size_t j = 0; j < x.width; ++j) sum += x.values[row * x.width + j] * weights[j];
  return sum;
}

/// Gradient and curvature of the loss with the smooth part of the penalty; its value is returned.
/// Serial sums: the result does not depend on threads.
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

/// l1 times the absolute coefficients, without the intercept.
double l1_cost(const std::vector<double>& weights, double l1) {
  double sum = 0;
  for (size_t j = 0; j + 1 < weights.size(); ++j) sum += std::abs(weights[j]);
  return l1 * sum;
}

/// The step from `weights` to the least of the quadratic model with the l1 penalty, by coordinate
/// descent: each coordinate in turn to its own least, which is soft thresholding (Friedman, Hastie
/// and Tibshirani 2010). Only the lower half of `hessian` is filled. False when there is no end.
bool descend(const std::vector<double>& hessian, const std::vector<double>& gradient,
             const std::vector<double>& weights, double l1, std::vector<double>& step) {
  constexpr int kRoundsMax = 100'000;
  const size_t n = weights.size();
  const auto at = [&](size_t j, size_t k) {
    return j >= k ? hessian[j * n + k] : hessian[k * n + j];
  };
  step.assign(n, 0.0);
  std::vector<double> slope = gradient;  // Of the quadratic model at weights + step.
  for (int round = 0; round < kRoundsMax; ++round) {
    double moved = 0, size = 0;
    for (size_t j = 0; j < n; ++j) {
      const double curvature = at(j, j);
      if (!(curvature > 0)) continue;  // A column without variation stays at 0.
      const double old = weights[j] + step[j];
      const double free = old - slope[j] / curvature;
      const double threshold = j + 1 < n ? l1 / curvature : 0;
      const double next = std::copysign(std::max(std::abs(free) - threshold, 0.0), free);
      const double change = next - old;
      size = std::max(size, std::abs(next));
      if (change == 0) continue;
      step[j] += change;
      if (next == 0) step[j] = -weights[j];  // Exactly 0 after the whole step.
      moved = std::max(moved, std::abs(change));
      for (size_t k = 0; k < n; ++k) slope[k] += change * at(j, k);
    }
    if (moved <= 1e-13 * (1 + size)) return true;
  }
  return false;
}

/// Newton's step; with an l1 penalty the proximal one.
bool newton_step(const std::vector<double>& hessian, const std::vector<double>& gradient,
                 const std::vector<double>& weights, double l1, std::vector<double>& step) {
  if (l1 > 0) return descend(hessian, gradient, weights, l1, step);
  std::vector<double> matrix = hessian;
  step = gradient;
  if (!solve(matrix, step)) return false;
  for (double& one : step) one = -one;
  return true;
}

/// Newton's method with halved steps where a whole one overshoots; proximal with an l1 penalty
/// (Lee, Sun and Saunders 2014).
Result<std::vector<double>> minimise(const Standardised& x, const std::vector<double>& labels,
                                     bool logistic, const Penalty& penalty, int& rounds) {
  constexpr int kRoundsMax = 100;
  const size_t n = x.width;
  std::vector<double> weights(n, 0.0), gradient(n), hessian(n * n), scratch_gradient(n),
      scratch_hessian(n * n), step, next(n);
  double loss = derivatives(x, labels, logistic, penalty.l2, weights, gradient, hessian);
  for (rounds = 1; rounds <= kRoundsMax; ++rounds) {
    if (!newton_step(hessian, gradient, weights, penalty.l1, step)) {
      return invalid_input("linear learner: the features are not independent of each other",
                           "raise `l2` in [train.parameters], or remove repeated features");
    }
    for (size_t j = 0; j < n; ++j) next[j] = weights[j] + step[j];
    const double cost = l1_cost(weights, penalty.l1);
    // What the model of first order promises of a whole step.
    const double decrement = cost - l1_cost(next, penalty.l1) -
                             std::inner_product(step.begin(), step.end(), gradient.begin(), 0.0);
    double length = 1;
    double next_loss = loss;
    for (int halving = 0; halving < 40; ++halving, length /= 2) {
      for (size_t j = 0; j < n; ++j) next[j] = weights[j] + length * step[j];
      next_loss =
          derivatives(x, labels, logistic, penalty.l2, next, scratch_gradient, scratch_hessian) +
          l1_cost(next, penalty.l1);
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

/// `models`: one, or one a class.
Result<Fitted> finish_linear(const std::vector<LinearModel>& models, const LearnerInput& input,
                             int rounds) {
  Fitted fitted;
  fitted.format = "linear";
  fitted.text = models.size() == 1 ? save_linear(models.front()) : save_linear_classes(models);
  MILLGATE_ASSIGN(fitted.scorer, load_linear(fitted.text));
  fitted.best_round = rounds;
  std::vector<double> predictions(input.valid->rows() * models.size());
  fitted.scorer->score(input.valid->features, predictions);
  fitted.valid_loss = {mean_loss(input.kind, input.valid->labels, predictions, input.valid->query)};
  return fitted;
}

Result<double> weight_of(const TrainSettings& settings, const std::string& name, double fallback) {
  const auto found = settings.parameters.find(name);
  if (found == settings.parameters.end()) return fallback;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end != '\0' || !(value >= 0) || !std::isfinite(value)) {
    return invalid_input("parameter `" + name + "` must be a number of 0 or more, not `" +
                         found->second + "`");
  }
  return value;
}

LinearModel empty_model(const LearnerInput& input, std::vector<LinearColumn> columns) {
  const size_t count = columns.size();
  LinearModel model;
  model.columns = std::move(columns);
  model.mean.assign(count, 0.0);
  model.scale.assign(count, 1.0);
  model.coefficient.assign(count, 0.0);
  model.logistic = has_classes(input.kind);
  return model;
}

/// The labels of each model: 1 for the rows of its class where there are several.
std::vector<std::vector<double>> labels_of_models(const LearnerInput& input) {
  const std::vector<double>& labels = input.train->labels;
  if (input.kind != TaskKind::multiclass) return {labels};
  std::vector<std::vector<double>> of_models(input.classes.size(),
                                             std::vector<double>(labels.size(), 0));
  for (size_t i = 0; i < labels.size(); ++i) of_models[static_cast<size_t>(labels[i])][i] = 1;
  return of_models;
}

}  // namespace

Result<Fitted> fit_linear(const LearnerInput& input) {
  Penalty penalty;
  MILLGATE_ASSIGN(penalty.l1, weight_of(*input.settings, "l1", 0));
  MILLGATE_ASSIGN(penalty.l2, weight_of(*input.settings, "l2", 1));
  LinearModel model = empty_model(input, columns_of(input));
  const Standardised x = standardise(input, model);
  std::vector<LinearModel> models;
  int rounds_max = 0;
  for (const std::vector<double>& labels : labels_of_models(input)) {
    int rounds = 0;
    MILLGATE_ASSIGN(const std::vector<double> weights,
                    minimise(x, labels, model.logistic, penalty, rounds));
    std::copy(weights.begin(), weights.end() - 1, model.coefficient.begin());
    model.intercept = weights.back();
    models.push_back(model);
    rounds_max = std::max(rounds_max, rounds);
  }
  MILLGATE_ASSIGN(Fitted fitted, finish_linear(models, input, rounds_max));
  fitted.parameters = input.settings->parameters;
  fitted.parameters.emplace("l1", "0");
  fitted.parameters.emplace("l2", "1");
  return fitted;
}

Result<Fitted> fit_constant(const LearnerInput& input) {
  std::vector<LinearColumn> columns;
  columns.reserve(input.feature_names.size());
  for (uint32_t j = 0; j < input.feature_names.size(); ++j) columns.push_back({.feature = j});
  LinearModel model = empty_model(input, std::move(columns));
  std::vector<LinearModel> models;
  for (const std::vector<double>& labels : labels_of_models(input)) {
    const double mean = std::accumulate(labels.begin(), labels.end(), 0.0) /
                        static_cast<double>(std::max<size_t>(labels.size(), 1));
    model.intercept = model.logistic ? std::log(mean / (1 - mean)) : mean;
    models.push_back(model);
  }
  return finish_linear(models, input, 0);
}

}  // namespace millgate
