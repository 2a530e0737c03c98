#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <unordered_map>

#include "ground/random.h"
#include "model/measure/quality.h"
#include "model/measure/ranked_rows.h"

namespace millgate {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// The groups of one column: rows sorted by group, in each ascending by prediction.
struct RowGroups {
  std::string column;               ///< Empty: one group of all rows.
  std::vector<std::string> values;  ///< The value of each group.
  std::vector<size_t> begin;        ///< Where each group begins in `rows`, and the end.
  std::vector<uint32_t> rank;       ///< Of each row of `rows`: its place among all rows.
  RankedRows rows;

  [[nodiscard]] size_t size() const { return values.size(); }
};

/// A gap that is measured, and the groups that it is between.
struct Gap {
  Measure measure;
  const char* name;
  std::vector<size_t> groups;
};

constexpr Gap kGaps[] = {{Measure::recall, "recall_gap", {}},
                         {Measure::false_positive_rate, "false_positive_rate_gap", {}},
                         {Measure::positive_rate, "positive_rate_gap", {}},
                         {Measure::auc, "auc_gap", {}}};

/// What one estimated number is.
struct Estimate {
  std::string metric;
  std::string slice;
  int64_t row_count = 0;
  bool inflated = false;  ///< Largest by chance: gaps and calibration errors.
};

RowGroups group_all(const RankedRows& all) {
  RowGroups groups;
  groups.values = {""};
  groups.begin = {0, all.size()};
  groups.rank.resize(all.size());
  for (size_t i = 0; i < all.size(); ++i) groups.rank[i] = static_cast<uint32_t>(i);
  groups.rows = all;
  return groups;
}

/// The groups of `column` worth measuring: frequent ones first, equal ones by value.
std::vector<std::pair<std::string, int64_t>> frequent_values(const SliceColumn& column) {
  std::unordered_map<std::string_view, int64_t> counts;
  for (const std::string& value : column.values) ++counts[value];
  std::vector<std::pair<std::string, int64_t>> values(counts.begin(), counts.end());
  std::erase_if(values, [](const auto& value) { return value.second < kGroupRowsMin; });
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (values.size() > kGroupsMax) values.resize(kGroupsMax);
  return values;
}

RowGroups group_by(const SliceColumn& column, const RankedRows& all,
                   std::span<const uint32_t> order) {
  RowGroups groups;
  groups.column = column.name;
  std::unordered_map<std::string_view, size_t> numbers;
  groups.begin.push_back(0);
  const auto values = frequent_values(column);
  for (const auto& [value, count] : values) {
    numbers.emplace(value, groups.values.size());
    groups.values.push_back(value);
    groups.begin.push_back(groups.begin.back() + static_cast<size_t>(count));
  }
  std::vector<size_t> next(groups.begin.begin(), groups.begin.end() - 1);
  groups.rank.resize(groups.begin.back());
  for (size_t i = 0; i < order.size(); ++i) {
    const auto found = numbers.find(column.values[order[i]]);
    if (found != numbers.end()) groups.rank[next[found->second]++] = static_cast<uint32_t>(i);
  }
  groups.rows.reserve(groups.rank.size());
  for (uint32_t rank : groups.rank) groups.rows.add(all, rank);
  return groups;
}

/// Computes everything that is measured, for any weights of the rows.
class Estimator {
 public:
  Estimator(const Outcome& rows, const std::vector<SliceColumn>& slices,
            const MeasureOptions& options)
      : options_(options) {
    const std::vector<uint32_t> order = rank_rows(rows);
    const RankedRows all = arrange(rows, order, options.regression);
    groupings_.push_back(group_all(all));
    for (const SliceColumn& column : slices) groupings_.push_back(group_by(column, all, order));
    for (const RowGroups& groups : groupings_) describe_groups(groups);
    for (const RowGroups& groups : groupings_) {
      gaps_.push_back(groups.column.empty() || options.regression ? std::vector<Gap>{}
                                                                  : find_gaps(groups));
      for (const Gap& gap : gaps_.back()) describe_gap(groups, gap);
    }
  }

