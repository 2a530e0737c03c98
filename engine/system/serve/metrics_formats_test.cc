#include "system/serve/metrics_formats.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <protozero/pbf_reader.hpp>

namespace millgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsFormatsTest, TakesTheFirstThatIsWanted) {
  EXPECT_EQ(wanted_metrics(""), MetricsFormat::text);
  EXPECT_EQ(wanted_metrics("*/*"), MetricsFormat::text);
  EXPECT_EQ(wanted_metrics("text/plain;version=0.0.4;q=1,*/*;q=0.1"), MetricsFormat::text);
  // As Prometheus asks, without and with native histograms.
  EXPECT_EQ(wanted_metrics("application/openmetrics-text;version=1.0.0,"
                           "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5"),
            MetricsFormat::open_metrics);
  EXPECT_EQ(
      wanted_metrics("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                     "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8"),
      MetricsFormat::protobuf);
}

TEST(MetricsFormatsTest, OpenMetricsNamesCountersWithoutTotal) {
  Telemetry telemetry;
  telemetry.count(Route::predict, 200, 1'000'000);
  const auto text =
      metrics_in(MetricsFormat::open_metrics, telemetry.prometheus_text({}, Time{0}), {});
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("# TYPE millgate_requests counter\n"));
  EXPECT_THAT(*text, HasSubstr("millgate_requests_total{route=\"/predict\",status=\"200\"} 1\n"));
  EXPECT_THAT(*text, HasSubstr("# UNIT millgate_request_duration_seconds seconds\n"));
  EXPECT_THAT(*text, HasSubstr("le=\"1.0\"}"));
  EXPECT_THAT(*text, HasSubstr("le=\"0.0001\"}"));
  EXPECT_TRUE(text->ends_with("# EOF\n"));
}

/// Counts of a native histogram by the number of their bucket.
std::map<int, int64_t> native_counts(protozero::pbf_reader histogram, int& schema) {
  std::vector<std::pair<int, uint32_t>> spans;
  std::vector<int64_t> deltas;
  while (histogram.next()) {
    switch (histogram.tag()) {
      case 5:
        schema = histogram.get_sint32();
        break;
      case 12: {
        protozero::pbf_reader span = histogram.get_message();
        spans.emplace_back(0, 0);
        while (span.next()) {
          if (span.tag() == 1) {
            spans.back().first = span.get_sint32();
          } else {
            spans.back().second = span.get_uint32();
          }
        }
        break;
      }
      case 13:
        for (const int64_t delta : histogram.get_packed_sint64()) deltas.push_back(delta);
        break;
      default:
        histogram.skip();
    }
  }
  std::map<int, int64_t> counts;
  int bucket = 0;
  size_t next = 0;
  int64_t count = 0;
  for (const auto& [offset, length] : spans) {
    bucket += offset;
    for (uint32_t i = 0; i < length; ++i) {
      count += deltas.at(next++);
      counts[bucket++] = count;
    }
  }
  EXPECT_EQ(next, deltas.size());
  return counts;
}

TEST(MetricsFormatsTest, NativeHistogramsHoldWhatWasCounted) {
  LatencyHistogram counted;
  std::map<int, int64_t> expected;
  const std::vector<int64_t> nanos_of = {1'000, 1'010, 1'100, 5'000, 5'001, 80'000, 3'000'000'000};
  for (const int64_t nanos : nanos_of) {
    counted.add(nanos);
    // Bucket i of schema 3 ends at 2^(i/8).
    ++expected[static_cast<int>(std::ceil(8 * std::log2(static_cast<double>(nanos) / 1e9)))];
  }
  const std::vector<TextHistogram> known = {
      {.family = "a_seconds", .labels = {{"x", "1"}}, .counts = &counted}};
  const auto bytes = metrics_in(
      MetricsFormat::protobuf,
      "# HELP a_seconds A.\n# TYPE a_seconds histogram\na_seconds_bucket{x=\"1\",le=\"1\"} 6\n"
      "a_seconds_bucket{x=\"1\",le=\"+Inf\"} 7\na_seconds_sum{x=\"1\"} 3\n"
      "a_seconds_count{x=\"1\"} 7\n",
      known);
  ASSERT_TRUE(bytes.ok());
  // One length, then one family.
  const char* at = bytes->data();
  const uint64_t size = protozero::decode_varint(&at, bytes->data() + bytes->size());
  ASSERT_EQ(size, static_cast<uint64_t>(bytes->data() + bytes->size() - at));
  protozero::pbf_reader family(at, size);
  ASSERT_TRUE(family.next(4));
  protozero::pbf_reader metric = family.get_message();
  ASSERT_TRUE(metric.next(7));
  int schema = 0;
  EXPECT_EQ(native_counts(metric.get_message(), schema), expected);
  EXPECT_EQ(schema, 3);
}

}  // namespace
}  // namespace millgate
