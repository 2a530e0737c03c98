#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/html.h"
#include "system/report/incident_plot.h"
#include "system/report/incident_report.h"
#include "system/report/incident_words.h"

namespace millgate {
namespace {

std::string head_part(const IncidentReport& report) {
  const Incident& incident = report.incident;
  const bool is_quiet = incident.state == AlarmState::resolved;
  std::string html =
      "<header>\n" +
      element("div", "Incident " + std::to_string(incident.number) + " · " + report.project,
              "kind") +
      "\n" + element("h1", incident.alarm().what) + "\n" +
      element("p", incident_reach(report), "lede") + "\n";
  html += "<div class=\"banner " + std::string(is_quiet ? "good" : "bad") + "\"><p><b>" +
          escape_html(standing_words(incident)) + "</b></p></div>\n<div class=\"tiles\">\n";
  for (const IncidentFigure& one : incident_figures(report)) {
    html += "<div class=\"tile\">" + element("div", one.figure, "figure") +
            element("div", one.label, "label") + element("div", one.range, "range") + "</div>\n";
  }
  return html + "</div>\n</header>\n";
}

std::string plot_part(const IncidentReport& report) {
  const std::string plot = incident_plot(report);
  if (plot.empty()) return {};
  return "<figure>" + plot + "<figcaption>Predictions of each " +
         escape_html(duration_text(report.stretch_micros)) +
         " by event time; dark: those that the incident touches.</figcaption></figure>\n";
}

std::string advice_part(const IncidentReport& report) {
  const auto advice = incident_advice(report);
  if (advice.empty()) return {};
  std::string html = "<h2>What to do</h2>\n";
  for (const IncidentAdvice& one : advice) {
    html += element("p", one.why + ":") + "\n" + element("pre", one.command) + "\n";
  }
  return html;
}

std::string cause_part(const Incident& incident) {
  std::string html = "<h2>What changed, and since when</h2>\n";
  for (const Alarm& alarm : incident.alarms) {
    html += "<div class=\"alarm\">" + element("h3", alarm.what) + "<dl>\n" +
            element("dt", "Since") + element("dd", time_text(alarm.since)) + "\n" +
            element("dt", "How much") + element("dd", alarm.how_much) + "\n" +
            element("dt", "Harm") + element("dd", harm_text(alarm.harm)) + "\n";
    if (!alarm.suspected_cause.empty()) {
      html += element("dt", "Suspected") + element("dd", alarm.suspected_cause) + "\n";
    }
    html += "</dl></div>\n";
  }
  const auto& suspects = incident.alarm().suspects;
  if (suspects.empty()) return html;
  html += "<h3>What was changed before it began</h3>\n<ul>\n";
  for (const std::string& one : suspects) html += element("li", one) + "\n";
  return html + "</ul>\n";
}

std::string group_part(const IncidentReport& report) {
  if (report.groups.empty()) return {};
  std::string html =
      "<h2>Who was affected</h2>\n<table><caption>Predictions since it began, by the slices of the "
      "task; wrong: of the affected ones whose label came, those that were decided "
      "otherwise</caption><tr><th>Group</th><th class=\"n\">Predictions</th><th "
      "class=\"n\">Affected</th><th class=\"n\">Share</th><th class=\"n\">Wrong</th></tr>\n";
  for (const AffectedGroup& group : report.groups) {
    const double share =
        group.served == 0 ? 0
                          : static_cast<double>(group.affected) / static_cast<double>(group.served);
    html += "<tr>" + element("td", group.column + " = " + group.value) +
            element("td", count_text(group.served), "n") +
            element("td", count_text(group.affected), "n") +
            element("td", percent_text(share), "n") + element("td", wrong_words(group), "n") +
            "</tr>\n";
  }
  return html + "</table>\n";
}

std::string example_part(const IncidentReport& report) {
  if (report.examples.empty()) return {};
  std::string html = "<h2>Examples</h2>\n";
  for (const PredictionTrace& trace : report.examples) {
    const ExampleWords words = example_words(report, trace);
    html += "<div class=\"alarm\"><dl>\n" + element("dt", "About") +
            element("dd", time_text(trace.event)) + "\n" + element("dt", "Asked with") + "<dd>" +
            element("code", words.asked) + "</dd>\n" + element("dt", "Answered") +
            element("dd", words.answered) + "\n" + element("dt", "Trace it") + "<dd>" +
            element("code", "millgate trace " + trace.prediction_id) + "</dd>\n</dl></div>\n";
  }
  return html;
}

std::string time_line_part(const IncidentReport& report) {
  std::string html =
      "<h2>Time line</h2>\n<div class=\"scroll\"><table><caption>From the ledger; of the incident "
      "itself in bold</caption><tr><th>Time</th><th>What</th><th>By</th><th "
      "class=\"n\">Event</th></tr>\n";
  for (const IncidentStep& step : report.steps) {
    const std::string what = escape_html(step.what);
    html += "<tr>" + element("td", time_text(step.time), "nowrap") + "<td>" +
            (step.is_of_incident ? "<b>" + what + "</b>" : what) + "</td>" +
            element("td", step.by, "quiet") +
            element("td", step.event == 0 ? "" : "#" + std::to_string(step.event), "n") + "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string note_part(const IncidentReport& report) {
  std::string html;
  if (!report.notes.empty()) {
    html += "<h2>What cannot be known</h2>\n<ul>\n";
    for (const std::string& note : report.notes) html += element("li", note) + "\n";
    html += "</ul>\n";
  }
  return html +
         element("p",
                 "Made " + time_text(report.made) +
                     " from the ledger and the prediction log by `millgate alarms report " +
                     std::to_string(report.incident.number) + "`.",
                 "quiet") +
         "\n";
}

}  // namespace

std::string incident_html(const IncidentReport& report) {
  return html_page("Incident " + std::to_string(report.incident.number),
                   head_part(report) + plot_part(report) + advice_part(report) +
                       cause_part(report.incident) + group_part(report) + example_part(report) +
                       time_line_part(report) + note_part(report));
}

}  // namespace millgate
