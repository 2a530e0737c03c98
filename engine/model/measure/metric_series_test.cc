#include "model/measure/metric_series.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/measure/fairness.h"
#include "model/measure/group_measures.h"
#include "model/measure/measured_rows.h"
#include "model/measure/row_slice.h"

namespace millgate {
namespace {

class MetricSeriesTest : public testing::Test {
 protected:
  MetricSeriesTest() {
    for (size_t i = 0; i < rows_.label.size(); ++i) {
      region_.push_back(i % 5 < 2 ? "south" : "north");
      if (i % 5 < 2) rows_.prediction[i] /= 2;
    }
    which_.rows.resize(rows_.label.size());
    std::iota(which_.rows.begin(), which_.rows.end(), 0U);
    which_.columns.push_back({"region", region_});
    options_.resamples = 300;
    options_.utility = Utility{.true_positive = 100, .false_positive = -25};
  }

  MeasuredRows rows_{900};
  std::vector<std::string> region_;
  SeriesRows which_;
  MeasureOptions options_;
};

TEST_F(MetricSeriesTest, ItsValuesAndResamplesAreThoseOfTheReports) {
  const std::vector<std::string> names = {"auc", "recall_gap", "equalised_odds_ratio", "utility"};
  const auto series = measure_series(rows_.outcome(), names, which_, options_);
  ASSERT_TRUE(series.ok()) << series.error().what;
  const auto quality = measure_slices(rows_.outcome(), {{"", which_.rows}}, options_);
  const auto fairness = measure_fairness(rows_.outcome(), {{"region", region_}}, options_, names);
  ASSERT_TRUE(quality.ok() && fairness.ok());
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_gap = is_fairness_metric(names[i]);
    const std::vector<Evidence>& known = is_gap ? fairness->evidence : quality->evidence;
    const auto reported = std::find_if(known.begin(), known.end(), [&](const Evidence& one) {
      return one.metric == names[i] && one.slice == (is_gap ? "by region" : "");
    });
    ASSERT_NE(reported, known.end()) << names[i];
    EXPECT_EQ((*series)[i].value, reported->value);
    ASSERT_EQ((*series)[i].resampled.size(), 300U);
    Evidence interval{.metric = names[i], .value = (*series)[i].value};
    const Chance chance = !is_gap                        ? Chance::neither
                          : names[i].ends_with("_ratio") ? Chance::down
                                                         : Chance::up;
    set_interval((*series)[i].resampled, chance, interval);
    EXPECT_EQ(interval.lower, reported->lower);
    EXPECT_EQ(interval.upper, reported->upper);
  }
}

TEST_F(MetricSeriesTest, TwoModelsAreMeasuredOnTheSameDraws) {
  const std::vector<std::string> names = {"recall", "false_negative_rate"};
  const auto first = measure_series(rows_.outcome(), names, which_, options_);
  options_.threshold = 0.3;
  const auto second = measure_series(rows_.outcome(), names, which_, options_);
  ASSERT_TRUE(first.ok() && second.ok());
  for (size_t r = 0; r < 300; ++r) {
    EXPECT_NEAR((*first)[0].resampled[r] + (*first)[1].resampled[r], 1, 1e-12);
    // A lower threshold finds no fewer on any draw: only so if the draws are the same.
    EXPECT_GE((*second)[0].resampled[r], (*first)[0].resampled[r]);
  }
}

TEST_F(MetricSeriesTest, RowsOfASliceAloneCount) {
  which_.rows.clear();
  MeasuredRows south{0};
  for (uint32_t i = 0; i < region_.size(); ++i) {
    if (region_[i] != "south") continue;
    which_.rows.push_back(i);
    south.label.push_back(rows_.label[i]);
    south.prediction.push_back(rows_.prediction[i]);
  }
  const std::vector<std::string> names = {"auc"};
  const auto series = measure_series(rows_.outcome(), names, which_, options_);
  ASSERT_TRUE(series.ok());
  EXPECT_EQ(series->front().value, *auc(south.outcome()));
}

TEST_F(MetricSeriesTest, WhatCannotBeIsRefused) {
  const std::vector<std::string> names = {"recall_gap"};
  which_.columns.clear();
  EXPECT_FALSE(measure_series(rows_.outcome(), names, which_, options_).ok());
  EXPECT_FALSE(has_series("latency_ms_p99"));
  EXPECT_FALSE(has_series("coverage"));
  EXPECT_TRUE(has_series("equalised_odds_gap"));
}

}  // namespace
}  // namespace millgate
