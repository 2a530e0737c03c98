#include "system/monitor/calibration_track.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr double kHalfLife = 8;
constexpr double kPriorVariance = 0.2 * 0.2;
constexpr double kPriorCount = 2;
constexpr double kChangePValue = 0.001;
constexpr int kDraws = 400;
constexpr size_t kScoresMax = 1000;

double logistic(double value) { return 1 / (1 + std::exp(-value)); }

double logit(double probability) {
  const double kept = std::clamp(probability, 1e-6, 1 - 1e-6);
  return std::log(kept / (1 - kept));
}

/// A symmetric matrix of two by two: a b / b c.
struct Matrix {
  double a = 0, b = 0, c = 0;

  [[nodiscard]] double determinant() const { return a * c - b * b; }
  [[nodiscard]] Matrix inverse() const {
    const double d = determinant();
    return {c / d, -b / d, a / d};
  }
  void add(double factor, const Matrix& other) {
    a += factor * other.a;
    b += factor * other.b;
    c += factor * other.c;
  }
};

Matrix matrix_of(const CalibrationCurve& curve) {
  return {curve.covariance[0], curve.covariance[1], curve.covariance[2]};
}

/// L M L for symmetric ones.
Matrix sandwich(const Matrix& l, const Matrix& m) {
  const double p = l.a * m.a + l.b * m.b;
  const double q = l.a * m.b + l.b * m.c;
  const double r = l.b * m.a + l.c * m.b;
  const double s = l.b * m.b + l.c * m.c;
  return {p * l.a + q * l.b, p * l.b + q * l.c, r * l.b + s * l.c};
}

/// Without what is negative in it: a covariance less another may be.
Matrix positive_part(const Matrix& m) {
  const double middle = (m.a + m.c) / 2;
  const double reach = std::hypot((m.a - m.c) / 2, m.b);
  const double angle = 0.5 * std::atan2(2 * m.b, m.a - m.c);
  const double high = std::max(0.0, middle + reach);
  const double low = std::max(0.0, middle - reach);
  const double x = std::cos(angle);
  const double y = std::sin(angle);
  return {high * x * x + low * y * y, (high - low) * x * y, high * y * y + low * x * x};
}

double weight_of(const CalibrationRows& rows, size_t row) {
  return rows.weight.empty() ? 1 : rows.weight[row];
}

bool can_fit(const CalibrationRows& rows) {
  const auto positive = static_cast<size_t>(std::count(rows.label.begin(), rows.label.end(), 1.0));
  return rows.label.size() >= kCurveRowsMin && positive >= kCurveClassMin &&
         rows.label.size() - positive >= kCurveClassMin;
}

/// Curvature, and gradient as (to offset, to slope), of the weighted log-likelihood.
struct Slopes {
  Matrix curvature, squares;
  double to_offset = 0, to_slope = 0;
};

Slopes slopes_at(const CalibrationCurve& curve, const CalibrationRows& rows,
                 std::span<const double> logits) {
  Slopes sum;
  for (size_t row = 0; row < logits.size(); ++row) {
    const double x = logits[row];
    const double w = weight_of(rows, row);
    const double chance = logistic(curve.offset + curve.slope * x);
    const double rest = rows.label[row] - chance;
    const double h = w * chance * (1 - chance);
    sum.curvature.add(h, {1, x, x * x});
    sum.squares.add(w * w * rest * rest, {1, x, x * x});
    sum.to_offset += w * rest;
    sum.to_slope += w * rest * x;
  }
  // So little that it is nothing beside a hundred rows; keeps equal probabilities solvable.
  sum.curvature.add(1e-3, {1, 0, 1});
  sum.to_offset -= 1e-3 * curve.offset;
  sum.to_slope -= 1e-3 * (curve.slope - 1);
  return sum;
}

