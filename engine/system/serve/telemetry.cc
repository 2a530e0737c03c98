#include "system/serve/telemetry.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "system/serve/json_text.h"
#include "system/serve/live_rollout.h"
#include "system/serve/prometheus_text.h"

namespace millgate {

namespace {

constexpr const char* kDurations = "millgate_request_duration_seconds";
constexpr const char* kStages = "millgate_stage_duration_seconds";
constexpr std::array<double, 13> kStageBucketSeconds = {
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 0.01, 0.1};
constexpr std::array<double, 16> kBucketSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                   0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                   1,      2.5,     5,      10};

void append_head(std::string& out, std::string_view name, std::string_view type,
                 std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, double value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
  append_json_number(out, value);
  out += '\n';
}

void append_metric(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help, double value) {
  append_head(out, name, type, help);
  append_sample(out, name, {}, value);
}

void append_latency(std::string& out, const TextHistogram& histogram,
                    std::span<const double> buckets) {
  const std::string& name = histogram.family;
  const LatencyHistogram& latency = *histogram.counts;
  std::string labels;
  for (const auto& [key, value] : histogram.labels) {
    labels += (labels.empty() ? "" : ",") + metric_label(key, value);
  }
  for (const double seconds : buckets) {
    std::string bound;
    append_json_number(bound, seconds);
    append_sample(out, name + "_bucket", labels + "," + metric_label("le", bound),
                  static_cast<double>(latency.count_at_most(seconds)));
  }
  const auto count = static_cast<double>(latency.count());
  append_sample(out, name + "_bucket", labels + "," + metric_label("le", "+Inf"), count);
  append_sample(out, name + "_sum", labels, latency.sum_seconds());
  append_sample(out, name + "_count", labels, count);
}

void append_logs(std::string& out, std::span<const MeteredProject> projects) {
  PredictionLogCounts all;
  bool is_logged = false;
  for (const MeteredProject& project : projects) {
    if (project.log == nullptr) continue;
    is_logged = true;
    const PredictionLogCounts counts = project.log->counts();
    all.written += counts.written;
    all.lost += counts.lost;
    all.waiting += counts.waiting;
  }
  if (!is_logged) return;
  constexpr std::string_view kRows = "millgate_prediction_log_rows_total";
  append_head(out, kRows, "counter", "Rows of the prediction log by what became of them.");
  append_sample(out, kRows, metric_label("state", "written"), static_cast<double>(all.written));
  append_sample(out, kRows, metric_label("state", "lost"), static_cast<double>(all.lost));
  append_metric(out, "millgate_prediction_log_rows_waiting", "gauge", "Rows waiting to be written.",
                static_cast<double>(all.waiting));
}

/// What this server counted of a roll-out that runs, all steps together.
struct MeteredRollout {
  const LiveRollout* live = nullptr;
  StepTotals all = {};

