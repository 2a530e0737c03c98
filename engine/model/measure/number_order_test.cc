#include "model/measure/number_order.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

TEST(SortNumbers, EqualsTheStandardLibraryBitForBit) {
  Random random(5);
  for (const size_t count : {0U, 1U, 2U, 100U, 999U, 1'000U, 20'000U}) {
    for (int kind = 0; kind < 4; ++kind) {
      std::vector<double> values(count);
      for (double& value : values) {
        const double normal = random.normal();
        value = kind == 0   ? normal
                : kind == 1 ? std::round(normal * 40)
                : kind == 2 ? std::ldexp(normal, static_cast<int>(random.below(2'000)) - 1'000)
                            : static_cast<double>(random.below(3)) - 1;
        if (value == 0) value = 0.0;  // Of 0.0 and -0.0 the standard library keeps any order.
      }
      if (count > 4) {
        values[0] = std::numeric_limits<double>::infinity();
        values[1] = -values[0];
        values[2] = std::numeric_limits<double>::denorm_min();
        values[3] = std::numeric_limits<double>::lowest();
      }
      std::vector<double> expected = values;
      std::sort(expected.begin(), expected.end());
      sort_numbers(values);
      EXPECT_EQ(values, expected) << count << ' ' << kind;
    }
  }
}

TEST(OrderedBits, AreInTheOrderOfNumbersAndComeBack) {
  const std::vector<double> ascending = {
      -std::numeric_limits<double>::infinity(), -1e300, -1, -5e-324, -0.0, 0.0, 5e-324, 1, 1e300,
      std::numeric_limits<double>::infinity()};
  for (size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_EQ(number_of(ordered_bits(ascending[i])), ascending[i]);
  }
  for (size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(ordered_bits(ascending[i - 1]), ordered_bits(ascending[i]));
  }
  EXPECT_TRUE(std::signbit(number_of(ordered_bits(-0.0))));
}

}  // namespace
}  // namespace millgate
