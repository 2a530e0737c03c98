#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/artifact/ensemble.h"
#include "model/study/row_influence.h"

namespace millgate {

namespace {

constexpr double kPenalty = 1;
constexpr int kRoundsMax = 50;

/// Rows as the columns of a linear model, the last of ones.
struct Design {
  size_t width = 0;
  std::vector<double> values;
  const std::vector<double>* labels = nullptr;

  [[nodiscard]] size_t rows() const { return labels->size(); }
  [[nodiscard]] const double* row(size_t i) const { return &values[i * width]; }
};

Design design_of(const LinearModel& model, const Examples& examples, size_t features) {
  Design made{.width = model.columns.size() + 1, .values = {}, .labels = &examples.labels};
  made.values.reserve(examples.rows() * made.width);
  for (size_t i = 0; i < examples.rows(); ++i) {
    for (size_t j = 0; j < model.columns.size(); ++j) {
      const LinearColumn& column = model.columns[j];
      double value = examples.features[i * features + column.feature];
      if (column.is_category()) {
        // A category without a column counts as the mean row.
        const bool is_known =
            std::any_of(model.columns.begin(), model.columns.end(), [&](const LinearColumn& one) {
              return one.feature == column.feature && one.category == value;
            });
        value = is_known ? (value == column.category ? 1.0 : 0.0) : std::nan("");
      }
      made.values.push_back(std::isfinite(value) ? (value - model.mean[j]) / model.scale[j] : 0);
    }
    made.values.push_back(1);
  }
  return made;
}

double sigmoid(double score) { return 1 / (1 + std::exp(-score)); }

double dot(const double* a, const double* b, size_t width) {
  return std::inner_product(a, a + width, b, 0.0);
}

/// -ln of the probability of the label.
double loss_of(double score, double label) {
  return std::max(score, 0.0) + std::log1p(std::exp(-std::abs(score))) - label * score;
}

/// Curvature of the penalised loss at `weights`, less that of row `without`.
std::vector<double> curvature(const Design& x, const std::vector<double>& weights, size_t without) {
  std::vector<double> matrix(x.width * x.width, 0.0);
  for (size_t i = 0; i < x.rows(); ++i) {
    if (i == without) continue;
    const double* row = x.row(i);
    const double p = sigmoid(dot(row, weights.data(), x.width));
    for (size_t j = 0; j < x.width; ++j) {
      for (size_t k = 0; k <= j; ++k) matrix[j * x.width + k] += p * (1 - p) * row[j] * row[k];
    }
  }
  for (size_t j = 0; j < x.width; ++j) {
    if (j + 1 < x.width) matrix[j * x.width + j] += kPenalty;
    for (size_t k = 0; k < j; ++k) matrix[k * x.width + j] = matrix[j * x.width + k];
  }
  return matrix;
}

/// Inverse of a symmetric positive matrix by Gauss and Jordan; small, so that speed is nothing.
std::vector<double> inverse(std::vector<double> matrix, size_t n) {
  std::vector<double> made(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) made[i * n + i] = 1;
  for (size_t pivot = 0; pivot < n; ++pivot) {
    const double scale = 1 / matrix[pivot * n + pivot];
    for (size_t j = 0; j < n; ++j) {
      matrix[pivot * n + j] *= scale;
      made[pivot * n + j] *= scale;
    }
    for (size_t i = 0; i < n; ++i) {
      const double factor = matrix[i * n + pivot];
      if (i == pivot || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        matrix[i * n + j] -= factor * matrix[pivot * n + j];
        made[i * n + j] -= factor * made[pivot * n + j];
      }
    }
  }
  return made;
}

std::vector<double> times(const std::vector<double>& matrix, const double* vector, size_t n) {
  std::vector<double> made(n);
  for (size_t i = 0; i < n; ++i) made[i] = dot(&matrix[i * n], vector, n);
  return made;
}

double mean_loss_of(const Design& x, const std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < x.rows(); ++i) {
    sum += loss_of(dot(x.row(i), weights.data(), x.width), (*x.labels)[i]);
  }
  return sum / static_cast<double>(x.rows());
}

/// Newton's method to the end from `weights`, without row `without`.
std::vector<double> trained_without(const Design& x, std::vector<double> weights, size_t without) {
  for (int round = 0; round < kRoundsMax; ++round) {
    std::vector<double> gradient(x.width, 0.0);
    for (size_t i = 0; i < x.rows(); ++i) {
      if (i == without) continue;
      const double error = sigmoid(dot(x.row(i), weights.data(), x.width)) - (*x.labels)[i];
      for (size_t j = 0; j < x.width; ++j) gradient[j] += error * x.row(i)[j];
    }
    for (size_t j = 0; j + 1 < x.width; ++j) gradient[j] += kPenalty * weights[j];
    const std::vector<double> step =
        times(inverse(curvature(x, weights, without), x.width), gradient.data(), x.width);
    double size = 0;
    for (size_t j = 0; j < x.width; ++j) {
      weights[j] -= step[j];
      size = std::max(size, std::abs(step[j]));
    }
    if (size < 1e-12) break;
  }
  return weights;
}

/// Trains without the rows of the largest values, whose values become those.
void check(const Design& train, const Design& test, const std::vector<double>& weights,
           int checked_rows, RowInfluence& found) {
  std::vector<size_t> order(found.values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(found.values[a]) > std::abs(found.values[b]);
  });
  order.resize(std::min(order.size(), static_cast<size_t>(checked_rows)));
  const double largest = order.empty() ? 0 : std::abs(found.values[order.front()]);
  for (const size_t row : order) {
    const double exact = mean_loss_of(test, trained_without(train, weights, row)) - found.log_loss;
    if (largest > 0) {
      found.retrained_error =
          std::max(found.retrained_error, std::abs(exact - found.values[row]) / largest);
    }
    found.values[row] = exact;
    ++found.checked;
  }
}

}  // namespace

