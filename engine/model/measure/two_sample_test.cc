#include "model/measure/two_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ground/random.h"
#include "model/measure/bin_counts.h"
#include "model/measure/kernel_two_sample.h"
#include "model/measure/kolmogorov.h"

namespace millgate {
namespace {

/// a = ((i * 7919 + 13) % 1009) / 1009
std::vector<double> sample_a(int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<double>((i * 7919 + 13) % 1009) / 1009);
  }
  return values;
}

/// b = (((i * 6007 + 5) % 1013) / 1013) ** 1.3
std::vector<double> sample_b(int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(std::pow(static_cast<double>((i * 6007 + 5) % 1013) / 1013, 1.3));
  }
  return values;
}

NumberShift compare_unsorted(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return compare_numbers({a, b});
}

/// What SciPy 1.17 says: ks_2samp, cramervonmises_2samp (statistic and p-value),
/// wasserstein_distance, energy_distance.
struct Expected {
  double ks, ks_p, cramer, cramer_p, wasserstein, energy;
};

void expect_shift(const NumberShift& shift, const Expected& expected) {
  EXPECT_NEAR(shift.kolmogorov_smirnov.statistic, expected.ks, 1e-12);
  EXPECT_NEAR(shift.kolmogorov_smirnov.p_value, expected.ks_p, 1e-9);
  EXPECT_NEAR(shift.cramer_von_mises.statistic, expected.cramer, 1e-9);
  EXPECT_NEAR(shift.cramer_von_mises.p_value, expected.cramer_p, 1e-9);
  EXPECT_NEAR(shift.wasserstein, expected.wasserstein, 1e-9);
  EXPECT_NEAR(shift.energy, expected.energy, 1e-9);
}

TEST(TwoSample, AgreesWithSciPy) {
  expect_shift(compare_unsorted(sample_a(1000), sample_b(800)),
               {0.09825, 0.0003489087618457337, 2.2827125462962954, 2.965492897133437e-06,
                0.06575943572950756, 0.10144970981497242});
  expect_shift(compare_unsorted(sample_a(17), sample_b(12)),
               {0.13725490196078433, 0.9933306529692547, 0.02704530087897261, 0.9947651005806138,
                0.056792209999407796, 0.09392744059872822});
  expect_shift(compare_unsorted(sample_a(15), sample_b(15)),
               {0.13333333333333333, 0.9997887537139585, 0.07000000000000028, 0.7996826148329345,
                0.09946693733964868, 0.1530840611115126});
}

TEST(TwoSample, TiesShareTheirMiddleRank) {
  std::vector<double> a = sample_a(1000);
  std::vector<double> b = sample_b(800);
  for (double& value : a) value = std::floor(value * 20);
  for (double& value : b) value = std::floor(value * 20);
  expect_shift(compare_unsorted(a, b), {0.0975, 0.0003978795807851369, 2.2967807060185237,
                                        2.7584258293078534e-06, 1.306, 0.4536121691489328});
}

