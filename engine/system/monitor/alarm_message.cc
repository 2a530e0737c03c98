#include "system/monitor/alarm_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr std::array kFormats = {
    std::pair{"json", AlarmFormat::json}, std::pair{"cloudevents", AlarmFormat::cloudevents},
    std::pair{"slack", AlarmFormat::slack}, std::pair{"alertmanager", AlarmFormat::alertmanager},
    std::pair{"email", AlarmFormat::email}};

/// From here on an alarm is critical for those who only know two kinds.
constexpr double kCriticalSeverity = 0.8;

std::string text_of(const Incident& incident) {
  const Alarm& alarm = incident.alarm();
  std::string text = alarm.what + "\nsince " + to_string(incident.since()) + ", " + alarm.how_much;
  text += "\nharm: " + harm_text(alarm.harm);
  for (size_t at = 1; at < incident.alarms.size(); ++at) {
    text += "\nalso: " + incident.alarms[at].what + ", " + incident.alarms[at].how_much;
  }
  if (!alarm.suspected_cause.empty()) text += "\nsuspected: " + alarm.suspected_cause;
  if (!alarm.next_step.empty()) text += "\nnext: " + alarm.next_step;
  return text;
}

std::string headline(const std::string& project, const std::vector<Incident>& alarms) {
  return project + ": " + std::to_string(alarms.size()) +
         (alarms.size() == 1 ? " incident" : " incidents");
}

Json generic(const std::string& project, const std::vector<Incident>& alarms) {
  Json list = Json::array();
  for (const Incident& one : alarms) list.push_back(to_json(one));
  return {{"project", project}, {"alarms", list}};
}

Json events(const std::string& project, const std::vector<Incident>& alarms) {
  Json list = Json::array();
  for (const Incident& one : alarms) {
    list.push_back({{"specversion", "1.0"},
                    {"id", std::to_string(one.number)},
                    {"source", "/millgate/" + project},
                    {"type", "millgate.alarm.raised"},
                    {"subject", one.alarm().key},
                    {"time", to_string(one.alarm().recorded)},
                    {"datacontenttype", "application/json"},
                    {"data", to_json(one)}});
  }
  return list;
}

/// Slack reads & < > as its own marks.
std::string slack_text(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '&') {
      escaped += "&amp;";
    } else if (letter == '<') {
      escaped += "&lt;";
    } else if (letter == '>') {
      escaped += "&gt;";
    } else {
      escaped += letter;
    }
  }
  return escaped;
}

std::string all_texts(const std::string& project, const std::vector<Incident>& alarms) {
  std::string text = headline(project, alarms);
  for (const Incident& one : alarms) {
    text += "\n\n#" + std::to_string(one.number) + " " + text_of(one);
  }
  return text;
}

Json alerts(const std::string& project, const std::vector<Incident>& alarms) {
  Json list = Json::array();
  for (const Incident& one : alarms) {
    const Alarm& alarm = one.alarm();
    list.push_back(
        {{"labels",
          {{"alertname", "millgate_" + alarm.kind},
           {"project", project},
           {"key", alarm.key},
           {"model", alarm.model},
           {"subject", alarm.subject},
           {"severity", alarm.severity >= kCriticalSeverity ? "critical" : "warning"}}},
         {"annotations",
          {{"summary", alarm.what},
           {"description",
            alarm.how_much +
                (alarm.suspected_cause.empty() ? "" : "; suspected: " + alarm.suspected_cause)},
           {"harm", harm_text(alarm.harm)},
           {"next_step", alarm.next_step}}},
         {"startsAt", to_string(alarm.recorded)}});
  }
  return list;
}

/// A header is one line, whatever a column is called.
std::string one_line(std::string text) {
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  }
  return text;
}

std::string mail_text(const std::string& project, const std::vector<Incident>& alarms,
                      const MailAddresses& mail) {
  std::string receivers;
  for (const std::string& to : mail.to) receivers += (receivers.empty() ? "" : ", ") + one_line(to);
  std::string text = "From: " + one_line(mail.from) + "\r\nTo: " + receivers + "\r\nSubject: " +
                     one_line(headline(project, alarms) + ": " + alarms.front().alarm().what) +
                     "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 8bit\r\n\r\n";
  for (const char letter : all_texts(project, alarms)) {
    if (letter == '\r') continue;
    if (letter == '\n') text += '\r';
    text += letter;
  }
  return text + "\r\n";
}

}  // namespace

std::optional<AlarmFormat> parse_alarm_format(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (name == known) return format;
  }
  return std::nullopt;
}

AlarmMessage alarm_message(AlarmFormat format, const std::string& project,
                           const std::vector<Incident>& alarms, const MailAddresses& mail) {
  switch (format) {
    case AlarmFormat::json:
      return {"application/json", dump_json(generic(project, alarms))};
    case AlarmFormat::cloudevents:
      return {"application/cloudevents-batch+json", dump_json(events(project, alarms))};
    case AlarmFormat::slack:
      return {"application/json",
              dump_json(Json{{"text", slack_text(all_texts(project, alarms))}})};
    case AlarmFormat::alertmanager:
      return {"application/json", dump_json(alerts(project, alarms))};
    case AlarmFormat::email:
      break;
  }
  return {"message/rfc822", mail_text(project, alarms, mail)};
}

}  // namespace millgate
