#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "model/measure/bin_counts.h"
#include "model/measure/distribution.h"
#include "model/measure/kolmogorov.h"
#include "model/measure/unit_conversion.h"

namespace millgate {
namespace {

/// How many values of a profile are less than some value, and at most it.
struct Rank {
  double below = 0;
  double at_most = 0;
};

Rank rank_of(const Profile& profile, double value) {
  const auto above = std::lower_bound(profile.steps.begin(), profile.steps.end(), value);
  const size_t i = static_cast<size_t>(above - profile.steps.begin());
  if (above == profile.steps.end()) {
    const double all = static_cast<double>(profile.at_most.back());
    return {all, all};
  }
  const double upper = static_cast<double>(profile.below[i]);
  if (*above == value) return {upper, static_cast<double>(profile.at_most[i])};
  if (i == 0) return {};
  const double lower = static_cast<double>(profile.at_most[i - 1]);
  const double share = (value - profile.steps[i - 1]) / (*above - profile.steps[i - 1]);
  const double between = std::lerp(lower, upper, share);
  return {between, between};
}

/// The distinct deciles 1 to 9 of the reference, each a value that it holds.
std::vector<double> decile_edges(const Profile& reference) {
  std::vector<double> edges;
  const int64_t total = reference.value_count();
  for (int64_t decile = 1; decile <= 9; ++decile) {
    size_t i = 0;
    while (reference.at_most[i] * 10 < decile * total) ++i;
    const double edge = reference.steps[i];
    // Nothing of the reference lies above its largest value: it ends the last bin anyway.
    if (i + 1 < reference.steps.size() && (edges.empty() || edge > edges.back())) {
      edges.push_back(edge);
    }
  }
  // A reference of one value, or nearly so: what lies above it must show.
  if (edges.empty()) edges.push_back(reference.steps.back());
  return edges;
}

std::vector<double> counts_between(const Profile& profile, const std::vector<double>& edges) {
  std::vector<double> counts;
  double before = 0;
  for (double edge : edges) {
    const double now = rank_of(profile, edge).at_most;
    counts.push_back(now - before);
    before = now;
  }
  counts.push_back(static_cast<double>(profile.value_count()) - before);
  return counts;
}

double ks_distance(const Profile& reference, const Profile& current) {
  const double reference_count = static_cast<double>(reference.value_count());
  const double current_count = static_cast<double>(current.value_count());
  double largest = 0;
  for (const Profile* profile : {&reference, &current}) {
    for (double step : profile->steps) {
      const Rank r = rank_of(reference, step);
      const Rank c = rank_of(current, step);
      largest = std::max({largest, std::abs(r.below / reference_count - c.below / current_count),
                          std::abs(r.at_most / reference_count - c.at_most / current_count)});
    }
  }
  return largest;
}

void compare_numbers(const Profile& reference, const Profile& current, Drift& drift) {
  const std::vector<double> edges = decile_edges(reference);
  const BinCounts bins{counts_between(reference, edges), counts_between(current, edges)};
  drift.psi = population_stability_index(bins);
  drift.jensen_shannon = jensen_shannon_distance(bins);
  drift.ks = ks_distance(reference, current);
  const double r = static_cast<double>(reference.value_count());
  const double c = static_cast<double>(current.value_count());
  drift.p_value = kolmogorov_survival(drift.ks * std::sqrt(r * c / (r + c)));
  const auto unit = suspect_unit({reference.quantiles, current.quantiles, std::min(r, c)});
  if (unit) drift.unit_suspicion = describe(*unit);
}

void compare_categories(const Profile& reference, const Profile& current, Drift& drift) {
  std::set<std::string_view> categories;
  for (const auto& [category, count] : reference.counts) categories.insert(category);
  for (const auto& [category, count] : current.counts) categories.insert(category);
  const auto count_of = [](const Profile& profile, std::string_view category) {
    const auto found = profile.counts.find(std::string(category));
    return found == profile.counts.end() ? 0.0 : static_cast<double>(found->second);
  };
  BinCounts bins;
  for (std::string_view category : categories) {
    bins.reference.push_back(count_of(reference, category));
    bins.current.push_back(count_of(current, category));
    if (bins.reference.back() == 0 && reference.other_count == 0) {
      drift.new_categories.emplace_back(category);
    }
  }
  if (reference.other_count + current.other_count > 0) {
    bins.reference.push_back(static_cast<double>(reference.other_count));
    bins.current.push_back(static_cast<double>(current.other_count));
  }
  drift.psi = population_stability_index(bins);
  drift.jensen_shannon = jensen_shannon_distance(bins);
  drift.ks = total_variation(bins);
  drift.p_value = test_homogeneity(without_rare_bins(bins)).chi_square.p_value;
}

double null_rate(const Profile& profile) {
  if (profile.row_count == 0) return 0;
  return static_cast<double>(profile.null_count) / static_cast<double>(profile.row_count);
}

}  // namespace

Result<Drift> compare(const Profile& reference, const Profile& current) {
  if (reference.is_category != current.is_category) {
    return invalid_input("column `" + reference.name + "`: the reference holds " +
                             (reference.is_category ? "categories" : "numbers") +
                             ", the current rows hold " +
                             (current.is_category ? "categories" : "numbers"),
                         "compare columns of one type");
  }
  Drift drift;
  drift.name = reference.name;
  if (reference.row_count > 0 && current.row_count > 0) {
    drift.null_rate_change = null_rate(current) - null_rate(reference);
  }
  if (reference.value_count() == 0 || current.value_count() == 0) return drift;
  if (reference.is_category) {
    compare_categories(reference, current, drift);
  } else {
    compare_numbers(reference, current, drift);
  }
  return drift;
}

}  // namespace millgate
