#include "model/measure/metric.h"

#include <gtest/gtest.h>

#include <set>

#include "ground/json.h"
#include "model/measure/evidence.h"
#include "model/measure/ranked_rows.h"

namespace millgate {
namespace {

TEST(Metric, NamesAreFoundAndUnique) {
  std::set<std::string_view> names;
  for (const Metric& metric : all_metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(find_metric(metric.name), &metric);
    EXPECT_FALSE(metric.unit.empty());
    EXPECT_TRUE(metric.definition.ends_with('.')) << metric.name;
    const bool is_ratio = metric.name.ends_with("_ratio");
    EXPECT_EQ(metric.is_gap, metric.name.ends_with("_gap") || is_ratio) << metric.name;
    if (metric.is_gap) {
      EXPECT_EQ(metric.higher_is_better, is_ratio) << metric.name;
      const std::string_view stem = metric.name.substr(0, metric.name.rfind('_'));
      if (stem == "equalised_odds") continue;
      const Metric* of = find_metric(stem);
      ASSERT_NE(of, nullptr) << metric.name;
      EXPECT_EQ(of->needs_threshold, metric.needs_threshold);
    }
  }
  EXPECT_EQ(names.size(), 81U);
  EXPECT_EQ(find_metric("latency_p99"), nullptr);
  EXPECT_STREQ(counted_in("ndcg_5"), "queries");
  EXPECT_STREQ(counted_in("auc"), "rows");
  for (const char* name : kMeasureNames) EXPECT_NE(find_metric(name), nullptr) << name;
}

TEST(Evidence, SurvivesJson) {
  const Evidence evidence{.metric = "auc",
                          .value = 0.1 + 0.2,
                          .lower = 1.0 / 3,
                          .upper = std::nullopt,
                          .slice = "origin=JFK",
                          .row_count = 12345,
                          .data = "test",
                          .inputs = {"a", "b"},
                          .note = "of the groups JFK and LGA"};
  const auto again = evidence_from_json(*parse_json(dump_json(to_json(evidence)), "test"));
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_EQ(again->value, evidence.value);
  EXPECT_EQ(again->lower, evidence.lower);
  EXPECT_EQ(again->upper, evidence.upper);
  EXPECT_EQ(again->note, evidence.note);
  EXPECT_EQ(to_json(*again), to_json(evidence));
}

TEST(Evidence, RefusesMissingMembers) {
  const Json whole = to_json(Evidence{.metric = "auc"});
  for (const auto& [key, value] : whole.items()) {
    Json without = whole;
    without.erase(key);
    const auto result = evidence_from_json(without);
    ASSERT_FALSE(result.ok()) << key;
    EXPECT_EQ(result.error().code, ErrorCode::damaged);
    EXPECT_NE(result.error().what.find("`" + key + "`"), std::string::npos);
  }
}

}  // namespace
}  // namespace millgate
