#include "system/report/verdict_page.h"

#include <algorithm>
#include <cmath>

#include "model/measure/rounded_text.h"
#include "system/monitor/wording.h"
#include "system/report/fare_lines.h"
#include "system/report/front_plot.h"
#include "system/report/html.h"
#include "system/report/svg.h"
#include "system/report/verdict_text.h"

namespace millgate {
namespace {

constexpr double kWidth = 260;
constexpr double kHeight = 34;

/// Where the limit lies on the scale of the measurement.
double limit_of(const Requirement& asked) {
  return asked.bound == Bound::not_worse_by ? -asked.limit : asked.limit;
}

/// Measurement, interval and limit; the side that passes is shaded.
std::string limit_plot(const Judgement& one) {
  if (!one.evidence || !std::isfinite(one.evidence->value)) return {};
  const double value = one.evidence->value;
  const double limit = limit_of(one.requirement);
  const double lower = one.evidence->lower.value_or(value);
  const double upper = one.evidence->upper.value_or(value);
  double least = std::min({limit, value, lower});
  double most = std::max({limit, value, upper});
  const double room = std::max({(most - least) * 0.12, std::abs(limit) * 0.02, 1e-9});
  least -= room;
  most += room;
  const Scale x{least, most, 2, kWidth - 2};
  const std::string words = requirement_text(one.requirement) + ": " + rounded_text(value);
  Drawing drawing(kWidth, kHeight, words);
  const bool is_ceiling = one.requirement.bound == Bound::at_most;
  const double from = is_ceiling ? x(least) : x(limit);
  const double to = is_ceiling ? x(limit) : x(most);
  constexpr double kMiddle = 11;
  drawing.rectangle({from, 2}, to - from, 18, "wash", "passes");
  drawing.line({x(limit), 1}, {x(limit), 21}, "guide");
  drawing.line({x(lower), kMiddle}, {x(upper), kMiddle}, one.passed ? "whisker" : "badline");
  drawing.circle({x(value), kMiddle}, 4.5, one.passed ? "mark" : "bad", words);
  const Anchor anchor = x(limit) < 30            ? Anchor::start
                        : x(limit) > kWidth - 30 ? Anchor::end
                                                 : Anchor::middle;
  drawing.text({x(limit), 32}, rounded_text(limit), "faint", anchor);
  return drawing.svg();
}

std::string outcome_cell(const Judgement& one) {
  if (one.passed) return element("span", "passed", "good-text");
  return one.requirement.level == Level::must ? element("span", "failed", "bad-text")
                                              : element("span", "warning", "warn-text");
}

std::string row_of(const Judgement& one) {
  std::string measured = one.passed ? "" : element("span", "not measured", "bad-text");
  if (one.evidence) {
    measured = escape_html(rounded_text(one.evidence->value));
    if (one.evidence->lower && one.evidence->upper) {
      measured += "<br>" + element("span",
                                   rounded_text(*one.evidence->lower) + " to " +
                                       rounded_text(*one.evidence->upper),
                                   "quiet");
    }
  }
  std::string because;
  if (!one.requirement.because.empty()) {
    because = "<br>" + element("span", one.requirement.because, "quiet");
  }
  return "<tr><td>" + escape_html(requirement_text(one.requirement)) + because +
         "</td><td class=\"n\">" + measured + "</td><td><div style=\"width:260px\">" +
         limit_plot(one) + "</div></td><td class=\"n\">" +
         (one.evidence ? escape_html(rounded_text(one.margin)) : "") + "</td><td>" +
         outcome_cell(one) + "</td></tr>\n";
}

std::string reasons(const Verdict& verdict) {
  std::string items;
  for (const Judgement& one : verdict.judgements()) {
    items += "<li><strong>" + escape_html(requirement_text(one.requirement)) +
             "</strong>: " + escape_html(one.reason) + "</li>\n";
  }
  return "<h2>On what it rests</h2>\n<ul>\n" + items + "</ul>\n";
}

/// The loss of a slice beside that of the other rows, on the scale of all slices.
std::string loss_plot(const FoundSlice& one, double least, double most) {
  const double room = std::max((most - least) * 0.05, 1e-9);
  const Scale x{least - room, most + room, 4, kWidth - 4};
  const std::string words =
      "mean loss " + rounded_text(one.loss) + ", elsewhere " + rounded_text(one.loss_elsewhere);
  Drawing drawing(kWidth, 20, words);
  constexpr double kMiddle = 10;
  drawing.line({x(one.loss_elsewhere), 2}, {x(one.loss_elsewhere), 18}, "guide");
  drawing.line({x(one.loss_elsewhere), kMiddle}, {x(one.loss), kMiddle}, "badline");
  drawing.circle({x(one.loss), kMiddle}, 4.5, "bad", words);
  return drawing.svg();
}

std::string found_slices(const SliceSearch& slices) {
  std::string html = "<h2>Slices on which it does worse</h2>\n";
  if (slices.searched_count == 0) {
    return html +
           "<p>None was looked for: there are too few rows, or the task has no loss of each "
           "row.</p>\n";
  }
  if (slices.found.empty()) {
    return html + "<p>None was found that a second half of the rows confirms.</p>\n";
  }
  double least = slices.found.front().loss_elsewhere, most = slices.found.front().loss;
  for (const FoundSlice& one : slices.found) {
    least = std::min({least, one.loss, one.loss_elsewhere});
    most = std::max({most, one.loss, one.loss_elsewhere});
  }
  html +=
      "<div class=\"scroll\"><table><tr><th>Slice</th><th class=\"n\">Rows</th>"
      "<th class=\"n\">Mean loss</th><th>Against the other rows</th></tr>\n";
  for (const FoundSlice& one : slices.found) {
    html += "<tr><td>" + escape_html(one.name) + "</td><td class=\"n\">" +
            std::to_string(one.row_count) + "</td><td class=\"n\">" +
            escape_html(rounded_text(one.loss)) + "</td><td><div style=\"width:260px\">" +
            loss_plot(one, least, most) + "</div></td></tr>\n";
  }
  return html +
         "</table></div>\n<p class=\"quiet\">Dashed: the mean loss of the other rows. Found on one "
         "half of the test rows, confirmed on the other.</p>\n";
}

std::string fares_table(const std::vector<FareLine>& fares) {
  if (fares.empty()) return {};
  std::string html =
      "<h2>Who gains and who loses</h2>\n<div class=\"scroll\"><table><tr><th>Stakeholder</th>"
      "<th>Wants</th><th class=\"n\">Of what serves</th><th class=\"n\">Of this model</th>"
      "<th class=\"n\">Change</th><th></th></tr>\n";
  for (const FareLine& one : fares) {
    const char* kind = is_bad(one) ? "bad-text" : one.outcome == "gains" ? "good-text" : "quiet";
    html += "<tr><td>" + escape_html(one.stakeholder) + "</td><td>" + escape_html(one.wants) +
            "</td><td class=\"n\">" + escape_html(one.serving) + "</td><td class=\"n\">" +
            escape_html(one.model) + "</td><td class=\"n\">" + escape_html(one.change) +
            "</td><td>" + element("span", one.outcome, kind) + "</td></tr>\n";
  }
  return html +
         "</table></div>\n<p class=\"quiet\">Change: on the same rows, with the 95 % interval of "
         "all stakeholders together.</p>\n";
}

std::string decision(const Verdict& verdict) {
  const auto& all = verdict.judgements();
  const auto met =
      std::count_if(all.begin(), all.end(), [](const Judgement& one) { return one.passed; });
  const std::string word = verdict.warns_only() ? "Passed with a warning"
                           : verdict.passed()   ? "Passed"
                                                : "Refused";
  return "<p class=\"banner " + std::string(verdict.passed() ? "good" : "bad") + "\"><strong>" +
         word + "</strong>: " + std::to_string(met) + " of " + std::to_string(all.size()) +
         " requirements met" +
         (verdict.environment().empty() ? std::string()
                                        : ", for " + escape_html(verdict.environment())) +
         ".</p>\n";
}

}  // namespace

std::string verdict_html(const Verdict& verdict, const SliceSearch& slices,
                         const Weighing& weighing) {
  std::string body =
      "<h1>Verdict " + escape_html(verdict.name()) + "</h1>\n<p class=\"quiet\">On model <code>" +
      escape_html(verdict.model().brief()) + "</code>, by " + escape_html(verdict.event().author) +
      ", " + escape_html(time_text(verdict.event().time)) + ", event " +
      std::to_string(verdict.event().number) + " of the ledger.</p>\n";
  body += decision(verdict);
  body +=
      "<div class=\"scroll\"><table><tr><th>Requirement</th><th class=\"n\">Measured</th>"
      "<th>Against its limit</th><th class=\"n\">Margin</th><th></th></tr>\n";
  for (const Judgement& one : verdict.judgements()) body += row_of(one);
  body +=
      "</table></div>\n<p class=\"quiet\">Bars are 95 % intervals; the shaded side of the dashed "
      "limit passes.</p>\n";
  body += fares_table(fare_lines(weighing.models, weighing.stakeholders)) +
          front_section(weighing) + reasons(verdict) + found_slices(slices);
  return html_page("Verdict " + verdict.name(), body);
}

}  // namespace millgate
