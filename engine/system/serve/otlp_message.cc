#include "system/serve/otlp_message.h"

#include <protozero/pbf_writer.hpp>

#include "ground/program_version.h"
#include "system/serve/prometheus_text.h"

namespace millgate {

namespace {

using protozero::pbf_writer;

constexpr int kServerSpan = 2;
constexpr int kInternalSpan = 1;
constexpr int kStatusError = 2;
constexpr int kCumulative = 2;

void add_bytes(pbf_writer& message, protozero::pbf_tag_type tag, std::span<const uint8_t> bytes) {
  message.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()),  // NOLINT
                    bytes.size());
}

void add_attribute(pbf_writer& message, protozero::pbf_tag_type tag, const std::string& key,
                   const std::variant<std::string, int64_t>& value) {
  pbf_writer attribute(message, tag);
  attribute.add_string(1, key);
  pbf_writer any(attribute, 2);
  if (const auto* text = std::get_if<std::string>(&value)) {
    any.add_string(1, *text);
  } else {
    any.add_int64(3, std::get<int64_t>(value));
  }
}

void add_resource(pbf_writer& message, const OtlpResource& resource) {
  pbf_writer attributes(message, 1);
  for (const auto& [key, value] : resource) add_attribute(attributes, 1, key, value);
}

/// The name of who measures, as ScopeSpans and ScopeMetrics say it.
void add_scope(pbf_writer& message) {
  pbf_writer scope(message, 1);
  scope.add_string(1, "millgate");
  scope.add_string(2, std::string(kProgramVersion));
}

void add_times(pbf_writer& span, const SpanTimes& times) {
  span.add_fixed64(7, times.begin);
  span.add_fixed64(8, times.end);
}

void add_request(pbf_writer& scope, const RequestSpan& request) {
  pbf_writer span(scope, 2);
  add_bytes(span, 1, request.trace);
  add_bytes(span, 2, request.id);
  if (!request.state.empty()) span.add_string(3, request.state);
  if (request.parent) add_bytes(span, 4, *request.parent);
  span.add_string(5, request.name);
  span.add_enum(6, kServerSpan);
  add_times(span, request.times);
  for (const auto& [key, value] : request.attributes) add_attribute(span, 9, key, value);
  if (request.has_failed) pbf_writer(span, 15).add_enum(3, kStatusError);
}

void add_stage(pbf_writer& scope, const RequestSpan& request, Stage stage, const SpanTimes& times) {
  pbf_writer span(scope, 2);
  add_bytes(span, 1, request.trace);
  add_bytes(span, 2, make_span_id());
  add_bytes(span, 4, request.id);
  span.add_string(5, std::string(to_string(stage)));
  span.add_enum(6, kInternalSpan);
  add_times(span, times);
}

/// When counting began, and now.
struct Counted {
  uint64_t begun = 0;
  uint64_t now = 0;
};

void add_number(pbf_writer& data, const MetricSample& sample, const Counted& counted) {
  pbf_writer point(data, 1);
  for (const auto& [key, value] : sample.labels) add_attribute(point, 7, key, value);
  point.add_fixed64(2, counted.begun);
  point.add_fixed64(3, counted.now);
  point.add_double(4, sample.value);
}

/// Prometheus counts what is at most a bound, OTLP what lies between two.
void add_histogram(pbf_writer& data, const MetricLabels& labels, const ClassicHistogram& histogram,
                   const Counted& counted) {
  std::vector<uint64_t> counts;
  std::vector<double> bounds;
  counts.reserve(histogram.buckets.size() + 1);
  bounds.reserve(histogram.buckets.size());
  uint64_t below = 0;
  for (const auto& [bound, count] : histogram.buckets) {
    bounds.push_back(bound);
    counts.push_back(count - below);
    below = count;
  }
  counts.push_back(histogram.count - below);
  pbf_writer point(data, 1);
  for (const auto& [key, value] : labels) add_attribute(point, 9, key, value);
  point.add_fixed64(2, counted.begun);
  point.add_fixed64(3, counted.now);
  point.add_fixed64(4, histogram.count);
  point.add_double(5, histogram.sum);
  point.add_packed_fixed<uint64_t>(6, counts.begin(), counts.end());
  point.add_packed_double(7, bounds.begin(), bounds.end());
}

void add_family(pbf_writer& scope, const MetricFamily& family, const Counted& counted) {
  pbf_writer metric(scope, 2);
  metric.add_string(1, family.name);
  metric.add_string(2, family.help);
  if (family.name.find("_seconds") != std::string::npos) metric.add_string(3, "s");
  if (family.type == "histogram") {
    pbf_writer data(metric, 9);
    for (const auto& [labels, histogram] : classic_histograms(family)) {
      add_histogram(data, labels, histogram, counted);
    }
    data.add_enum(2, kCumulative);
    return;
  }
  const bool is_counter = family.type == "counter";
  pbf_writer data(metric, is_counter ? 7 : 5);
  for (const MetricSample& sample : family.samples) add_number(data, sample, counted);
  if (!is_counter) return;
  data.add_enum(2, kCumulative);
  data.add_bool(3, true);
}

/// A request with one resource and one scope, which `fill` fills. Spans and metrics are sent alike.
template <typename Fill>
std::string export_request(const OtlpResource& resource, const Fill& fill) {
  std::string out;
  pbf_writer message(out);
  pbf_writer of_resource(message, 1);
  add_resource(of_resource, resource);
  pbf_writer scope(of_resource, 2);
  add_scope(scope);
  fill(scope);
  scope.commit();
  of_resource.commit();
  return out;
}

}  // namespace

std::string otlp_traces(const OtlpResource& resource, std::span<const RequestSpan> spans) {
  return export_request(resource, [&](pbf_writer& scope) {
    for (const RequestSpan& request : spans) {
      add_request(scope, request);
      for (const auto& [stage, times] : request.stages) add_stage(scope, request, stage, times);
    }
  });
}

Result<std::string> otlp_metrics(const OtlpResource& resource, std::string_view prometheus_text,
                                 uint64_t begun, uint64_t now) {
  MILLGATE_ASSIGN(const std::vector<MetricFamily> families, read_prometheus_text(prometheus_text));
  return export_request(resource, [&](pbf_writer& scope) {
    for (const MetricFamily& family : families) {
      if (!family.samples.empty()) add_family(scope, family, {begun, now});
    }
  });
}

}  // namespace millgate
