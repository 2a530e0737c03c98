#include "system/monitor/column_drift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMissingSmall = 0.02;
constexpr double kMissingLarge = 0.10;
constexpr double kPValueMax = 0.01;
constexpr double kNumberBins = 10;

double bins_of(const Profile& reference) {
  if (!reference.is_category) return kNumberBins;
  return static_cast<double>(reference.counts.size()) + (reference.other_count > 0 ? 1 : 0);
}

/// Average PSI of two samples of one distribution (Yurdakul 2018).
double psi_by_chance(const Profile& reference, const Profile& current) {
  const auto n = static_cast<double>(reference.row_count - reference.null_count);
  const auto m = static_cast<double>(current.row_count - current.null_count);
  if (n <= 0 || m <= 0) return 0;
  return std::max(0.0, bins_of(reference) - 1) * (1 / n + 1 / m);
}

double null_rate(const Profile& profile) {
  if (profile.row_count == 0) return 0;
  return static_cast<double>(profile.null_count) / static_cast<double>(profile.row_count);
}

std::string effect_words(const Drift& drift) {
  return "psi " + figure_text(drift.psi) + ", ks " + figure_text(drift.ks) + ", jensen-shannon " +
         figure_text(drift.jensen_shannon);
}

std::string missing_words(const Profile& reference, const Profile& current) {
  return "missing in " + percent_text(null_rate(current)) + " of rows, in " +
         percent_text(null_rate(reference)) + " of the training's";
}

std::string shift_words(const Profile& reference, const Profile& current) {
  if (reference.is_category || reference.quantiles.size() != 101 ||
      current.quantiles.size() != 101) {
    return {};
  }
  return "; median " + figure_text(current.quantiles[50]) + ", was " +
         figure_text(reference.quantiles[50]);
}

double share_of_new_categories(const Drift& drift, const Profile& current) {
  if (current.row_count == 0) return 0;
  int64_t count = 0;
  for (const std::string& category : drift.new_categories) {
    const auto found = current.counts.find(category);
    if (found != current.counts.end()) count += found->second;
  }
  return static_cast<double>(count) / static_cast<double>(current.row_count);
}