  explicit MeteredRollout(const LiveRollout& of) : live(&of) {
    for (const StepTotals& step : of.counts()->totals()) {
      for (size_t arm = 0; arm < kArmCount; ++arm) {
        all.answers[arm] += step.answers[arm];
        all.errors[arm] += step.errors[arm];
        all.slow[arm] += step.slow[arm];
      }
      all.left_out += step.left_out;
      all.dropped += step.dropped;
    }
  }
  [[nodiscard]] std::string label() const {
    return metric_label("rollout", live->rollout().id.brief());
  }
};

void append_rollouts(std::string& out, const std::vector<MeteredRollout>& rollouts) {
  if (rollouts.empty()) return;
  const auto add_arms = [&](std::string_view name, std::string_view help,
                            std::array<int64_t, kArmCount> StepTotals::*counts) {
    append_head(out, name, "counter", help);
    for (const MeteredRollout& one : rollouts) {
      const Rollout& rollout = one.live->rollout();
      for (const auto& [arm, text, model] :
           {std::tuple(Arm::champion, "champion", rollout.champion),
            std::tuple(Arm::challenger, "challenger", rollout.challenger)}) {
        append_sample(out, name,
                      one.label() + "," + metric_label("arm", text) + "," +
                          metric_label("model", model.brief()),
                      static_cast<double>((one.all.*counts)[index_of(arm)]));
      }
    }
  };
  add_arms("millgate_rollout_answers_total", "Requests by the model that answered.",
           &StepTotals::answers);
  add_arms("millgate_rollout_errors_total", "Of them, answered with an error.",
           &StepTotals::errors);
  add_arms("millgate_rollout_slow_total", "Of them, slower than the plan allows.",
           &StepTotals::slow);
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       const auto& value_of) {
    append_head(out, name, type, help);
    for (const MeteredRollout& one : rollouts) append_sample(out, name, one.label(), value_of(one));
  };
  add("millgate_rollout_left_out_total", "counter", "Requests that took no part.",
      [](const MeteredRollout& one) { return static_cast<double>(one.all.left_out); });
  add("millgate_rollout_dropped_total", "counter", "Of a shadow that was too far behind.",
      [](const MeteredRollout& one) { return static_cast<double>(one.all.dropped); });
  add("millgate_rollout_share_ratio", "gauge", "Share of the traffic meant for the challenger.",
      [](const MeteredRollout& one) { return one.live->rollout().share() / 100; });
}

/// What serves in each project, and the roll-outs beside it.
void append_models(std::string& out, std::span<const MeteredProject> projects, Time now) {
  append_head(out, "millgate_model_info", "gauge", "1 for the model that serves.");
  std::vector<MeteredRollout> rollouts;
  int expired = 0;
  for (const auto& [log, model] : projects) {
    if (model == nullptr) continue;
    append_sample(
        out, "millgate_model_info",
        metric_label("model", model->name()) + "," + metric_label("version", model->version()), 1);
    if (model->rollout() != nullptr) rollouts.emplace_back(*model->rollout());
    if (model->live() && model->live()->has_expired(now)) ++expired;
  }
  append_rollouts(out, rollouts);
  append_metric(out, "millgate_override_expired", "gauge",
                "Models that serve by an override that has ended.", expired);
}

}  // namespace

void Telemetry::count(Route route, int status, int64_t nanos) {
  const auto found = std::find(kStatuses.begin(), kStatuses.end(), status);
  const size_t index = found == kStatuses.end() ? kStatuses.size() - 1
                                                : static_cast<size_t>(found - kStatuses.begin());
  const auto row = static_cast<size_t>(route);
  answered_[row][index].fetch_add(1, std::memory_order_relaxed);
  latency_[row].add(nanos);
}

std::string Telemetry::prometheus_text(std::span<const MeteredProject> projects, Time now) const {
  std::string out;
  constexpr std::string_view kRequests = "millgate_requests_total";
  append_head(out, kRequests, "counter", "Requests answered.");
  for (size_t route = 0; route < kRouteCount; ++route) {
    for (size_t i = 0; i < kStatuses.size(); ++i) {
      const uint64_t count = answered_[route][i].load(std::memory_order_relaxed);
      if (count == 0) continue;
      append_sample(out, kRequests,
                    metric_label("route", to_string(static_cast<Route>(route))) + "," +
                        metric_label("status", std::to_string(kStatuses[i])),
                    static_cast<double>(count));
    }
  }
  std::string family;
  for (const TextHistogram& one : histograms(projects)) {
    const bool is_stage = one.family == kStages;
    if (one.family != family) {
      append_head(out, one.family, "histogram",
                  is_stage ? "What is done for a request that is answered with predictions."
                           : "From the last byte of a request to its answer.");
      family = one.family;
    }
    append_latency(out, one,
                   is_stage ? std::span<const double>(kStageBucketSeconds)
                            : std::span<const double>(kBucketSeconds));
  }
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       const std::atomic<int64_t>& value) {
    append_metric(out, name, type, help, static_cast<double>(value.load()));
  };
  add("millgate_requests_in_flight", "gauge", "Requests being read or answered.",
      requests_in_flight);
  add("millgate_slow_requests", "gauge",
      "Explanations, labels and pushed rows that wait or are worked on.", slow_requests);
  add("millgate_connections", "gauge", "Open connections.", connections);
  add("millgate_requests_over_rate_total", "counter",
      "Requests refused because their client asks too often.", requests_over_rate);
  if (certificate_ends.load() > 0) {
    add("millgate_tls_handshake_failures_total", "counter", "TLS handshakes that failed.",
        tls_failures);
    add("millgate_tls_certificate_expiry_timestamp_seconds", "gauge",
        "When the certificate expires, as Unix time.", certificate_ends);
    append_metric(out, "millgate_tls_renewal_failed", "gauge",
                  "1 while the certificate's files cannot be used; the one before is.",
                  renewal_failed.load() ? 1 : 0);
  }
  add("millgate_predictions_total", "counter", "Rows predicted.", predictions);
  add("millgate_rows_with_warnings_total", "counter", "Predicted rows that got a warning.",
      rows_with_warnings);
  add("millgate_feedback_labels_total", "counter", "Labels received.", feedback_labels);
  add("millgate_feedback_outcomes_total", "counter", "Earnings received.", feedback_outcomes);
  add("millgate_model_loads_total", "counter", "Models that began to serve.", model_loads);
  add("millgate_model_load_failures_total", "counter",
      "Released models that could not be loaded; the one before serves on.", model_load_failures);
  append_logs(out, projects);
  append_models(out, projects, now);
  return out;
}

