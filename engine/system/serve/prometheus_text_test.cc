#include "system/serve/prometheus_text.h"

#include <gmock/gmock.h>

#include "system/serve/telemetry.h"

namespace millgate {
namespace {

TEST(PrometheusTextTest, ReadsFamiliesWithTheirLabels) {
  const auto families = read_prometheus_text(
      "# HELP a_total What a is.\n# TYPE a_total counter\na_total{x=\"1\",y=\"q\\\"\\\\\\n}\"} "
      "2.5\n"
      "# HELP b B.\n# TYPE b histogram\nb_bucket{le=\"+Inf\"} 3\nb_sum 1e-05\nb_count 3\n");
  ASSERT_TRUE(families.ok()) << families.error().what;
  ASSERT_EQ(families->size(), 2U);
  const MetricFamily& a = families->front();
  EXPECT_EQ(a.name, "a_total");
  EXPECT_EQ(a.help, "What a is.");
  EXPECT_EQ(a.type, "counter");
  ASSERT_EQ(a.samples.size(), 1U);
  EXPECT_EQ(a.samples[0].value, 2.5);
  EXPECT_EQ(a.samples[0].labels, (MetricLabels{{"x", "1"}, {"y", "q\"\\\n}"}}));
  const MetricFamily& b = families->back();
  EXPECT_EQ(b.samples[0].suffix, "_bucket");
  EXPECT_EQ(b.samples[1].value, 1e-5);
  EXPECT_EQ(b.samples[2].suffix, "_count");
}

TEST(PrometheusTextTest, ReadsAllThatTheServerWrites) {
  Telemetry telemetry;
  telemetry.count(Route::predict, 200, 40'000);
  telemetry.certificate_ends = 5;
  const auto families = read_prometheus_text(telemetry.prometheus_text({}, Time{0}));
  ASSERT_TRUE(families.ok()) << families.error().what;
  EXPECT_GT(families->size(), 10U);
  for (const MetricFamily& family : *families) {
    EXPECT_TRUE(family.type == "counter" || family.type == "gauge" || family.type == "histogram")
        << family.name;
  }
}

TEST(PrometheusTextTest, PutsHistogramsTogether) {
  // Read while somebody counts: a later bucket and the count are behind an earlier one.
  const auto families = read_prometheus_text(
      "# HELP a A.\n# TYPE a histogram\na_bucket{x=\"1\",le=\"0.5\"} 3\n"
      "a_bucket{x=\"1\",le=\"1\"} 5\na_bucket{x=\"1\",le=\"2\"} 4\na_bucket{x=\"1\",le=\"+Inf\"} "
      "7\n"
      "a_sum{x=\"1\"} 2.5\na_count{x=\"1\"} 6\na_bucket{x=\"2\",le=\"+Inf\"} 0\n");
  ASSERT_TRUE(families.ok());
  const auto histograms = classic_histograms(families->front());
  ASSERT_EQ(histograms.size(), 2U);
  const ClassicHistogram& first = histograms.at({{"x", "1"}});
  EXPECT_EQ(first.buckets, (std::vector<std::pair<double, uint64_t>>{{0.5, 3U}, {1, 5U}, {2, 5U}}));
  EXPECT_EQ(first.sum, 2.5);
  EXPECT_EQ(first.count, 7U);
  EXPECT_EQ(histograms.at({{"x", "2"}}).count, 0U);
}

TEST(PrometheusTextTest, RefusesAnyOtherText) {
  for (const char* const text :
       {"a 1\n", "# HELP a A.\n# TYPE b counter\n", "# HELP a A.\n# TYPE a counter\nb 1\n",
        "# HELP a A.\n# TYPE a counter\na one\n", "# HELP a A.\n# TYPE a counter\na{x=\"1} 1\n",
        "# HELP a A.\n# TYPE a counter\na{x} 1\n"}) {
    EXPECT_FALSE(read_prometheus_text(text).ok()) << text;
  }
}

}  // namespace
}  // namespace millgate
