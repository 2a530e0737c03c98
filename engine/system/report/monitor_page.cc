#include "system/report/monitor_page.h"

#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/alarm_list.h"
#include "system/report/drift_plot.h"
#include "system/report/html.h"
#include "system/report/window_plot.h"

namespace millgate {
namespace {

std::string optional_text(const std::optional<double>& value) {
  return value ? figure_text(*value) : "";
}

const Evidence* find(const MonitorWindow& window, const std::string& metric,
                     const std::string& slice = {}) {
  for (const Evidence& one : window.evidence) {
    if (one.metric == metric && one.slice == slice) return &one;
  }
  return nullptr;
}

std::string evidence_cell(const MonitorWindow& window, const std::string& metric) {
  const Evidence* one = find(window, metric);
  if (one == nullptr) return "<td class=\"n\"></td>";
  std::string interval;
  if (one->lower && one->upper) {
    interval = "<br><span class=\"quiet\">" + escape_html(figure_text(*one->lower)) + " to " +
               escape_html(figure_text(*one->upper)) + "</span>";
  }
  return "<td class=\"n\">" + escape_html(figure_text(one->value)) + interval + "</td>";
}

bool is_regression(const ModelWatch& watch) { return find(watch.all, "rmse") != nullptr; }

/// What is to be said of a window stands below its figures: beside them it would make the table
/// wider than the page.
std::string note_row(const std::string& note, size_t columns) {
  if (note.empty()) return {};
  return "<tr><td></td><td class=\"quiet\" colspan=\"" + std::to_string(columns - 1) + "\">" +
         escape_html(note) + "</td></tr>\n";
}

std::string window_row(const MonitorWindow& window, const std::vector<std::string>& metrics) {
  std::string html = "<tr><td class=\"nowrap\">" + escape_html(time_text(window.from)) +
                     "</td><td class=\"n\">" + escape_html(count_text(window.row_count)) +
                     "</td><td class=\"n\">" + escape_html(percent_text(window.maturity)) +
                     "</td><td class=\"n\">" + escape_html(optional_text(window.mean_prediction)) +
                     "</td><td class=\"n\">" + escape_html(optional_text(window.share_positive)) +
                     "</td>";
  for (const std::string& metric : metrics) html += evidence_cell(window, metric);
  return html + "</tr>\n" + note_row(window.note, 5 + metrics.size());
}

/// The head of a column of figures, on two lines where the name has two words.
std::string head_of(const std::string& metric) {
  const size_t gap = metric.find('_');
  if (gap == std::string::npos) return element("th", metric, "n");
  return "<th class=\"n\">" + escape_html(metric.substr(0, gap + 1)) + "<br>" +
         escape_html(metric.substr(gap + 1)) + "</th>";
}

std::string window_table(const ModelWatch& watch) {
  const bool regression = is_regression(watch);
  const std::vector<std::string> metrics =
      regression ? std::vector<std::string>{"rmse", "mae", "r2"}
                 : std::vector<std::string>{"auc", "log_loss", "calibration_error"};
  std::string html =
      "<div class=\"scroll\"><table><caption>By window of event time; quality with 95 % "
      "intervals</caption><tr><th>From</th><th class=\"n\">Rows</th><th class=\"n\">Labelled</th>"
      "<th class=\"n\">Mean<br>prediction</th><th class=\"n\">" +
      std::string(regression ? "Mean<br>label" : "Share<br>positive") + "</th>";
  for (const std::string& metric : metrics) html += head_of(metric);
  html += "</tr>\n";
  for (const MonitorWindow& window : watch.windows) html += window_row(window, metrics);
  return html + "</table></div>\n";
}

std::string expected_cell(const ExpectedQuality& expected, const std::string& metric) {
  for (const ExpectedMetric& one : expected.metrics) {
    if (one.metric != metric) continue;
    return "<td class=\"n\">" + escape_html(figure_text(one.value)) + "<br><span class=\"quiet\">" +
           escape_html(figure_text(one.lower)) + " to " + escape_html(figure_text(one.upper)) +
           "</span></td>";
  }
  return "<td class=\"n\"></td>";
}

/// Of windows whose labels are not all there.
std::string expected_table(const ModelWatch& watch) {
  std::string rows;
  for (const MonitorWindow& window : watch.windows) {
    if (!window.expected || window.maturity >= kMatureShare) continue;
    const ExpectedQuality& expected = *window.expected;
    const char* css_class = expected.state == ExpectationState::holds      ? ""
                            : expected.state == ExpectationState::doubtful ? "warn-text"
                                                                           : "bad-text";
    rows += "<tr><td class=\"nowrap\">" + escape_html(time_text(window.from)) + "</td>" +
            expected_cell(expected, "auc") + expected_cell(expected, "accuracy") +
            expected_cell(expected, "log_loss") + "<td class=\"nowrap\">" +
            element("span", to_string(expected.state), css_class) + "</td></tr>\n" +
            note_row(expected.reason, 5);
  }
  if (rows.empty()) return {};
  return "<div class=\"scroll\"><table><caption>What to expect where labels are missing, from "
         "labelled rows before; with 95 % intervals</caption><tr><th>From</th><th "
         "class=\"n\">auc</th><th class=\"n\">accuracy</th><th class=\"n\">log_loss</th>"
         "<th>State</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string drift_table(const ModelWatch& watch) {
  std::string html =
      "<div class=\"scroll\"><table><caption>Each column against the training rows, those that "
      "matter most first. Small from psi " +
      escape_html(figure_text(kPsiSmall)) + " or ks " + escape_html(figure_text(kKsSmall)) +
      ", large from psi " + escape_html(figure_text(kPsiLarge)) + " or ks " +
      escape_html(figure_text(kKsLarge)) +
      ", and only beyond chance</caption><tr><th>Column</th><th>Drift</th><th "
      "class=\"n\">Importance</th><th>Since</th><th>In words</th></tr>\n";
  std::vector<ColumnDrift> columns = watch.drift;
  if (watch.prediction_drift) columns.push_back(*watch.prediction_drift);
  for (const ColumnDrift& column : columns) {
    const std::string css_class = column.verdict == "large"   ? "bad-text"
                                  : column.verdict == "small" ? "warn-text"
                                                              : "";
    std::string words = column.reason;
    if (!column.drift.unit_suspicion.empty()) words += "; " + column.drift.unit_suspicion;
    html += "<tr><td><b>" + escape_html(column.name) + "</b> " +
            element("span", column.what, "quiet") + "</td><td class=\"nowrap\">" +
            element("span", column.verdict, css_class) + "</td><td class=\"n\">" +
            (column.what == "prediction" ? "" : escape_html(percent_text(column.importance))) +
            "</td><td class=\"nowrap\">" +
            escape_html(column.since ? time_text(*column.since) : "") +
            "</td><td class=\"quiet\">" + escape_html(words) + "</td></tr>\n";
  }
  return html + "</table></div>\n";
}

std::string replay_words(const ReplaySkew& replay) {
  if (!replay.note.empty()) return replay.note;
  if (replay.differing_count == 0) {
    return count_of(replay.replayed_count, "logged row") +
           " predicted again: every probability is the same, bit by bit.";
  }
  return count_text(replay.differing_count) + " of " +
         count_of(replay.replayed_count, "logged row") +
         " give another probability when they are predicted again, by at most " +
         figure_text(replay.difference_max) + ".";
}

std::string table_words(const TableSkew& table) {
  if (!table.note.empty()) return table.note;
  return count_text(table.matched_count) + " of " + count_of(table.logged_count, "logged row") +
         " with a key are in commit " + table.commit + ".";
}

std::string skew_part(const ModelWatch& watch) {
  std::string html = "<h3>Do training and serving agree?</h3>\n";
  html += element("p", "By replay: " + replay_words(watch.replay)) + "\n";
  html += element("p", "Against the table: " + table_words(watch.table)) + "\n";
  std::string rows;
  for (const TableSkewColumn& column : watch.table.columns) {
    if (column.differing_count == 0) continue;
    rows += "<tr><td><b>" + escape_html(column.name) + "</b></td><td class=\"n\">" +
            escape_html(percent_text(column.differing_share)) + "</td><td class=\"n\">" +
            escape_html(optional_text(column.median_ratio)) + "</td><td>" +
            escape_html(column.suspicion) + "</td><td class=\"quiet\">" +
            escape_html(column.examples.empty() ? "" : column.examples.front()) + "</td></tr>\n";
  }
  if (rows.empty()) return html;
  return html +
         "<div class=\"scroll\"><table><caption>Cells that differ from the table's row of the "
         "same key</caption><tr><th>Column</th><th class=\"n\">Differ</th><th class=\"n\">Median "
         "ratio</th><th>Looks like</th><th>For example</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string slice_part(const ModelWatch& watch) {
  const std::string metric = is_regression(watch) ? "mae" : "auc";
  std::string rows;
  for (const Evidence& one : watch.all.evidence) {
    if (one.metric != metric || one.slice.find('=') == std::string::npos) continue;
    rows += "<tr><td>" + escape_html(one.slice) + "</td><td class=\"n\">" +
            escape_html(figure_text(one.value)) + "</td><td class=\"n\">" +
            (one.lower && one.upper
                 ? escape_html(figure_text(*one.lower) + " to " + figure_text(*one.upper))
                 : std::string()) +
            "</td><td class=\"n\">" + escape_html(count_text(one.row_count)) + "</td></tr>\n";
  }
  if (rows.empty()) return {};
  return "<table><caption>By group, all windows together</caption><tr><th>Group</th><th "
         "class=\"n\">" +
         metric + "</th><th class=\"n\">95 % interval</th><th class=\"n\">Rows</th></tr>\n" + rows +
         "</table>\n";
}

std::string model_part(const ModelWatch& watch) {
  std::string html = "<h2>Model <code>" + escape_html(watch.model.substr(0, 12)) + "</code>" +
                     (watch.name.empty() ? "" : " of " + escape_html(watch.name)) + "</h2>\n";
  html += element("p", count_of(watch.row_count, "prediction") + " from " + time_text(watch.first) +
                           " to " + time_text(watch.last) + ", labels for " +
                           percent_text(watch.all.maturity) + ".") +
          "\n";
  for (const std::string& note : {watch.note, watch.all.note}) {
    if (!note.empty()) html += element("p", note, "quiet") + "\n";
  }
  const std::string metric = is_regression(watch) ? "mae" : "auc";
  html += "<figure>" + window_plot(watch.windows, metric, std::nullopt) + "</figure>\n";
  html += window_table(watch) + expected_table(watch) + slice_part(watch);
  if (watch.drift.empty()) return html + skew_part(watch);
  html += "<h3>Is the world still that of the training?</h3>\n<figure>" + drift_plot(watch.drift) +
          "</figure>\n" + drift_table(watch);
  return html + skew_part(watch);
}

std::string money_part(const BusinessMetric& metric) {
  std::string html =
      "<h2>What predictions earned</h2>\n<table><caption>By window of event time, "
      "all models together</caption><tr><th>From</th><th class=\"n\">Predictions</th>"
      "<th class=\"n\">" +
      escape_html(metric.money) + "</th><th class=\"n\">per 1,000</th>" +
      element("th", metric.quality_metric, "n") + "</tr>\n";
  for (const MoneyWindow& window : metric.windows) {
    const double count = static_cast<double>(window.prediction_count);
    html += "<tr><td class=\"nowrap\">" + escape_html(time_text(window.from)) + "</td>" +
            element("td", count_text(window.prediction_count), "n") +
            element("td", figure_text(window.money), "n") +
            element("td", count > 0 ? figure_text(1000 * window.money / count) : "", "n") +
            element("td", optional_text(window.quality), "n") + "</tr>\n";
  }
  html += "</table>\n";
  for (const MoneyCause& cause : metric.causes) {
    html += element("p", percent_text(std::min(cause.share, 1.0)) + " of the fall: " + cause.kind +
                             " of " + cause.subject + "; " + cause.words) +
            "\n";
  }
  return html + (metric.note.empty() ? "" : element("p", metric.note, "quiet") + "\n");
}

std::string log_part(const LogCounts& log) {
  std::string html = "<h2>The logs</h2>\n<dl>\n";
  const auto add = [&](const char* name, int64_t count) {
    html += element("dt", name) + element("dd", count_text(count)) + "\n";
  };
  add("Predictions", log.prediction_count);
  add("Logged twice, left out", log.duplicate_count);
  add("Labels", log.feedback_count);
  add("For unknown predictions", log.unknown_label_count);
  add("Predictions labelled again", log.relabelled_count);
  add("With another value (latest counts)", log.contradicted_count);
  add("Not 0 or 1, left out", log.bad_label_count);
  return html + "</dl>\n";
}

}  // namespace

std::string monitor_html(const MonitorReport& report) {
  std::string body = "<header>\n" + element("div", "Monitor", "kind") + "\n" +
                     element("h1", "What was served") + "\n" + element("p", report.answer, "lede") +
                     "\n";
  body += element("p",
                  "Made " + time_text(report.made) + ", windows of " +
                      duration_text(report.window_micros) + "; fewer than " +
                      count_of(report.rows_min, "row") + " are not judged.",
                  "quiet") +
          "\n</header>\n";
  for (const std::string& note : report.notes) body += element("p", note, "quiet") + "\n";
  if (report.models.empty()) {
    return html_page("Monitor", body + log_part(report.log));
  }
  body += "<h2>Alarms</h2>\n" + alarm_list(report.alarms);
  if (report.business) body += money_part(*report.business);
  for (const ModelWatch& watch : report.models) body += model_part(watch);
  return html_page("Monitor", body + log_part(report.log));
}

}  // namespace millgate
