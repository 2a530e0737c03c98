#include "model/measure/fairness.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ground/random.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

const Evidence* find(const Fairness& fairness, const std::string& metric) {
  for (const Evidence& one : fairness.evidence) {
    if (one.metric == metric) return &one;
  }
  return nullptr;
}

std::string why(const Fairness& fairness, const std::string& metric) {
  for (const Unmeasured& one : fairness.unmeasured) {
    if (one.metric == metric) return one.why;
  }
  return {};
}

/// Rows of two columns; women of the south are asked for more.
struct People {
  MeasuredRows rows{1200};
  std::vector<std::string> sex, region;
  People() {
    for (size_t i = 0; i < 1200; ++i) {
      sex.push_back(i % 3 == 0 ? "f" : "m");
      region.push_back(i % 5 < 2 ? "south" : "north");
      if (i % 3 == 0 && i % 5 < 2) rows.prediction[i] /= 2;
    }
  }
  [[nodiscard]] std::vector<SliceColumn> columns() const {
    return {{"sex", sex}, {"region", region}};
  }
};

/// recall and false positive rate of each group, counted.
std::map<std::string, std::pair<double, double>> rates(const People& people,
                                                       const std::vector<uint32_t>& counts) {
  std::map<std::string, std::array<double, 4>> sums;
  for (size_t i = 0; i < counts.size(); ++i) {
    auto& sum = sums[people.sex[i] + people.region[i]];
    const bool yes = people.rows.prediction[i] >= 0.5;
    const size_t at = people.rows.label[i] > 0.5 ? 0 : 2;
    sum[at] += counts[i];
    if (yes) sum[at + 1] += counts[i];
  }
  std::map<std::string, std::pair<double, double>> found;
  for (const auto& [name, sum] : sums) found[name] = {sum[1] / sum[0], sum[3] / sum[2]};
  return found;
}

double odds_gap(const std::map<std::string, std::pair<double, double>>& rates) {
  double least[2] = {2, 2};
  double most[2] = {-1, -1};
  for (const auto& [name, rate] : rates) {
    const double both[2] = {rate.first, rate.second};
    for (int i = 0; i < 2; ++i) {
      least[i] = std::min(least[i], both[i]);
      most[i] = std::max(most[i], both[i]);
    }
  }
  return std::max(most[0] - least[0], most[1] - least[1]);
}

TEST(Fairness, OddsOfIntersectionsAreThoseCountedByHandWithTheirInterval) {
  const People people;
  const MeasureOptions options{.resamples = 200, .seed = 5};
  const auto fairness = measure_fairness(people.rows.outcome(), people.columns(), options);
  ASSERT_TRUE(fairness.ok()) << fairness.error().what;
  const Evidence* odds = find(*fairness, "equalised_odds_gap");
  ASSERT_NE(odds, nullptr);
  EXPECT_EQ(odds->slice, "by sex, region");
  EXPECT_EQ(odds->row_count, 1200);
  const double value = odds_gap(rates(people, std::vector<uint32_t>(1200, 1)));
  EXPECT_NEAR(odds->value, value, 1e-12);
  std::vector<double> resampled;
  for (uint64_t r = 0; r < 200; ++r) {
    Random random = Random::stream(5, "bootstrap", r);
    std::vector<uint32_t> counts(1200);
    for (size_t i = 0; i < 1200; ++i) ++counts[random.below(1200)];
    resampled.push_back(odds_gap(rates(people, counts)));
  }
  std::sort(resampled.begin(), resampled.end());
  // numpy's quantiles of 200 values: places 4.975 and 194.025
  const double low = std::lerp(resampled[4], resampled[5], 0.975);
  const double high = std::lerp(resampled[194], resampled[195], 0.025);
  EXPECT_NEAR(*odds->lower, std::clamp(2 * value - high, 0.0, value), 1e-12);
  EXPECT_NEAR(*odds->upper, std::max(2 * value - low, value), 1e-12);
}

