#include "model/release/stakeholder.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Stakeholder> read(const std::string& toml) {
  MILLGATE_ASSIGN(Section root, parse_settings("[[stakeholder]]\n" + toml, "millgate.toml"));
  MILLGATE_ASSIGN(std::vector<Section> sections, root.sections("stakeholder"));
  return read_stakeholder(sections.front());
}

TEST(StakeholderTest, AMetricKnowsItsDirection) {
  const auto up = read("name = \"sales\"\nwants = \"auc\"\n");
  ASSERT_TRUE(up.ok()) << up.error().what;
  EXPECT_TRUE(up->higher_is_better);
  EXPECT_EQ(up->weight, 1);
  const auto down = read("name = \"app\"\nwants = \"latency_ms_p99\"\nat_most = 5\nweight = 2\n");
  ASSERT_TRUE(down.ok()) << down.error().what;
  EXPECT_FALSE(down->higher_is_better);
  EXPECT_EQ(down->weight, 2);
  EXPECT_TRUE(down->accepts(5));
  EXPECT_FALSE(down->accepts(5.1));
  EXPECT_FALSE(down->accepts(std::numeric_limits<double>::quiet_NaN()));
}

TEST(StakeholderTest, AFormulaIsComputedOnEveryResample) {
  const auto one = read(
      "name = \"support\"\nwants = \"80 * recall - 25 * positive_rate - abs(recall_gap)\"\n"
      "better = \"higher\"\nby = \"origin\"\nslice = \"carrier=AA\"\nat_least = 0\n");
  ASSERT_TRUE(one.ok()) << one.error().what;
  ASSERT_THAT(one->metrics, ElementsAre("positive_rate", "recall", "recall_gap"));
  EXPECT_EQ(one->where.front().value, "AA");
  const double undefined = std::numeric_limits<double>::quiet_NaN();
  const std::vector<MetricSeries> series = {
      {0.5, {0.25, 0.5, 0.75}}, {0.75, {0.5, undefined, 1}}, {0.125, {0.25, 0.5, 0}}};
  const auto told = satisfaction(*one, series);
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->value, 80 * 0.75 - 25 * 0.5 - 0.125);
  ASSERT_EQ(told->resampled.size(), 3U);
  EXPECT_EQ(told->resampled[0], 80 * 0.5 - 25 * 0.25 - 0.25);
  EXPECT_TRUE(std::isnan(told->resampled[1]));
  EXPECT_EQ(told->resampled[2], 80 - 25 * 0.75);
}

TEST(StakeholderTest, RefusesWithThePlace) {
  struct Refusal {
    const char* toml;
    const char* what;
    const char* hint;
  };
  const Refusal refusals[] = {
      {"wants = \"auk\"", "unknown metric `auk`", "auc"},
      {"wants = \"2 * auc +\"", "", ""},
      {"wants = \"2 * auc\"", "whether more of `2 * auc` is better", "better ="},
      {"wants = \"2 + 3\"\nbetter = \"higher\"", "reads no metric", "metrics"},
      {"wants = \"standardize(auc)\"\nbetter = \"higher\"", "learns from rows", "arithmetic"},
      {"wants = \"coverage\"", "`coverage` is not measured", "[[requirement]]"},
      {"wants = \"recall_gap\"", "`by` is missing", "by ="},
      {"wants = \"auc\"\nby = \"origin\"", "`by` is for gaps", "slice ="},
      {"wants = \"latency_ms_p99\"\nslice = \"a=b\"", "cannot have a `slice`", "remove"},
      {"wants = \"auc\"\nweight = 0", "`weight` is not above 0", ""},
      {"wants = \"auc\"\nat_least = 1\nat_most = 0", "no value is both", ""},
      {"wants = \"auc\"\nbetter = \"up\"", "", "higher"},
      {"wants = \"auc\"\nwieght = 2", "wieght", "weight"},
  };
  for (const Refusal& refusal : refusals) {
    const auto one = read("name = \"x\"\n" + std::string(refusal.toml) + "\n");
    ASSERT_FALSE(one.ok()) << refusal.toml;
    EXPECT_EQ(one.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(one.error().what, HasSubstr(refusal.what)) << refusal.toml;
    EXPECT_THAT(one.error().hint, HasSubstr(refusal.hint)) << refusal.toml;
    EXPECT_THAT(one.error().where, HasSubstr("millgate.toml:")) << refusal.toml;
  }
}

}  // namespace
}  // namespace millgate
