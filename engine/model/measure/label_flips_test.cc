#include "model/measure/label_flips.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

struct Labelled {
  std::vector<double> probabilities;
  std::vector<bool> has_label;
};

Labelled labelled(int count, const LabelFlips& flips, uint64_t seed) {
  Random random(seed);
  Labelled rows;
  for (int i = 0; i < count; ++i) {
    double odds = std::exp(2 * random.normal());
    const double p = odds / (1 + odds);
    odds *= std::exp(flips.shift);
    const bool is_of_class = random.uniform() < odds / (1 + odds);
    const double flipped = is_of_class ? flips.from : flips.to;
    rows.probabilities.push_back(p);
    rows.has_label.push_back(is_of_class != (random.uniform() < flipped));
  }
  return rows;
}

TEST(LabelFlips, AreMoreProbableThanAllOthers) {
  for (const LabelFlips planted :
       {LabelFlips{0, 0, 0}, LabelFlips{0.2, 0.05, 0}, LabelFlips{0, 0.3, 1}}) {
    const Labelled rows = labelled(500, planted, 7);
    const LabelFlips found = estimate_label_flips(rows.probabilities, rows.has_label);
    const double best = log_likelihood(rows.probabilities, rows.has_label, found);
    for (double from = 0; from < 0.5; from += 0.02) {
      for (double to = 0; to < 0.5; to += 0.02) {
        for (double shift = -2; shift < 2; shift += 0.2) {
          EXPECT_LE(log_likelihood(rows.probabilities, rows.has_label, {from, to, shift}),
                    best + 1e-3);
        }
        const LabelFlips shifted =
            with_own_shift(rows.probabilities, rows.has_label, {from, to, 0});
        if (std::abs(shifted.shift) > 4.9) continue;  // As far as it goes.
        const double of_shifted = log_likelihood(rows.probabilities, rows.has_label, shifted);
        for (const double step : {-0.01, 0.01}) {
          const LabelFlips beside = {from, to, shifted.shift + step};
          EXPECT_LE(log_likelihood(rows.probabilities, rows.has_label, beside), of_shifted + 1e-6);
        }
      }
    }
  }
}

TEST(LabelFlips, AreThoseThatWerePlanted) {
  const Labelled rows = labelled(100'000, {.from = 0.2, .to = 0.05}, 3);
  const LabelFlips found = estimate_label_flips(rows.probabilities, rows.has_label);
  EXPECT_NEAR(found.from, 0.2, 0.02);
  EXPECT_NEAR(found.to, 0.05, 0.02);
  EXPECT_NEAR(flipped_share(rows.probabilities, found), 0.125, 0.01);
}

TEST(LabelFlips, AreNotAnotherBaseRate) {
  const Labelled rows = labelled(20'000, {.shift = -1}, 3);
  const LabelFlips found = estimate_label_flips(rows.probabilities, rows.has_label);
  EXPECT_NEAR(found.shift, -1, 0.1);
  EXPECT_LT(flipped_share(rows.probabilities, found), 0.01);
}

TEST(LabelFlips, OfNoRowsAreNone) {
  const LabelFlips found = estimate_label_flips({}, {});
  EXPECT_EQ(found.from, 0);
  EXPECT_EQ(found.to, 0);
  EXPECT_EQ(flipped_share({}, found), 0);
}

}  // namespace
}  // namespace millgate
