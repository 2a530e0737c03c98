#include "system/monitor/alarm.h"

#include <algorithm>
#include <map>

#include "ground/json.h"
#include "system/monitor/alarm_decision.h"

namespace millgate {
namespace {

constexpr const char* kKind = "alarm";

Result<Alarm> alarm_from_event(const Event& event) {
  const std::string object = "alarm of event " + std::to_string(event.number);
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  Alarm alarm;
  MILLGATE_ASSIGN(alarm.key, json_member<std::string>(body, "key", object));
  MILLGATE_ASSIGN(alarm.kind, json_member<std::string>(body, "kind", object));
  MILLGATE_ASSIGN(alarm.severity, json_member<double>(body, "severity", object));
  MILLGATE_ASSIGN(alarm.model, json_member<std::string>(body, "model", object));
  MILLGATE_ASSIGN(alarm.subject, json_member<std::string>(body, "subject", object));
  MILLGATE_ASSIGN(alarm.what, json_member<std::string>(body, "what", object));
  MILLGATE_ASSIGN(const auto since, json_member<std::string>(body, "since", object));
  MILLGATE_ASSIGN(alarm.since, parse_time(since));
  MILLGATE_ASSIGN(alarm.how_much, json_member<std::string>(body, "how_much", object));
  MILLGATE_ASSIGN(alarm.suspected_cause, json_member<std::string>(body, "suspected_cause", object));
  MILLGATE_ASSIGN(alarm.next_step, json_member<std::string>(body, "next_step", object));
  alarm.event_number = event.number;
  alarm.recorded = event.time;
  return alarm;
}

Json body_of(const Alarm& alarm) {
  return {{"key", alarm.key},
          {"kind", alarm.kind},
          {"severity", alarm.severity},
          {"model", alarm.model},
          {"subject", alarm.subject},
          {"what", alarm.what},
          {"since", to_string(alarm.since)},
          {"how_much", alarm.how_much},
          {"suspected_cause", alarm.suspected_cause},
          {"next_step", alarm.next_step}};
}

/// Recorded alarms by key, the newest of each, with what was decided.
Result<std::map<std::string, AlarmStanding>> by_key(const Ledger& ledger) {
  // Whether a mute has ended does not matter here: it was raised, and is not raised again.
  MILLGATE_ASSIGN(auto standings, alarm_standings(ledger, Time{}));
  std::map<std::string, AlarmStanding> found;
  for (AlarmStanding& standing : standings) {
    std::string key = standing.alarm.key;
    found.emplace(std::move(key), std::move(standing));
  }
  return found;
}

/// A resolved alarm comes back where it shows first after that.
bool is_raised(const std::map<std::string, AlarmStanding>& known, const Alarm& alarm) {
  const auto before = known.find(alarm.key);
  if (before == known.end()) return false;
  return before->second.state != AlarmState::resolved || alarm.since <= before->second.decided;
}

Result<Event> append_alarm(Ledger& ledger, const Alarm& alarm, const std::string& author) {
  const NewEvent event{.kind = kKind,
                       .subject = alarm.model.empty() ? alarm.key : alarm.model,
                       .author = author,
                       .body = dump_json(body_of(alarm))};
  return ledger.append(event, [&](const Ledger& now) -> Status {
    MILLGATE_ASSIGN(const auto known, by_key(now));
    if (!is_raised(known, alarm)) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "alarm " + alarm.key + " is recorded already"};
  });
}

}  // namespace

nlohmann::ordered_json to_json(const Alarm& alarm) {
  Json json = body_of(alarm);
  json["is_new"] = alarm.is_new;
  json["event"] = alarm.event_number;
  json["recorded"] = alarm.event_number == 0 ? Json(nullptr) : Json(to_string(alarm.recorded));
  return json;
}

Status record_alarms(Ledger& ledger, std::vector<Alarm>& found, const std::string& author) {
  MILLGATE_ASSIGN(auto known, by_key(ledger));
  for (Alarm& alarm : found) {
    if (!is_raised(known, alarm)) {
      auto event = append_alarm(ledger, alarm, author);
      if (event) {
        alarm.is_new = true;
        alarm.event_number = event->number;
        alarm.recorded = event->time;
        continue;
      }
      if (event.error().code != ErrorCode::conflict) return std::move(event).error();
      MILLGATE_ASSIGN(known, by_key(ledger));  // Another process was faster.
    }
    alarm.event_number = known.at(alarm.key).alarm.event_number;
    alarm.recorded = known.at(alarm.key).alarm.recorded;
  }
  return {};
}

Result<std::vector<Alarm>> alarms(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kKind));
  std::vector<Alarm> all;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(Alarm alarm, alarm_from_event(event));
    all.push_back(std::move(alarm));
  }
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace millgate