Result<RowInfluence> linear_influence(const InfluenceRows& rows, int checked_rows) {
  TrainSettings settings;
  settings.learner = "linear";
  LearnerInput input{.kind = TaskKind::binary,
                     .feature_names = std::vector<std::string>(rows.is_category.size(), "x"),
                     .is_category = rows.is_category,
                     .train = &rows.train,
                     .valid = &rows.test,
                     .settings = &settings,
                     .progress = {}};
  MILLGATE_ASSIGN(const Fitted fitted, fit_linear(input));
  MILLGATE_ASSIGN(const LinearModel model, read_linear(fitted.text));
  const Design train = design_of(model, rows.train, rows.is_category.size());
  const Design test = design_of(model, rows.test, rows.is_category.size());
  std::vector<double> weights = model.coefficient;
  weights.push_back(model.intercept);
  const std::vector<double> inverted =
      inverse(curvature(train, weights, train.rows()), train.width);
  RowInfluence found;
  found.log_loss = mean_loss_of(test, weights);
  std::vector<double> scores;
  scores.reserve(test.rows());
  for (size_t t = 0; t < test.rows(); ++t) {
    scores.push_back(dot(test.row(t), weights.data(), test.width));
  }
  for (size_t i = 0; i < train.rows(); ++i) {
    const double p = sigmoid(dot(train.row(i), weights.data(), train.width));
    std::vector<double> step = times(inverted, train.row(i), train.width);
    const double leverage = dot(step.data(), train.row(i), train.width);
    const double scale = (p - (*train.labels)[i]) / (1 - p * (1 - p) * leverage);
    for (double& one : step) one *= scale;
    double sum = 0;
    for (size_t t = 0; t < test.rows(); ++t) {
      const double label = (*test.labels)[t];
      sum += loss_of(scores[t] + dot(test.row(t), step.data(), test.width), label);
    }
    found.values.push_back(sum / static_cast<double>(test.rows()) - found.log_loss);
  }
  check(train, test, weights, checked_rows, found);
  return found;
}

}  // namespace millgate
