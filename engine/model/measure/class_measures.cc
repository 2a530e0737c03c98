#include "model/measure/class_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/measure/class_quality.h"
#include "model/measure/resample_lanes.h"

namespace millgate {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// What a row adds, once for all resamples.
struct JudgedRow {
  size_t label = 0;
  size_t decided = 0;
  double loss = 0;
  double squares = 0;
  double earned = 0;  ///< Where it is told what decisions earn.
  size_t place = 0;   ///< Of the label among the probabilities, the largest first.
};

std::vector<JudgedRow> judge(const Outcome& rows, size_t classes,
                             const MeasureOptions& options = {}) {
  const std::vector<size_t> decided = decided_classes(rows.prediction, classes, options.decide_by);
  std::vector<JudgedRow> judged(rows.label.size());
  for (size_t i = 0; i < judged.size(); ++i) {
    const auto all = rows.prediction.subspan(i * classes, classes);
    JudgedRow& row = judged[i];
    row.label = static_cast<size_t>(rows.label[i]);
    row.decided = decided[i];
    if (options.utility && !options.utility->of_classes.empty()) {
      row.earned = options.utility->of_classes[row.decided * classes + row.label];
    }
    row.loss = -std::log(std::clamp(all[row.label], 1e-15, 1 - 1e-15));
    for (size_t k = 0; k < classes; ++k) {
      const double off = all[k] - (k == row.label ? 1 : 0);
      row.squares += off * off;
      if (all[k] > all[row.label] || (all[k] == all[row.label] && k < row.label)) ++row.place;
    }
  }
  return judged;
}

/// Sums over rows, each as often as it was drawn.
struct ClassSums {
  explicit ClassSums(size_t class_count) : classes(class_count), cells(class_count * class_count) {}

  void add(const JudgedRow& row, double weight) {
    cells[row.label * classes + row.decided] += weight;
    loss += weight * row.loss;
    squares += weight * row.squares;
    earned += weight * row.earned;
    if (row.place < 2) top_2 += weight;
    if (row.place < 3) top_3 += weight;
  }
  void clear() { *this = ClassSums(classes); }

  size_t classes;
  std::vector<double> cells;  ///< Label x decision.
  double loss = 0, squares = 0, earned = 0, top_2 = 0, top_3 = 0;
};

/// Sums of the rows and the columns of the confusion matrix.
struct Margins {
  std::vector<double> labelled, decided;
  double hits = 0, rows = 0;

