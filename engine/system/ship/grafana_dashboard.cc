#include "system/ship/grafana_dashboard.h"

#include <vector>

#include "ground/json.h"

namespace millgate {

namespace {

constexpr int kColumns = 3;
constexpr int kWidth = 24 / kColumns;
constexpr int kHeight = 8;

/// A line of a panel. `@` stands for the choice of job and instances.
struct Target {
  const char* expression;
  const char* legend;
};

struct Panel {
  const char* title;
  const char* unit;
  std::vector<Target> targets;
};

std::vector<Panel> all_panels() {
  return {
      {"Requests by status",
       "reqps",
       {{"sum by (status) (rate(millgate_requests_total{@}[$__rate_interval]))", "{{status}}"}}},
      {"Requests by route",
       "reqps",
       {{"sum by (route) (rate(millgate_requests_total{@}[$__rate_interval]))", "{{route}}"}}},
      {"Errors and refusals",
       "percentunit",
       {{"(sum(rate(millgate_requests_total{@,status=~\"5..\"}[$__rate_interval])) or vector(0)) / "
         "sum(rate(millgate_requests_total{@}[$__rate_interval]))",
         "5xx"},
        {"(sum(rate(millgate_requests_total{@,status=~\"4..\"}[$__rate_interval])) or vector(0)) / "
         "sum(rate(millgate_requests_total{@}[$__rate_interval]))",
         "4xx"}}},
      {"Latency",
       "s",
       {{"histogram_quantile(0.5, sum by (le) "
         "(rate(millgate_request_duration_seconds_bucket{@}[$__rate_interval])))",
         "p50"},
        {"histogram_quantile(0.99, sum by (le) "
         "(rate(millgate_request_duration_seconds_bucket{@}[$__rate_interval])))",
         "p99"}}},
      {"Stages of a prediction, p99",
       "s",
       {{"histogram_quantile(0.99, sum by (le, stage) "
         "(rate(millgate_stage_duration_seconds_bucket{@}[$__rate_interval])))",
         "{{stage}}"}}},
      {"Predictions and warnings",
       "rowsps",
       {{"sum(rate(millgate_predictions_total{@}[$__rate_interval]))", "rows"},
        {"sum(rate(millgate_rows_with_warnings_total{@}[$__rate_interval]))", "with a warning"},
        {"sum(rate(millgate_feedback_labels_total{@}[$__rate_interval]))", "labels"}}},
      {"Load",
       "short",
       {{"sum by (instance) (millgate_requests_in_flight{@})", "{{instance}} in flight"},
        {"sum by (instance) (millgate_slow_requests{@})", "{{instance}} slow"},
        {"sum by (instance) (millgate_connections{@})", "{{instance}} connections"}}},
      {"Prediction log",
       "rowsps",
       {{"sum by (state) (rate(millgate_prediction_log_rows_total{@}[$__rate_interval]))",
         "{{state}}"},
        {"sum(millgate_prediction_log_rows_waiting{@})", "waiting (rows)"}}},
      {"Online store: reads",
       "ops",
       {{"sum by (state) (rate(millgate_online_reads_total{@}[$__rate_interval]))", "{{state}}"}}},
      {"Online store: age", "s", {{"max by (view) (millgate_online_age_seconds{@})", "{{view}}"}}},
      {"Roll-out: share of answers",
       "percentunit",
       {{"sum by (arm, model) (rate(millgate_rollout_answers_total{@}[$__rate_interval])) / on () "
         "group_left () sum(rate(millgate_rollout_answers_total{@}[$__rate_interval]))",
         "{{arm}} {{model}}"}}},
      {"Versions that serve",
       "short",
       {{"count by (model, version) (millgate_model_info{@})", "{{model}} {{version}}"}}},
  };
}

std::string with_choice(std::string expression) {
  const std::string choice = "job=~\"$job\",instance=~\"$instance\"";
  for (size_t at = expression.find('@'); at != std::string::npos;
       at = expression.find('@', at + choice.size())) {
    expression.replace(at, 1, choice);
  }
  return expression;
}

Json source() { return {{"type", "prometheus"}, {"uid", "${source}"}}; }

/// Lines across a panel of latency, at what the requirements allow.
Json limit_steps(const WatchedModel& model) {
  Json steps = Json::array();
  steps.push_back({{"color", "green"}, {"value", nullptr}});
  for (const LatencyLimit& limit : model.latency) {
    steps.push_back({{"color", "red"}, {"value", limit.seconds}});
  }
  return steps;
}

Json panel_json(const Panel& panel, int number, const WatchedModel& model) {
  Json targets = Json::array();
  for (const Target& target : panel.targets) {
    targets.push_back({{"refId", std::string(1, static_cast<char>('A' + targets.size()))},
                       {"datasource", source()},
                       {"expr", with_choice(target.expression)},
                       {"legendFormat", target.legend}});
  }
  Json defaults = {{"unit", panel.unit}, {"min", 0}};
  const bool has_limits = panel.title == std::string("Latency") && !model.latency.empty();
  if (has_limits) {
    defaults["thresholds"] = {{"mode", "absolute"}, {"steps", limit_steps(model)}};
    defaults["custom"] = {{"thresholdsStyle", {{"mode", "line"}}}};
  }
  return {{"id", number + 1},
          {"type", "timeseries"},
          {"title", panel.title},
          {"datasource", source()},
          {"gridPos",
           {{"x", number % kColumns * kWidth},
            {"y", number / kColumns * kHeight},
            {"w", kWidth},
            {"h", kHeight}}},
          {"fieldConfig", {{"defaults", defaults}, {"overrides", Json::array()}}},
          {"options", {{"tooltip", {{"mode", "multi"}}}, {"legend", {{"showLegend", true}}}}},
          {"targets", targets}};
}

/// A choice among the values of a label.
Json variable(const char* name, const std::string& query) {
  return {{"name", name},           {"type", "query"},
          {"datasource", source()}, {"query", query},
          {"refresh", 2},           {"includeAll", true},
          {"multi", true},          {"current", {{"text", "All"}, {"value", "$__all"}}}};
}

}  // namespace

std::string grafana_dashboard(const WatchedModel& model) {
  Json panels = Json::array();
  for (const Panel& panel : all_panels()) {
    panels.push_back(panel_json(panel, static_cast<int>(panels.size()), model));
  }
  const std::string info = "millgate_model_info{model=" + dump_json(Json(model.name));
  Json variables = Json::array();
  variables.push_back({{"name", "source"}, {"type", "datasource"}, {"query", "prometheus"}});
  variables.push_back(variable("job", "label_values(" + info + "}, job)"));
  variables.push_back(variable("instance", "label_values(" + info + ",job=~\"$job\"}, instance)"));
  return dump_json_pretty({{"uid", "millgate-" + hash_of(model.name).brief()},
                           {"title", "Millgate: " + model.name},
                           {"tags", {"millgate"}},
                           {"schemaVersion", 36},
                           {"editable", true},
                           {"refresh", "10s"},
                           {"time", {{"from", "now-1h"}, {"to", "now"}}},
                           {"templating", {{"list", variables}}},
                           {"panels", panels}}) +
         "\n";
}

}  // namespace millgate
