#include "model/learn/fit_calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ground/shortest_text.h"

namespace millgate {
namespace {

/// Rows of equal mean that stand together.
struct Pool {
  double first = 0, last = 0;  ///< Of the probabilities.
  double sum = 0;              ///< Of the labels.
  double count = 0;
  [[nodiscard]] double mean() const { return sum / count; }
};

/// Pool adjacent violators.
std::vector<Pool> pool_rows(const Outcome& rows) {
  std::vector<size_t> order(rows.label.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rows.prediction[a] < rows.prediction[b]; });
  std::vector<Pool> pools;
  for (size_t i = 0; i < order.size();) {
    const double at = rows.prediction[order[i]];
    Pool pool{.first = at, .last = at};
    for (; i < order.size() && rows.prediction[order[i]] == at; ++i) {
      pool.sum += rows.label[order[i]];
      pool.count += 1;
    }
    while (!pools.empty() && pools.back().mean() >= pool.mean()) {
      pool.first = pools.back().first;
      pool.sum += pools.back().sum;
      pool.count += pools.back().count;
      pools.pop_back();
    }
    pools.push_back(pool);
  }
  return pools;
}

void fit_isotonic(const Outcome& rows, Calibration& calibration) {
  for (const Pool& pool : pool_rows(rows)) {
    calibration.from.push_back(pool.first);
    calibration.to.push_back(pool.mean());
    if (pool.last == pool.first) continue;
    calibration.from.push_back(pool.last);
    calibration.to.push_back(pool.mean());
  }
}

/// The loss of slope and offset on log-odds, its gradient and its curvature.
struct Likelihood {
  double loss = 0;
  double by_slope = 0, by_offset = 0;
  double slope_slope = 0, slope_offset = 0, offset_offset = 0;
};

Likelihood likelihood_at(const std::vector<double>& scores, const std::vector<double>& targets,
                         double slope, double offset) {
  Likelihood at;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double z = slope * scores[i] + offset;
    const double p = 1 / (1 + std::exp(-z));
    // ln(1 + exp(z)) - target * z without overflow.
    at.loss += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - targets[i] * z;
    const double off = p - targets[i];
    const double weight = p * (1 - p);
    at.by_slope += off * scores[i];
    at.by_offset += off;
    at.slope_slope += weight * scores[i] * scores[i];
    at.slope_offset += weight * scores[i];
    at.offset_offset += weight;
  }
  return at;
}

/// Newton's method with shorter steps where the whole one does not help; the loss is convex.
struct Line {
  double slope = 1;
  double offset = 0;
};

Line fit_line(const std::vector<double>& scores, const std::vector<double>& targets,
              bool with_offset) {
  constexpr int kStepsMax = 100;
  Line line;
  Likelihood at = likelihood_at(scores, targets, line.slope, line.offset);
  for (int step = 0; step < kStepsMax; ++step) {
    // The smallest ridge that keeps a curvature of equal scores from being singular.
    const double ridge = 1e-12 * (at.slope_slope + at.offset_offset);
    const double a = at.slope_slope + ridge;
    const double b = with_offset ? at.slope_offset : 0;
    const double c = with_offset ? at.offset_offset + ridge : 1;
    const double determinant = a * c - b * b;
    if (!(determinant > 0)) break;
    const double by_offset = with_offset ? at.by_offset : 0;
    const double d_slope = (c * at.by_slope - b * by_offset) / determinant;
    const double d_offset = (a * by_offset - b * at.by_slope) / determinant;
    double share = 1;
    Line next;
    Likelihood there;
    for (; share > 1e-10; share /= 2) {
      next = {.slope = line.slope - share * d_slope, .offset = line.offset - share * d_offset};
      there = likelihood_at(scores, targets, next.slope, next.offset);
      if (there.loss <= at.loss) break;
    }
    if (!(there.loss <= at.loss)) break;
    const bool is_done = std::abs(share * d_slope) <= 1e-13 * std::max(1.0, std::abs(line.slope)) &&
                         std::abs(share * d_offset) <= 1e-13 * std::max(1.0, std::abs(line.offset));
    line = next;
    at = there;
    if (is_done) break;
  }
  return line;
}

Error not_calibrated(CalibrationMethod method, size_t rows) {
  return invalid_input(
      "the model cannot be calibrated by `" + std::string(to_text(method)) + "`: on the " +
          std::to_string(rows) + " calibration rows its probabilities do not rise with the label",
      "see whether the AUC is above 0.5; remove `calibrate` from [train] meanwhile");
}

Status fit_log_odds(const Outcome& rows, double positives, Calibration& calibration) {
  const bool is_platt = calibration.method == CalibrationMethod::platt;
  const double negatives = static_cast<double>(rows.label.size()) - positives;
  const double yes = is_platt ? (positives + 1) / (positives + 2) : 1;
  const double no = is_platt ? 1 / (negatives + 2) : 0;
  std::vector<double> scores, targets;
  for (size_t i = 0; i < rows.label.size(); ++i) {
    scores.push_back(log_odds_of(rows.prediction[i]));
    targets.push_back(rows.label[i] > 0.5 ? yes : no);
  }
  const Line line = fit_line(scores, targets, is_platt);
  calibration.slope = line.slope;
  calibration.offset = line.offset;
  if (std::isfinite(line.slope) && line.slope > 0 && std::isfinite(line.offset)) return {};
  return not_calibrated(calibration.method, rows.label.size());
}

/// Loss of a slope on the logarithms of classes' probabilities, and its first two derivatives.
struct SlopeLoss {
  double loss = 0, by_slope = 0, curvature = 0;
};

