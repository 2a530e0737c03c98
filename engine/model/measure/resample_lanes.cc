#include "model/measure/resample_lanes.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "ground/random.h"

namespace millgate {
namespace {

/// One number a lane. Counts are doubles too: exact below 2^53, and no conversion on the way.
struct Lanes {
  alignas(64) std::array<double, kLanes> of{};

  void clear() { of.fill(0); }
};

void load(const uint8_t* counts, Lanes& out) {
  for (size_t l = 0; l < kLanes; ++l) out.of[l] = counts[l];
}

void add(const Lanes& weights, Lanes& sum) {
  for (size_t l = 0; l < kLanes; ++l) sum.of[l] += weights.of[l];
}

void add_scaled(const Lanes& weights, double by, Lanes& sum) {
  for (size_t l = 0; l < kLanes; ++l) sum.of[l] += weights.of[l] * by;
}

/// The bins of a calibration error, which have other edges in each lane.
class CalibrationBins {
 public:
  explicit CalibrationBins(const Lanes& rows) : rows_(rows) {
    for (size_t l = 0; l < kLanes; ++l) set_edge(l, 1);
  }

  /// Before the first of equal predictions: closes the bins of the lanes that `seen` is beyond.
  void open(const Lanes& seen) {
    bool beyond = false;
    for (size_t l = 0; l < kLanes; ++l) beyond |= seen.of[l] >= edge_.of[l];
    if (!beyond) return;
    for (size_t l = 0; l < kLanes; ++l) {
      if (seen.of[l] < edge_.of[l]) continue;
      close(l);
      set_edge(l, std::floor(seen.of[l] * kCalibrationBins / rows_.of[l]) + 1);
    }
  }
  /// A row whose prediction is off its label by `off`.
  void add(const Lanes& weights, double off) { add_scaled(weights, off, in_bin_); }

  [[nodiscard]] const Lanes& finish() {
    for (size_t l = 0; l < kLanes; ++l) close(l);
    return off_;
  }

 private:
  void close(size_t l) {
    off_.of[l] += std::abs(in_bin_.of[l]);
    in_bin_.of[l] = 0;
  }
  /// The bin of rank i of n is floor(i * bins / n): where bin `next` begins.
  void set_edge(size_t l, double next) {
    edge_.of[l] = next < kCalibrationBins ? std::ceil(next * rows_.of[l] / kCalibrationBins)
                                          : std::numeric_limits<double>::infinity();
  }

  const Lanes& rows_;
  Lanes edge_, in_bin_, off_;
};

/// What is summed up while rows go by in ascending order of prediction.
struct Passing {
  Lanes rows, positives;  ///< Of the whole group.
  Lanes seen, positives_seen;
  Lanes pairs_doubled, precision_steps;
  Lanes loss, squares, predictions;
  Lanes decided, true_positives;

  /// Rows of one prediction went by.
  void pass_ties(const Lanes& all, const Lanes& positives_of, bool has_positives, bool is_decided) {
    if (has_positives) {
      for (size_t l = 0; l < kLanes; ++l) {
        const double negatives_below = seen.of[l] - positives_seen.of[l];
        const double negatives_tied = all.of[l] - positives_of.of[l];
        pairs_doubled.of[l] += positives_of.of[l] * (2 * negatives_below + negatives_tied);
        const double above = std::max(1.0, rows.of[l] - seen.of[l]);
        precision_steps.of[l] +=
            positives_of.of[l] * ((positives.of[l] - positives_seen.of[l]) / above);
      }
      add(positives_of, positives_seen);
      if (is_decided) add(positives_of, true_positives);
    }
    add(all, seen);
    if (is_decided) add(all, decided);
  }
};

}  // namespace

void DrawnRows::draw(size_t rows, uint64_t seed, uint64_t first, size_t lanes) {
  counts.assign(rows * kLanes, 0);
  for (size_t l = 0; l < lanes; ++l) {
    Random random = Random::stream(seed, "bootstrap", first + l);
    for (size_t i = 0; i < rows; ++i) ++counts[random.below(rows) * kLanes + l];
  }
}

void visit_resamples(
    size_t rows, const MeasureOptions& options,
    const std::function<void(const DrawnRows& drawn, size_t first, size_t lanes)>& visit) {
  const auto resamples = static_cast<size_t>(options.resamples);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    DrawnRows drawn;
    for (size_t first = kLanes * next++; first < resamples; first = kLanes * next++) {
      const size_t lanes = std::min(kLanes, resamples - first);
      drawn.draw(rows, options.seed, first, lanes);
      visit(drawn, first, lanes);
    }
  };
  // A thread costs more than a few small resamples.
  constexpr size_t kWorthAThread = 100'000;
  std::vector<std::jthread> helpers;
  if (rows * resamples > kWorthAThread) {
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) helpers.emplace_back(work);
  }
  work();
}

