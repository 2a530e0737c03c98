#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/incident_report.h"
#include "system/report/incident_words.h"
#include "system/report/markdown.h"

namespace millgate {
namespace {

/// `text` as code on one line, whatever it holds.
std::string markdown_code(const std::string& text) {
  std::string line;
  size_t run = 0;
  size_t longest = 0;
  for (const char c : text) {
    line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  // A longer fence than any inside; a space where a backtick would touch it.
  const std::string fence(longest + 1, '`');
  const std::string gap = longest > 0 ? " " : "";
  return fence + gap + line + gap + fence;
}

std::string row_of(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + escape_markdown(cell) + " |";
  return out + "\n";
}

std::string causes(const Incident& incident) {
  std::string out = "\n## What changed\n\n";
  for (const Alarm& alarm : incident.alarms) {
    out += "- **" + escape_markdown(alarm.what) + "**, since " + time_text(alarm.since) + ": " +
           escape_markdown(alarm.how_much) + "\n";
  }
  const Alarm& leader = incident.alarm();
  if (!leader.suspected_cause.empty()) {
    out += "\nSuspected: " + escape_markdown(leader.suspected_cause) + ".\n";
  }
  if (!leader.suspects.empty()) out += '\n';
  for (const std::string& one : leader.suspects) out += "- " + escape_markdown(one) + "\n";
  return out;
}

std::string affected(const IncidentReport& report) {
  if (report.groups.empty()) return {};
  std::string out =
      "\n## Who was affected\n\n| Group | Predictions since | Affected | Wrong, where labels came "
      "|\n|---|---:|---:|---:|\n";
  for (const AffectedGroup& group : report.groups) {
    out += row_of({group.column + " = " + group.value, count_text(group.served),
                   count_text(group.affected), wrong_words(group)});
  }
  return out;
}

std::string examples(const IncidentReport& report) {
  if (report.examples.empty()) return {};
  std::string out = "\n## Examples\n\n";
  for (const PredictionTrace& trace : report.examples) {
    const ExampleWords words = example_words(report, trace);
    out += "- " + time_text(trace.event) + ": " + markdown_code(words.asked) + " was answered " +
           escape_markdown(words.answered) + ". " +
           markdown_code("millgate trace " + trace.prediction_id) + "\n";
  }
  return out;
}

std::string time_line(const IncidentReport& report) {
  std::string out = "\n## Time line\n\n| Time | Event | What | By |\n|---|---:|---|---|\n";
  for (const IncidentStep& step : report.steps) {
    out += row_of({to_string(step.time), step.event == 0 ? "" : "#" + std::to_string(step.event),
                   step.what, step.by});
  }
  return out;
}

}  // namespace

std::string incident_markdown(const IncidentReport& report) {
  const Incident& incident = report.incident;
  std::string out = "# Incident " + std::to_string(incident.number) + ": " +
                    escape_markdown(incident.alarm().what) + "\n\n" +
                    escape_markdown(report.project) + ", " +
                    escape_markdown(standing_words(incident)) + ". " +
                    escape_markdown(incident_reach(report)) + "\n\n";
  for (const IncidentFigure& one : incident_figures(report)) {
    out += "- " + escape_markdown(one.label) + ": **" + escape_markdown(one.figure) + "** (" +
           escape_markdown(one.range) + ")\n";
  }
  const auto advice = incident_advice(report);
  if (!advice.empty()) out += "\n## What to do\n\n";
  for (const IncidentAdvice& one : advice) {
    out += "1. " + markdown_code(one.command) + " — " + escape_markdown(one.why) + "\n";
  }
  out += causes(incident) + affected(report) + examples(report) + time_line(report);
  if (!report.notes.empty()) out += "\n## What cannot be known\n\n";
  for (const std::string& note : report.notes) out += "- " + escape_markdown(note) + "\n";
  return out + "\nMade " + time_text(report.made) +
         " from the ledger and the prediction log by `millgate alarms report " +
         std::to_string(incident.number) + "`.\n";
}

}  // namespace millgate