TEST(TwoSample, LargeSamplesTakeTheLimit) {
  std::vector<double> a;
  std::vector<double> b;
  const std::vector<double> a_base = sample_a(1000);
  const std::vector<double> b_base = sample_b(800);
  for (size_t i = 0; i < 12'000; ++i) {
    a.push_back(a_base[i % 1000] + static_cast<double>(i) * 1e-9);
  }
  for (size_t i = 0; i < 8'000; ++i) b.push_back(b_base[i % 800] + static_cast<double>(i) * 1e-9);
  const NumberShift shift = compare_unsorted(a, b);
  EXPECT_FALSE(shift.kolmogorov_smirnov.exact);
  EXPECT_NEAR(shift.kolmogorov_smirnov.p_value / 8.745439100192163e-41, 1, 1e-9);
  EXPECT_NEAR(shift.cramer_von_mises.statistic, 24.65678209375028, 1e-9);
  EXPECT_NEAR(shift.wasserstein, 0.06576140902000754, 1e-9);
}

TEST(TwoSample, OneAndTwoValues) {
  const std::vector<double> one = {3};
  const std::vector<double> two = {4, 5};
  const NumberShift shift = compare_numbers({one, two});
  EXPECT_EQ(shift.kolmogorov_smirnov.statistic, 1);
  EXPECT_NEAR(shift.kolmogorov_smirnov.p_value, 2.0 / 3, 1e-12);  // Two of three orders.
  EXPECT_EQ(shift.wasserstein, 1.5);
  EXPECT_EQ(shift.reference_deviation, 0);
  const NumberShift same = compare_numbers({two, two});
  EXPECT_EQ(same.kolmogorov_smirnov.p_value, 1);
  EXPECT_EQ(same.energy, 0);
}

/// Every order of two small samples, counted: exact p-values are shares of them.
TEST(TwoSample, ExactPValuesAreSharesOfAllOrders) {
  for (const auto& [m, n] : std::vector<std::pair<int, int>>{{4, 3}, {5, 5}, {2, 6}, {6, 4}}) {
    std::vector<NumberShift> all;
    for (unsigned mask = 0; mask < 1U << (m + n); ++mask) {
      if (__builtin_popcount(mask) != m) continue;
      std::vector<double> a;
      std::vector<double> b;
      for (int i = 0; i < m + n; ++i) ((mask >> i & 1U) != 0 ? a : b).push_back(i);
      all.push_back(compare_numbers({a, b}));
    }
    for (const NumberShift& one : all) {
      double ks = 0;
      double cramer = 0;
      for (const NumberShift& other : all) {
        ks += other.kolmogorov_smirnov.statistic >= one.kolmogorov_smirnov.statistic - 1e-12;
        cramer += other.cramer_von_mises.statistic >= one.cramer_von_mises.statistic - 1e-12;
      }
      const double count = static_cast<double>(all.size());
      ASSERT_NEAR(one.kolmogorov_smirnov.p_value, ks / count, 1e-12) << m << ' ' << n;
      ASSERT_NEAR(one.cramer_von_mises.p_value, cramer / count, 1e-12) << m << ' ' << n;
    }
  }
}

TEST(Kolmogorov, OneSampleAgreesWithSciPy) {
  struct Case {
    int64_t count;
    double distance, survival;
  };
  // scipy.stats.kstwo.sf(distance, count), SciPy 1.17
  for (const Case& one : {Case{1, 0.6, 0.8},
                          {5, 0.3, 0.664},
                          {100, 0.05, 0.9532159710635725},
                          {100, 0.08, 0.5182193645480672},
                          {140, 0.2, 2.1981563302200222e-05},
                          {141, 0.02, 0.9999999744561288},
                          {5000, 0.01, 0.6954557253913853},
                          {5000, 0.015, 0.20846142096186204},
                          {5000, 0.02, 0.03613941395325637},
                          {50000, 0.004, 0.3994316646755731},
                          {99999, 0.0005, 1.0},
                          {200000, 0.001, 0.9881500208855729},
                          {200000, 0.002, 0.39995085369038097},
                          {200000, 0.004, 0.003314212822560255},
                          {900000, 0.002, 0.0014911751530685168},
                          {2000000, 0.0012, 0.006297183259583361},
                          {10, 0.7, 1.9544800000000034e-05},
                          {10, 0.04, 1.0}}) {
    EXPECT_NEAR(kolmogorov_smirnov_survival(one.count, one.distance), one.survival, 1e-9)
        << one.count << ' ' << one.distance;
  }
}

TEST(BinCounts, AgreeWithSciPy) {
  const BinCounts bins{{30, 0, 12, 5, 100}, {25, 4, 20, 1, 80}};
  const HomogeneityTest test = test_homogeneity(bins);
  EXPECT_EQ(test.degrees_of_freedom, 4);
  // chi2_contingency(correction=False), and with lambda_="log-likelihood"
  EXPECT_NEAR(test.chi_square.statistic, 10.339055124769411, 1e-9);
  EXPECT_NEAR(test.chi_square.p_value, 0.03508767683369671, 1e-9);
  EXPECT_NEAR(test.g.statistic, 12.11559524041028, 1e-9);
  EXPECT_NEAR(test.g.p_value, 0.016512054828246553, 1e-9);
  // scipy.spatial.distance.jensenshannon(r, c, base=2)
  EXPECT_NEAR(jensen_shannon_distance(bins), 0.176837418629003, 1e-9);
  EXPECT_NEAR(total_variation(bins), 0.1029827315541601, 1e-12);
  EXPECT_NEAR(l_infinity_distance(bins), 0.07221350078492937, 1e-12);
  EXPECT_NEAR(population_stability_index(bins), 0.15196578376859846, 1e-12);
}

TEST(BinCounts, EmptySamplesSayNothing) {
  const BinCounts bins{{0, 0}, {3, 4}};
  EXPECT_EQ(test_homogeneity(bins).degrees_of_freedom, 0);
  EXPECT_EQ(test_homogeneity(bins).chi_square.p_value, 1);
  EXPECT_EQ(population_stability_index(bins), 0);
  EXPECT_EQ(jensen_shannon_distance(bins), 0);
}

TEST(BinCounts, DecilesAreValuesOfTheReference) {
  std::vector<double> values;
  for (int i = 1; i <= 20; ++i) values.push_back(i);
  EXPECT_EQ(decile_edges(values), (std::vector<double>{2, 4, 6, 8, 10, 12, 14, 16, 18}));
  const std::vector<double> constant = {7, 7, 7};
  EXPECT_EQ(decile_edges(constant), (std::vector<double>{7}));
  const std::vector<double> more = {7, 8, 9};
  const BinCounts bins = count_in_bins({constant, more}, decile_edges(constant));
  EXPECT_EQ(bins.reference, (std::vector<double>{3, 0}));
  EXPECT_EQ(bins.current, (std::vector<double>{1, 2}));
}

TEST(BinCounts, RareBinsGoTogether) {
  const BinCounts kept = without_rare_bins({{100, 1, 2, 0}, {90, 3, 1, 0}});
  EXPECT_EQ(kept.reference, (std::vector<double>{100, 3}));
  EXPECT_EQ(kept.current, (std::vector<double>{90, 4}));
}

TEST(MaximumMeanDiscrepancy, IsThatOfNumPyAndFindsAShift) {
  // X = c_[a[:20], b[:20]]; Y = c_[a[20:45] + 0.2, b[20:45]]; width: median of pdist
  const std::vector<double> a = sample_a(45);
  const std::vector<double> b = sample_b(45);
  std::vector<double> x;
  std::vector<double> y;
  for (size_t i = 0; i < 45; ++i) {
    auto& rows = i < 20 ? x : y;
    rows.push_back(a[i] + (i < 20 ? 0 : 0.2));
    rows.push_back(b[i]);
  }
  const TestResult result = maximum_mean_discrepancy({x, y, 2}, 200, 1);
  EXPECT_NEAR(result.statistic, 0.06144937138406514, 1e-12);
  EXPECT_EQ(maximum_mean_discrepancy({x, y, 2}, 200, 1).p_value, result.p_value);
  for (double& value : y) value += 1;
  EXPECT_NEAR(maximum_mean_discrepancy({x, y, 2}, 200, 1).p_value, 1.0 / 201, 1e-12);
  EXPECT_EQ(maximum_mean_discrepancy({x, {}, 2}, 200, 1).p_value, 1);
}

TEST(EnergyDistance, IsItsFormulaOverAllPairsAndThatOfOneColumn) {
  const std::vector<double> a = sample_a(45);
  const std::vector<double> b = sample_b(45);
  std::vector<double> x;
  std::vector<double> y;
  for (size_t i = 0; i < 45; ++i) {
    auto& rows = i < 20 ? x : y;
    rows.push_back(a[i]);
    rows.push_back(b[i]);
  }
  const auto mean_distance = [](const std::vector<double>& one, const std::vector<double>& other) {
    double sum = 0;
    for (size_t i = 0; i < one.size(); i += 2) {
      for (size_t j = 0; j < other.size(); j += 2) {
        sum += std::hypot(one[i] - other[j], one[i + 1] - other[j + 1]);
      }
    }
    return sum * 4 / static_cast<double>(one.size() * other.size());
  };
  const double expected =
      std::sqrt(2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y));
  const TestResult result = energy_distance({x, y, 2}, 200, 1);
  EXPECT_NEAR(result.statistic, expected, 1e-12);
  EXPECT_EQ(energy_distance({x, y, 2}, 200, 1).p_value, result.p_value);
  for (double& value : y) value += 1;
  EXPECT_NEAR(energy_distance({x, y, 2}, 200, 1).p_value, 1.0 / 201, 1e-12);
  EXPECT_EQ(energy_distance({x, {}, 2}, 200, 1).p_value, 1);
  EXPECT_EQ(
      energy_distance({std::vector<double>(6, 1.5), std::vector<double>(8, 1.5), 2}, 20, 1).p_value,
      1);
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  EXPECT_NEAR(energy_distance({x, y, 1}, 1, 1).statistic, compare_numbers({x, y}).energy, 1e-12);
}

TEST(EnergyDistance, RarelyAlarmsWithoutAShift) {
  Random random(20130101);
  int alarms = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<double> x(30);
    std::vector<double> y(30);
    for (auto* sample : {&x, &y}) {
      for (double& value : *sample) value = random.normal();
    }
    alarms += energy_distance({x, y, 1}, 60, 7).p_value <= 0.1 ? 1 : 0;
  }
  EXPECT_LE(alarms, 20);  // As below.
  EXPECT_GE(alarms, 2);
}

/// Under the null hypothesis p-values are uniform: about one in ten is below a tenth.
TEST(MaximumMeanDiscrepancy, RarelyAlarmsWithoutAShift) {
  Random random(20130101);
  int alarms = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<double> x;
    std::vector<double> y;
    for (int i = 0; i < 30; ++i) x.push_back(random.normal());
    for (int i = 0; i < 30; ++i) y.push_back(random.normal());
    alarms += maximum_mean_discrepancy({x, y, 1}, 60, 7).p_value <= 0.1 ? 1 : 0;
  }
  EXPECT_LE(alarms, 20);  // 0.1 in 100: more than 20 has a chance of 0.0008.
  EXPECT_GE(alarms, 2);
}

}  // namespace
}  // namespace millgate
