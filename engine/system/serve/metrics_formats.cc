#include "system/serve/metrics_formats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <vector>

#include "system/serve/json_text.h"
#include "system/serve/prometheus_text.h"

namespace millgate {

namespace {

using protozero::pbf_writer;

constexpr std::string_view kProtobufType =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
constexpr std::string_view kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A bound as OpenMetrics wants it: 0.0001, 1e-05, 1.0.
std::string canonical_bound(const std::string& text) {
  if (text == "+Inf") return text;
  const double value = std::stod(text);
  char written[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(written, sizeof written, "%.*g", digits, value);
    if (std::stod(written) == value) break;
  }
  std::string out = written;
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

/// Counters are called without "_total", and each of their samples with it.
std::string open_metrics_name(const MetricFamily& family) {
  constexpr std::string_view kTotal = "_total";
  if (family.type != "counter" || !family.name.ends_with(kTotal)) return family.name;
  return family.name.substr(0, family.name.size() - kTotal.size());
}

std::string open_metrics_text(const std::vector<MetricFamily>& families) {
  std::string out;
  for (const MetricFamily& family : families) {
    const std::string name = open_metrics_name(family);
    out += "# TYPE " + name + " " + family.type + "\n";
    if (name.ends_with("_seconds")) out += "# UNIT " + name + " seconds\n";
    out += "# HELP " + name + " " + family.help + "\n";
    for (const MetricSample& sample : family.samples) {
      out += family.name + sample.suffix;
      if (!sample.labels.empty()) {
        out += '{';
        for (const auto& [key, value] : sample.labels) {
          if (out.back() != '{') out += ',';
          out += metric_label(key, key == "le" ? canonical_bound(value) : value);
        }
        out += '}';
      }
      out += ' ';
      append_json_number(out, sample.value);
      out += '\n';
    }
  }
  return out + "# EOF\n";
}

void add_labels(pbf_writer& metric, const MetricLabels& labels) {
  for (const auto& [key, value] : labels) {
    pbf_writer pair(metric, 1);
    pair.add_string(1, key);
    pair.add_string(2, value);
  }
}

using NativeCounts = std::array<uint64_t, LatencyHistogram::kBuckets>;

NativeCounts read_counts(const LatencyHistogram& histogram) {
  NativeCounts counts{};
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = histogram.count_in(static_cast<int>(i));
  return counts;
}

/// Runs of buckets in which something is, and their counts, each but the first less the one before.
void add_native(pbf_writer& histogram, const NativeCounts& counts) {
  histogram.add_sint32(5, LatencyHistogram::kSchema);
  // By this Prometheus 2.42 tells it from a classic one; nothing that is counted is so short.
  histogram.add_double(6, std::ldexp(1.0, -128));
  histogram.add_uint64(7, 0);
  std::vector<int64_t> deltas;
  int64_t before = 0;
  // Where the run before ended; the first is told from zero.
  int end = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const size_t begin = i;
    for (; i < counts.size() && counts[i] > 0; ++i) {
      deltas.push_back(static_cast<int64_t>(counts[i]) - before);
      before = static_cast<int64_t>(counts[i]);
    }
    if (i == begin) continue;
    const int first = LatencyHistogram::kFirstIndex + static_cast<int>(begin);
    pbf_writer span(histogram, 12);
    span.add_sint32(1, first - end);
    span.add_uint32(2, static_cast<uint32_t>(i - begin));
    end = LatencyHistogram::kFirstIndex + static_cast<int>(i);
  }
  histogram.add_packed_sint64(13, deltas.begin(), deltas.end());
}

void add_histograms(pbf_writer& message, const MetricFamily& family,
                    std::span<const TextHistogram> native) {
  for (const auto& [labels, classic] : classic_histograms(family)) {
    pbf_writer metric(message, 4);
    add_labels(metric, labels);
    pbf_writer histogram(metric, 7);
    const auto known =
        std::find_if(native.begin(), native.end(), [&, &own = labels](const TextHistogram& one) {
          return one.family == family.name && one.labels == own;
        });
    const bool is_native = known != native.end();
    const NativeCounts counts = is_native ? read_counts(*known->counts) : NativeCounts{};
    // Read after the text was, so at least as much; readers want the sum of the buckets.
    histogram.add_uint64(
        1, is_native ? std::accumulate(counts.begin(), counts.end(), uint64_t{0}) : classic.count);
    histogram.add_double(2, classic.sum);
    for (const auto& [bound, count] : classic.buckets) {
      pbf_writer bucket(histogram, 3);
      bucket.add_uint64(1, count);
      bucket.add_double(2, bound);
    }
    if (is_native) add_native(histogram, counts);
  }
}

std::string family_message(const MetricFamily& family, std::span<const TextHistogram> native) {
  constexpr int kCounter = 0;
  constexpr int kGauge = 1;
  constexpr int kHistogram = 4;
  std::string out;
  pbf_writer message(out);
  message.add_string(1, family.name);
  message.add_string(2, family.help);
  if (family.type == "histogram") {
    message.add_enum(3, kHistogram);
    add_histograms(message, family, native);
    return out;
  }
  const bool is_counter = family.type == "counter";
  message.add_enum(3, is_counter ? kCounter : kGauge);
  for (const MetricSample& sample : family.samples) {
    pbf_writer metric(message, 4);
    add_labels(metric, sample.labels);
    pbf_writer(metric, is_counter ? 3 : 2).add_double(1, sample.value);
  }
  return out;
}

}  // namespace

std::string_view media_type_of(MetricsFormat format) {
  switch (format) {
    case MetricsFormat::open_metrics:
      return kOpenMetricsType;
    case MetricsFormat::protobuf:
      return kProtobufType;
    case MetricsFormat::text:
      break;
  }
  return "text/plain; version=0.0.4";
}

MetricsFormat wanted_metrics(std::string_view accept) {
  while (!accept.empty()) {
    const std::string_view part = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), part.size() + 1));
    if (part.find("application/openmetrics-text") != std::string_view::npos) {
      return MetricsFormat::open_metrics;
    }
    if (part.find("application/vnd.google.protobuf") != std::string_view::npos) {
      return MetricsFormat::protobuf;
    }
    if (part.find("text/plain") != std::string_view::npos) return MetricsFormat::text;
  }
  return MetricsFormat::text;
}

Result<std::string> metrics_in(MetricsFormat format, std::string text,
                               std::span<const TextHistogram> histograms) {
  if (format == MetricsFormat::text) return text;
  MILLGATE_ASSIGN(const std::vector<MetricFamily> families, read_prometheus_text(text));
  if (format == MetricsFormat::open_metrics) return open_metrics_text(families);
  std::string out;
  for (const MetricFamily& family : families) {
    if (family.samples.empty()) continue;
    const std::string message = family_message(family, histograms);
    protozero::add_varint_to_buffer(&out, message.size());
    out += message;
  }
  return out;
}

}  // namespace millgate
