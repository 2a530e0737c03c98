#include "model/measure/quality.h"

#include <cassert>
#include <cmath>

#include "model/measure/ranked_rows.h"

namespace millgate {
namespace {

/// All rows once.
class Once {
 public:
  explicit Once(const Outcome& rows)
      : ranked_(arrange(rows, rank_rows(rows), false)), weights_(ranked_.size(), 1) {
    assert(rows.label.size() == rows.prediction.size());
  }
  [[nodiscard]] WeightedRows range() const { return {ranked_, 0, ranked_.size(), weights_}; }

 private:
  RankedRows ranked_;
  std::vector<uint32_t> weights_;
};

std::optional<double> one_of(const Outcome& rows, Measure measure) {
  const Once once(rows);
  const double value = measure_binary(once.range(), {})[static_cast<size_t>(measure)];
  if (std::isnan(value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> auc(const Outcome& rows) { return one_of(rows, Measure::auc); }
std::optional<double> log_loss(const Outcome& rows) { return one_of(rows, Measure::log_loss); }
std::optional<double> brier(const Outcome& rows) { return one_of(rows, Measure::brier); }

std::optional<double> calibration_error(const Outcome& rows, int bins) {
  if (rows.label.empty()) return std::nullopt;
  const Once once(rows);
  double off = 0;
  visit_calibration_bins(once.range(), bins, [&](uint64_t, double predictions, double labels) {
    off += std::abs(predictions - labels);
  });
  return off / static_cast<double>(rows.label.size());
}

std::vector<CalibrationBin> calibration_curve(const Outcome& rows, int bins) {
  const Once once(rows);
  std::vector<CalibrationBin> curve;
  visit_calibration_bins(
      once.range(), bins, [&](uint64_t count, double predictions, double labels) {
        const double size = static_cast<double>(count);
        curve.push_back({predictions / size, labels / size, static_cast<int64_t>(count)});
      });
  return curve;
}

Confusion confusion(const Outcome& rows, double threshold) {
  assert(rows.label.size() == rows.prediction.size());
  Confusion counts;
  for (size_t i = 0; i < rows.label.size(); ++i) {
    const bool positive = rows.label[i] > 0.5;
    const bool decided = rows.prediction[i] >= threshold;
    if (positive) {
      ++(decided ? counts.true_positive : counts.false_negative);
    } else {
      ++(decided ? counts.false_positive : counts.true_negative);
    }
  }
  return counts;
}

double best_threshold(const Outcome& rows, const Utility& utility) {
  if (rows.label.empty()) return 0.5;
  const std::vector<uint32_t> order = rank_rows(rows);
  Confusion counts = confusion(rows, 0);
  double best = 0;
  double most = -std::numeric_limits<double>::infinity();
  const auto consider = [&](double threshold) {
    const double earned = utility.true_positive * static_cast<double>(counts.true_positive) +
                          utility.false_positive * static_cast<double>(counts.false_positive) +
                          utility.true_negative * static_cast<double>(counts.true_negative) +
                          utility.false_negative * static_cast<double>(counts.false_negative);
    if (earned > most) {
      most = earned;
      best = threshold;
    }
  };
  consider(0);
  // Raising the threshold past a row turns its "yes" into "no".
  for (size_t i = 0; i < order.size();) {
    const double prediction = rows.prediction[order[i]];
    if (prediction > 1) break;
    if (prediction > 0) consider(prediction);
    for (; i < order.size() && rows.prediction[order[i]] == prediction; ++i) {
      if (prediction < 0) continue;  // "no" at 0 already
      const bool positive = rows.label[order[i]] > 0.5;
      --(positive ? counts.true_positive : counts.false_positive);
      ++(positive ? counts.false_negative : counts.true_negative);
    }
    if (prediction == 1) return best;  // 1 was tried as a prediction
  }
  consider(1);
  return best;
}

}  // namespace millgate
