#include "model/measure/trigger_screen.h"

#include <gmock/gmock.h>

#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <numeric>
#include <set>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Columns of small codes; an item for every code.
struct Table {
  std::vector<size_t> labels;
  std::vector<PartedColumn> columns;
  std::vector<TriggerItem> items;

  void add_column(const std::vector<uint32_t>& codes, uint32_t parts) {
    for (uint32_t code = 0; code < parts; ++code) {
      TriggerItem item{.column = columns.size(), .rows = RowSet((codes.size() + 63) / 64)};
      for (size_t row = 0; row < codes.size(); ++row) {
        if (codes[row] == code) insert(item.rows, row);
      }
      items.push_back(std::move(item));
    }
    columns.push_back({.part_of = codes, .parts = parts});
  }
};

/// Three columns of six values; the label follows the first, with noise.
Table made_table(size_t rows, uint64_t seed) {
  Random random(seed);
  Table table;
  std::vector<std::vector<uint32_t>> codes(3);
  for (size_t row = 0; row < rows; ++row) {
    for (auto& column : codes) column.push_back(static_cast<uint32_t>(random.below(6)));
    table.labels.push_back(random.uniform() < (codes[0][row] < 3 ? 0.2 : 0.6) ? 1 : 0);
  }
  for (const auto& column : codes) table.add_column(column, 6);
  return table;
}

TEST(TriggerScreen, CountsEveryCombinationAsBruteForceDoes) {
  const Table table = made_table(1000, 5);
  const TriggerScreenOptions options{
      .rows_min = 20, .share_max = 1, .label_share_min = 0.7, .excess_min = -1, .columns_max = 2};
  const TriggerScreen screen =
      *screen_triggers(table.labels, 2, table.columns, table.items, options);
  int64_t tried = 0;
  std::set<std::vector<size_t>> expected;  // Items and label.
  const auto look = [&](const std::vector<size_t>& items) {
    int64_t rows = 0;
    int64_t hits[2] = {0, 0};
    for (size_t row = 0; row < table.labels.size(); ++row) {
      bool has_all = true;
      for (const size_t item : items) has_all = has_all && contains(table.items[item].rows, row);
      if (!has_all) continue;
      ++rows;
      ++hits[table.labels[row]];
    }
    if (rows < options.rows_min) return;
    for (size_t label = 0; label < 2; ++label) {
      ++tried;
      if (static_cast<double>(hits[label]) < 0.7 * static_cast<double>(rows)) continue;
      std::vector<size_t> key = items;
      key.push_back(label);
      expected.insert(key);
    }
  };
  for (size_t a = 0; a < table.items.size(); ++a) {
    look({a});
    for (size_t b = a + 1; b < table.items.size(); ++b) {
      if (table.items[a].column != table.items[b].column) look({a, b});
    }
  }
  EXPECT_EQ(screen.tried, tried);
  std::set<std::vector<size_t>> found;
  for (const TriggerCandidate& one : screen.candidates) {
    std::vector<size_t> key = one.items;
    key.push_back(one.label);
    found.insert(key);
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(expected.size(), 10U);
}

TEST(TriggerScreen, APlantedTripleIsTheLeastProbable) {
  Table table = made_table(4000, 7);
  // Rows with these three values get the label 1, whatever the first column says.
  for (size_t row = 0; row < table.labels.size(); ++row) {
    if (contains(table.items[1].rows, row) && contains(table.items[8].rows, row) && row % 5 == 0) {
      for (size_t code = 12; code < 18; ++code) {
        auto& word = table.items[code].rows[row / 64];
        word &= ~(uint64_t{1} << (row % 64));
      }
      insert(table.items[14].rows, row);
      table.columns[2].part_of[row] = 2;
    }
    if (contains(table.items[1].rows, row) && contains(table.items[8].rows, row) &&
        contains(table.items[14].rows, row)) {
      table.labels[row] = 1;
    }
  }
  const TriggerScreen screen = *screen_triggers(table.labels, 2, table.columns, table.items, {});
  ASSERT_FALSE(screen.candidates.empty());
  EXPECT_THAT(screen.candidates[0].items, ElementsAre(1, 8, 14));
  EXPECT_EQ(screen.candidates[0].label, 1U);
  EXPECT_EQ(screen.candidates[0].label_count, screen.candidates[0].row_count);
  EXPECT_LT(screen.candidates[0].expected_share, 0.5);
  // What the first column alone explains is no candidate.
  const Table clean = made_table(4000, 7);
  EXPECT_TRUE(screen_triggers(clean.labels, 2, clean.columns, clean.items, {})->candidates.empty());
}

TEST(TriggerScreen, TheBoundIsAboveTheBinomialTail) {
  for (const double p : {0.01, 0.3, 0.5, 0.9}) {
    for (const int64_t trials : {1, 20, 300}) {
      const boost::math::binomial_distribution<double> binomial(static_cast<double>(trials), p);
      for (int64_t hits = 1; hits <= trials; ++hits) {
        const double tail =
            boost::math::cdf(boost::math::complement(binomial, static_cast<double>(hits - 1)));
        EXPECT_GE(std::exp(log_tail_bound(hits, trials, p)), tail * (1 - 1e-9));
      }
    }
  }
  EXPECT_NEAR(log_tail_bound(10, 10, 0.5), 10 * std::log(0.5), 1e-12);
  EXPECT_EQ(log_tail_bound(3, 10, 0.5), 0);
}

TEST(TriggerScreen, TheBoundForTrialsOfTheirOwnIsAboveTheTailAndBelowTheOneForTheirMean) {
  Random random(5);
  for (const size_t trials : {1, 7, 40}) {
    std::vector<double> expected(trials);
    for (double& p : expected) p = random.uniform();
    std::vector<double> exactly = {1};  // Probability of each number of successes.
    for (const double p : expected) {
      exactly.push_back(0);
      for (size_t i = exactly.size() - 1; i > 0; --i) {
        exactly[i] = exactly[i] * (1 - p) + exactly[i - 1] * p;
      }
      exactly[0] *= 1 - p;
    }
    const double mean =
        std::accumulate(expected.begin(), expected.end(), 0.0) / static_cast<double>(trials);
    double tail = 0;
    for (size_t hits = trials; hits > 0; --hits) {
      tail += exactly[hits];
      const auto count = static_cast<int64_t>(hits);
      const double bound = log_tail_bound(count, expected);
      EXPECT_GE(std::exp(bound), tail * (1 - 1e-9)) << hits << " of " << trials;
      EXPECT_LE(bound, log_tail_bound(count, static_cast<int64_t>(trials), mean) + 1e-9);
    }
  }
}

TEST(TriggerScreen, WhatDoesNotFitIsRefused) {
  Table table = made_table(100, 1);
  EXPECT_THAT(screen_triggers(table.labels, 1, table.columns, table.items, {}).error().what,
              HasSubstr("two classes"));
  table.labels[3] = 2;
  EXPECT_THAT(screen_triggers(table.labels, 2, table.columns, table.items, {}).error().what,
              HasSubstr("label 2"));
}

}  // namespace
}  // namespace millgate
