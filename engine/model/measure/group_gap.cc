#include "model/measure/group_gap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "model/measure/rounded_text.h"

namespace millgate {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
/// Groups that a note names before it only counts them.
constexpr size_t kNamedMax = 3;

constexpr auto kKinds = std::to_array<GapKind>({
    {"recall_gap", Measure::recall},
    {"false_positive_rate_gap", Measure::false_positive_rate},
    {"positive_rate_gap", Measure::positive_rate},
    {"auc_gap", Measure::auc},
    {"precision_gap", Measure::precision},
    {"accuracy_gap", Measure::accuracy},
    {"calibration_error_gap", Measure::calibration_error},
    {"calibration_bias_gap", Measure::calibration_bias},
    {"positive_rate_ratio", Measure::positive_rate, true},
    {"recall_ratio", Measure::recall, true},
    {"false_positive_rate_ratio", Measure::false_positive_rate, true},
    {"precision_ratio", Measure::precision, true},
    {"accuracy_ratio", Measure::accuracy, true},
    {"calibration_error_ratio", Measure::calibration_error, true},
});

/// Smallest and largest of what is defined.
struct Ends {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  int count = 0;

  void add(double value) {
    if (std::isnan(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
    ++count;
  }
  [[nodiscard]] double of(const GapKind& kind) const {
    if (count < 2) return kUndefined;
    if (!kind.is_ratio) return most - least;
    return most > 0 ? least / most : kUndefined;
  }
};

}  // namespace

std::span<const GapKind> gap_kinds() { return kKinds; }

OddsParts odds_parts(std::string_view metric) {
  const auto kind_named = [](std::string_view name) {
    return std::find_if(kKinds.begin(), kKinds.end(),
                        [&](const GapKind& kind) { return name == kind.name; });
  };
  if (metric == "equalised_odds_gap") {
    return {kind_named("recall_gap"), kind_named("false_positive_rate_gap")};
  }
  if (metric == "equalised_odds_ratio") {
    return {kind_named("recall_ratio"), kind_named("false_positive_rate_ratio")};
  }
  return {};
}

GroupMeasures measure_large_groups(const Outcome& rows, std::span<const RowGroup> groups,
                                   const MeasureOptions& options) {
  std::vector<std::vector<uint32_t>> numbers;
  numbers.reserve(groups.size());
  for (const RowGroup& group : groups) {
    const bool is_small = std::ssize(group.rows) < kGroupRowsMin;
    numbers.push_back(is_small ? std::vector<uint32_t>() : group.rows);
  }
  return measure_groups(rows, numbers, options);
}

GroupGaps::GroupGaps(const Outcome& rows, double threshold, std::span<const RowGroup> groups,
                     const GroupMeasures& measured)
    : all_rows_(static_cast<int64_t>(rows.label.size())), groups_(groups), measured_(measured) {
  for (const RowGroup& group : groups) {
    Basis basis{.rows = static_cast<int64_t>(group.rows.size())};
    for (const uint32_t row : group.rows) {
      basis.positives += rows.label[row] > 0.5 ? 1 : 0;
      basis.decided += rows.prediction[row] >= threshold ? 1 : 0;
    }
    basis_.push_back(basis);
  }
}

int64_t GroupGaps::basis_of(const Basis& basis, Measure measure, const char*& name) {
  switch (measure) {
    case Measure::recall:
      name = "positives";
      return basis.positives;
    case Measure::false_positive_rate:
      name = "negatives";
      return basis.rows - basis.positives;
    case Measure::auc:
      name = "of its rarer label";
      return std::min(basis.positives, basis.rows - basis.positives);
    case Measure::precision:
      name = "decided positive";
      return basis.decided;
    default:
      name = "rows";
      return basis.rows;
  }
}

std::vector<size_t> GroupGaps::judged(Measure measure) const {
  std::vector<size_t> judged;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const char* name = nullptr;
    const bool enough =
        basis_[g].rows >= kGroupRowsMin && basis_of(basis_[g], measure, name) >= kGapBasisMin;
    if (enough) judged.push_back(g);
  }
  return judged;
}

MetricSeries GroupGaps::series(const GapKind& kind) const {
  const std::vector<size_t> groups = judged(kind.measure);
  Ends all;
  for (const size_t g : groups) all.add(measured_.value(g, kind.measure));
  MetricSeries series{.value = all.of(kind), .resampled = {}};
  series.resampled.reserve(measured_.resamples());
  for (size_t r = 0; r < measured_.resamples(); ++r) {
    Ends ends;
    for (const size_t g : groups) ends.add(measured_.value(r, g, kind.measure));
    series.resampled.push_back(ends.of(kind));
  }
  return series;
}

MetricSeries GroupGaps::series(const OddsParts& odds) const {
  const auto worse = [&](double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return kUndefined;
    return odds.recall->is_ratio ? std::min(a, b) : std::max(a, b);
  };
  MetricSeries both = series(*odds.recall);
  const MetricSeries other = series(*odds.false_positives);
  both.value = worse(both.value, other.value);
  std::transform(both.resampled.begin(), both.resampled.end(), other.resampled.begin(),
                 both.resampled.begin(), worse);
  return both;
}

std::string GroupGaps::not_judged(Measure measure) const {
  std::string text;
  size_t count = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const Basis& basis = basis_[g];
    const char* name = nullptr;
    const int64_t rest = basis_of(basis, measure, name);
    if (basis.rows >= kGroupRowsMin && rest >= kGapBasisMin) continue;
    if (++count > kNamedMax) continue;
    text += (count > 1 ? ", " : "") + groups_[g].name + " (";
    const bool is_small = basis.rows < kGroupRowsMin;
    text += is_small ? std::to_string(basis.rows) + " of " + std::to_string(kGroupRowsMin) + " rows"
                     : std::to_string(rest) + " of " + std::to_string(kGapBasisMin) + " " + name;
    if (rest == 0) {
      text += ')';
      continue;
    }
    const double factor =
        std::max(static_cast<double>(kGroupRowsMin) / static_cast<double>(basis.rows),
                 static_cast<double>(kGapBasisMin) / static_cast<double>(rest));
    const auto needed = static_cast<int64_t>(std::ceil(static_cast<double>(all_rows_) * factor));
    text += ": about " + std::to_string(needed) + " test rows are needed)";
  }
  if (count > kNamedMax) text += " and " + std::to_string(count - kNamedMax) + " more groups";
  return text.empty() ? text : "too few rows to judge " + text;
}

std::string GroupGaps::note(Measure measure, std::span<const size_t> judged) const {
  const auto worse = [&](size_t a, size_t b) {
    return measured_.value(a, measure) < measured_.value(b, measure);
  };
  std::vector<size_t> defined(judged.begin(), judged.end());
  std::erase_if(defined, [&](size_t g) { return std::isnan(measured_.value(g, measure)); });
  const size_t least = *std::min_element(defined.begin(), defined.end(), worse);
  const size_t most = *std::max_element(defined.begin(), defined.end(), worse);
  const auto one = [&](size_t g) {
    return groups_[g].name + " " + rounded_text(measured_.value(g, measure)) + " (" +
           std::to_string(basis_[g].rows) + " rows)";
  };
  std::string text = std::string(kMeasureNames[static_cast<size_t>(measure)]) + " from " +
                     one(least) + " to " + one(most);
  if (judged.size() > 2) text += " of " + std::to_string(judged.size()) + " groups";
  const std::string others = not_judged(measure);
  return others.empty() ? text : text + "; " + others;
}

int64_t GroupGaps::row_count(std::span<const size_t> judged) const {
  int64_t rows = 0;
  for (const size_t g : judged) rows += basis_[g].rows;
  return rows;
}

}  // namespace millgate
