#include "system/report/alarm_list.h"

#include "system/monitor/wording.h"
#include "system/report/html.h"

namespace millgate {
namespace {

std::string term(const std::string& name, const std::string& text) {
  return text.empty() ? std::string() : element("dt", name) + element("dd", text) + "\n";
}

/// An alarm of the incident of the one above it.
std::string joined_block(const Alarm& alarm) {
  return "<dl>" +
         term("Also", alarm.what + "; since " + time_text(alarm.since) + ", " + alarm.how_much) +
         "</dl>\n";
}

std::string alarm_block(const Alarm& alarm) {
  if (!alarm.leads()) return joined_block(alarm);
  std::string html = "<div class=\"alarm\"><h3>" + escape_html(alarm.what);
  if (alarm.is_new) html += " <span class=\"bad-text\">new</span>";
  html += "</h3><dl>\n" + term("Since", time_text(alarm.since)) + term("How much", alarm.how_much) +
          term("Harm", harm_text(alarm.harm)) + term("Suspected", alarm.suspected_cause);
  for (const std::string& one : alarm.suspects) html += term("Before", one);
  if (!alarm.next_step.empty()) {
    html += element("dt", "Next") + "<dd>" + element("code", alarm.next_step) + "</dd>\n";
  }
  if (alarm.event_number != 0) {
    html += term("Recorded", "event " + count_text(alarm.event_number) + " of the ledger, " +
                                 time_text(alarm.recorded));
  }
  return html + "</dl></div>\n";
}

}  // namespace

std::string alarm_list(const std::vector<Alarm>& found) {
  if (found.empty()) {
    return "<div class=\"banner good\"><p><b>No alarm.</b></p></div>\n";
  }
  std::string html;
  for (const Alarm& alarm : found) html += alarm_block(alarm);
  return html;
}

}  // namespace millgate
