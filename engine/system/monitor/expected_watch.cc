#include "system/monitor/expected_watch.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "model/measure/quality.h"
#include "model/study/sample_classifier.h"
#include "system/monitor/calibration_track.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Of labelled rows that must be left after weighting.
constexpr double kEffectiveShareMin = 0.2;
/// Weights beyond this many times the mean are cut: a few rows would decide everything.
constexpr double kWeightMax = 20;
constexpr double kToldApartMin = 0.55;
constexpr double kSurpriseMin = 0.05;
constexpr size_t kTrustedWindows = 3;
constexpr size_t kClassifiedMax = 4'000;
/// Windows without labels after which the newest labelled ones are old.
constexpr size_t kOldWindows = 4;

/// Labelled rows of one stretch of time.
struct Stretch {
  std::vector<double> probability, label;
  std::vector<double> features;  ///< Row-major; empty where they are not known.
  [[nodiscard]] size_t rows() const { return label.size(); }
  void append(const Stretch& other) {
    probability.insert(probability.end(), other.probability.begin(), other.probability.end());
    label.insert(label.end(), other.label.begin(), other.label.end());
    features.insert(features.end(), other.features.begin(), other.features.end());
  }
};

bool is_answer(double label) { return label == 0 || label == 1; }

Result<std::vector<double>> features_of(const Model& model, const Block& inputs) {
  std::vector<double> features(inputs.rows * model.features().features().size());
  EvaluationScratch scratch;
  MILLGATE_TRY(model.features().evaluate(inputs, features, scratch));
  return features;
}

void add_row(Stretch& stretch, double probability, double label, std::span<const double> features) {
  stretch.probability.push_back(probability);
  stretch.label.push_back(label);
  stretch.features.insert(stretch.features.end(), features.begin(), features.end());
}

std::span<const double> row_of(const std::vector<double>& features, size_t row, size_t width) {
  if (features.empty()) return {};
  return std::span(features).subspan(row * width, width);
}

/// Stretches too short for a curve join the one before.
std::vector<Stretch> joined_stretches(std::map<int64_t, Stretch> by_time) {
  std::vector<Stretch> joined;
  for (auto& [at, stretch] : by_time) {
    const bool is_short = stretch.rows() < 2 * kCurveRowsMin;
    if (!joined.empty() && (is_short || joined.back().rows() < 2 * kCurveRowsMin)) {
      joined.back().append(stretch);
    } else {
      joined.push_back(std::move(stretch));
    }
  }
  return joined;
}

/// The rows that were held out, in stretches as long as the windows.
Result<std::vector<Stretch>> tested_stretches(const ExpectedRows& served,
                                              const HeldOutRows& tested) {
  std::vector<double> probability = tested.prediction;
  std::vector<double> features;
  size_t width = 0;
  if (served.model != nullptr && tested.inputs.rows > 0) {
    std::vector<Prediction> predictions;
    Model::Scratch scratch;
    MILLGATE_TRY(served.model->predict(tested.inputs, predictions, scratch));
    probability.clear();
    for (const Prediction& one : predictions) probability.push_back(one.value);
    if (served.inputs != nullptr) {
      MILLGATE_ASSIGN(features, features_of(*served.model, tested.inputs));
      width = served.model->features().features().size();
    }
  }
  std::map<int64_t, Stretch> by_time;
  for (size_t row = 0; row < probability.size(); ++row) {
    if (!is_answer(tested.label[row]) || !std::isfinite(probability[row])) continue;
    const double since = static_cast<double>(tested.event_micros[row] - served.grid.begin_micros);
    const auto at =
        static_cast<int64_t>(std::floor(since / static_cast<double>(served.grid.length_micros)));
    add_row(by_time[at], probability[row], tested.label[row], row_of(features, row, width));
  }
  return joined_stretches(std::move(by_time));
}

/// How the labelled rows count for rows without labels, one weight a row of each stretch.
struct Weighting {
  std::vector<std::vector<double>> weights;  ///< Empty: alike.
  double effective_share = 1;
  double told_apart_auc = 0.5;
};

std::vector<size_t> at_most(size_t count, size_t most) {
  std::vector<size_t> rows;
  const size_t kept = std::min(count, most);
  rows.reserve(kept);
  for (size_t at = 0; at < kept; ++at) rows.push_back(at * count / kept);
  return rows;
}