  /// What the numbers of `estimate` are, in their order.
  [[nodiscard]] const std::vector<Estimate>& estimates() const { return estimates_; }

  /// `weights`: how often each row counts, by its rank. `gathered` is room to work in.
  void estimate(std::span<const uint32_t> weights, std::vector<uint32_t>& gathered,
                std::span<double> out) const {
    size_t next = 0;
    std::vector<std::vector<Measures>> measured;
    for (const RowGroups& groups : groupings_) {
      measured.push_back(measure_groups(groups, weights, gathered));
      for (const Measures& measures : measured.back()) {
        for (double value : measures) out[next++] = value;
      }
    }
    for (size_t i = 0; i < gaps_.size(); ++i) {
      for (const Gap& gap : gaps_[i]) out[next++] = spread(gap, measured[i]);
    }
  }

 private:
  std::vector<Measures> measure_groups(const RowGroups& groups, std::span<const uint32_t> weights,
                                       std::vector<uint32_t>& gathered) const {
    gathered.resize(groups.rank.size());
    for (size_t i = 0; i < gathered.size(); ++i) gathered[i] = weights[groups.rank[i]];
    std::vector<Measures> measured;
    measured.reserve(groups.size());
    for (size_t g = 0; g < groups.size(); ++g) {
      const WeightedRows range{groups.rows, groups.begin[g], groups.begin[g + 1], gathered};
      measured.push_back(options_.regression ? measure_regression(range)
                                             : measure_binary(range, options_));
    }
    return measured;
  }

  /// Largest less smallest; groups in which a resample left nothing to measure are passed over.
  static double spread(const Gap& gap, const std::vector<Measures>& measured) {
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    int groups = 0;
    for (size_t group : gap.groups) {
      const double value = measured[group][static_cast<size_t>(gap.measure)];
      if (std::isnan(value)) continue;
      least = std::min(least, value);
      most = std::max(most, value);
      ++groups;
    }
    return groups < 2 ? kUndefined : most - least;
  }

  static std::vector<Gap> find_gaps(const RowGroups& groups) {
    std::vector<Gap> gaps;
    for (Gap gap : kGaps) {
      for (size_t g = 0; g < groups.size(); ++g) {
        int64_t positives = 0;
        for (size_t i = groups.begin[g]; i < groups.begin[g + 1]; ++i) {
          positives += groups.rows.label[i] > 0.5 ? 1 : 0;
        }
        const int64_t rows = static_cast<int64_t>(groups.begin[g + 1] - groups.begin[g]);
        const bool positives_needed = gap.measure == Measure::recall || gap.measure == Measure::auc;
        const bool negatives_needed =
            gap.measure == Measure::false_positive_rate || gap.measure == Measure::auc;
        if ((!positives_needed || positives >= kGapBasisMin) &&
            (!negatives_needed || rows - positives >= kGapBasisMin)) {
          gap.groups.push_back(g);
        }
      }
      if (gap.groups.size() >= 2) gaps.push_back(std::move(gap));
    }
    return gaps;
  }

  void describe_groups(const RowGroups& groups) {
    for (size_t g = 0; g < groups.size(); ++g) {
      for (size_t m = 0; m < kMeasureCount; ++m) {
        estimates_.push_back(
            {.metric = kMeasureNames[m],
             .slice =
                 groups.column.empty() ? std::string() : groups.column + "=" + groups.values[g],
             .row_count = static_cast<int64_t>(groups.begin[g + 1] - groups.begin[g]),
             .inflated = m == static_cast<size_t>(Measure::calibration_error)});
      }
    }
  }

  void describe_gap(const RowGroups& groups, const Gap& gap) {
    int64_t rows = 0;
    for (size_t g : gap.groups) {
      rows += static_cast<int64_t>(groups.begin[g + 1] - groups.begin[g]);
    }
    estimates_.push_back(
        {.metric = gap.name, .slice = "by " + groups.column, .row_count = rows, .inflated = true});
  }

