#include "system/serve/tracer.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

constexpr std::string_view kSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view kNotSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

constexpr std::string_view kNoParent;
constexpr std::string_view kNonsense = "00-nonsense";

/// A request with this `traceparent`, which outlives it; empty: without.
HttpRequest request_with(const std::string_view& parent) {
  return {.method = "POST",
          .target = "/predict?explain=2",
          .find_header =
              [](const void* headers, std::string_view name) {
                return name == "traceparent" ? *static_cast<const std::string_view*>(headers)
                                             : std::string_view();
              },
          .headers = &parent};
}

HttpResponse answered(int status) {
  HttpResponse response;
  response.status = status;
  response.route = Route::predict;
  response.request_id = "r1";
  return response;
}

TEST(TracerTest, TheCallerDecidesWhereItSays) {
  Tracer never(0);
  Tracer always(1);
  EXPECT_NE(never.begin(request_with(kSampled)), nullptr);
  EXPECT_EQ(always.begin(request_with(kNotSampled)), nullptr);
  EXPECT_EQ(never.begin(request_with(kNoParent)), nullptr);
  EXPECT_NE(always.begin(request_with(kNoParent)), nullptr);
  // Nonsense is as nothing.
  EXPECT_EQ(never.begin(request_with(kNonsense)), nullptr);
}

TEST(TracerTest, RecordsTheShareOfRequests) {
  Tracer tracer(0.25);
  int recorded = 0;
  for (int i = 0; i < 10'000; ++i)
    recorded += tracer.begin(request_with(kNoParent)) != nullptr ? 1 : 0;
  // Seven standard deviations of a binomial.
  EXPECT_NEAR(recorded, 2'500, 303);
}

TEST(TracerTest, ASpanBelongsToItsCaller) {
  Tracer tracer(0);
  const HttpRequest request = request_with(kSampled);
  auto span = tracer.begin(request);
  note_stage(*span, Stage::predict, std::chrono::microseconds(5));
  tracer.end(std::move(span), request, answered(503));
  const std::vector<RequestSpan> taken = tracer.take(10);
  ASSERT_EQ(taken.size(), 1U);
  const RequestSpan& told = taken.front();
  const auto caller = parse_traceparent(kSampled);
  EXPECT_EQ(told.trace, caller->trace);
  EXPECT_EQ(told.parent, caller->parent);
  EXPECT_NE(told.id, caller->parent);
  EXPECT_EQ(told.name, "POST /predict");
  EXPECT_TRUE(told.has_failed);
  EXPECT_LE(told.times.begin, told.times.end);
  ASSERT_EQ(told.stages.size(), 1U);
  EXPECT_EQ(told.stages[0].second.end - told.stages[0].second.begin, 5'000U);
  EXPECT_TRUE(tracer.take(10).empty());
}

TEST(TracerTest, LosesWhatNobodyTakesAndCountsIt) {
  Tracer tracer(1, 3);
  for (int i = 0; i < 5; ++i) {
    const HttpRequest request = request_with(kNoParent);
    tracer.end(tracer.begin(request), request, answered(200));
  }
  EXPECT_EQ(tracer.lost, 2);
  EXPECT_EQ(tracer.take(2).size(), 2U);
  EXPECT_EQ(tracer.take(2).size(), 1U);
  EXPECT_THAT(tracer.prometheus_text(),
              testing::HasSubstr("millgate_otlp_spans_total{state=\"lost\"} 2\n"));
}

}  // namespace
}  // namespace millgate
