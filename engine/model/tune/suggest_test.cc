#include "model/tune/suggest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "model/tune/halving.h"
#include "model/tune/importance.h"
#include "model/tune/optimism.h"
#include "model/tune/parzen.h"

namespace millgate {
namespace {

SearchParameter range(std::string name, double low, double high, bool is_log = false,
                      SearchKind kind = SearchKind::number) {
  return {.name = std::move(name),
          .kind = kind,
          .is_log = is_log,
          .low = low,
          .high = high,
          .choices = {},
          .when = {}};
}

SearchParameter choice(std::string name, std::vector<std::string> choices) {
  return {.name = std::move(name),
          .kind = SearchKind::choice,
          .is_log = false,
          .low = 0,
          .high = 1,
          .choices = std::move(choices),
          .when = {}};
}

SearchSpace mixed_space() {
  return {{range("x", -2, 3), range("y", 0.001, 10, true),
           range("n", 1, 20, true, SearchKind::integer), choice("c", {"a", "b", "d"})}};
}

const std::vector<SearchPoint> kPoints{{-2, 0.002, 1, 0}, {1, 5, 20, 2}, {2.9, 0.1, 7, 2}};

/// The integral over the space, by sums over a grid in the scale of each parameter.
TEST(Parzen, TheDensityOfEachParameterHasTheMassOne) {
  const SearchSpace space = mixed_space();
  for (size_t parameter = 0; parameter < 4; ++parameter) {
    const Parzen parzen(space, {parameter}, kPoints);
    SearchPoint at(4);
    double mass = 0;
    if (parameter >= 2) {
      const int low = parameter == 2 ? 1 : 0, high = parameter == 2 ? 20 : 2;
      for (int value = low; value <= high; ++value) {
        at[parameter] = value;
        mass += std::exp(parzen.log_density(at));
      }
    } else {
      constexpr int kCells = 20'000;
      const double extent = parameter == 0 ? 5 : std::log(10 / 0.001);
      for (int i = 0; i < kCells; ++i) {
        at[parameter] = from_unit(space.parameters[parameter], (i + 0.5) / kCells);
        mass += std::exp(parzen.log_density(at)) * extent / kCells;
      }
    }
    EXPECT_NEAR(mass, 1, 1e-6) << parameter;
  }
}

TEST(Parzen, DrawsAreSpreadAsTheDensitySays) {
  const SearchSpace space = mixed_space();
  const Parzen parzen(space, {2, 3}, kPoints);
  Random random(7);
  std::map<std::pair<int, int>, int> seen;
  constexpr int kDraws = 200'000;
  SearchPoint at(4);
  for (int i = 0; i < kDraws; ++i) {
    parzen.sample(random, at);
    ++seen[{static_cast<int>(at[2]), static_cast<int>(at[3])}];
  }
  for (int n = 1; n <= 20; ++n) {
    for (int c = 0; c < 3; ++c) {
      at = {0, 0, static_cast<double>(n), static_cast<double>(c)};
      const double expected = std::exp(parzen.log_density(at)) * kDraws;
      EXPECT_NEAR(seen[std::pair(n, c)], expected, 5 * std::sqrt(expected) + 3) << n << " " << c;
    }
  }
}

double bowl(const SearchPoint& point) {
  return (point[0] - 1) * (point[0] - 1) + std::abs(std::log(point[1])) +
         std::abs(point[2] - 7) / 5 + (point[3] == 1 ? 0 : 1);
}

double best_of(const SearchSpace& space, Sampler sampler, uint64_t seed, int trials) {
  std::vector<Tried> tried;
  double best = 1e9;
  for (int number = 1; number <= trials; ++number) {
    const SearchPoint point =
        suggest(space, {.sampler = sampler, .seed = seed, .number = number}, tried);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_GE(point[i], space.parameters[i].low);
      EXPECT_LE(point[i], space.parameters[i].high);
    }
    best = std::min(best, bowl(point));
    tried.push_back({.point = point, .losses = {bowl(point)}});
  }
  return best;
}

TEST(Suggest, TpeFindsBetterPointsThanChance) {
  int better = 0;
  for (uint64_t seed = 1; seed <= 11; ++seed) {
    better += best_of(mixed_space(), Sampler::tpe, seed, 50) <
              best_of(mixed_space(), Sampler::random, seed, 50);
  }
  EXPECT_GE(better, 9);
}

TEST(Suggest, WhatDoesNotCountHasNoValue) {
  SearchSpace space{{choice("c", {"a", "b"}), range("x", 0, 1), range("z", 0, 1)}};
  space.parameters[1].when = {{.parameter = 0, .values = {"a"}}};
  space.parameters[2].when = {{.parameter = 0, .values = {"b"}}};
  for (const Sampler sampler : {Sampler::tpe, Sampler::random}) {
    std::vector<Tried> tried;
    int first = 0;
    for (int number = 1; number <= 40; ++number) {
      const SearchPoint point = suggest(space, {.sampler = sampler, .number = number}, tried);
      EXPECT_EQ(std::isnan(point[1]), point[0] != 0);
      EXPECT_EQ(std::isnan(point[2]), point[0] != 1);
      first += point[0] == 0;
      tried.push_back({.point = point, .losses = {std::isnan(point[1]) ? 1 : point[1]}});
    }
    EXPECT_GT(first, 5);
    EXPECT_LT(first, 39);
  }
}

TEST(Suggest, FailedTrialsRepel) {
  const SearchSpace space{{range("x", 0, 1)}};
  std::vector<Tried> tried;
  int into_the_bad_half = 0;
  for (int number = 1; number <= 60; ++number) {
    const SearchPoint point = suggest(space, {.number = number}, tried);
    const bool fails = point[0] < 0.5;
    into_the_bad_half += number > 10 && fails;
    tried.push_back({.point = point,
                     .state = fails ? Tried::State::failed : Tried::State::complete,
                     .losses = fails ? Losses{} : Losses{0.0}});
  }
  EXPECT_LT(into_the_bad_half, 15);  // By chance 25.
}

/// Rank of each by its definition: how long a chain of better ones stands above it.
TEST(Pareto, RanksAreThoseOfTheDefinition) {
  Random random(3);
  std::vector<Losses> all;
  for (int i = 0; i < 60; ++i) {
    all.push_back({std::floor(random.uniform() * 8), std::floor(random.uniform() * 8)});
  }
  all.push_back({NAN, 0});
  const auto better = [](const Losses& a, const Losses& b) {
    const auto get = [](double x) { return std::isnan(x) ? INFINITY : x; };
    return get(a[0]) <= get(b[0]) && get(a[1]) <= get(b[1]) &&
           (get(a[0]) < get(b[0]) || get(a[1]) < get(b[1]));
  };
  const std::vector<int> ranks = pareto_ranks(all);
  for (size_t i = 0; i < all.size(); ++i) {
    int longest = 0;
    for (size_t j = 0; j < all.size(); ++j) {
      if (better(all[j], all[i])) longest = std::max(longest, ranks[j] + 1);
    }
    EXPECT_EQ(ranks[i], longest) << i;
  }
  const auto order = order_by_losses(all);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end(),
                             [&](size_t a, size_t b) { return ranks[a] < ranks[b]; }));
}