std::vector<TextHistogram> Telemetry::histograms(std::span<const MeteredProject> projects) const {
  std::vector<TextHistogram> all;
  all.reserve(kRouteCount + 2 * kStageCount * projects.size());
  for (size_t route = 0; route < kRouteCount; ++route) {
    all.push_back({.family = kDurations,
                   .labels = {{"route", std::string(to_string(static_cast<Route>(route)))}},
                   .counts = &latency_[route]});
  }
  const auto add_stages = [&](const ServedModel& of) {
    for (size_t stage = 0; stage < kStageCount; ++stage) {
      all.push_back({.family = kStages,
                     .labels = {{"stage", std::string(to_string(static_cast<Stage>(stage)))},
                                {"model", of.name()},
                                {"version", of.version()}},
                     .counts = &of.statistics().stages[stage]});
    }
  };
  for (const auto& [log, model] : projects) {
    if (model == nullptr) continue;
    add_stages(*model);
    if (model->rollout() != nullptr) add_stages(*model->rollout()->challenger());
  }
  return all;
}

std::string Telemetry::online_text(const std::vector<MeteredView>& views, Time now) const {
  std::string out;
  constexpr std::string_view kReads = "millgate_online_reads_total";
  append_head(out, kReads, "counter", "Views read for rows of predictions, by what was found.");
  for (size_t i = 0; i < online_reads.size(); ++i) {
    append_sample(out, kReads, metric_label("state", to_string(static_cast<OnlineState>(i))),
                  static_cast<double>(online_reads[i].load()));
  }
  append_metric(out, "millgate_online_pushed_rows_total", "counter", "Rows that were pushed.",
                static_cast<double>(pushed_rows.load()));
  const auto labels_of = [](const MeteredView& one) {
    std::string labels;
    for (const auto& [key, value] : one.labels) labels += metric_label(key, value) + ",";
    return labels + metric_label("view", one.view.name) + "," +
           metric_label("version", one.view.version.substr(0, 12));
  };
  constexpr std::string_view kAge = "millgate_online_age_seconds";
  append_head(out, kAge, "gauge", "Time since what a view's rows hold could be known.");
  for (const MeteredView& one : views) {
    append_sample(out, kAge, labels_of(one),
                  static_cast<double>(now.micros - one.view.as_of.micros) / 1e6);
  }
  constexpr std::string_view kEntities = "millgate_online_entities";
  append_head(out, kEntities, "gauge", "Entities of which a view has a row.");
  for (const MeteredView& one : views) {
    append_sample(out, kEntities, labels_of(one), static_cast<double>(one.view.entity_count));
  }
  return out;
}

}  // namespace millgate
