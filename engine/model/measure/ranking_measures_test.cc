#include "model/measure/ranking_measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/measure/model_contest.h"
#include "model/measure/resampled_metric.h"
#include "model/measure/row_slice.h"

namespace millgate {
namespace {

/// Three queries whose rows are mixed: of three rows with a tie, of one row, and without anything
/// relevant.
struct Results {
  std::vector<uint32_t> query = {7, 3, 7, 5, 7, 5};
  std::vector<double> label = {0, 1, 3, 0, 1, 0};
  std::vector<double> prediction = {0.9, 0.1, 0.4, 2, 0.4, 1};
  [[nodiscard]] Outcome outcome() const { return {label, prediction, query}; }
};

MeasureOptions options(int resamples = 0) {
  MeasureOptions how;
  how.ranking = true;
  how.resamples = resamples;
  return how;
}

double value(const Results& rows, Measure measure) {
  const std::vector<std::vector<uint32_t>> all = {{0, 1, 2, 3, 4, 5}};
  return measure_ranking_groups(rows.outcome(), all, options()).value(0, measure);
}

TEST(RankingMeasures, AreThoseOfTheFormulas) {
  const Results rows;
  // Query 7: labels 0 | 3 and 1 tied on ranks 2 and 3; the best order is 3, 1, 0.
  const double two = 1 / std::log2(3.0), three = 0.5;
  const double of_7 = 2 * (two + three) / (3 + two);
  EXPECT_NEAR(value(rows, Measure::ndcg), (of_7 + 1 + 0) / 3, 1e-15);
  EXPECT_EQ(*ndcg(rows.outcome()), value(rows, Measure::ndcg));
  EXPECT_NEAR(value(rows, Measure::map), ((1.0 / 2 + 2.0 / 3) / 2 + 1 + 0) / 3, 1e-15);
  EXPECT_NEAR(value(rows, Measure::mrr), (0.5 + 1 + 0) / 3, 1e-15);
  EXPECT_NEAR(value(rows, Measure::precision_5), (2.0 / 5 + 1.0 / 5 + 0) / 3, 1e-15);
  EXPECT_NEAR(value(rows, Measure::recall_10), 2.0 / 3, 1e-15);
  EXPECT_NEAR(value(rows, Measure::hit_rate_1), 1.0 / 3, 1e-15);
  EXPECT_TRUE(std::isnan(value(rows, Measure::auc)));
}

TEST(RankingMeasures, NobodyGainsByTies) {
  Results rows;
  rows.prediction = {0, 0, 0, 0, 0, 0};
  // The relevant rows of query 7 stand last.
  EXPECT_NEAR(value(rows, Measure::mrr), (0.5 + 1 + 0) / 3, 1e-15);
  EXPECT_NEAR(value(rows, Measure::hit_rate_1), 1.0 / 3, 1e-15);
}

TEST(RankingMeasures, ASliceJudgesTheQueriesThatItHoldsWholly) {
  const Results rows;
  EXPECT_EQ(whole_queries(rows.outcome(), {0, 1, 2}).count, 1) << "query 7 lacks a row";
  const std::vector<std::vector<uint32_t>> slices = {{1}, {0, 2, 4, 3}, {0}};
  const GroupMeasures measured = measure_ranking_groups(rows.outcome(), slices, options());
  EXPECT_EQ(measured.value(0, Measure::ndcg), 1);
  EXPECT_NEAR(measured.value(1, Measure::mrr), 0.5, 1e-15);
  EXPECT_TRUE(std::isnan(measured.value(2, Measure::ndcg)));
  const auto told = measure_slices(rows.outcome(), {{"market=a", {0, 1, 2, 4}}}, options());
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->unmeasured.front().why,
            "2 of the 3 test queries are in it, and 30 are needed: about 45 test queries in all");
}

/// Query q has as many rows as its number modulo 4, and one relevant row.
struct ManyResults {
  std::vector<uint32_t> query;
  std::vector<double> label, prediction;
  ManyResults() {
    for (uint32_t q = 0; q < 80; ++q) {
      for (uint32_t i = 0; i < 2 + q % 4; ++i) {
        query.push_back(q);
        label.push_back(i == q % 2 ? 2 : 0);
        prediction.push_back(static_cast<double>((q * 31 + i * 17) % 23));
      }
    }
  }
  [[nodiscard]] Outcome outcome() const { return {label, prediction, query}; }
};

TEST(RankingMeasures, QueriesAreDrawnAndNeverCut) {
  const ManyResults rows;
  const std::vector<double> of_queries = query_values(rows.outcome(), Measure::mrr);
  ASSERT_EQ(of_queries.size(), 80U);
  double mean = 0, squares = 0;
  for (const double one : of_queries) mean += one / 80;
  for (const double one : of_queries) squares += (one - mean) * (one - mean) / 80;
  std::vector<std::vector<uint32_t>> all(1);
  for (uint32_t i = 0; i < rows.query.size(); ++i) all[0].push_back(i);
  const GroupMeasures measured = measure_ranking_groups(rows.outcome(), all, options(4000));
  double spread = 0;
  for (size_t r = 0; r < 4000; ++r) {
    spread += std::pow(measured.value(r, 0, Measure::mrr) - mean, 2) / 4000;
  }
  // The variance of the mean of 80 independent queries.
  EXPECT_NEAR(spread / (squares / 80), 1, 0.08);

  const auto resampled = resample_metric(rows.outcome(), "mrr", 300, 1);
  ASSERT_TRUE(resampled.ok()) << resampled.error().what;
  EXPECT_NEAR(resampled->value, mean, 1e-12);
  EXPECT_EQ(resampled->out_of_bag.size(), 300U);
  EXPECT_FALSE(resample_metric({rows.label, rows.prediction}, "mrr", 0, 1).ok());
}

TEST(RankingMeasures, ContestsArePairedByQuery) {
  const ManyResults rows;
  std::vector<double> same = rows.prediction;
  for (double& one : same) one = 10 * one + 3;  // The same order.
  std::vector<RowSlice> slices = {{"", {}}};
  for (uint32_t i = 0; i < rows.query.size(); ++i) slices[0].rows.push_back(i);
  const auto contest = ModelContest::hold(rows.label, {.prediction = rows.prediction},
                                          {.prediction = same}, slices, options(200), rows.query);
  ASSERT_TRUE(contest.ok()) << contest.error().what;
  const auto advantage = contest->advantage(0, "ndcg_5", 0.05);
  ASSERT_TRUE(advantage);
  EXPECT_EQ(advantage->value, 0);
  EXPECT_EQ(advantage->lower, 0);
  EXPECT_EQ(advantage->row_count, 80);
  EXPECT_FALSE(ModelContest::hold(rows.label, {.prediction = rows.prediction}, {.prediction = same},
                                  slices, options(200))
                   .ok())
      << "without queries nothing is ranked";
}

}  // namespace
}  // namespace millgate