  explicit Margins(const ClassSums& sums) : labelled(sums.classes), decided(sums.classes) {
    for (size_t a = 0; a < sums.classes; ++a) {
      for (size_t b = 0; b < sums.classes; ++b) {
        const double count = sums.cells[a * sums.classes + b];
        labelled[a] += count;
        decided[b] += count;
        rows += count;
        if (a == b) hits += count;
      }
    }
  }
};

double mean_recall(const ClassSums& sums, const Margins& margins) {
  double sum = 0, count = 0;
  for (size_t k = 0; k < sums.classes; ++k) {
    if (margins.labelled[k] == 0) continue;
    sum += sums.cells[k * sums.classes + k] / margins.labelled[k];
    ++count;
  }
  return sum / count;
}

double mean_f1(const ClassSums& sums, const Margins& margins) {
  double sum = 0, count = 0;
  for (size_t k = 0; k < sums.classes; ++k) {
    const double both = margins.labelled[k] + margins.decided[k];
    if (both == 0) continue;
    sum += 2 * sums.cells[k * sums.classes + k] / both;
    ++count;
  }
  return sum / count;
}

Measures measures_of(const ClassSums& sums, bool earns) {
  Measures all;
  all.fill(kNone);
  const Margins margins(sums);
  const double rows = margins.rows;
  if (rows == 0) return all;
  const auto set = [&](Measure measure, double value) {
    all[static_cast<size_t>(measure)] = std::isfinite(value) ? value : kNone;
  };
  double by_chance = 0, labelled_squares = 0, decided_squares = 0, entropy = 0;
  for (size_t k = 0; k < sums.classes; ++k) {
    by_chance += margins.labelled[k] * margins.decided[k];
    labelled_squares += margins.labelled[k] * margins.labelled[k];
    decided_squares += margins.decided[k] * margins.decided[k];
    const double share = margins.labelled[k] / rows;
    if (share > 0) entropy -= share * std::log(share);
  }
  set(Measure::log_loss, sums.loss / rows);
  set(Measure::brier, sums.squares / rows);
  set(Measure::accuracy, margins.hits / rows);
  if (earns) set(Measure::utility, 1000 * sums.earned / rows);
  if (sums.classes > 2) set(Measure::top_2_accuracy, sums.top_2 / rows);
  if (sums.classes > 3) set(Measure::top_3_accuracy, sums.top_3 / rows);
  set(Measure::balanced_accuracy, mean_recall(sums, margins));
  set(Measure::macro_f1, mean_f1(sums, margins));
  set(Measure::kappa, (margins.hits * rows - by_chance) / (rows * rows - by_chance));
  set(Measure::matthews,
      (margins.hits * rows - by_chance) /
          (std::sqrt(rows * rows - labelled_squares) * std::sqrt(rows * rows - decided_squares)));
  set(Measure::log_loss_skill, 1 - sums.loss / rows / entropy);
  return all;
}

/// One a group.
std::vector<Measures> measure_once(const std::vector<JudgedRow>& rows,
                                   std::span<const std::vector<uint32_t>> groups,
                                   const MeasureOptions& options) {
  std::vector<Measures> all;
  all.reserve(groups.size());
  for (const std::vector<uint32_t>& group : groups) {
    ClassSums sums(options.class_count);
    for (const uint32_t row : group) sums.add(rows[row], 1);
    all.push_back(measures_of(sums, options.utility.has_value()));
  }
  return all;
}

std::vector<Measures> measure_resamples(const std::vector<JudgedRow>& rows,
                                        std::span<const std::vector<uint32_t>> groups,
                                        const MeasureOptions& options) {
  std::vector<Measures> all(static_cast<size_t>(options.resamples) * groups.size());
  visit_resamples(rows.size(), options, [&](const DrawnRows& drawn, size_t first, size_t lanes) {
    ClassSums sums(options.class_count);
    for (size_t lane = 0; lane < lanes; ++lane) {
      for (size_t g = 0; g < groups.size(); ++g) {
        sums.clear();
        for (const uint32_t row : groups[g]) {
          const uint8_t weight = drawn.of(row)[lane];
          if (weight > 0) sums.add(rows[row], weight);
        }
        all[(first + lane) * groups.size() + g] = measures_of(sums, options.utility.has_value());
      }
    }
  });
  return all;
}

ClassEvent decision_is_right(const Outcome& rows, const std::vector<JudgedRow>& judged,
                             size_t classes) {
  ClassEvent event;
  for (size_t i = 0; i < judged.size(); ++i) {
    event.label.push_back(judged[i].label == judged[i].decided ? 1 : 0);
    event.prediction.push_back(rows.prediction[i * classes + judged[i].decided]);
  }
  return event;
}

/// Sets `to` of `all` to what `from` is of `events`: the mean of those that are defined.
void set_mean(const std::vector<GroupMeasures>& events, Measure from, Measure to,
              GroupMeasures& all) {
  const auto mean = [&](const auto& value_of) {
    double sum = 0, count = 0;
    for (const GroupMeasures& event : events) {
      const double value = value_of(event);
      if (std::isnan(value)) continue;
      sum += value;
      ++count;
    }
    return count > 0 ? sum / count : kNone;
  };
  const auto at = static_cast<size_t>(from);
  for (size_t i = 0; i < all.point.size(); ++i) {
    all.point[i][static_cast<size_t>(to)] =
        mean([&](const GroupMeasures& event) { return event.point[i][at]; });
  }
  for (size_t i = 0; i < all.resampled.size(); ++i) {
    all.resampled[i][static_cast<size_t>(to)] =
        mean([&](const GroupMeasures& event) { return event.resampled[i][at]; });
  }
}

}  // namespace

GroupMeasures measure_class_groups(const Outcome& rows,
                                   std::span<const std::vector<uint32_t>> groups,
                                   const MeasureOptions& options) {
  const size_t classes = options.class_count;
  const std::vector<JudgedRow> judged = judge(rows, classes, options);
  GroupMeasures all{.point = measure_once(judged, groups, options),
                    .resampled = measure_resamples(judged, groups, options)};
  MeasureOptions of_event;
  of_event.resamples = options.resamples;
  of_event.seed = options.seed;
  const ClassEvent right = decision_is_right(rows, judged, classes);
  set_mean({measure_groups(right.outcome(), groups, of_event)}, Measure::calibration_error,
           Measure::calibration_error, all);
  std::vector<GroupMeasures> of_classes;
  of_classes.reserve(classes);
  for (size_t k = 0; k < classes; ++k) {
    const ClassEvent event = class_against_rest(rows, k, classes);
    of_classes.push_back(measure_groups(event.outcome(), groups, of_event));
  }
  set_mean(of_classes, Measure::auc, Measure::macro_auc, all);
  set_mean(of_classes, Measure::calibration_error, Measure::macro_calibration_error, all);
  return all;
}

ClassEvent class_against_rest(const Outcome& rows, size_t number, size_t classes) {
  ClassEvent event;
  for (size_t i = 0; i < rows.label.size(); ++i) {
    event.label.push_back(rows.label[i] == static_cast<double>(number) ? 1 : 0);
    event.prediction.push_back(rows.prediction[i * classes + number]);
  }
  return event;
}

std::vector<double> class_losses(const Outcome& rows, size_t classes) {
  std::vector<double> losses;
  losses.reserve(rows.label.size());
  for (const JudgedRow& row : judge(rows, classes)) losses.push_back(row.loss);
  return losses;
}

std::vector<double> class_squares(const Outcome& rows, size_t classes) {
  std::vector<double> squares;
  squares.reserve(rows.label.size());
  for (const JudgedRow& row : judge(rows, classes)) squares.push_back(row.squares);
  return squares;
}

}  // namespace millgate