/// `logs`: as many a row as there are classes.
SlopeLoss slope_loss_at(const std::vector<double>& logs, std::span<const double> labels,
                        double slope) {
  const size_t classes = logs.size() / labels.size();
  SlopeLoss at;
  for (size_t row = 0; row < labels.size(); ++row) {
    const double* z = &logs[row * classes];
    const double greatest = slope * *std::max_element(z, z + classes);
    double sum = 0, mean = 0, squares = 0;
    for (size_t k = 0; k < classes; ++k) {
      const double weight = std::exp(slope * z[k] - greatest);
      sum += weight;
      mean += weight * z[k];
      squares += weight * z[k] * z[k];
    }
    mean /= sum;
    const double of_label = z[static_cast<size_t>(labels[row])];
    at.loss += std::log(sum) + greatest - slope * of_label;
    at.by_slope += mean - of_label;
    at.curvature += squares / sum - mean * mean;
  }
  return at;
}

/// The ceil((n + 1) * coverage)-th smallest of n errors; `of` names the rows in the message.
Result<double> conformal_limit(std::vector<double> errors, double coverage, const char* of) {
  const auto count = static_cast<double>(errors.size());
  // Less what the product is above a whole number by rounding alone.
  const double rank = std::ceil((count + 1) * coverage - 1e-9);
  if (rank > count) {
    const double needed = std::ceil(coverage / (1 - coverage) - 1e-9);
    return invalid_input(
        "a coverage of " + shortest_text(coverage) + " cannot be promised from " +
            std::to_string(errors.size()) + " " + of + ": it needs " +
            std::to_string(static_cast<int64_t>(needed)) + " at least",
        "lower `coverage`, lengthen `valid` in [train] split, or raise its `calibrate_share`");
  }
  const auto place = errors.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(errors.begin(), place, errors.end());
  return *place;
}

}  // namespace

Result<Calibration> fit_calibration(CalibrationMethod method, const Outcome& rows) {
  const double positives = std::accumulate(rows.label.begin(), rows.label.end(), 0.0);
  if (positives == 0 || positives == static_cast<double>(rows.label.size())) {
    return invalid_input(
        "the " + std::to_string(rows.label.size()) + " calibration rows have one class only",
        "lengthen `valid` in [train] split");
  }
  Calibration calibration;
  calibration.method = method;
  calibration.row_count = static_cast<int64_t>(rows.label.size());
  if (method == CalibrationMethod::isotonic) {
    fit_isotonic(rows, calibration);
  } else {
    MILLGATE_TRY(fit_log_odds(rows, positives, calibration));
  }
  return calibration;
}

Result<Calibration> fit_class_temperature(const Outcome& rows, size_t class_count) {
  constexpr int kStepsMax = 100;
  std::vector<double> logs;
  logs.reserve(rows.prediction.size());
  for (const double one : rows.prediction) logs.push_back(std::log(std::max(one, 1e-15)));
  Calibration calibration;
  calibration.method = CalibrationMethod::temperature;
  calibration.row_count = static_cast<int64_t>(rows.prediction.size() / class_count);
  double& slope = calibration.slope;
  SlopeLoss at = slope_loss_at(logs, rows.label, slope);
  // Newton's method with shorter steps where the whole one does not help; the loss is convex.
  for (int step = 0; step < kStepsMax && at.curvature > 0; ++step) {
    double move = -at.by_slope / at.curvature;
    SlopeLoss there = slope_loss_at(logs, rows.label, slope + move);
    while (!(there.loss <= at.loss) && std::abs(move) > 1e-13) {
      move /= 2;
      there = slope_loss_at(logs, rows.label, slope + move);
    }
    if (!(there.loss <= at.loss)) break;
    slope += move;
    at = there;
    if (std::abs(move) <= 1e-13 * std::max(1.0, std::abs(slope))) break;
  }
  if (std::isfinite(slope) && slope > 0) return calibration;
  return not_calibrated(calibration.method, rows.label.size());
}

Result<Uncertainty> fit_uncertainty(const UncertaintySettings& settings, TaskKind kind,
                                    const Outcome& rows) {
  const bool is_binary = kind == TaskKind::binary;
  Uncertainty made;
  made.method =
      settings.method.value_or(is_binary ? UncertaintyMethod::lac : UncertaintyMethod::absolute);
  if (makes_intervals(made.method) == is_binary) {
    return settings.section.error_at(
        "method",
        "`" + std::string(to_text(made.method)) + "` is no method of a " +
            (is_binary ? "binary" : "regression") + " task",
        is_binary ? "valid names: lac, lac_by_class" : "valid names: absolute");
  }
  made.coverage = settings.coverage;
  made.row_count = static_cast<int64_t>(rows.label.size());
  std::vector<double> errors, of_true, of_false;
  for (size_t i = 0; i < rows.label.size(); ++i) {
    const double prediction = rows.prediction[i];
    if (!is_binary) {
      errors.push_back(std::abs(rows.label[i] - prediction));
    } else if (made.method == UncertaintyMethod::lac) {
      errors.push_back(rows.label[i] > 0.5 ? 1 - prediction : prediction);
    } else if (rows.label[i] > 0.5) {
      of_true.push_back(1 - prediction);
    } else {
      of_false.push_back(prediction);
    }
  }
  if (made.method == UncertaintyMethod::lac_by_class) {
    MILLGATE_ASSIGN(made.miss_true, conformal_limit(std::move(of_true), made.coverage,
                                                    "calibration rows that are true"));
    MILLGATE_ASSIGN(made.miss_false, conformal_limit(std::move(of_false), made.coverage,
                                                     "calibration rows that are false"));
    return made;
  }
  MILLGATE_ASSIGN(const double limit,
                  conformal_limit(std::move(errors), made.coverage, "calibration rows"));
  if (is_binary) {
    made.miss_true = made.miss_false = limit;
  } else {
    made.margin = limit;
  }
  return made;
}

}  // namespace millgate
