#include "model/artifact/sampled_shapley.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr size_t kWidth = 5;

/// A model in which features work together.
class MadeScorer final : public Scorer {
 public:
  [[nodiscard]] size_t feature_count() const override { return kWidth; }
  void score(std::span<const double> features, std::span<double> out) const override {
    for (size_t row = 0; row < out.size(); ++row) out[row] = of(features.data() + row * kWidth);
  }
  [[nodiscard]] std::vector<double> importance() const override { return {}; }
  [[nodiscard]] std::string describe() const override { return "made"; }

  static double of(const double* x) {  // The last is not used.
    return 1 / (1 + std::exp(-(x[0] * x[1] + 2 * x[2] - std::abs(x[3] - x[0]))));
  }
};

/// By the definition: the weighted mean, over all sets of the other features, of what the feature
/// adds; an absent feature takes the value of a background row, averaged over all of them.
double shapley(const std::vector<double>& background, const double* row, size_t feature) {
  const size_t rows = background.size() / kWidth;
  const auto value = [&](unsigned present) {
    double sum = 0;
    for (size_t other = 0; other < rows; ++other) {
      double mixed[kWidth];
      for (size_t j = 0; j < kWidth; ++j) {
        mixed[j] = (present >> j & 1U) != 0 ? row[j] : background[other * kWidth + j];
      }
      sum += MadeScorer::of(mixed);
    }
    return sum / static_cast<double>(rows);
  };
  const double weights[] = {1.0 / 5, 1.0 / 20, 1.0 / 30, 1.0 / 20, 1.0 / 5};  // s! (4 - s)! / 5!
  double sum = 0;
  for (unsigned set = 0; set < 1U << kWidth; ++set) {
    if ((set >> feature & 1U) != 0) continue;
    const double weight = weights[std::popcount(set)];
    sum += weight * (value(set | 1U << feature) - value(set));
  }
  return sum;
}

std::vector<double> made_rows(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<double> rows(count * kWidth);
  for (double& value : rows) value = random.normal();
  return rows;
}

TEST(SampledShapley, ComesNearTheDefinitionAndAddsUp) {
  const auto scorer = std::make_shared<const MadeScorer>();
  const std::vector<double> background = made_rows(20, 1);
  const auto explainer = make_sampled_explainer(scorer, background, {.walks = 4000, .seed = 3});
  const std::vector<double> rows = made_rows(10, 2);
  std::vector<double> found(rows.size());
  explainer->explain(rows, found);
  for (size_t row = 0; row < 10; ++row) {
    double sum = explainer->base_value();
    for (size_t j = 0; j < kWidth; ++j) {
      const double one = found[row * kWidth + j];
      sum += one;
      ASSERT_NEAR(one, shapley(background, rows.data() + row * kWidth, j), 0.01) << row << " " << j;
    }
    ASSERT_NEAR(sum, MadeScorer::of(rows.data() + row * kWidth), 1e-12);
    ASSERT_EQ(found[row * kWidth + 4], 0) << "it is not used";
  }
}

TEST(SampledShapley, FewWalksAddUpTooAndEqualRowsGetEqualBits) {
  const auto scorer = std::make_shared<const MadeScorer>();
  const auto explainer = make_sampled_explainer(scorer, made_rows(7, 1), {.walks = 1, .seed = 3});
  const std::vector<double> rows = made_rows(4, 2);
  std::vector<double> found(rows.size());
  explainer->explain(rows, found);
  for (size_t row = 0; row < 4; ++row) {
    const auto of_row = std::span(rows).subspan(row * kWidth, kWidth);
    std::vector<double> alone(kWidth);
    explainer->explain(of_row, alone);
    ASSERT_EQ(std::memcmp(alone.data(), found.data() + row * kWidth, kWidth * sizeof(double)), 0);
    double sum = explainer->base_value();
    for (const double one : alone) sum += one;
    ASSERT_NEAR(sum, MadeScorer::of(of_row.data()), 1e-12);
  }
}

}  // namespace
}  // namespace millgate
