#include "model/measure/other_tools.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace millgate {
namespace {

std::map<std::string, double> measures(const std::vector<OtherMeasure>& list) {
  std::map<std::string, double> out;
  for (const OtherMeasure& one : list) out.emplace(one.name, one.value);
  return out;
}

/// a = ((i * 7919 + 13) % 1009) / 1009 for i < 1000,
/// b = (((i * 6007 + 5) % 1013) / 1013) ** 1.3 * 1.1 for i < 800;
/// with `levels`, floor(levels a) and floor(levels b) as integers.
std::map<std::string, double> measured(int levels) {
  std::vector<double> a;
  std::vector<double> b;
  for (int64_t i = 0; i < 1000; ++i) {
    a.push_back(static_cast<double>((i * 7919 + 13) % 1009) / 1009);
    if (i >= 800) continue;
    b.push_back(std::pow(static_cast<double>((i * 6007 + 5) % 1013) / 1013, 1.3) * 1.1);
  }
  for (auto* sample : {&a, &b}) {
    for (double& value : *sample) value = levels > 0 ? std::floor(value * levels) : value;
    std::sort(sample->begin(), sample->end());
  }
  return measures(other_measures({{a, b}, compare_numbers({a, b}), levels > 0}));
}

void expect_measures(const std::map<std::string, double>& found, double psi, double distance,
                     double wasserstein, double nannyml) {
  EXPECT_NEAR(found.at("evidently_psi"), psi, 1e-9);
  EXPECT_NEAR(found.at("evidently_jensen_shannon"), distance, 1e-9);
  EXPECT_NEAR(found.at("evidently_wasserstein"), wasserstein, 1e-9);
  EXPECT_NEAR(found.at("nannyml_jensen_shannon"), nannyml, 1e-9);
}

// Evidently 0.7.23: _psi, _jensenshannon, _wasserstein_distance_norm of its stattests. NannyML
// 0.13.1: its formula over numpy.histogram_bin_edges(reference, bins="doane"), NumPy 2.
TEST(OtherTools, NumbersAsEvidentlyAndNannymlCountThem) {
  expect_measures(measured(0), 0.4908377273714052, 0.17480736534235197, 0.16604132898996343,
                  0.21800005602452338);
}

TEST(OtherTools, IntegersHaveBinsAtLeastOneWide) {
  expect_measures(measured(30), 0.521576930562512, 0.17936561961821168, 0.16533948288829461,
                  0.2155912937311282);
}

TEST(OtherTools, FewDistinctValuesHaveABinEach) {
  expect_measures(measured(8), 0.5184046204838835, 0.17828655447303635, 0.16506524249652418,
                  0.21414397576288982);
}

TEST(OtherTools, Categories) {
  const auto found = measures(other_measures(BinCounts{{30, 12, 5, 0}, {25, 20, 1, 4}}));
  EXPECT_NEAR(found.at("evidently_psi"), 0.7771999196626227, 1e-9);
  EXPECT_NEAR(found.at("evidently_jensen_shannon"), 0.2370453939201741, 1e-9);
  EXPECT_NEAR(found.at("tfdv_l_infinity"), 20.0 / 50 - 12.0 / 47, 1e-12);
}

TEST(OtherTools, OneValueIsOneBin) {
  const std::vector<double> one = {3, 3};
  const auto found = measures(other_measures({{one, one}, compare_numbers({one, one}), false}));
  for (const auto& [name, value] : found) EXPECT_EQ(value, 0) << name;
}

}  // namespace
}  // namespace millgate
