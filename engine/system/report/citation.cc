#include "system/report/citation.h"

#include "system/monitor/wording.h"
#include "system/report/html.h"

namespace millgate {
namespace {

int number_of(CardSource source) { return static_cast<int>(source) + 1; }

std::string event_text(const Event& event) {
  return "event " + count_text(event.number) + " of the ledger, " + event.id.hex() + ", " +
         to_string(event.time) + (event.author.empty() ? "" : ", by " + event.author);
}

std::string title_of(const CardFacts& facts, const Evidence& evidence) {
  std::string title = evidence.metric;
  if (!evidence.slice.empty()) title += ", " + evidence.slice;
  title += ", " + (evidence.data.empty() ? std::string("test") : evidence.data) + " data, " +
           facts.count_text_of(evidence.row_count);
  if (evidence.lower && evidence.upper) title += ", 95 % interval " + interval_text(evidence);
  return title + "; run event " + count_text(facts.run_event.number) + " (" +
         facts.run_event.id.brief() + ")";
}

std::string entry(CardSource source, const std::string& name, const std::string& text) {
  const std::string number = std::to_string(number_of(source));
  return "<li id=\"source-" + number + "\" value=\"" + number + "\">" + element("b", name) + " " +
         escape_html(text) + "</li>\n";
}

}  // namespace

std::string value_text(const Evidence& evidence) {
  const std::string interval = interval_text(evidence);
  return figure_text(evidence.value) + (interval.empty() ? "" : " " + interval);
}

std::string interval_text(const Evidence& evidence) {
  if (!evidence.lower || !evidence.upper) return {};
  return "[" + figure_text(*evidence.lower) + ", " + figure_text(*evidence.upper) + "]";
}

std::string source_link(CardSource source) {
  const std::string number = std::to_string(number_of(source));
  return "<sup><a href=\"#source-" + number + "\" aria-label=\"source " + number + "\">" + number +
         "</a></sup>";
}

std::string cite(const std::string& text, const std::string& title, CardSource source) {
  return "<span class=\"num\" title=\"" + escape_html(title) + "\">" + escape_html(text) +
         "</span>" + source_link(source);
}

std::string cite(const CardFacts& facts, const std::string& text, const Evidence& evidence) {
  return cite(text, title_of(facts, evidence), CardSource::run);
}

std::string explain(const CardFacts& facts, const std::string& text, const Evidence& evidence) {
  return "<span class=\"num\" title=\"" + escape_html(title_of(facts, evidence)) + "\">" +
         escape_html(text) + "</span>";
}

std::string source_list(const CardFacts& facts) {
  std::string html = "<ol class=\"sources\">\n";
  html += entry(CardSource::run,
                "The run that trained and measured the model:", event_text(facts.run_event));
  html += entry(
      CardSource::data, "The data commit:",
      facts.run.data_commit + (facts.data_commit ? ", " + to_string(facts.data_commit->time) +
                                                       ", \"" + facts.data_commit->message + "\""
                                                 : std::string(" (no longer in the store)")));
  html += entry(CardSource::model, "The model itself:",
                facts.model->id().hex() + ", " + count_of(facts.model->size_bytes(), "byte"));
  if (facts.verdict) {
    html +=
        entry(CardSource::verdict, "The verdict of the gate:", event_text(facts.verdict->event()));
  }
  if (!facts.history.empty()) {
    html += entry(CardSource::ledger, "Releases and rollbacks:",
                  "the ledger up to event " + count_text(facts.history.back().since_event));
  }
  if (facts.served != nullptr) {
    html += entry(CardSource::served, "Served rows:",
                  "prediction log and labels as read at " + to_string(facts.served->made));
  }
  return html + "</ol>\n";
}

}  // namespace millgate
