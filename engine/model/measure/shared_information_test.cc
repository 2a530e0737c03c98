#include "model/measure/shared_information.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

CodedColumn drawn(size_t rows, uint32_t count, uint64_t seed) {
  Random random(seed);
  CodedColumn column{.codes = {}, .count = count};
  for (size_t i = 0; i < rows; ++i) {
    column.codes.push_back(static_cast<uint32_t>(random.below(count)));
  }
  return column;
}

TEST(SharedInformation, IsThatOfScikitLearn) {
  const CodedColumn a{.codes = {0, 0, 1, 1, 2, 2, 2, 0}, .count = 3};
  const CodedColumn b{.codes = {1, 1, 0, 0, 1, 0, 1, 0}, .count = 2};
  const SharedInformation shared = shared_information(a, b);
  // sklearn.metrics.mutual_info_score(a, b) and scipy.stats.entropy([3, 2, 3])
  EXPECT_NEAR(shared.information, 0.2157615543388357, 1e-12);
  EXPECT_NEAR(shared.first_entropy, 1.0821955300387671, 1e-12);
  EXPECT_EQ(shared.degrees_of_freedom, 2);
  EXPECT_NEAR(shared.corrected, 0.2157615543388357 - 2.0 / 16, 1e-12);
}

TEST(SharedInformation, ACopyTellsAllAndChanceNothing) {
  const CodedColumn a = drawn(5000, 8, 1);
  EXPECT_GT(shared_information(a, a).share_of_first(), 0.99);
  EXPECT_LT(shared_information(a, drawn(5000, 8, 2)).share_of_first(), 0.01);
  const CodedColumn constant{.codes = std::vector<uint32_t>(5000, 0), .count = 1};
  EXPECT_EQ(shared_information(constant, a).share_of_first(), 0);
  EXPECT_EQ(shared_information({}, {}).share_of_first(), 0);
}

/// By the chain rule: I(a; b | c) = I(a; b, c) - I(a; c).
TEST(SharedInformation, GivenAThirdColumn) {
  const CodedColumn c = drawn(20'000, 3, 3);
  CodedColumn a = drawn(20'000, 4, 4);
  CodedColumn b = drawn(20'000, 2, 5);
  for (size_t i = 0; i < b.codes.size(); i += 2) b.codes[i] = (a.codes[i] + c.codes[i]) % 2;
  CodedColumn both{.codes = {}, .count = b.count * c.count};
  for (size_t i = 0; i < b.codes.size(); ++i) both.codes.push_back(b.codes[i] * 3 + c.codes[i]);
  const double expected =
      shared_information(a, both).information - shared_information(a, c).information;
  const double chance = 3.0 * (4 - 1) * (2 - 1) / (2 * 20'000.0);
  EXPECT_NEAR(information_given(a, b, c), expected - chance, 1e-12);
  EXPECT_LT(information_given(a, b, a), 1e-3);  // What is known tells nothing new.
}

TEST(SharedInformation, NumbersAreCutWhereTheyAreMany) {
  std::vector<double> values;
  values.reserve(1001);
  for (int i = 0; i < 1000; ++i) values.push_back(i);
  values.push_back(kMissing);
  const NumberParts parts = cut_numbers(values, 4);
  EXPECT_EQ(parts.count(), 5);
  const CodedColumn column = parts.code(values);
  std::vector<int> counts(5);
  for (const uint32_t code : column.codes) ++counts[code];
  for (int part = 0; part < 4; ++part) EXPECT_NEAR(counts[static_cast<size_t>(part)], 250, 1);
  EXPECT_EQ(counts[4], 1);
}

TEST(SharedInformation, FewValuesHaveAPartEach) {
  const std::vector<double> values = {3, 1, 3, 1, 2, kMissing};
  const CodedColumn column = cut_numbers(values, 16).code(values);
  EXPECT_EQ(column.codes, (std::vector<uint32_t>{2, 0, 2, 0, 1, 3}));
  EXPECT_EQ(cut_numbers({}, 16).count(), 2);
}

}  // namespace
}  // namespace millgate