  const MeasureOptions& options_;
  std::vector<RowGroups> groupings_;
  std::vector<std::vector<Gap>> gaps_;  ///< One list a grouping.
  std::vector<Estimate> estimates_;
};

/// resamples x estimates, row-major.
std::vector<double> bootstrap(const Estimator& estimator, size_t rows,
                              const MeasureOptions& options) {
  const size_t width = estimator.estimates().size();
  const size_t resamples = static_cast<size_t>(options.resamples);
  std::vector<double> values(resamples * width);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    std::vector<uint32_t> weights(rows);
    std::vector<uint32_t> gathered;
    for (size_t r = next++; r < resamples; r = next++) {
      Random random = Random::stream(options.seed, "bootstrap", r);
      std::fill(weights.begin(), weights.end(), 0U);
      for (size_t i = 0; i < rows; ++i) ++weights[random.below(rows)];
      estimator.estimate(weights, gathered, std::span(values).subspan(r * width, width));
    }
  };
  std::vector<std::jthread> helpers;
  const size_t threads = std::min<size_t>(resamples, std::thread::hardware_concurrency());
  // A thread costs more than a few small resamples.
  if (rows * resamples > 100'000) {
    for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  }
  work();
  helpers.clear();
  return values;
}

/// Linear between order statistics, as numpy's default. `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - std::floor(place));
}

/// Sets the interval of `evidence` from the values of its resamples.
void set_interval(std::vector<double> resampled, bool inflated, Evidence& evidence) {
  const size_t all = resampled.size();
  std::erase_if(resampled, [](double value) { return std::isnan(value); });
  if (all == 0 || (all - resampled.size()) * 10 >= all) return;
  std::sort(resampled.begin(), resampled.end());
  const double low = quantile(resampled, 0.025);
  const double high = quantile(resampled, 0.975);
  if (inflated) {
    evidence.lower = std::clamp(2 * evidence.value - high, 0.0, evidence.value);
    evidence.upper = std::max(2 * evidence.value - low, evidence.value);
  } else {
    evidence.lower = low;
    evidence.upper = high;
  }
}

Status check(const Outcome& rows, const std::vector<SliceColumn>& slices,
             const MeasureOptions& options) {
  const size_t count = rows.label.size();
  if (rows.prediction.size() != count) {
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
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(rows.prediction[i]) || !std::isfinite(rows.label[i])) {
      return invalid_input("measuring: row " + std::to_string(i) +
                               " has a label or prediction that is not a finite number",
                           "leave out rows without a label");
    }
    if (!options.regression && rows.label[i] != 0 && rows.label[i] != 1) {
      return invalid_input("measuring: the label of row " + std::to_string(i) + " is " +
                               std::to_string(rows.label[i]) + ", neither 0 nor 1",
                           "a number to predict needs kind = \"regression\"");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Evidence>> measure_quality(const Outcome& rows,
                                              const std::vector<SliceColumn>& slices,
                                              const MeasureOptions& options) {
  MILLGATE_TRY(check(rows, slices, options));
  const Estimator estimator(rows, slices, options);
  const size_t width = estimator.estimates().size();
  std::vector<double> point(width);
  std::vector<uint32_t> gathered;
  estimator.estimate(std::vector<uint32_t>(rows.label.size(), 1), gathered, point);
  const std::vector<double> resampled = bootstrap(estimator, rows.label.size(), options);

  std::vector<Evidence> evidence;
  for (size_t i = 0; i < width; ++i) {
    if (std::isnan(point[i])) continue;
    const Estimate& estimate = estimator.estimates()[i];
    Evidence measured{.metric = estimate.metric,
                      .value = point[i],
                      .lower = std::nullopt,
                      .upper = std::nullopt,
                      .slice = estimate.slice,
                      .row_count = estimate.row_count,
                      .data = options.data,
                      .inputs = options.inputs};
    std::vector<double> values;
    for (size_t at = i; at < resampled.size(); at += width) values.push_back(resampled[at]);
    set_interval(std::move(values), estimate.inflated, measured);
    evidence.push_back(std::move(measured));
  }
  return evidence;
}

}  // namespace millgate
