#include "model/measure/association.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/measure/false_discovery.h"

namespace millgate {
namespace {

/// u = a[:100], v = a[:100] ** 2 + b[:100], w = floor(5 a), z = floor(3 (a + b)) with
///   a = ((i * 7919 + 13) % 1009) / 1009; b = (((i * 6007 + 5) % 1013) / 1013) ** 1.3
struct Columns {
  std::vector<double> u, v, w, z;
  Columns() {
    for (int64_t i = 0; i < 100; ++i) {
      const double a = static_cast<double>((i * 7919 + 13) % 1009) / 1009;
      const double b = std::pow(static_cast<double>((i * 6007 + 5) % 1013) / 1013, 1.3);
      u.push_back(a);
      v.push_back(a * a + b);
      w.push_back(std::floor(a * 5));
      z.push_back(std::floor((a + b) * 3));
    }
  }
};

TEST(Association, CorrelationsAgreeWithSciPy) {
  const Columns columns;
  EXPECT_NEAR(pearson_correlation(columns.u, columns.v), 0.7198699744102518, 1e-12);
  // scipy.stats.spearmanr(w, v)
  EXPECT_NEAR(pearson_correlation(middle_ranks(columns.w), middle_ranks(columns.v)),
              0.7052678216606987, 1e-12);
  const std::vector<double> constant(100, 4);
  EXPECT_TRUE(std::isnan(pearson_correlation(columns.u, constant)));
  EXPECT_TRUE(std::isnan(pearson_correlation({}, {})));
}

TEST(Association, CategoriesAgreeWithSciPyAndScikitLearn) {
  const Columns columns;
  PairCounts counts;
  for (size_t i = 0; i < 100; ++i) {
    ++counts[{static_cast<int32_t>(columns.w[i]), static_cast<int32_t>(columns.z[i])}];
  }
  const CategoryAssociation found = associate(counts);
  // scipy.stats.contingency.association(t, "cramer"), chi2_contingency(t, correction=False)
  EXPECT_NEAR(found.cramers_v, 0.43272630262145656, 1e-12);
  EXPECT_NEAR(found.chi_square, 74.90082119217456, 1e-9);
  // sklearn.metrics.mutual_info_score(w, z)
  EXPECT_NEAR(found.mutual_information, 0.40091464610583816, 1e-12);
  // Bergsma's formula in NumPy.
  EXPECT_NEAR(found.cramers_v_corrected, 0.37749804105540113, 1e-12);
  EXPECT_TRUE(std::isnan(associate({{{0, 0}, 3}, {{0, 1}, 4}}).cramers_v));
}

TEST(Association, EqualCorrelationsByFishersZ) {
  // 2 * norm.sf((arctanh(0.3) - arctanh(0.1)) / sqrt(1.06 / 97 + 1.06 / 197))
  EXPECT_NEAR(equal_rank_correlations_p_value({0.1, 0.3, 100, 200}), 0.10141580818701086, 1e-12);
  EXPECT_EQ(equal_rank_correlations_p_value({0.1, 0.9, 9, 200}), 1);
  EXPECT_LT(equal_rank_correlations_p_value({1, -1, 50, 50}), 1e-10);
}

TEST(FalseDiscovery, AgreesWithSciPy) {
  const std::vector<double> p_values = {0.01, 0.04, 0.03, 0.5, 0.9, 0.001};
  // scipy.stats.false_discovery_control(p, method="bh"), and "by"
  const std::vector<double> hochberg = {0.03, 0.06, 0.06, 0.6, 0.9, 0.006};
  const std::vector<double> yekutieli = {0.0735, 0.147, 0.147, 1, 1, 0.0147};
  const auto first = adjusted_p_values(p_values, FalseDiscovery::benjamini_hochberg);
  const auto second = adjusted_p_values(p_values, FalseDiscovery::benjamini_yekutieli);
  for (size_t i = 0; i < p_values.size(); ++i) {
    EXPECT_NEAR(first[i], hochberg[i], 1e-12);
    EXPECT_NEAR(second[i], yekutieli[i], 1e-12);
  }
  EXPECT_EQ(adjusted_p_values(p_values, FalseDiscovery::none), p_values);
  EXPECT_EQ(adjusted_p_values(std::vector<double>{NAN}, FalseDiscovery::benjamini_hochberg)[0], 1);
  EXPECT_TRUE(adjusted_p_values({}, FalseDiscovery::benjamini_hochberg).empty());
}

}  // namespace
}  // namespace millgate
