#include "system/ship/prometheus_rules.h"

#include <array>

#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// `@OF@` stands for `of_model`, `@MODEL@` for a selector of the model's name.
struct AlertRule {
  const char* name;
  const char* expression;
  const char* lasts;
  const char* severity;
  const char* summary;
  const char* next;
};

constexpr std::array<AlertRule, 10> kRules = {{
    {"MillgateNobodyServes", "absent(millgate_model_info@MODEL@)", "1m", "critical",
     "no server tells that it serves the model",
     "look at the servers; `millgate ledger` says what is "
     "released"},
    {"MillgateServerGone",
     "max_over_time(millgate_model_info@MODEL@[15m]) unless on (job, instance) millgate_model_info",
     "2m", "warning", "a server that served the model is gone", "look at its log"},
    {"MillgateErrors",
     "sum by (job) (rate(millgate_requests_total{status=~\"5..\"}[5m])@OF@)\n"
     "  / sum by (job) (rate(millgate_requests_total[5m])@OF@) > 0.01",
     "5m", "critical", "more than 1 % of the requests fail",
     "`millgate rollback --reason \"...\"` "
     "where it began with a release"},
    {"MillgateRefusals",
     "sum by (job) (rate(millgate_requests_total{status=\"429\"}[5m])@OF@)\n"
     "  / sum by (job) (rate(millgate_requests_total[5m])@OF@) > 0.01",
     "10m", "warning", "more than 1 % of the requests are refused: there are too many",
     "another "
     "replica"},
    {"MillgateLogLosesRows",
     "sum by (job, instance) "
     "(increase(millgate_prediction_log_rows_total{state=\"lost\"}[10m])@OF@) "
     "> 0",
     "1m", "warning", "rows of the prediction log are lost", "free the disk, or make it faster"},
    {"MillgateModelCannotBeLoaded",
     "sum by (job, instance) (increase(millgate_model_load_failures_total[10m])@OF@) > 0", "0m",
     "critical", "a released model cannot be loaded; the one before serves on",
     "`GET /health/ready` says why; `millgate doctor`"},
    {"MillgateOverrideHasEnded", "millgate_override_expired@OF@ == 1", "5m", "warning",
     "the model serves by an override that has ended",
     "`millgate gate MODEL`, then `release`, or "
     "`rollback`"},
    {"MillgateCertificateEnds",
     "(millgate_tls_certificate_expiry_timestamp_seconds - time())@OF@ < 14 * 86400", "1h",
     "warning", "the certificate ends within 14 days", "put the renewed file in its place"},
    {"MillgateCertificateNotRenewed", "millgate_tls_renewal_failed@OF@ == 1", "10m", "warning",
     "the certificate's files cannot be used; the one before is", "look at the server's log"},
    {"MillgateSpansAreLost",
     "sum by (job, instance) (increase(millgate_otlp_spans_total{state=\"lost\"}[10m])@OF@) > 0",
     "10m", "info", "spans are lost: the collector refuses them, or does not answer",
     "look at the collector"},
}};

/// In double quotes, as PromQL and YAML write it.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

std::string selector(const WatchedModel& model) { return "{model=" + quoted(model.name) + "}"; }

std::string replaced(std::string text, const std::string& mark, const std::string& by) {
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size())) {
    text.replace(at, mark.size(), by);
  }
  return text;
}

/// One alert; lines of `expression` but the first are further in.
void append_rule(std::string& out, const AlertRule& rule, const std::string& expression,
                 const std::string& model) {
  out += "      - alert: " + std::string(rule.name) + "\n        expr: |\n          ";
  out += replaced(expression, "\n", "\n          ");
  out += "\n        for: " + std::string(rule.lasts) +
         "\n        labels:\n          severity: " + rule.severity +
         "\n          model: " + quoted(model) + "\n        annotations:\n" +
         "          summary: " + quoted(model + ": " + rule.summary) +
         "\n          next: " + quoted(rule.next) + "\n";
}

}  // namespace

std::string of_model(const WatchedModel& model) {
  return " * on (job, instance) group_left () max by (job, instance) (millgate_model_info" +
         selector(model) + ")";
}

std::string prometheus_rules(const WatchedModel& model) {
  std::string out = "groups:\n  - name: " + quoted("millgate-" + model.name) + "\n    rules:\n";
  for (const AlertRule& rule : kRules) {
    const std::string expression =
        replaced(replaced(rule.expression, "@OF@", of_model(model)), "@MODEL@", selector(model));
    append_rule(out, rule, expression, model.name);
  }
  for (const LatencyLimit& limit : model.latency) {
    const std::string share = shortest_text(100 * limit.quantile);
    const std::string name = "MillgateSlowP" + share;
    const std::string summary = share + " % of the predictions are to take at most " +
                                shortest_text(limit.seconds * 1e3) +
                                " ms, as a requirement says, and take longer";
    const AlertRule rule{
        name.c_str(),    "",
        "10m",           "critical",
        summary.c_str(), "another replica, or `millgate rollback` where it began with a release"};
    const std::string expression =
        "histogram_quantile(" + shortest_text(limit.quantile) +
        ", sum by (job, le) (rate(millgate_request_duration_seconds_bucket{route=~\"" +
        "/predict|/invocations|/v1/.*|/v2/.+|/inference.*\"}[5m])" + of_model(model) + "))\n  > " +
        shortest_text(limit.seconds);
    append_rule(out, rule, expression, model.name);
  }
  return out;
}

}  // namespace millgate
