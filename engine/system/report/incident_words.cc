#include "system/report/incident_words.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr size_t kValuesMax = 8;

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// To whole units, as people say it.
std::string lasted_words(int64_t micros) {
  constexpr int64_t kMinute = 60LL * 1'000'000;
  const int64_t unit = micros >= 48 * 60 * kMinute ? 24 * 60 * kMinute
                       : micros >= 120 * kMinute   ? 60 * kMinute
                                                   : kMinute;
  return duration_text(std::max(unit, micros / unit * unit));
}

/// The gravest harm that is known, of any alarm of the incident; null where none is.
const AlarmHarm* known_harm(const Incident& incident) {
  const AlarmHarm* found = nullptr;
  for (const Alarm& alarm : incident.alarms) {
    if (!alarm.harm.is_known()) continue;
    if (found == nullptr || (alarm.harm.is_measured && !found->is_measured)) found = &alarm.harm;
  }
  return found;
}

/// "+120", "−120".
std::string signed_figure(double change) {
  return (change > 0 ? "+" : change < 0 ? "\xE2\x88\x92" : "") + figure_text(std::abs(change));
}

void add_money(const IncidentReport& report, const AlarmHarm& harm,
               std::vector<IncidentFigure>& figures) {
  if (!harm.earned) return;
  const double thousands = static_cast<double>(report.affected) / 1000;
  figures.push_back({"earned, by estimate", signed_figure(harm.earned->change * thousands),
                     figure_text(harm.earned->lower * thousands) + " to " +
                         figure_text(harm.earned->upper * thousands) + ", over " +
                         count_of(report.affected, "prediction")});
}

}  // namespace

std::string incident_reach(const IncidentReport& report) {
  const Time since = report.incident.since();
  std::string words =
      "Since " + time_text(since) + ", for " + lasted_words(report.until.micros - since.micros);
  if (report.served > 0) {
    words += ", it touches " + count_text(report.affected) + " of " +
             count_of(report.served, "prediction");
  }
  words += ". ";
  if (report.incident.state == AlarmState::resolved) {
    return words + "It was resolved at " + time_text(report.until) + ".";
  }
  if (!report.live) return words + "Nothing is released.";
  const bool is_live =
      std::any_of(report.incident.alarms.begin(), report.incident.alarms.end(),
                  [&](const Alarm& alarm) { return alarm.model == report.live->model.hex(); });
  const std::string model = "model " + report.live->model.brief();
  return words + (is_live ? "The model that it is about, " + model + ", answers still."
                          : "What answers now is " + model + ".");
}

std::vector<IncidentFigure> incident_figures(const IncidentReport& report) {
  std::vector<IncidentFigure> figures;
  if (report.served > 0) {
    figures.push_back({"of the predictions since",
                       percent_text(share(report.affected, report.served)),
                       count_text(report.affected) + " of " + count_text(report.served)});
  }
  const AlarmHarm* harm = known_harm(report.incident);
  if (harm != nullptr) {
    const HarmRange& worse = harm->worse;
    figures.push_back(
        {harm->metric + (harm->is_measured ? ", measured" : ", by estimate"),
         (worse.change > 0 ? "worse by " : "better by ") + figure_text(std::abs(worse.change)),
         figure_text(worse.lower) + " to " + figure_text(worse.upper) + ", was " +
             figure_text(harm->was)});
    add_money(report, *harm, figures);
  } else {
    figures.push_back({"harm", "unknown", report.incident.alarm().harm.note});
  }
  figures.push_back({report.incident.state == AlarmState::resolved ? "it lasted" : "it lasts",
                     lasted_words(report.until.micros - report.incident.since().micros),
                     "noticed " + time_text(report.incident.alarms.back().recorded)});
  return figures;
}

std::string wrong_words(const AffectedGroup& group) {
  if (group.labelled == 0) return {};
  return percent_text(share(group.wrong, group.labelled)) + " of " + count_text(group.labelled);
}

ExampleWords example_words(const IncidentReport& report, const PredictionTrace& trace) {
  std::set<std::string> columns;
  for (const Alarm& alarm : report.incident.alarms) {
    columns.insert(alarm.columns.begin(), alarm.columns.end());
  }
  std::vector<LoggedValue> values = trace.logged;
  std::stable_sort(values.begin(), values.end(), [&](const LoggedValue& a, const LoggedValue& b) {
    return columns.contains(a.name) > columns.contains(b.name);
  });
  const size_t left = values.size() > kValuesMax ? values.size() - kValuesMax : 0;
  values.resize(values.size() - left);
  ExampleWords words;
  for (const LoggedValue& one : values) {
    words.asked += (words.asked.empty() ? "" : " ") + one.name + "=" + one.value;
  }
  if (left > 0) words.asked += " and " + count_text(static_cast<int64_t>(left)) + " more";
  words.answered = figure_text(trace.prediction) + (trace.decision ? ", decided yes" : "") +
                   (trace.labels.empty() ? "; no label came"
                                         : "; really " + figure_text(trace.labels.back().value));
  return words;
}

std::string standing_words(const Incident& incident) {
  std::string words(to_string(incident.state));
  if (!incident.decision || incident.state == AlarmState::open) return words;
  words += " by " + incident.decision->name;
  if (incident.decision->until) words += " until " + time_text(*incident.decision->until);
  return words + ": " + incident.decision->reason;
}

}  // namespace millgate