const Profile* find_profile(const std::vector<Profile>& profiles, const std::string& name) {
  const auto found = std::find_if(profiles.begin(), profiles.end(),
                                  [&](const Profile& one) { return one.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace

std::map<std::string, double> importance_of_inputs(const Model& model,
                                                   const std::vector<double>& importance) {
  std::map<std::string, double> sums;
  const auto& features = model.features().features();
  for (size_t at = 0; at < features.size() && at < importance.size(); ++at) {
    for (const std::string& input : features[at].inputs) sums[input] += importance[at];
  }
  return sums;
}

ColumnDrift drift_of_none(std::string name, std::string what, double importance) {
  ColumnDrift column;
  column.name = std::move(name);
  column.what = std::move(what);
  column.importance = importance;
  return column;
}

ColumnDrift unknowable_drift(std::string name, std::string what, double importance, size_t rows,
                             std::string reason) {
  ColumnDrift column = drift_of_none(std::move(name), std::move(what), importance);
  column.verdict = "cannot know";
  column.reason = std::move(reason);
  column.row_count = static_cast<int64_t>(rows);
  return column;
}

void judge_drift(const Profile& reference, const Profile& current, int64_t rows_min, size_t tests,
                 ColumnDrift& column) {
  const Drift& drift = column.drift;
  if (current.row_count < rows_min) {
    column.verdict = "too few rows";
    column.reason =
        count_of(current.row_count, "row") + ", " + count_text(rows_min) + " are needed";
    return;
  }
  const double missing = std::abs(null_rate(current) - null_rate(reference));
  if (missing >= kMissingLarge) {
    column.verdict = "large";
    column.reason = missing_words(reference, current);
    return;
  }
  const int64_t values = current.row_count - current.null_count;
  if (values < rows_min) {
    column.verdict = missing >= kMissingSmall ? "small" : "none";
    column.reason = missing_words(reference, current) + "; too few values to compare";
    return;
  }
  if (reference.is_category && bins_of(reference) > static_cast<double>(values) / 5) {
    column.verdict = "cannot know";
    column.reason = count_text(static_cast<int64_t>(reference.counts.size())) +
                    " categories are too many for " + count_of(values, "row");
    return;
  }
  const double psi = std::max(0.0, drift.psi - psi_by_chance(reference, current));
  const bool certain = drift.p_value * static_cast<double>(std::max<size_t>(tests, 1)) < kPValueMax;
  const bool large = certain && (psi >= kPsiLarge || drift.ks >= kKsLarge);
  const bool small = certain && (psi >= kPsiSmall || drift.ks >= kKsSmall);
  column.verdict = large ? "large" : small || missing >= kMissingSmall ? "small" : "none";
  column.reason = effect_words(drift) + shift_words(reference, current);
  if (missing >= kMissingSmall) column.reason += "; " + missing_words(reference, current);
}

/// Windows in a row in which a column is far from its reference.
class LargeRun {
 public:
  void add(bool is_large, Time from, double effect) {
    if (!is_large) {
      longest_passed_ = std::max(longest_passed_, length_);
      length_ = 0;
      effect_ = 0;
      return;
    }
    if (length_ == 0) begin_ = from;
    ++length_;
    effect_ = std::max(effect_, effect);
  }

  /// Into `column`, if it is still going on and longer than what passed by itself.
  void tell(int64_t window_micros, ColumnDrift& column) const {
    constexpr int64_t kWeekMicros = 7LL * 24 * 3600 * 1'000'000;
    const size_t least = window_micros >= kWeekMicros ? 2 : 3;
    if (length_ < std::max(least, longest_passed_ + 1)) return;
    column.lasting_since = begin_;
    column.lasting_effect = effect_;
  }

 private:
  size_t length_ = 0;
  size_t longest_passed_ = 0;
  Time begin_;
  double effect_ = 0;
};

Status drift_of_profiles(const ProfiledColumn& column, const Profile& reference,
                         const WindowGrid& grid, int64_t rows_min, size_t tests,
                         ColumnDrift& drift) {
  const Profile& whole = column.whole;
  drift.row_count = whole.row_count;
  MILLGATE_ASSIGN(drift.drift, compare(reference, whole));
  drift.new_category_share = share_of_new_categories(drift.drift, whole);
  judge_drift(reference, whole, rows_min, tests, drift);
  LargeRun run;
  for (size_t window = 0; window < grid.count; ++window) {
    drift.psi_by_window.push_back(kNan);
    const std::optional<Profile> current = column.of_window(window);
    if (!current) continue;
    ColumnDrift one;
    MILLGATE_ASSIGN(one.drift, compare(reference, *current));
    // One bin: everything is missing, or every value is the same. Nothing to divide by.
    if (std::isfinite(one.drift.psi)) drift.psi_by_window.back() = one.drift.psi;
    judge_drift(reference, *current, rows_min, tests * grid.count, one);
    run.add(one.verdict == "large", grid.from(window), one.drift.jensen_shannon);
    if (one.verdict != "large") continue;
    if (!drift.since) drift.since = grid.from(window);
    // A unit that changed half way is diluted over all windows, but plain in its own.
    if (drift.drift.unit_suspicion.empty()) {
      drift.drift.unit_suspicion = one.drift.unit_suspicion;
    }
  }
  run.tell(grid.length_micros, drift);
  if (drift.verdict == "too few rows") return {};
  if (drift.verdict != "large" && drift.lasting_since) {
    drift.reason += "; large in every window from " + time_text(*drift.lasting_since) + " on";
  } else if (drift.verdict != "large" && drift.since) {
    drift.reason += "; large in the window from " + time_text(*drift.since);
  }
  return {};
}

Status drift_of_column(const ServedColumn& values, const Profile& reference,
                       const DriftFrame& frame, size_t tests, ColumnDrift& column) {
  const auto of_window = [&](size_t window) -> std::optional<Profile> {
    const LogRows range = frame.windows[window];
    if (static_cast<int64_t>(range.size()) < frame.rows_min) return std::nullopt;
    return values.profile(range);
  };
  return drift_of_profiles({.whole = values.profile({0, frame.row_count}), .of_window = of_window},
                           reference, frame.grid, frame.rows_min, tests, column);
}

void rank_columns(std::vector<ColumnDrift>& columns) {
  for (ColumnDrift& column : columns) {
    const double effect =
        std::max({column.drift.jensen_shannon, std::abs(column.drift.null_rate_change),
                  column.lasting_effect});
    column.rank = column.importance * effect;
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const auto& a, const auto& b) { return a.rank > b.rank; });
}

Result<std::vector<ColumnDrift>> drift_of_columns(const DriftRows& rows) {
  const FeatureProgram& program = rows.model.features();
  const size_t width = program.features().size();
  const size_t count = rows.inputs.rows;
  std::vector<double> features(count * width);
  EvaluationScratch scratch;
  MILLGATE_TRY(program.evaluate(rows.inputs, features, scratch));
  const std::vector<double> importance = rows.model.scorer().importance();
  const auto by_input = importance_of_inputs(rows.model, importance);
  const size_t tests = width + program.inputs().size();

  std::vector<ColumnDrift> columns;
  for (size_t at = 0; at < program.inputs().size(); ++at) {
    const Field& field = program.inputs()[at];
    const auto weight = by_input.find(field.name);
    const double share = weight == by_input.end() ? 0 : weight->second;
    if (field.type == ValueType::time) {
      columns.push_back(unknowable_drift(field.name, "input", share, count,
                                         "time moves on by itself; its features are judged"));
      continue;
    }
    const Profile* reference = find_profile(rows.model.input_profiles(), field.name);
    if (reference == nullptr) {
      columns.push_back(
          unknowable_drift(field.name, "input", share, count, "the model holds no profile of it"));
      continue;
    }
    ColumnDrift column = drift_of_none(field.name, "input", share);
    const ServedColumn values =
        served_input(field.name, rows.inputs.columns[at], reference->is_category);
    MILLGATE_TRY(drift_of_column(values, *reference, rows.frame, tests, column));
    columns.push_back(std::move(column));
  }
  for (size_t at = 0; at < width; ++at) {
    const Feature& feature = program.features()[at];
    const double share = at < importance.size() ? importance[at] : 0;
    const Profile* reference = find_profile(rows.model.feature_profiles(), feature.name);
    if (reference == nullptr) {
      columns.push_back(unknowable_drift(feature.name, "feature", share, count,
                                         "the model holds no profile of it"));
      continue;
    }
    ColumnDrift column = drift_of_none(feature.name, "feature", share);
    const ServedColumn values = served_feature(feature, at, features, width, *reference);
    MILLGATE_TRY(drift_of_column(values, *reference, rows.frame, tests, column));
    columns.push_back(std::move(column));
  }
  rank_columns(columns);
  return columns;
}

Result<std::optional<ColumnDrift>> drift_of_predictions(const DriftRows& rows) {
  const std::optional<Profile>& reference = rows.model.prediction_profile();
  if (!reference) return std::optional<ColumnDrift>();
  const ServedColumn values{
      reference->name, false, {rows.predictions.begin(), rows.predictions.end()}, {}, {}};
  ColumnDrift column = drift_of_none("prediction", "prediction", 1);
  MILLGATE_TRY(drift_of_column(values, *reference, rows.frame, 1, column));
  column.rank = column.drift.jensen_shannon;
  return std::optional<ColumnDrift>(std::move(column));
}

}  // namespace millgate
