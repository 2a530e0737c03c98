#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <set>
#include <string_view>

#include "model/measure/distribution.h"
#include "model/measure/unit_conversion.h"

namespace millgate {
namespace {

/// Counts of both samples in the same bins. They are not whole numbers where a distribution
/// function was interpolated.
struct Bins {
  std::vector<double> reference;
  std::vector<double> current;
};

double sum_of(const std::vector<double>& counts) {
  double sum = 0;
  for (double count : counts) sum += count;
  return sum;
}

double psi(const Bins& bins) {
  const double half = 0.5 * static_cast<double>(bins.reference.size());
  const double reference_sum = sum_of(bins.reference) + half;
  const double current_sum = sum_of(bins.current) + half;
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    const double r = (bins.reference[i] + 0.5) / reference_sum;
    const double c = (bins.current[i] + 0.5) / current_sum;
    sum += (c - r) * std::log(c / r);
  }
  return sum;
}

double jensen_shannon(const Bins& bins) {
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    const double p = bins.reference[i] / reference_sum;
    const double q = bins.current[i] / current_sum;
    const double middle = (p + q) / 2;
    if (p > 0) sum += p * std::log2(p / middle) / 2;
    if (q > 0) sum += q * std::log2(q / middle) / 2;
  }
  // Equal samples may come out a rounding error below 0.
  return std::sqrt(std::clamp(sum, 0.0, 1.0));
}

double total_variation(const Bins& bins) {
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    sum += std::abs(bins.reference[i] / reference_sum - bins.current[i] / current_sum) / 2;
  }
  return std::min(sum, 1.0);
}

/// P(K > lambda) of Kolmogorov's distribution.
double kolmogorov_survival(double lambda) {
  // For small lambda the alternating sum converges slowly; the other theta series does at once.
  constexpr double kPi = 3.14159265358979323846;
  if (lambda < 1e-8) return 1;
  if (lambda < 1) {
    double sum = 0;
    for (int j = 1; j <= 20; ++j) {
      const double odd = 2 * j - 1;
      sum += std::exp(-odd * odd * kPi * kPi / (8 * lambda * lambda));
    }
    return std::clamp(1 - std::sqrt(2 * kPi) / lambda * sum, 0.0, 1.0);
  }
  double sum = 0;
  for (int j = 1; j <= 20; ++j) {
    const double term = std::exp(-2.0 * j * j * lambda * lambda);
    sum += j % 2 == 1 ? term : -term;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

/// Pearson's test of homogeneity; categories with few expected rows are put together, since the
/// chi-square distribution is no good approximation for them (Cochran 1954).
double chi_square_p_value(const Bins& bins) {
  constexpr double kExpectedMin = 5;
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  const double all = reference_sum + current_sum;
  const double smaller_share = std::min(reference_sum, current_sum) / all;
  double statistic = 0;
  int used = 0;
  const auto add = [&](double reference, double current) {
    if (reference + current == 0) return;
    const double r = (reference + current) * reference_sum / all;
    const double c = (reference + current) * current_sum / all;
    statistic += (reference - r) * (reference - r) / r + (current - c) * (current - c) / c;
    ++used;
  };
  double rare_reference = 0;
  double rare_current = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    if ((bins.reference[i] + bins.current[i]) * smaller_share < kExpectedMin) {
      rare_reference += bins.reference[i];
      rare_current += bins.current[i];
    } else {
      add(bins.reference[i], bins.current[i]);
    }
  }
  add(rare_reference, rare_current);
  return used < 2 ? 1 : boost::math::gamma_q((used - 1) / 2.0, statistic / 2);
}

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
  const Bins bins{counts_between(reference, edges), counts_between(current, edges)};
  drift.psi = psi(bins);
  drift.jensen_shannon = jensen_shannon(bins);
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
  Bins bins;
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
  drift.psi = psi(bins);
  drift.jensen_shannon = jensen_shannon(bins);
  drift.ks = total_variation(bins);
  drift.p_value = chi_square_p_value(bins);
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
