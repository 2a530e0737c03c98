#include "model/measure/slice_search.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "ground/random.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

/// Rows of three texts and a number, whose losses do not depend on them.
struct MadeRows {
  std::vector<std::string> plan, region, channel;
  std::vector<double> months, loss;

  MadeRows(size_t count, uint64_t seed) {
    Random random(seed);
    for (size_t i = 0; i < count; ++i) {
      plan.push_back(std::string("p") + static_cast<char>('0' + random.below(4)));
      region.push_back(std::string("r") + static_cast<char>('0' + random.below(5)));
      channel.push_back(std::string("c") + static_cast<char>('0' + random.below(3)));
      months.push_back(static_cast<double>(random.below(48)));
      loss.push_back(-std::log(1 - random.uniform()));  // As log losses: skewed.
    }
  }
  [[nodiscard]] std::vector<SearchColumn> columns() const {
    return {search_texts("plan", plan), search_texts("region", region),
            search_texts("channel", channel), search_numbers("months", months)};
  }
};

TEST(SliceSearch, FindsAConjunctionThatNoneOfItsConditionsShows) {
  MadeRows rows(8000, 3);
  std::set<uint32_t> planted;
  for (uint32_t i = 0; i < 8000; ++i) {
    if (rows.plan[i] != "p1" || rows.region[i] != "r2") continue;
    rows.loss[i] *= 2;
    planted.insert(i);
  }
  const auto search = find_slices(rows.loss, rows.columns(), {});
  ASSERT_TRUE(search.ok()) << search.error().what;
  ASSERT_FALSE(search->found.empty());
  const FoundSlice* slice = nullptr;
  for (const FoundSlice& one : search->found) {
    if (one.name == "plan=p1, region=r2") slice = &one;
  }
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->row_count, std::ssize(planted));
  EXPECT_NEAR(static_cast<double>(slice->rows.size()), 0.5 * static_cast<double>(planted.size()),
              50);
  for (const uint32_t row : slice->rows) EXPECT_TRUE(planted.contains(row)) << row;
  EXPECT_NEAR(slice->loss, 2, 0.4);
  EXPECT_NEAR(slice->loss_elsewhere, 1, 0.1);
  EXPECT_LT(slice->p, 1e-4);
}

TEST(SliceSearch, NullRowsAreSeldomFoundGuilty) {
  // Every discovery is false here, so the false discovery rate is the share of searches with one.
  int guilty = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const MadeRows rows(2000, 1000 + seed);
    SliceSearchOptions options;
    options.seed = seed;
    options.weight_of_loss = 0.999;  // Small and bad by chance is proposed too.
    const auto search = find_slices(rows.loss, rows.columns(), options);
    ASSERT_TRUE(search.ok());
    ASSERT_GT(search->candidate_count, 0U);
    guilty += search->found.empty() ? 0 : 1;
  }
  EXPECT_LE(guilty, 10);  // 5 % of 200
}

/// Every conjunction of up to three conditions, scored without any pruning.
std::vector<std::string> best_by_hand(const std::vector<double>& loss,
                                      const std::vector<SearchColumn>& columns,
                                      const SliceSearchOptions& options) {
  std::vector<uint32_t> order(loss.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  shuffle(order, Random::stream(options.seed, "slice search"));
  order.resize(order.size() / 2);
  const auto half = static_cast<double>(order.size());
  double mean = 0;
  for (const uint32_t row : order) mean += loss[row] / half;
  const double support = std::max(static_cast<double>(options.rows_min),
                                  std::ceil(options.share_min * static_cast<double>(loss.size()))) /
                         2;
  struct Scored {
    std::string name;
    double score;
  };
  std::vector<Scored> all;
  const std::function<void(size_t, std::vector<uint32_t>, const std::string&, int, double)> visit =
      [&](size_t from, const std::vector<uint32_t>& rows, const std::string& name, int depth,
          double) {
        for (size_t c = from; c < columns.size() && depth < 3; ++c) {
          for (size_t v = 0; v < columns[c].conditions.size(); ++v) {
            std::vector<uint32_t> kept;
            double sum = 0;
            for (const uint32_t row : rows) {
              if (columns[c].met[row] != static_cast<int32_t>(v)) continue;
              kept.push_back(row);
              sum += loss[row];
            }
            const auto size = static_cast<double>(kept.size());
            if (size < support) continue;
            const std::string longer = name + (name.empty() ? "" : ", ") + columns[c].conditions[v];
            const double score = options.weight_of_loss * (sum / size / mean - 1) -
                                 (1 - options.weight_of_loss) * (half / size - 1);
            if (score > 0) all.push_back({longer, score});
            visit(c + 1, kept, longer, depth + 1, score);
          }
        }
      };
  visit(0, order, "", 0, 0);
  std::sort(all.begin(), all.end(),
            [](const Scored& a, const Scored& b) { return a.score > b.score; });
  std::vector<std::string> names;
  for (const Scored& one : all) names.push_back(one.name);
  return names;
}

TEST(SliceSearch, PruningLosesNoneOfTheBest) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const MadeRows rows(3000, seed);
    SliceSearchOptions options;
    options.seed = seed;
    options.false_rate = 1;  // All candidates are told.
    options.candidates_max = 1;
    options.rows_min = 200;
    const auto columns = rows.columns();
    const auto search = find_slices(rows.loss, columns, options);
    ASSERT_TRUE(search.ok());
    ASSERT_EQ(search->found.size(), 1U);
    EXPECT_EQ(search->found[0].name, best_by_hand(rows.loss, columns, options).front()) << seed;
  }
}

TEST(SliceSearch, NumbersAreCutAtQuartilesOrTakenAsTheyAre) {
  std::vector<double> numbers;
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  numbers.push_back(NAN);
  const SearchColumn cut = search_numbers("x", numbers);
  EXPECT_THAT(cut.conditions, testing::ElementsAre("x <= 24", "24 < x <= 49", "49 < x <= 74",
                                                   "x > 74", "x is missing"));
  EXPECT_EQ(cut.met[24], 0);
  EXPECT_EQ(cut.met[25], 1);
  EXPECT_EQ(cut.met[99], 3);
  EXPECT_EQ(cut.met[100], 4);
  const SearchColumn few = search_numbers("k", std::vector<double>{2, 0, 2, 1});
  EXPECT_THAT(few.conditions, testing::ElementsAre("k=0", "k=1", "k=2", "k is missing"));
  EXPECT_THAT(few.met, testing::ElementsAre(2, 0, 2, 1));
}

TEST(SliceSearch, TooFewRowsFindNothingAndBadOnesAreRefused) {
  const MadeRows few(40, 1);
  const auto search = find_slices(few.loss, few.columns(), {});
  ASSERT_TRUE(search.ok());
  EXPECT_TRUE(search->found.empty());
  std::vector<double> negative = few.loss;
  negative[7] = -1;
  EXPECT_THAT(find_slices(negative, few.columns(), {}).error().what, HasSubstr("row 7"));
  const MadeRows others(41, 1);
  EXPECT_THAT(find_slices(few.loss, others.columns(), {}).error().what, HasSubstr("`plan` has 41"));
}

}  // namespace
}  // namespace millgate