TEST(Fairness, TheNoteNamesTheGroupsAtBothEnds) {
  const People people;
  const auto fairness = measure_fairness(people.rows.outcome(), people.columns(), {.resamples = 0});
  ASSERT_TRUE(fairness.ok());
  EXPECT_THAT(find(*fairness, "recall_gap")->note,
              HasSubstr("recall from sex=f, region=south 0 (160 rows) to sex="));
  const Evidence* ratio = find(*fairness, "recall_ratio");
  EXPECT_LT(ratio->value, 1);
  EXPECT_THAT(ratio->note, HasSubstr("from sex=f, region=south"));
}

TEST(Fairness, FewRowsAreToldAndNotJudged) {
  People people;
  for (size_t i = 0; i < 12; ++i) people.sex[i] = "x";
  const auto some = measure_fairness(people.rows.outcome(), {{"sex", people.sex}}, {.resamples = 0},
                                     std::vector<std::string>{"recall_gap"});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->evidence.size(), 1U);
  // 30 / 12 of the 1,200 rows
  EXPECT_THAT(
      some->evidence[0].note,
      HasSubstr("too few rows to judge x (12 of 30 rows: about 3000 test rows are needed)"));
  EXPECT_EQ(some->evidence[0].row_count, 1188);

  std::vector<std::string> alone(1200, "m");
  for (size_t i = 0; i < 12; ++i) alone[i] = "x";
  const auto one = measure_fairness(people.rows.outcome(), {{"sex", alone}}, {.resamples = 0});
  ASSERT_TRUE(one.ok());
  EXPECT_TRUE(one->evidence.empty());
  EXPECT_THAT(why(*one, "recall_gap"), HasSubstr("only one group has enough rows; too few rows"));
  EXPECT_THAT(why(*one, "equalised_odds_ratio"), HasSubstr("only one group"));
}

TEST(Fairness, NobodyDecidedPositiveGivesNoRatio) {
  People people;
  std::fill(people.rows.prediction.begin(), people.rows.prediction.end(), 0.1);
  const auto fairness =
      measure_fairness(people.rows.outcome(), {{"sex", people.sex}}, {.resamples = 20});
  ASSERT_TRUE(fairness.ok());
  EXPECT_EQ(find(*fairness, "positive_rate_gap")->value, 0);
  EXPECT_EQ(why(*fairness, "positive_rate_ratio"),
            "positive_rate is 0 in every group, so there is no ratio");
  EXPECT_THAT(why(*fairness, "precision_gap"), HasSubstr("0 of 10 decided positive"));
}