void measure_binary_lanes(const GroupRows& group, const DrawnRows& drawn,
                          const MeasureOptions& options, std::span<Measures, kLanes> out) {
  const RankedRows& rows = group.rows;
  Passing sums;
  Lanes weights;
  for (size_t i = 0; i < rows.size(); ++i) {
    load(drawn.of(group.number[i]), weights);
    add(weights, sums.rows);
    if (rows.label[i] > 0.5) add(weights, sums.positives);
  }
  CalibrationBins bins(sums.rows);
  Lanes tied, tied_positives;
  for (size_t i = 0; i < rows.size();) {
    const double prediction = rows.prediction[i];
    bool has_positives = false;
    bins.open(sums.seen);
    tied.clear();
    tied_positives.clear();
    for (; i < rows.size() && rows.prediction[i] == prediction; ++i) {
      const double off = prediction - rows.label[i];
      load(drawn.of(group.number[i]), weights);
      add(weights, tied);
      add_scaled(weights, rows.loss[i], sums.loss);
      add_scaled(weights, off * off, sums.squares);
      bins.add(weights, off);
      if (rows.label[i] > 0.5) {
        add(weights, tied_positives);
        has_positives = true;
      }
    }
    add_scaled(tied, prediction, sums.predictions);
    sums.pass_ties(tied, tied_positives, has_positives, prediction >= options.threshold);
  }
  const Lanes& calibration_off = bins.finish();
  for (size_t l = 0; l < kLanes; ++l) {
    out[l] = measures_of({.rows = sums.rows.of[l],
                          .positives = sums.positives.of[l],
                          .pairs_won = sums.pairs_doubled.of[l] / 2,
                          .loss = sums.loss.of[l],
                          .squares = sums.squares.of[l],
                          .decided = sums.decided.of[l],
                          .true_positives = sums.true_positives.of[l],
                          .predictions = sums.predictions.of[l],
                          .precision_steps = sums.precision_steps.of[l],
                          .calibration_off = calibration_off.of[l]},
                         options);
  }
}

void measure_regression_lanes(const GroupRows& group, const DrawnRows& drawn,
                              std::span<Measures, kLanes> out) {
  const RankedRows& rows = group.rows;
  Lanes weights, count, labels, squares, distances, spread;
  for (size_t i = 0; i < rows.size(); ++i) {
    load(drawn.of(group.number[i]), weights);
    add(weights, count);
    add_scaled(weights, rows.label[i], labels);
  }
  Lanes mean;
  for (size_t l = 0; l < kLanes; ++l) mean.of[l] = labels.of[l] / std::max(1.0, count.of[l]);
  for (size_t i = 0; i < rows.size(); ++i) {
    const double off = rows.prediction[i] - rows.label[i];
    load(drawn.of(group.number[i]), weights);
    add_scaled(weights, off * off, squares);
    add_scaled(weights, std::abs(off), distances);
    for (size_t l = 0; l < kLanes; ++l) {
      const double away = rows.label[i] - mean.of[l];
      spread.of[l] += weights.of[l] * away * away;
    }
  }
  for (size_t l = 0; l < kLanes; ++l) {
    out[l] = regression_measures({.rows = count.of[l],
                                  .squares = squares.of[l],
                                  .distances = distances.of[l],
                                  .spread = spread.of[l]});
  }
}

}  // namespace millgate
