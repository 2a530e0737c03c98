#include "system/monitor/alarm.h"

#include <algorithm>
#include <map>

#include "ground/json.h"
#include "system/monitor/incident.h"

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
  alarm.incident = event.number;
  alarm.harm.note = "it was not measured when the alarm was recorded";
  if (!body.contains("harm")) return alarm;  // Of before alarms knew their harm.
  MILLGATE_ASSIGN(alarm.harm, harm_from_json(body["harm"], object));
  MILLGATE_ASSIGN(alarm.served_rows, json_member<int64_t>(body, "served_rows", object));
  MILLGATE_ASSIGN(alarm.affected_rows, json_member<int64_t>(body, "affected_rows", object));
  MILLGATE_ASSIGN(alarm.rows_where, json_member<std::string>(body, "rows_where", object));
  MILLGATE_ASSIGN(alarm.columns, json_member<std::vector<std::string>>(body, "columns", object));
  MILLGATE_ASSIGN(alarm.suspects, json_member<std::vector<std::string>>(body, "suspects", object));
  MILLGATE_ASSIGN(const auto incident, json_member<int64_t>(body, "incident", object));
  if (incident != 0) alarm.incident = incident;
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
          {"next_step", alarm.next_step},
          {"harm", to_json(alarm.harm)},
          {"served_rows", alarm.served_rows},
          {"affected_rows", alarm.affected_rows},
          {"rows_where", alarm.rows_where},
          {"columns", alarm.columns},
          {"suspects", alarm.suspects}};
}

/// A recorded alarm and its incident as it stands.
struct Known {
  Alarm alarm;
  AlarmState state = AlarmState::open;
  Time decided;
};

/// Recorded alarms by key, the newest of each.
Result<std::map<std::string, Known>> by_key(const Ledger& ledger) {
  // Whether a mute has ended does not matter here: it was raised, and is not raised again.
  MILLGATE_ASSIGN(const auto recorded, incidents(ledger, Time{}));
  std::map<std::string, Known> found;
  for (const Incident& incident : recorded) {
    for (const Alarm& alarm : incident.alarms) {
      found.emplace(alarm.key, Known{alarm, incident.state, incident.decided});
    }
  }
  return found;
}

/// A resolved alarm comes back where it shows first after that.
bool is_raised(const std::map<std::string, Known>& known, const Alarm& alarm) {
  const auto before = known.find(alarm.key);
  if (before == known.end()) return false;
  return before->second.state != AlarmState::resolved || alarm.since <= before->second.decided;
}

/// The oldest incident that one of the alarms led by `leader` has and nobody resolved; 0: none.
int64_t incident_of(const std::map<std::string, Known>& known, const std::vector<Alarm>& found,
                    const std::string& leader) {
  int64_t oldest = 0;
  for (const Alarm& alarm : found) {
    if (alarm.key != leader && alarm.leader != leader) continue;
    const auto one = known.find(alarm.key);
    if (one == known.end() || one->second.state == AlarmState::resolved) continue;
    const int64_t number = one->second.alarm.incident;
    oldest = oldest == 0 ? number : std::min(oldest, number);
  }
  return oldest;
}

/// `incident`: 0 begins one.
Result<Event> append_alarm(Ledger& ledger, const Alarm& alarm, int64_t incident,
                           const std::string& author) {
  Json body = body_of(alarm);
  body["incident"] = incident;
  const NewEvent event{.kind = kKind,
                       .subject = alarm.model.empty() ? alarm.key : alarm.model,
                       .author = author,
                       .body = dump_json(body)};
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
  json["incident"] = alarm.incident;
  json["leader"] = alarm.leader;
  json["is_new"] = alarm.is_new;
  json["event"] = alarm.event_number;
  json["recorded"] = alarm.event_number == 0 ? Json(nullptr) : Json(to_string(alarm.recorded));
  return json;
}

Status record_alarms(Ledger& ledger, std::vector<Alarm>& found, const std::string& author) {
  MILLGATE_ASSIGN(auto known, by_key(ledger));
  for (Alarm& alarm : found) {
    if (!is_raised(known, alarm)) {
      const int64_t incident = incident_of(known, found, alarm.leads() ? alarm.key : alarm.leader);
      auto event = append_alarm(ledger, alarm, incident, author);
      if (event) {
        alarm.is_new = true;
      } else if (event.error().code != ErrorCode::conflict) {
        return std::move(event).error();
      }
      MILLGATE_ASSIGN(known, by_key(ledger));  // With this one, or that of a faster process.
    }
    const Alarm& recorded = known.at(alarm.key).alarm;
    alarm.incident = recorded.incident;
    alarm.event_number = recorded.event_number;
    alarm.recorded = recorded.recorded;
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
