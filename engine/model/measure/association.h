/// How strongly two columns go together.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace millgate {

/// Ranks from 1; equal values share the middle of their ranks. NaN is not allowed.
[[nodiscard]] std::vector<double> middle_ranks(std::span<const double> values);

/// Pearson's correlation; NaN where one of them is constant or there are fewer than two rows.
/// Two spans of one length.
[[nodiscard]] double pearson_correlation(std::span<const double> a, std::span<const double> b);

/// How many rows hold a pair of codes.
using PairCounts = std::map<std::pair<int32_t, int32_t>, int64_t>;

/// Associations of two columns of categories.
struct CategoryAssociation {
  /// sqrt(chi^2 / (n min(r - 1, c - 1))), 0 to 1 (Cramer 1946); NaN where one is constant.
  double cramers_v = 0;
  /// Bergsma's corrected V (2013), near 0 for independent columns also where there are many
  /// categories and few rows.
  double cramers_v_corrected = 0;
  double mutual_information = 0;  ///< Nats: sum p_ij ln(p_ij / (p_i p_j)).
  double chi_square = 0;
};
[[nodiscard]] CategoryAssociation associate(const PairCounts& counts);

/// Two correlations of the same columns, each with its number of rows.
struct CorrelationPair {
  double reference = 0;
  double current = 0;
  int64_t reference_count = 0;
  int64_t current_count = 0;
};
/// P-value of "both are equal" by Fisher's z with variance 1.06 / (n - 3), which is that of
/// Spearman's correlation (Fieller, Hartley and Pearson 1957). 1 for fewer than 10 rows.
[[nodiscard]] double equal_rank_correlations_p_value(const CorrelationPair& pair);

}  // namespace millgate
