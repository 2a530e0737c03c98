#include "ground/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace millgate {
namespace {

// The reference implementation by Blackman and Vigna (prng.di.unimi.it, xoshiro256plusplus.c)
// from the state {1, 2, 3, 4}; the same values stand in the tests of Rust's rand_xoshiro.
TEST(Random, GivesTheReferenceValues) {
  Random random(std::array<uint64_t, 4>{1, 2, 3, 4});
  for (const uint64_t expected :
       {41943041ULL, 58720359ULL, 3588806011781223ULL, 3591011842654386ULL, 9228616714210784205ULL,
        9973669472204895162ULL, 14011001112246962877ULL, 12406186145184390807ULL,
        15849039046786891736ULL, 10450023813501588000ULL}) {
    EXPECT_EQ(random.next(), expected);
  }
}

// Seed 0 through splitmix64: the values of rand_xoshiro's `seed_from_u64(0)`.
TEST(Random, IsSeededAsItsAuthorsRecommend) {
  Random random(0);
  for (const uint64_t expected :
       {5987356902031041503ULL, 7051070477665621255ULL, 6633766593972829180ULL,
        211316841551650330ULL, 9136120204379184874ULL, 379361710973160858ULL}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, StreamsHaveNamesAndDiffer) {
  std::set<uint64_t> firsts;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (const char* purpose : {"", "split", "tune"}) {
      for (uint64_t number = 0; number < 100; ++number) {
        EXPECT_EQ(Random::stream(seed, purpose, number).next(),
                  Random::stream(seed, purpose, number).next());
        firsts.insert(Random::stream(seed, purpose, number).next());
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3000U);
}

// Pinned: stored experiments depend on them.
TEST(Random, StreamsStayTheSame) {
  EXPECT_EQ(Random::stream(7, "bootstrap", 3).next(), 12839131135381010601ULL);
}

TEST(Random, BelowIsUniform) {
  Random random(1);
  constexpr uint64_t kBound = 7;
  constexpr int kDraws = 70'000;
  std::array<int, kBound> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t drawn = random.below(kBound);
    ASSERT_LT(drawn, kBound);
    ++counts[drawn];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000;
  EXPECT_LT(chi_square, 22.46);  // 6 degrees of freedom: passed with probability 0.999.
}

TEST(Random, BelowHasNoBiasForLargeBounds) {
  // Without throwing draws away, every third result below 3 * 2^62 would come twice as often.
  Random random(2);
  constexpr uint64_t kBound = 3ULL << 62;
  int thirds = 0;
  for (int i = 0; i < 10'000; ++i) thirds += random.below(kBound) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(thirds, 3333, 200);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(3);
  constexpr int kDraws = 200'000;
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  int inside = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double uniform = random.uniform();
    ASSERT_TRUE(uniform >= 0 && uniform < 1);
    sum += uniform;
    const double normal = random.normal();
    ASSERT_TRUE(std::isfinite(normal));
    normal_sum += normal;
    normal_squares += normal * normal;
    inside += std::abs(normal) < 1.959964 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.003);
  EXPECT_NEAR(normal_sum / kDraws, 0, 0.01);
  EXPECT_NEAR(normal_squares / kDraws, 1, 0.015);
  EXPECT_NEAR(static_cast<double>(inside) / kDraws, 0.95, 0.002);
}

}  // namespace
}  // namespace millgate