TEST(Halving, OneInThreeGoesOn) {
  EXPECT_EQ(halving_rungs(500), (std::vector<int>{18, 55, 166}));
  EXPECT_EQ(halving_rungs(100), (std::vector<int>{11, 33}));
  EXPECT_TRUE(halving_rungs(20).empty());
  EXPECT_TRUE(goes_on(9, std::vector<double>{1, 2}));
  EXPECT_FALSE(goes_on(NAN, {}));
  int gone_on = 0;
  for (int mine = 0; mine < 9; ++mine) {
    std::vector<double> others;
    for (int other = 0; other < 9; ++other) {
      if (other != mine) others.push_back(other);
    }
    gone_on += goes_on(mine, others);
  }
  EXPECT_EQ(gone_on, 3);
}

/// Thirty trials that differ by luck alone: the winner's mean is that of all of them.
TEST(Optimism, OfPureLuckIsTheWholeLead) {
  constexpr int kRows = 400, kResamples = 100;
  double estimated = 0, real = 0;
  for (uint64_t study = 1; study <= 20; ++study) {
    std::vector<std::vector<int>> bags;
    for (int b = 0; b < kResamples; ++b) {
      Random random = Random::stream(study, "bag", static_cast<uint64_t>(b));
      std::vector<int> times(kRows, 0);
      for (int i = 0; i < kRows; ++i) ++times[random.below(kRows)];
      bags.push_back(times);
    }
    std::vector<Trial> trials(30);
    size_t winner = 0;
    for (size_t t = 0; t < trials.size(); ++t) {
      Random random = Random::stream(study, "losses", t);
      std::vector<double> losses(kRows);
      double sum = 0;
      for (double& loss : losses) sum += loss = random.normal();
      TrialOutcome& outcome = trials[t].outcome;
      outcome.values = {sum / kRows};
      for (const auto& times : bags) {
        double in = 0, out = 0, out_count = 0;
        for (int i = 0; i < kRows; ++i) {
          in += times[static_cast<size_t>(i)] * losses[static_cast<size_t>(i)];
          if (times[static_cast<size_t>(i)] == 0) {
            out += losses[static_cast<size_t>(i)];
            ++out_count;
          }
        }
        outcome.in_bag.push_back(in / kRows);
        outcome.out_of_bag.push_back(out / out_count);
      }
      if (outcome.values[0] < trials[winner].outcome.values[0]) winner = t;
    }
    const auto found = optimism_of(trials, winner, false);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->resamples, kResamples);
    estimated += found->optimism;
    real += -trials[winner].outcome.values[0];  // The truth of each is 0.
  }
  EXPECT_NEAR(estimated / real, 1, 0.35);
  EXPECT_GT(real / 20, 0.05);
}

TEST(Optimism, OfOneTrialIsNone) {
  std::vector<Trial> trials(1);
  trials[0].outcome = {.values = {0.5}, .in_bag = {0.4, 0.6}, .out_of_bag = {0.7, 0.3}};
  const auto found = optimism_of(trials, 0, true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->optimism, 0);
  EXPECT_EQ(found->expected, 0.5);
}

TEST(Importance, GoesToWhatDecides) {
  const SearchSpace space{{range("decides", 0, 1), range("idle", 0, 1)}};
  std::vector<SearchPoint> points;
  Random random(5);
  for (int i = 0; i < 60; ++i) points.push_back({random.uniform(), random.uniform()});
  std::sort(points.begin(), points.end());
  const auto shares = importance_of(space, points);
  EXPECT_NEAR(shares[0] + shares[1], 1, 1e-12);
  EXPECT_GT(shares[0], 0.8);
  EXPECT_EQ(importance_of(space, std::span(points).first(5)), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace millgate