/// Keeps an even share of the rows of each stretch, so that they can be classified.
void thin(std::vector<Stretch>& known, size_t width) {
  size_t count = 0;
  for (const Stretch& stretch : known) count += stretch.rows();
  if (count <= kClassifiedMax) return;
  for (Stretch& stretch : known) {
    Stretch kept;
    const size_t most = std::max(kCurveRowsMin, stretch.rows() * kClassifiedMax / count);
    for (const size_t row : at_most(stretch.rows(), most)) {
      add_row(kept, stretch.probability[row], stretch.label[row],
              row_of(stretch.features, row, width));
    }
    stretch = std::move(kept);
  }
}

/// The probability of both classes is asked for as if there were as many rows of each, so that
/// p / (1 - p) is the ratio of the densities.
Result<Weighting> weigh(const std::vector<Stretch>& known, const Model& model,
                        const std::vector<double>& target) {
  Weighting weighting;
  const size_t width = model.features().features().size();
  SampleRows samples;
  for (const Feature& feature : model.features().features()) {
    samples.columns.push_back(feature.name);
    samples.is_category.push_back(feature.is_category);
  }
  for (const Stretch& stretch : known) {
    samples.rows.features.insert(samples.rows.features.end(), stretch.features.begin(),
                                 stretch.features.end());
  }
  const size_t known_count = samples.rows.features.size() / width;
  samples.rows.labels.assign(known_count, 0);
  for (const size_t row : at_most(target.size() / width, kClassifiedMax)) {
    const auto values = row_of(target, row, width);
    samples.rows.features.insert(samples.rows.features.end(), values.begin(), values.end());
    samples.rows.labels.push_back(1);
  }
  const size_t target_count = samples.rows.rows() - known_count;
  if (std::min(known_count, target_count) < kCurveRowsMin) return weighting;
  MILLGATE_ASSIGN(const std::vector<double> scores, sample_scores(samples, {}));
  weighting.told_apart_auc = auc({samples.rows.labels, scores}).value_or(0.5);
  if (weighting.told_apart_auc < kToldApartMin) return weighting;
  std::vector<double> ratio(known_count);
  for (size_t row = 0; row < known_count; ++row) {
    const double p = std::clamp(scores[row], 1e-6, 1 - 1e-6);
    ratio[row] = p / (1 - p);
  }
  const double mean =
      std::accumulate(ratio.begin(), ratio.end(), 0.0) / static_cast<double>(known_count);
  double sum = 0;
  double squares = 0;
  for (double& one : ratio) {
    one = std::min(one / mean, kWeightMax);
    sum += one;
    squares += one * one;
  }
  weighting.effective_share = sum * sum / (squares * static_cast<double>(known_count));
  if (weighting.effective_share < kEffectiveShareMin) return weighting;
  size_t row = 0;
  for (const Stretch& stretch : known) {
    weighting.weights.emplace_back(
        ratio.begin() + static_cast<std::ptrdiff_t>(row),
        ratio.begin() + static_cast<std::ptrdiff_t>(row + stretch.rows()));
    row += stretch.rows();
  }
  return weighting;
}

CalibrationTrack track_of(const std::vector<Stretch>& known, const Weighting& weighting) {
  CalibrationTrack track;
  for (size_t at = 0; at < known.size(); ++at) {
    const std::span<const double> weights =
        weighting.weights.empty() ? std::span<const double>() : weighting.weights[at];
    const auto curve = fit_curve({known[at].probability, known[at].label, weights});
    if (curve) track.learn(*curve);
  }
  return track;
}

void doubt(ExpectedQuality& expected, const std::string& reason) {
  expected.state = ExpectationState::doubtful;
  expected.reason += (expected.reason.empty() ? "" : "; ") + reason;
}

/// What the track allows to say, before any rows are looked at.
void judge_track(const CalibrationTrack& track, ExpectedQuality& expected) {
  expected.known_count = track.row_count();
  expected.known_windows = static_cast<int64_t>(track.count());
  if (track.count() == 0) {
    expected.reason = "no labelled rows that the model has not learned from";
    return;
  }
  if (track.has_changed() && track.count() == 1) {
    expected.reason = "the relation of rows and labels changed in the newest labelled window (p " +
                      figure_text(track.newest_p_value()) +
                      "): what was learned from those before no longer holds";
    return;
  }
  expected.state = ExpectationState::holds;
  if (track.count() < kTrustedWindows) {
    doubt(expected,
          "it rests on " + count_of(expected.known_windows, "window") + " with labels" +
              (track.has_changed() ? " since the relation of rows and labels changed"
                                   : ": how much one differs from the next is not known"));
  }
  if (track.newest_p_value() < kSurpriseMin) {
    doubt(expected, "the newest labelled window differs from those before (p " +
                        figure_text(track.newest_p_value()) + ")");
  }
}

