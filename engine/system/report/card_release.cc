#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/alarm_list.h"
#include "system/report/card_limits.h"
#include "system/report/card_sections.h"
#include "system/report/citation.h"
#include "system/report/drift_plot.h"
#include "system/report/front_plot.h"
#include "system/report/html.h"
#include "system/report/window_plot.h"

namespace millgate {
namespace {

std::string requirement_name(const Requirement& requirement) {
  return requirement.slice.empty() ? requirement.metric
                                   : requirement.metric + ", " + requirement.slice;
}

std::string limit_text(const Requirement& asked) {
  std::string limit = figure_text(asked.limit);
  const std::string rival = is_against_serving(asked) ? " than what served" : "";
  switch (asked.bound) {
    case Bound::at_least:
      return "≥ " + limit;
    case Bound::at_most:
      return "≤ " + limit;
    case Bound::better_by:
      return "better" + rival + " by " + limit;
    case Bound::not_worse_by:
      return "not worse" + rival + " by " + limit;
  }
  return limit;
}

std::string outcome_span(const Judgement& judgement) {
  if (judgement.passed) return element("span", "holds", "good-text");
  return judgement.requirement.level == Level::must ? element("span", "fails", "bad-text")
                                                    : element("span", "warning", "bad-text");
}

std::string judgement_row(const CardFacts& facts, const Judgement& judgement) {
  const Requirement& asked = judgement.requirement;
  std::string because;
  if (!asked.because.empty()) because = "<br>" + element("span", asked.because, "quiet");
  std::string measured = judgement.passed ? "" : "<span class=\"bad-text\">not measured</span>";
  if (judgement.evidence) {
    measured = "<span class=\"num\" title=\"" +
               escape_html(judgement.reason + "; verdict event " +
                           count_text(facts.verdict->event().number)) +
               "\">" + escape_html(value_text(*judgement.evidence)) + "</span>";
  }
  const std::string sign = judgement.margin > 0 ? "+" : "";
  return "<tr><td>" + escape_html(requirement_name(asked)) + because + "</td><td class=\"n\">" +
         escape_html(limit_text(asked)) + "</td><td class=\"n\">" + measured +
         "</td><td class=\"n\">" +
         (judgement.evidence ? escape_html(sign + figure_text(judgement.margin)) : "") +
         "</td><td>" + outcome_span(judgement) + "</td></tr>\n";
}

std::string stakeholders(const CardFacts& facts) {
  std::string text;
  for (const Stakeholder& one : facts.project->stakeholders) {
    text += (text.empty() ? "" : "; ") + one.name + " wants " + one.wants;
  }
  return text.empty() ? text : "<p class=\"quiet\">" + escape_html(text) + ".</p>\n";
}

/// What the gate weighed for the stakeholders; of a verdict that others wrote wrongly, that it is.
std::string weighed_choices(const Verdict& verdict) {
  if (verdict.tradeoff().empty()) return {};
  const auto weighing = weighing_from_text(verdict.tradeoff(), "verdict " + verdict.name());
  if (!weighing.ok()) return element("p", weighing.error().what, "bad-text") + "\n";
  return front_tables(*weighing);
}

std::string drift_words(const ModelWatch& watch) {
  std::string large;
  size_t judged = 0;
  for (const ColumnDrift& column : watch.drift) {
    if (column.verdict == "none" || column.verdict == "small" || column.verdict == "large") {
      ++judged;
    }
    if (column.verdict == "large") large += (large.empty() ? "" : ", ") + column.name;
  }
  if (judged == 0) return "Drift cannot be known yet: there are too few served rows.";
  if (large.empty()) return "No input or feature is far from the training rows.";
  return "Far from the training rows: " + large + ".";
}

}  // namespace

std::string card_requirements(const CardFacts& facts) {
  std::string html = section_heading("requirements", "What was asked of it");
  html += stakeholders(facts);
  if (!facts.verdict) {
    return html + "<p>No gate has judged it. <code>millgate gate " +
           escape_html(facts.model->id().brief()) + "</code> does.</p>\n";
  }
  html += "<div class=\"scroll\"><table><caption>Verdict " + escape_html(facts.verdict->name()) +
          " of " + escape_html(time_text(facts.verdict->event().time)) +
          source_link(CardSource::verdict) +
          "</caption><tr><th>Requirement</th><th class=\"n\">Limit</th><th class=\"n\">Measured"
          "</th><th class=\"n\">Margin</th><th></th></tr>\n";
  for (const Judgement& judgement : facts.verdict->judgements()) {
    html += judgement_row(facts, judgement);
  }
  return html + "</table></div>\n" + weighed_choices(*facts.verdict);
}

std::string card_served(const CardFacts& facts) {
  if (facts.served == nullptr) return {};
  std::string html = section_heading("served", "What happened since it serves");
  if (facts.model->has_classes() || facts.model->is_ranking()) {
    return html +
           "<p>What it answers is in the prediction log; models of several classes and rankings "
           "are "
           "not watched by `millgate monitor` yet.</p>\n";
  }
  if (facts.watch == nullptr) {
    return html + "<p>It has answered nothing yet.</p>\n";
  }
  const ModelWatch& watch = *facts.watch;
  html += "<p>It answered " +
          cite(count_of(watch.row_count, "row"), "rows in the prediction log", CardSource::served) +
          " from " + escape_html(time_text(watch.first)) + " to " +
          escape_html(time_text(watch.last)) + "; labels came for " +
          cite(percent_text(watch.all.maturity), "labelled share", CardSource::served) +
          " of them. " + escape_html(drift_words(watch)) + "</p>\n";
  if (!watch.all.note.empty()) html += element("p", watch.all.note, "quiet") + "\n";
  std::vector<Alarm> found;
  for (const Alarm& alarm : facts.served->alarms) {
    if (alarm.model == watch.model || alarm.model.empty()) found.push_back(alarm);
  }
  html += alarm_list(found);
  const Evidence* tested = facts.find(facts.compared_metric);
  const std::string plot =
      window_plot(watch.windows, facts.compared_metric,
                  tested != nullptr ? std::optional<Evidence>(*tested) : std::nullopt);
  if (watch.all.labelled_count > 0 && !plot.empty()) {
    html += "<figure>" + plot +
            "<figcaption>By window of event time; bars below are rows, the dark part those with "
            "a label." +
            source_link(CardSource::served) + "</figcaption></figure>\n";
  }
  if (const std::string drift = drift_plot(watch.drift); !drift.empty()) {
    html += "<figure>" + drift +
            "<figcaption>Distance of served rows from the training rows, the columns that matter "
            "most first." +
            source_link(CardSource::served) + "</figcaption></figure>\n";
  }
  return html;
}

std::string card_limits(const CardFacts& facts) {
  std::string html = section_heading("limits", "Limits, and what it must not be used for");
  html +=
      "<p>Only what its run and the ledger tell; what nobody measured is not listed.</p>\n<ul>\n";
  for (const CardLimit& limit : find_limits(facts)) {
    html += "<li>" + escape_html(limit.text) + source_link(limit.source) + "</li>\n";
  }
  return html + "</ul>\n";
}

std::string card_history(const CardFacts& facts) {
  std::string html = section_heading("history", "What served when");
  if (facts.history.empty()) return html + "<p>Nothing was released yet.</p>\n";
  if (const Serving& now = facts.history.back(); facts.serves_now() && now.how == "override") {
    html += "<p>" +
            element("span",
                    "It serves by an override of " + now.by +
                        (now.until ? ", until " + time_text(*now.until) : std::string()) +
                        ", and not because it passed: " + now.reason,
                    "warn-text") +
            "</p>\n";
  }
  html += "<div class=\"scroll\"><table><caption>Every release and rollback of this project" +
          source_link(CardSource::ledger) +
          "</caption><tr><th>Since</th><th>Model</th><th>How</th><th>By</th><th>Why</th>"
          "<th class=\"n\">Event</th></tr>\n";
  for (const Serving& change : facts.history) {
    const bool is_this = change.model == facts.model->id();
    const std::string model = "<code>" + escape_html(change.model.brief()) + "</code>";
    std::string why = change.reason;
    if (why.empty() && !change.verdict.empty()) why = "verdict " + change.verdict;
    if (change.until) why += " (until " + time_text(*change.until) + ")";
    html += "<tr><td class=\"nowrap\">" + escape_html(time_text(change.since)) + "</td><td>" +
            (is_this ? "<b>" + model + " (this)</b>" : model) + "</td><td>" +
            (change.how == "release" ? escape_html(change.how)
                                     : element("span", change.how, "warn-text")) +
            "</td><td>" + escape_html(change.by) + "</td><td>" + escape_html(why) +
            "</td><td class=\"n\">" + escape_html(count_text(change.since_event)) + "</td></tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace millgate
