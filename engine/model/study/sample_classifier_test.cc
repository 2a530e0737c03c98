#include "model/study/sample_classifier.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "ground/json.h"
#include "ground/random.h"
#include "model/measure/roc_area.h"

namespace millgate {
namespace {

using testing::HasSubstr;

/// Three columns of normals; the first of the current sample is moved by `shift`.
SampleRows normals(size_t reference, size_t current, double shift, uint64_t seed) {
  Random random = Random::stream(seed, "samples");
  SampleRows samples{
      .columns = {"moved", "still", "other"}, .is_category = {false, false, false}, .rows = {}};
  for (size_t i = 0; i < reference + current; ++i) {
    const bool is_current = i >= reference;
    samples.rows.features.insert(
        samples.rows.features.end(),
        {random.normal() + (is_current ? shift : 0), random.normal(), random.normal()});
    samples.rows.labels.push_back(is_current ? 1 : 0);
  }
  return samples;
}

TEST(SampleClassifier, TellsSamplesApartAndByWhat) {
  const auto found = classify_samples(normals(1500, 1500, 1, 1), {});
  ASSERT_TRUE(found.ok()) << found.error().what;
  // The best that anybody can do is Phi(1 / sqrt 2) = 0.760.
  const double best = 1 - upper_tail(1 / std::sqrt(2.0));
  EXPECT_NEAR(found->auc, best, 0.025);
  EXPECT_LT(found->auc, best + 0.02);
  EXPECT_LT(found->lower, found->auc);
  EXPECT_LT(found->p_value, 1e-20);
  EXPECT_EQ(found->columns[0].name, "moved");
  EXPECT_NEAR(found->columns[0].loss.value, found->auc - 0.5, 0.03);
  EXPECT_LT(std::abs(found->columns[1].loss.value), 0.02);
  EXPECT_EQ(found->reference_rows, 1500);
}

/// What no single column shows: the samples differ in how two of them go together.
TEST(SampleClassifier, SeesRelationsBetweenColumns) {
  Random random(5);
  SampleRows samples{.columns = {"x", "y"}, .is_category = {false, false}, .rows = {}};
  for (int i = 0; i < 4000; ++i) {
    const double x = random.normal();
    const double e = random.normal();
    const double together = i < 2000 ? 0.9 : -0.9;
    samples.rows.features.insert(samples.rows.features.end(),
                                 {x, together * x + std::sqrt(1 - 0.81) * e});
    samples.rows.labels.push_back(i < 2000 ? 0 : 1);
  }
  const auto found = classify_samples(samples, {});
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->auc, 0.85);
}

/// The rate of false alarms is what the p-value says, also where sizes differ much.
TEST(SampleClassifier, FalseAlarmsAreAsRareAsThePValueSays) {
  for (const auto& [reference, current] : {std::pair<size_t, size_t>{60, 60}, {300, 25}}) {
    constexpr int kRounds = 40;
    int alarms = 0;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const auto found =
          classify_samples(normals(reference, current, 0, 100 + round), {.repeats = 1});
      ASSERT_TRUE(found.ok());
      alarms += found->p_value < 0.05 ? 1 : 0;
    }
    EXPECT_LE(alarms, 8) << reference << " and " << current;  // 2 expected; P(> 8) < 0.001.
  }
}

TEST(SampleClassifier, SizesThatDifferMuchGiveTheSameAnswer) {
  const auto even = classify_samples(normals(3000, 3000, 1, 2), {});
  const auto uneven = classify_samples(normals(6000, 120, 1, 3), {});
  ASSERT_TRUE(even.ok() && uneven.ok());
  EXPECT_NEAR(even->auc, uneven->auc, 0.07);
  EXPECT_LT(uneven->p_value, 1e-6);
  EXPECT_GT(uneven->upper - uneven->lower, 2 * (even->upper - even->lower));
}

/// Two versions of a table share most of their rows. A model that has learned a row of one sample
/// must not be asked about its twin in the other: it would say the wrong one.
TEST(SampleClassifier, RowsInBothSamplesTellNothing) {
  SampleRows samples = normals(800, 0, 0, 8);
  const std::vector<double> rows = samples.rows.features;
  samples.rows.features.insert(samples.rows.features.end(), rows.begin(), rows.end());
  samples.rows.labels.resize(1600, 1.0);
  const auto found = classify_samples(samples, {});
  ASSERT_TRUE(found.ok());
  EXPECT_NEAR(found->auc, 0.5, 1e-9);
}

TEST(SampleClassifier, ConstantsTellNothing) {
  SampleRows samples{.columns = {"x"}, .is_category = {false}, .rows = {}};
  samples.rows.features.assign(200, 3.0);
  for (int i = 0; i < 200; ++i) samples.rows.labels.push_back(i % 2);
  const auto found = classify_samples(samples, {});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->auc, 0.5);
  EXPECT_EQ(found->p_value, 1);
  EXPECT_EQ(found->effect(), 0);
}

TEST(SampleClassifier, SamplesWithoutOverlapAreToldApartWholly) {
  const auto found = classify_samples(normals(100, 100, 50, 4), {});
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->auc, 0.99);
  EXPECT_LT(found->lower, 1);
  EXPECT_LE(found->upper, 1);
}

/// Scores are probabilities as if both samples had the same size: their odds weigh the reference
/// to be as the current sample.
TEST(SampleClassifier, ScoresWeighOneSampleToBeAsTheOther) {
  const SampleRows samples = normals(4000, 1000, 0.7, 6);
  const auto scores = sample_scores(samples, {});
  ASSERT_TRUE(scores.ok());
  double weights = 0;
  double sum = 0;
  for (size_t i = 0; i < 4000; ++i) {
    const double weight = (*scores)[i] / (1 - (*scores)[i]);
    weights += weight;
    sum += weight * samples.rows.features[3 * i];
  }
  EXPECT_NEAR(weights / 4000, 1, 0.15);
  EXPECT_NEAR(sum / weights, 0.7, 0.15);  // The mean of the current sample.
}

TEST(SampleClassifier, RefusesTooFewRows) {
  const auto found = classify_samples(normals(100, 19, 0, 1), {});
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().what, HasSubstr("19 rows"));
}

TEST(SampleClassifier, SameSeedSameAnswer) {
  const SampleRows samples = normals(200, 200, 0.5, 9);
  EXPECT_EQ(to_json(*classify_samples(samples, {})).dump(),
            to_json(*classify_samples(samples, {})).dump());
}

}  // namespace
}  // namespace millgate
