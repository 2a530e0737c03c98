#include "ground/each_in_parallel.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace millgate {
namespace {

TEST(EachInParallel, EveryTurnIsTakenOnce) {
  for (const size_t count : {0, 1, 2, 1'000}) {
    std::vector<int> taken(count);
    each_in_parallel(count, [&](size_t i) { ++taken[i]; });
    EXPECT_EQ(taken, std::vector<int>(count, 1));
  }
}

TEST(EachInParallel, TurnsMayBeLoopsThemselves) {
  std::vector<size_t> sums(20);
  each_in_parallel(sums.size(), [&](size_t i) {
    std::vector<size_t> numbers(i);
    each_in_parallel(i, [&](size_t k) { numbers[k] = k; });
    sums[i] = std::accumulate(numbers.begin(), numbers.end(), size_t{0});
  });
  for (size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], i == 0 ? 0 : i * (i - 1) / 2);
}

}  // namespace
}  // namespace millgate
