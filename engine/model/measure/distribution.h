/// Compact pictures of a column's values, and distances between two of them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Picture of numbers (quantiles and counts) or of categories (counts).
///
/// `steps`, `below` and `at_most` are points of the distribution function, exact where they lie:
/// all distinct values when there are at most `kProfileSteps`, else the values at evenly spaced
/// ranks. Between two points it is taken to be straight. So `Drift::ks` of two profiles is exact
/// for few distinct values, and else at most 1 / (kProfileSteps - 1) a sample away from that of
/// the rows.
struct Profile {
  std::string name;
  bool is_category = false;
  int64_t row_count = 0;  ///< With nulls.
  int64_t null_count = 0;
  std::vector<double> quantiles;  ///< 101 values at 0 %, 1 % ... 100 %; numbers only.
  double mean = 0;
  double standard_deviation = 0;          ///< Of the sample (n - 1).
  std::vector<double> steps;              ///< Ascending values; numbers only.
  std::vector<int64_t> below;             ///< How many values are less than steps[i].
  std::vector<int64_t> at_most;           ///< How many values are at most steps[i].
  bool all_steps = false;                 ///< `steps` are all the distinct values there are.
  std::map<std::string, int64_t> counts;  ///< Categories only: the most frequent ones.
  int64_t other_count = 0;                ///< Rows of categories that `counts` leaves out.

  /// Rows that are not null.
  [[nodiscard]] int64_t value_count() const { return row_count - null_count; }
};

/// Points of the distribution function that a profile keeps at most.
inline constexpr size_t kProfileSteps = 256;
/// Categories that a profile keeps at most; of equal counts, the alphabetically first.
inline constexpr size_t kProfileCategories = 1000;

/// NaN and infinity count as null. Quantiles are linear between order statistics. O(n log n).
[[nodiscard]] Profile profile_numbers(std::string name, std::span<const double> values);
/// `valid` may be empty: all valid; else it has one entry a value.
[[nodiscard]] Profile profile_texts(std::string name, std::span<const std::string> values,
                                    std::span<const uint8_t> valid);
[[nodiscard]] nlohmann::ordered_json to_json(const Profile& profile);
/// Errors: `damaged` naming the member that is missing, of a wrong type or out of order.
[[nodiscard]] Result<Profile> profile_from_json(const nlohmann::ordered_json& json);

/// How far two samples of one column are apart. Effect sizes, not p-values alone.
///
/// Bins are (-inf, d1], (d1, d2] ... (d9, inf) at the distinct deciles of the reference, or the
/// categories of both. With r_i and c_i the counts in bin i of k, and R and C their sums:
///   psi            = sum (c'_i - r'_i) ln(c'_i / r'_i), x'_i = (x_i + 1/2) / (X + k/2),
///   jensen_shannon = sqrt((KL(p || m) + KL(q || m)) / 2), p = r / R, q = c / C, m = (p + q) / 2,
///                    logarithms to base 2,
///   ks             = sup |F_R - F_C|; for categories sum |p_i - q_i| / 2,
///   p_value        = 2 sum (-1)^(j-1) exp(-2 j^2 l^2), l = ks sqrt(RC / (R + C)) (Kolmogorov);
///                    for categories the chi-square test of homogeneity, rare categories (less
///                    than 5 expected in a sample) put together. Not corrected for many tests.
/// Nulls are left out of all of these and counted in `null_rate_change`.
struct Drift {
  std::string name;
  double psi = 0;
  double jensen_shannon = 0;  ///< 0 to 1.
  double ks = 0;              ///< 0 to 1.
  double p_value = 1;
  double null_rate_change = 0;              ///< Current minus reference.
  std::vector<std::string> new_categories;  ///< Sorted; empty when the reference left some out.
  std::string unit_suspicion;  ///< "values look like miles sent as kilometres (x 1.609)".
};

/// Compares `current` with `reference`. All zeros (and p-value 1) when one has no values.
/// `unit_suspicion` is set as unit_conversion.h says.
/// Errors: `invalid_input` when one is numbers and the other categories.
[[nodiscard]] Result<Drift> compare(const Profile& reference, const Profile& current);

}  // namespace millgate
