#include "system/serve/otlp_message.h"

#include <cmath>
#include <map>
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

/// A histogram of one set of labels: Prometheus counts what is at most a bound, OTLP what lies
/// between two.
struct Buckets {
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  double sum = 0;
  uint64_t count = 0;
};

std::map<MetricLabels, Buckets> read_buckets(const MetricFamily& family) {
  std::map<MetricLabels, Buckets> all;
  std::map<MetricLabels, uint64_t> below;
  for (const MetricSample& sample : family.samples) {
    MetricLabels labels = sample.labels;
    const auto count = static_cast<uint64_t>(sample.value);
    if (sample.suffix == "_bucket") {
      // `le` stands last.
      const std::string bound = labels.back().second;
      labels.pop_back();
      Buckets& buckets = all[labels];
      uint64_t& lower = below[labels];
      if (bound != "+Inf") buckets.bounds.push_back(std::stod(bound));
      buckets.counts.push_back(count - std::min(count, lower));
      lower = std::max(lower, count);
    } else if (sample.suffix == "_sum") {
      all[labels].sum = sample.value;
    } else {
      all[labels].count = count;
    }
  }
  // Read while requests are counted, so that its parts may be of different moments.
  for (auto& [labels, buckets] : all) {
    buckets.count = 0;
    for (const uint64_t one : buckets.counts) buckets.count += one;
  }
  return all;
}

void add_histogram(pbf_writer& data, const MetricLabels& labels, const Buckets& buckets,
                   const Counted& counted) {
  pbf_writer point(data, 1);
  for (const auto& [key, value] : labels) add_attribute(point, 9, key, value);
  point.add_fixed64(2, counted.begun);
  point.add_fixed64(3, counted.now);
  point.add_fixed64(4, buckets.count);
  point.add_double(5, buckets.sum);
  point.add_packed_fixed<uint64_t>(6, buckets.counts.begin(), buckets.counts.end());
  point.add_packed_double(7, buckets.bounds.begin(), buckets.bounds.end());
}

void add_family(pbf_writer& scope, const MetricFamily& family, const Counted& counted) {
  pbf_writer metric(scope, 2);
  metric.add_string(1, family.name);
  metric.add_string(2, family.help);
  if (family.name.find("_seconds") != std::string::npos) metric.add_string(3, "s");
  if (family.type == "histogram") {
    pbf_writer data(metric, 9);
    for (const auto& [labels, buckets] : read_buckets(family)) {
      add_histogram(data, labels, buckets, counted);
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

}  // namespace

std::string otlp_traces(const OtlpResource& resource, std::span<const RequestSpan> spans) {
  std::string out;
  pbf_writer message(out);
  pbf_writer of_resource(message, 1);
  add_resource(of_resource, resource);
  pbf_writer scope(of_resource, 2);
  add_scope(scope);
  for (const RequestSpan& request : spans) {
    add_request(scope, request);
    for (const auto& [stage, times] : request.stages) add_stage(scope, request, stage, times);
  }
  scope.commit();
  of_resource.commit();
  return out;
}

Result<std::string> otlp_metrics(const OtlpResource& resource, std::string_view prometheus_text,
                                 uint64_t begun, uint64_t now) {
  MILLGATE_ASSIGN(const std::vector<MetricFamily> families, read_prometheus_text(prometheus_text));
  std::string out;
  pbf_writer message(out);
  pbf_writer of_resource(message, 1);
  add_resource(of_resource, resource);
  pbf_writer scope(of_resource, 2);
  add_scope(scope);
  for (const MetricFamily& family : families) {
    if (!family.samples.empty()) add_family(scope, family, {begun, now});
  }
  scope.commit();
  of_resource.commit();
  return out;
}

}  // namespace millgate