TEST(Fairness, AThousandGroups) {
  const MeasuredRows rows(40'000);
  std::vector<std::string> town;
  for (size_t i = 0; i < 40'000; ++i) town.push_back(std::to_string(i * 7 % 1000));
  const auto fairness = measure_fairness(rows.outcome(), {{"town", town}}, {.resamples = 16});
  ASSERT_TRUE(fairness.ok());
  EXPECT_THAT(find(*fairness, "accuracy_gap")->note, HasSubstr("of 1000 groups"));
  EXPECT_EQ(find(*fairness, "accuracy_gap")->row_count, 40'000);
}

/// Rows of three classes, the last of them rare; the south is seldom told `b`.
struct Orders {
  std::vector<double> label, prediction;
  std::vector<std::string> region;
  std::vector<size_t> decided;
  Orders() {
    Random random(8);
    for (size_t i = 0; i < 900; ++i) {
      region.push_back(i % 3 == 0 ? "south" : "north");
      label.push_back(i % 100 == 7 ? 2 : static_cast<double>(random.below(2)));
      const double b = (i % 3 == 0 ? 0.7 : 0.9) * random.uniform();
      const double c = i % 100 == 9 ? 0.99 * (1 - b) : 0.05 * (1 - b);
      prediction.insert(prediction.end(), {1 - b - c, b, c});
      decided.push_back(b > 1 - b - c && b > c ? 1 : c > 1 - b - c ? 2 : 0);
    }
  }
  /// Of the class, in the region: rows decided for it among those that `counts` says count.
  template <typename Counts>
  [[nodiscard]] double share(size_t number, const std::string& in, const Counts& counts) const {
    double all = 0, told = 0;
    for (size_t i = 0; i < label.size(); ++i) {
      if (region[i] != in || !counts(i)) continue;
      ++all;
      if (decided[i] == number) ++told;
    }
    return told / all;
  }
};

TEST(Fairness, EachClassAgainstTheRestAndTheWorstOfThem) {
  const Orders orders;
  const std::vector<std::string> names = {"a", "b", "c"};
  MeasureOptions options{.resamples = 300, .seed = 3};
  options.class_count = 3;
  const auto fairness = measure_class_fairness({orders.label, orders.prediction}, names,
                                               {{"region", orders.region}}, options);
  ASSERT_TRUE(fairness.ok()) << fairness.error().what;
  const auto found = [&](const std::string& metric, const std::string& slice) -> const Evidence* {
    for (const Evidence& one : fairness->evidence) {
      if (one.metric == metric && one.slice == slice) return &one;
    }
    return nullptr;
  };
  double worst = 0;
  std::string worst_class;
  for (size_t k = 0; k < 2; ++k) {
    const std::string slice = "class=" + names[k] + ", by region";
    const auto is_label = [&](size_t i) { return orders.label[i] == static_cast<double>(k); };
    const double recall =
        std::abs(orders.share(k, "south", is_label) - orders.share(k, "north", is_label));
    const auto is_other = [&](size_t i) { return !is_label(i); };
    const double false_alarms =
        std::abs(orders.share(k, "south", is_other) - orders.share(k, "north", is_other));
    ASSERT_NE(found("recall_gap", slice), nullptr);
    EXPECT_DOUBLE_EQ(found("recall_gap", slice)->value, recall);
    EXPECT_DOUBLE_EQ(found("equalised_odds_gap", slice)->value, std::max(recall, false_alarms));
    if (recall > worst) worst_class = names[k];
    worst = std::max(worst, recall);
  }
  const Evidence* of_all = found("recall_gap", "by region");
  ASSERT_NE(of_all, nullptr);
  EXPECT_DOUBLE_EQ(of_all->value, worst);
  EXPECT_LE(*of_all->lower, worst);
  EXPECT_GE(*of_all->upper, worst);
  EXPECT_THAT(of_all->note, HasSubstr("class=" + worst_class + ": recall from"));
  EXPECT_THAT(of_all->note, HasSubstr("class=c is not judged: too few rows"));
  EXPECT_EQ(found("recall_gap", "class=c, by region"), nullptr);

  // Accuracy is that of the decisions, whichever class they are for.
  double right[2] = {}, rows[2] = {};
  for (size_t i = 0; i < orders.label.size(); ++i) {
    const size_t at = orders.region[i] == "south" ? 0 : 1;
    ++rows[at];
    if (orders.label[i] == static_cast<double>(orders.decided[i])) ++right[at];
  }
  EXPECT_DOUBLE_EQ(found("accuracy_gap", "by region")->value,
                   std::abs(right[0] / rows[0] - right[1] / rows[1]));
  // Calibration is that of the probability, and not of the decision.
  EXPECT_LT(found("calibration_bias_gap", "class=c, by region")->value, 0.1);
}

TEST(Fairness, RefusesWhatHasNoDecisions) {
  const People people;
  EXPECT_FALSE(measure_fairness(people.rows.outcome(), {}, {}).ok());
  EXPECT_FALSE(
      measure_fairness(people.rows.outcome(), people.columns(), {.regression = true}).ok());
}

}  // namespace
}  // namespace millgate
