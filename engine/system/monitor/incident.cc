#include "system/monitor/incident.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kKind = "alarm_decision";
constexpr std::array kStates = {AlarmState::open, AlarmState::acknowledged, AlarmState::muted,
                                AlarmState::resolved};

struct Decided {
  int64_t alarm = 0;  ///< Event of the alarm.
  AlarmDecision decision;
  Time at;
};

Result<Decided> decision_from_event(const Event& event) {
  const std::string object = "alarm decision of event " + std::to_string(event.number);
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  Decided decided{.alarm = 0, .decision = {}, .at = event.time};
  MILLGATE_ASSIGN(decided.alarm, json_member<int64_t>(body, "alarm", object));
  MILLGATE_ASSIGN(const auto state, json_member<std::string>(body, "state", object));
  const auto known = std::find_if(kStates.begin(), kStates.end(),
                                  [&](AlarmState one) { return to_string(one) == state; });
  if (known == kStates.end()) return damaged(object + ": there is no state `" + state + "`");
  decided.decision.state = *known;
  MILLGATE_ASSIGN(decided.decision.name, json_member<std::string>(body, "name", object));
  MILLGATE_ASSIGN(decided.decision.reason, json_member<std::string>(body, "reason", object));
  if (body.contains("until")) {
    MILLGATE_ASSIGN(const auto until, json_member<std::string>(body, "until", object));
    MILLGATE_ASSIGN(decided.decision.until, parse_time(until));
  }
  return decided;
}

/// The newest decision about each alarm, by the alarm's event.
Result<std::map<int64_t, Decided>> newest_decisions(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kKind));
  std::map<int64_t, Decided> newest;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(Decided decided, decision_from_event(event));
    newest[decided.alarm] = std::move(decided);
  }
  return newest;
}

void apply_decision(Incident& incident, const std::map<int64_t, Decided>& decisions, Time now) {
  const auto found = decisions.find(incident.number);
  if (found == decisions.end()) return;
  incident.decision = found->second.decision;
  incident.decided = found->second.at;
  const bool has_ended = incident.decision->until && *incident.decision->until <= now;
  if (!has_ended) incident.state = incident.decision->state;
}

Status check_decision(const AlarmDecision& decision, Time now) {
  if (decision.name.empty()) {
    return invalid_input("nobody answers for the decision", "give --by NAME");
  }
  if (decision.reason.empty()) {
    return invalid_input("the decision has no reason", "give --reason \"...\"");
  }
  if (decision.state != AlarmState::muted) {
    if (!decision.until) return {};
    return invalid_input("only a mute has an end");
  }
  if (!decision.until) {
    return invalid_input("a mute needs an end", "give --until TIME, or a length such as 7d");
  }
  if (*decision.until > now) return {};
  return invalid_input("the mute would have ended already, at " + to_string(*decision.until),
                       "give a time that is to come");
}

Error no_such_incident(int64_t number, const std::vector<Incident>& all) {
  std::string names;
  for (const Incident& one : all) {
    names += (names.empty() ? "" : ", ") + std::string("#") + std::to_string(one.number);
  }
  return not_found("there is no alarm #" + std::to_string(number),
                   names.empty() ? "there are no alarms" : "alarms: " + names);
}

bool is_graver(const Alarm& a, const Alarm& b) { return a.severity > b.severity; }

}  // namespace

std::string_view to_string(AlarmState state) {
  switch (state) {
    case AlarmState::open:
      return "open";
    case AlarmState::acknowledged:
      return "acknowledged";
    case AlarmState::muted:
      return "muted";
    case AlarmState::resolved:
      break;
  }
  return "resolved";
}

Time Incident::since() const {
  Time earliest = alarms.front().since;
  for (const Alarm& alarm : alarms) earliest = std::min(earliest, alarm.since);
  return earliest;
}

Result<std::vector<Incident>> incidents(const Ledger& ledger, Time now) {
  MILLGATE_ASSIGN(auto all, alarms(ledger));
  MILLGATE_ASSIGN(const auto decisions, newest_decisions(ledger));
  std::set<std::string> keys;  // Alarms come newest first.
  std::map<int64_t, size_t> at;
  std::vector<Incident> found;
  for (Alarm& alarm : all) {
    if (!keys.insert(alarm.key).second) continue;
    const auto [place, is_first] = at.emplace(alarm.incident, found.size());
    if (is_first) found.push_back({.number = alarm.incident, .alarms = {}});
    found[place->second].alarms.push_back(std::move(alarm));
  }
  for (Incident& one : found) {
    std::reverse(one.alarms.begin(), one.alarms.end());  // Of equal ones the first leads.
    std::stable_sort(one.alarms.begin(), one.alarms.end(), is_graver);
    apply_decision(one, decisions, now);
  }
  std::stable_sort(found.begin(), found.end(), [](const Incident& a, const Incident& b) {
    if (a.state != b.state) return a.state < b.state;
    return is_graver(a.alarm(), b.alarm());
  });
  return found;
}

Result<Incident> find_incident(const Ledger& ledger, int64_t number, Time now) {
  MILLGATE_ASSIGN(auto all, incidents(ledger, now));
  for (Incident& one : all) {
    const bool has_alarm =
        std::any_of(one.alarms.begin(), one.alarms.end(),
                    [&](const Alarm& alarm) { return alarm.event_number == number; });
    if (one.number == number || has_alarm) return std::move(one);
  }
  return no_such_incident(number, all);
}

Result<Incident> decide_incident(Ledger& ledger, int64_t number, const AlarmDecision& decision,
                                 Time now, const std::string& author) {
  MILLGATE_TRY(check_decision(decision, now));
  MILLGATE_ASSIGN(const Incident incident, find_incident(ledger, number, now));
  Json body = {{"alarm", incident.number},
               {"key", incident.alarm().key},
               {"state", to_string(decision.state)},
               {"name", decision.name},
               {"reason", decision.reason}};
  if (decision.until) body["until"] = to_string(*decision.until);
  const NewEvent event{
      .kind = kKind, .subject = incident.alarm().key, .author = author, .body = dump_json(body)};
  const auto appended = ledger.append(event, [&](const Ledger& current) -> Status {
    MILLGATE_ASSIGN(const Incident before, find_incident(current, incident.number, now));
    if (before.state != AlarmState::resolved) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "alarm #" + std::to_string(incident.number) + " is resolved already, by " +
                         before.decision->name + ": " + before.decision->reason};
  });
  if (!appended) return appended.error();
  return find_incident(ledger, incident.number, now);
}

nlohmann::ordered_json to_json(const Incident& incident) {
  Json json = to_json(incident.alarm());
  json["incident"] = incident.number;
  json["since"] = to_string(incident.since());
  Json also = Json::array();
  for (size_t at = 1; at < incident.alarms.size(); ++at)
    also.push_back(to_json(incident.alarms[at]));
  json["also"] = also;
  json["state"] = to_string(incident.state);
  Json decision = nullptr;
  if (incident.decision) {
    decision = {{"state", to_string(incident.decision->state)},
                {"by", incident.decision->name},
                {"reason", incident.decision->reason},
                {"at", to_string(incident.decided)},
                {"until", incident.decision->until ? Json(to_string(*incident.decision->until))
                                                   : Json(nullptr)}};
  }
  json["decision"] = decision;
  return json;
}

}  // namespace millgate
