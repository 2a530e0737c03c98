#include "model/measure/group_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/measure/class_measures.h"
#include "model/measure/ranking_measures.h"
#include "model/measure/resample_lanes.h"

namespace millgate {
namespace {

/// Each group ascending by prediction.
std::vector<GroupRows> arrange_groups(const Outcome& rows,
                                      std::span<const std::vector<uint32_t>> groups,
                                      bool regression) {
  const std::vector<uint32_t> order = rank_rows(rows);
  std::vector<uint32_t> rank(order.size());
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<uint32_t>(i);
  std::vector<GroupRows> arranged(groups.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    std::vector<uint32_t>& number = arranged[g].number;
    number = groups[g];
    std::sort(number.begin(), number.end(),
              [&](uint32_t a, uint32_t b) { return rank[a] < rank[b]; });
    arranged[g].rows = arrange(rows, number, regression);
  }
  return arranged;
}

Measures measure_once(const GroupRows& group, const MeasureOptions& options) {
  const std::vector<uint32_t> once(group.rows.size(), 1);
  const WeightedRows range{
      .rows = group.rows, .begin = 0, .end = group.rows.size(), .weights = once};
  return options.regression ? measure_regression(range) : measure_binary(range, options);
}

/// Resamples [first, first + lanes) of all groups, into their place of `all`.
void measure_block(const std::vector<GroupRows>& groups, const DrawnRows& drawn, size_t first,
                   size_t lanes, const MeasureOptions& options, std::vector<Measures>& all) {
  std::array<Measures, kLanes> measured{};
  for (size_t g = 0; g < groups.size(); ++g) {
    if (options.regression) {
      measure_regression_lanes(groups[g], drawn, measured);
    } else {
      measure_binary_lanes(groups[g], drawn, options, measured);
    }
    for (size_t l = 0; l < lanes; ++l) all[(first + l) * groups.size() + g] = measured[l];
  }
}

std::vector<Measures> measure_resamples(const std::vector<GroupRows>& groups, size_t row_count,
                                        const MeasureOptions& options) {
  std::vector<Measures> all(static_cast<size_t>(options.resamples) * groups.size());
  visit_resamples(row_count, options, [&](const DrawnRows& drawn, size_t first, size_t lanes) {
    measure_block(groups, drawn, first, lanes, options, all);
  });
  return all;
}

/// Labels are classes, and probabilities some.
Status check_classes(const Outcome& rows, size_t classes) {
  for (size_t i = 0; i < rows.label.size(); ++i) {
    const double label = rows.label[i];
    if (!(label >= 0 && label < static_cast<double>(classes)) || label != std::floor(label)) {
      return invalid_input("measuring: the label of row " + std::to_string(i) + " is no class",
                           "leave out rows without a label");
    }
    double sum = 0;
    bool are_probabilities = true;
    for (const double one : rows.prediction.subspan(i * classes, classes)) {
      are_probabilities = are_probabilities && one >= 0 && one <= 1;
      sum += one;
    }
    if (!are_probabilities || std::abs(sum - 1) > 1e-3) {
      return invalid_input("measuring: the probabilities of row " + std::to_string(i) +
                           " are not from 0 to 1, or do not add up to 1");
    }
  }
  return {};
}

}  // namespace

GroupMeasures measure_groups(const Outcome& rows, std::span<const std::vector<uint32_t>> groups,
                             const MeasureOptions& options) {
  if (options.class_count > 0) return measure_class_groups(rows, groups, options);
  if (options.ranking) return measure_ranking_groups(rows, groups, options);
  const std::vector<GroupRows> arranged = arrange_groups(rows, groups, options.regression);
  GroupMeasures measured;
  for (const GroupRows& group : arranged) measured.point.push_back(measure_once(group, options));
  measured.resampled = measure_resamples(arranged, rows.label.size(), options);
  return measured;
}

Judged judged_of(const Outcome& rows, const std::vector<uint32_t>& group,
                 const MeasureOptions& options) {
  if (!options.ranking) return {.count = std::ssize(group)};
  const WholeQueries whole = whole_queries(rows, group);
  Judged judged{.count = whole.count};
  if (whole.irrelevant_count > 0) {
    judged.note = std::to_string(whole.irrelevant_count) + " of the " +
                  std::to_string(whole.count) + " queries hold no relevant row, and count 0";
  }
  return judged;
}

Status check_outcome(const Outcome& rows, const std::vector<SliceColumn>& slices,
                     const MeasureOptions& options) {
  const size_t count = rows.label.size();
  if (rows.prediction.size() != count * std::max<size_t>(options.class_count, 1)) {
    return invalid_input("measuring: " + std::to_string(count) + " labels but " +
                         std::to_string(rows.prediction.size()) + " predictions");
  }
  if (count == 0) {
    return invalid_input(
        "measuring: there are no rows" + (options.data.empty() ? "" : " in `" + options.data + "`"),
        "give the part at least one labelled row");
  }
  if (count > std::numeric_limits<uint32_t>::max()) {
    return invalid_input("measuring: more than 4,294,967,295 rows", "measure a sample");
  }
  if (options.resamples < 0) {
    return invalid_input(
        "measuring: " + std::to_string(options.resamples) + " bootstrap resamples were asked for",
        "give 0 for no intervals, or 100 and more");
  }
  for (const SliceColumn& column : slices) {
    if (column.values.size() != count) {
      return invalid_input("measuring: slice column `" + column.name + "` has " +
                           std::to_string(column.values.size()) + " values for " +
                           std::to_string(count) + " rows");
    }
  }
  if (options.class_count > 0) return check_classes(rows, options.class_count);
  if (options.ranking && rows.query.size() != count) {
    return invalid_input("measuring: " + std::to_string(count) + " rows but " +
                         std::to_string(rows.query.size()) + " queries that they are ranked in");
  }
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(rows.prediction[i]) || !std::isfinite(rows.label[i])) {
      return invalid_input("measuring: row " + std::to_string(i) +
                               " has a label or prediction that is not a finite number",
                           "leave out rows without a label");
    }
    if (options.ranking && rows.label[i] < 0) {
      return invalid_input("measuring: the relevance of row " + std::to_string(i) + " is below 0");
    }
    const bool is_decided = !options.regression && !options.ranking;
    if (is_decided && rows.label[i] != 0 && rows.label[i] != 1) {
      return invalid_input("measuring: the label of row " + std::to_string(i) + " is " +
                               std::to_string(rows.label[i]) + ", neither 0 nor 1",
                           "a number to predict needs kind = \"regression\"");
    }
  }
  return {};
}

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - std::floor(place));
}

Chance chance_of(Measure measure) {
  const bool is_error =
      measure == Measure::calibration_error || measure == Measure::macro_calibration_error;
  return is_error ? Chance::up : Chance::neither;
}

void set_interval(std::vector<double> resampled, Chance chance, Evidence& evidence) {
  const size_t all = resampled.size();
  std::erase_if(resampled, [](double value) { return std::isnan(value); });
  if (all == 0 || (all - resampled.size()) * 10 >= all) return;
  std::sort(resampled.begin(), resampled.end());
  const double low = quantile(resampled, 0.025);
  const double high = quantile(resampled, 0.975);
  switch (chance) {
    case Chance::neither:
      evidence.lower = low;
      evidence.upper = high;
      return;
    case Chance::up:
      evidence.lower = std::clamp(2 * evidence.value - high, 0.0, evidence.value);
      evidence.upper = std::max(2 * evidence.value - low, evidence.value);
      return;
    case Chance::down:
      evidence.lower = std::clamp(2 * evidence.value - high, 0.0, evidence.value);
      evidence.upper = std::clamp(2 * evidence.value - low, evidence.value, 1.0);
      return;
  }
}

}  // namespace millgate