/// Half of a curve's weight is gone eight stretches later; they sum to 1.
std::vector<double> weights_by_age(size_t count) {
  std::vector<double> weights(count);
  double sum = 0;
  for (size_t at = 0; at < count; ++at) {
    weights[at] = std::exp2(-static_cast<double>(count - 1 - at) / kHalfLife);
    sum += weights[at];
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

double p_value_of(const CalibrationCurve& forecast, const CalibrationCurve& curve) {
  Matrix spread = matrix_of(forecast);
  spread.add(1, matrix_of(curve));
  const Matrix inverse = spread.inverse();
  const double x = curve.offset - forecast.offset;
  const double y = curve.slope - forecast.slope;
  // Of chi-square with two degrees of freedom.
  return std::exp(-(inverse.a * x * x + 2 * inverse.b * x * y + inverse.c * y * y) / 2);
}

/// At most kScoresMax of the probabilities, ascending and evenly ranked.
std::vector<double> evenly_ranked(std::span<const double> probability) {
  std::vector<double> sorted(probability.begin(), probability.end());
  std::sort(sorted.begin(), sorted.end());
  if (sorted.size() <= kScoresMax) return sorted;
  std::vector<double> kept(kScoresMax);
  for (size_t at = 0; at < kScoresMax; ++at) {
    kept[at] = sorted[(2 * at + 1) * sorted.size() / (2 * kScoresMax)];
  }
  return kept;
}

/// A metric and its standard error over `count` rows.
struct Figure {
  double value = 0, error = 0;
};

Figure share_of(double part, double whole, double count_share, double count) {
  if (whole <= 0) return {std::nan(""), 0};
  const double value = part / whole;
  return {value,
          std::sqrt(std::max(0.0, value * (1 - value)) / std::max(1.0, count_share * count))};
}

/// Hanley and McNeil 1982.
double auc_error(double area, double positives, double negatives) {
  const double q1 = area / (2 - area);
  const double q2 = 2 * area * area / (1 + area);
  const double variance = area * (1 - area) + (positives - 1) * (q1 - area * area) +
                          (negatives - 1) * (q2 - area * area);
  return std::sqrt(std::max(0.0, variance / (positives * negatives)));
}

constexpr std::array kMetrics = {"auc", "log_loss", "brier", "accuracy", "precision", "recall"};

/// All metrics if row i comes true with chance[i], over `count` rows of which these are a sample.
std::array<Figure, kMetrics.size()> figures_of(std::span<const double> scores,
                                               std::span<const double> chance, double threshold,
                                               double count) {
  const auto n = static_cast<double>(scores.size());
  double below = 0, pairs = 0, yes = 0, loss = 0, loss_squares = 0, brier = 0, brier_squares = 0;
  double decided = 0, right_yes = 0, right_no = 0;
  for (size_t row = 0; row < scores.size(); ++row) {
    const double c = chance[row];
    const double s = std::clamp(scores[row], 1e-15, 1 - 1e-15);
    pairs += c * (below + (1 - c) / 2);
    below += 1 - c;
    yes += c;
    const double miss_yes = -std::log(s);
    const double miss_no = -std::log1p(-s);
    loss += c * miss_yes + (1 - c) * miss_no;
    loss_squares += c * miss_yes * miss_yes + (1 - c) * miss_no * miss_no;
    const double square_yes = (1 - s) * (1 - s);
    const double square_no = s * s;
    brier += c * square_yes + (1 - c) * square_no;
    brier_squares += c * square_yes * square_yes + (1 - c) * square_no * square_no;
    if (scores[row] >= threshold) {
      ++decided;
      right_yes += c;
    } else {
      right_no += 1 - c;
    }
  }
  const auto mean = [&](double sum, double squares) {
    const double value = sum / n;
    return Figure{value, std::sqrt(std::max(0.0, squares / n - value * value) / count)};
  };
  const double area = pairs / (yes * below);
  return {Figure{area,
                 auc_error(area, std::max(1.0, yes / n * count), std::max(1.0, below / n * count))},
          mean(loss, loss_squares),
          mean(brier, brier_squares),
          share_of(right_yes + right_no, n, 1, count),
          share_of(right_yes, decided, decided / n, count),
          share_of(right_yes, yes, yes / n, count)};
}

double quantile(std::vector<double>& values, double share) {
  const std::ptrdiff_t at = std::lround(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<size_t>(at)];
}

}  // namespace

std::string to_string(ExpectationState state) {
  switch (state) {
    case ExpectationState::holds:
      return "holds";
    case ExpectationState::doubtful:
      return "doubtful";
    case ExpectationState::cannot_know:
      break;
  }
  return "cannot know";
}

double CalibrationCurve::chance(double probability) const {
  return logistic(offset + slope * logit(probability));
}

std::optional<CalibrationCurve> fit_curve(const CalibrationRows& rows) {
  if (!can_fit(rows)) return std::nullopt;
  std::vector<double> logits;
  logits.reserve(rows.probability.size());
  for (const double probability : rows.probability) logits.push_back(logit(probability));
  CalibrationCurve curve{.row_count = static_cast<int64_t>(rows.label.size())};
  constexpr int kStepsMax = 50;
  for (int step = 0; step < kStepsMax; ++step) {
    const Slopes slopes = slopes_at(curve, rows, logits);
    const Matrix inverse = slopes.curvature.inverse();
    const double x = inverse.a * slopes.to_offset + inverse.b * slopes.to_slope;
    const double y = inverse.b * slopes.to_offset + inverse.c * slopes.to_slope;
    if (!std::isfinite(x) || !std::isfinite(y)) return std::nullopt;
    curve.offset += x;
    curve.slope += y;
    if (std::abs(x) + std::abs(y) > 1e-9) continue;
    const Slopes last = slopes_at(curve, rows, logits);
    const Matrix covariance = sandwich(last.curvature.inverse(), last.squares);
    curve.covariance = {covariance.a, covariance.b, covariance.c};
    return curve;
  }
  return std::nullopt;
}

int64_t CalibrationTrack::row_count() const {
  int64_t count = 0;
  for (const CalibrationCurve& curve : curves_) count += curve.row_count;
  return count;
}

void CalibrationTrack::learn(const CalibrationCurve& curve) {
  newest_p_value_ = 1;
  if (const auto expected = forecast()) newest_p_value_ = p_value_of(*expected, curve);
  if (newest_p_value_ < kChangePValue) {
    curves_.clear();
    has_changed_ = true;
  }
  curves_.push_back(curve);
}

std::optional<CalibrationCurve> CalibrationTrack::forecast() const {
  if (curves_.empty()) return std::nullopt;
  const std::vector<double> weights = weights_by_age(curves_.size());
  CalibrationCurve mean{.offset = 0, .slope = 0, .row_count = row_count()};
  double squares = 0;
  for (size_t at = 0; at < curves_.size(); ++at) {
    mean.offset += weights[at] * curves_[at].offset;
    mean.slope += weights[at] * curves_[at].slope;
    squares += weights[at] * weights[at];
  }
  const double count = 1 / squares;
  Matrix scatter;
  Matrix sampling;
  Matrix of_mean;
  for (size_t at = 0; at < curves_.size(); ++at) {
    const double x = curves_[at].offset - mean.offset;
    const double y = curves_[at].slope - mean.slope;
    scatter.add(weights[at], {x * x, x * y, y * y});
    sampling.add(weights[at], matrix_of(curves_[at]));
    of_mean.add(weights[at] * weights[at], matrix_of(curves_[at]));
  }
  const double freedom = std::max(0.0, count - 1);
  Matrix between;
  if (freedom > 0.01) {
    between.add(count / freedom, scatter);
    between.add(-1, sampling);
    between = positive_part(between);
  }
  Matrix spread;
  spread.add(freedom / (freedom + kPriorCount), between);
  spread.add(kPriorCount / (freedom + kPriorCount), {kPriorVariance, 0, kPriorVariance});
  Matrix total = of_mean;
  total.add(1 + squares, spread);
  mean.covariance = {total.a, total.b, total.c};
  return mean;
}

std::vector<ExpectedMetric> expected_metrics(const CalibrationCurve& forecast,
                                             std::span<const double> probability, double threshold,
                                             uint64_t seed) {
  const std::vector<double> scores = evenly_ranked(probability);
  std::vector<double> logits;
  logits.reserve(scores.size());
  for (const double score : scores) logits.push_back(logit(score));
  const auto [a, b, c] = forecast.covariance;
  const double l11 = std::sqrt(std::max(0.0, a));
  const double l21 = l11 > 0 ? b / l11 : 0;
  const double l22 = std::sqrt(std::max(0.0, c - l21 * l21));
  Random random = Random::stream(seed, "expected quality");
  std::array<std::vector<double>, kMetrics.size()> values;
  std::array<std::vector<double>, kMetrics.size()> outcomes;
  std::vector<double> chance(scores.size());
  for (int draw = 0; draw < kDraws; ++draw) {
    const double u = random.normal();
    const double v = random.normal();
    const double offset = forecast.offset + l11 * u;
    const double slope = forecast.slope + l21 * u + l22 * v;
    for (size_t row = 0; row < scores.size(); ++row) {
      chance[row] = logistic(offset + slope * logits[row]);
    }
    const auto figures =
        figures_of(scores, chance, threshold, static_cast<double>(probability.size()));
    for (size_t metric = 0; metric < kMetrics.size(); ++metric) {
      const double noise = random.normal();
      if (!std::isfinite(figures[metric].value)) continue;
      values[metric].push_back(figures[metric].value);
      outcomes[metric].push_back(figures[metric].value + figures[metric].error * noise);
    }
  }
  std::vector<ExpectedMetric> found;
  for (size_t metric = 0; metric < kMetrics.size(); ++metric) {
    if (values[metric].empty()) continue;
    double sum = 0;
    for (const double value : values[metric]) sum += value;
    const bool is_share = std::string_view(kMetrics[metric]) != "log_loss";
    const double top = is_share ? 1 : std::numeric_limits<double>::infinity();
    found.push_back({kMetrics[metric], sum / static_cast<double>(values[metric].size()),
                     std::clamp(quantile(outcomes[metric], 0.025), 0.0, top),
                     std::clamp(quantile(outcomes[metric], 0.975), 0.0, top)});
  }
  return found;
}

}  // namespace millgate