void judge_rows(const Weighting& weighting, ExpectedQuality& expected) {
  expected.is_weighted = !weighting.weights.empty();
  expected.effective_share = weighting.effective_share;
  expected.told_apart_auc = weighting.told_apart_auc;
  if (weighting.effective_share >= kEffectiveShareMin ||
      expected.state == ExpectationState::cannot_know) {
    return;
  }
  doubt(expected, "its rows are of a kind that hardly any labelled row is (told apart with auc " +
                      figure_text(weighting.told_apart_auc) + "; " +
                      percent_text(weighting.effective_share) + " of them would count)");
}

std::vector<double> finite(const std::vector<double>& values, LogRows range) {
  std::vector<double> kept;
  for (size_t row = range.first; row < range.last; ++row) {
    if (values[row] >= 0 && values[row] <= 1) kept.push_back(values[row]);
  }
  return kept;
}

/// Learns window after window.
class Expectation {
 public:
  Expectation(const ExpectedRows& served, const MonitorOptions& options, std::vector<Stretch> known,
              std::vector<double> features)
      : served_(served),
        options_(options),
        known_(std::move(known)),
        features_(std::move(features)) {
    if (served.model != nullptr) width_ = served.model->features().features().size();
    for (const Stretch& stretch : known_) learn(stretch);
  }

  Status expect(size_t at, MonitorWindow& window) {
    const std::vector<double> scores = finite(served_.rows.prediction, served_.ranges[at]);
    if (scores.empty()) return {};
    ExpectedQuality expected;
    CalibrationTrack track = track_;
    Weighting weighting;
    if (window.maturity < kMatureShare && !features_.empty() && !known_.empty()) {
      std::vector<Stretch> sample = known_;
      thin(sample, width_);
      const auto begin = features_.begin();
      const LogRows range = served_.ranges[at];
      const std::vector<double> target(begin + static_cast<std::ptrdiff_t>(range.first * width_),
                                       begin + static_cast<std::ptrdiff_t>(range.last * width_));
      MILLGATE_ASSIGN(weighting, weigh(sample, *served_.model, target));
      if (!weighting.weights.empty()) track = track_of(sample, weighting);
    }
    judge_track(track, expected);
    judge_rows(weighting, expected);
    if (expected.state != ExpectationState::cannot_know && silent_ > kOldWindows) {
      doubt(expected, "no labels came for " + count_of(static_cast<int64_t>(silent_), "window") +
                          " before it");
    }
    if (expected.state != ExpectationState::cannot_know) {
      expected.metrics =
          expected_metrics(*track.forecast(), scores, served_.threshold, options_.seed);
    }
    window.expected = std::move(expected);
    return {};
  }

  void learn_window(size_t at, const MonitorWindow& window) {
    ++silent_;
    if (window.maturity < kMatureShare) return;
    Stretch stretch;
    const LogRows range = served_.ranges[at];
    for (size_t row = range.first; row < range.last; ++row) {
      const double probability = served_.rows.prediction[row];
      if (!is_answer(served_.rows.label[row]) || !(probability >= 0 && probability <= 1)) continue;
      add_row(stretch, probability, served_.rows.label[row], row_of(features_, row, width_));
    }
    if (!learn(stretch)) return;
    silent_ = 0;
    // A change makes what was known before it worthless.
    if (track_.count() == 1) known_.clear();
    known_.push_back(std::move(stretch));
  }

 private:
  bool learn(const Stretch& stretch) {
    const auto curve = fit_curve({stretch.probability, stretch.label, {}});
    if (curve) track_.learn(*curve);
    return curve.has_value();
  }

  const ExpectedRows& served_;
  const MonitorOptions& options_;
  CalibrationTrack track_;
  std::vector<Stretch> known_;
  std::vector<double> features_;
  size_t width_ = 0;
  size_t silent_ = 0;  ///< Windows since the newest labels.
};

}  // namespace

Status expect_quality(const ExpectedRows& served, const HeldOutRows& tested,
                      const MonitorOptions& options, std::vector<MonitorWindow>& windows) {
  MILLGATE_ASSIGN(std::vector<Stretch> known, tested_stretches(served, tested));
  std::vector<double> features;
  if (served.model != nullptr && served.inputs != nullptr) {
    MILLGATE_ASSIGN(features, features_of(*served.model, *served.inputs));
  }
  Expectation expectation(served, options, std::move(known), std::move(features));
  for (size_t at = 0; at < windows.size(); ++at) {
    if (served.ranges[at].size() == 0) continue;
    MILLGATE_TRY(expectation.expect(at, windows[at]));
    expectation.learn_window(at, windows[at]);
  }
  return {};
}

}  // namespace millgate
