#include "system/monitor/alarm_decision.h"

#include <algorithm>
#include <array>
#include <map>
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

AlarmStanding standing_of(const Alarm& alarm, const std::map<int64_t, Decided>& decisions,
                          Time now) {
  AlarmStanding standing{.alarm = alarm, .state = AlarmState::open, .decision = {}, .decided = {}};
  const auto found = decisions.find(alarm.event_number);
  if (found == decisions.end()) return standing;
  standing.decision = found->second.decision;
  standing.decided = found->second.at;
  const bool has_ended = standing.decision->until && *standing.decision->until <= now;
  if (!has_ended) standing.state = standing.decision->state;
  return standing;
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

Error no_such_alarm(int64_t number, const std::vector<AlarmStanding>& standings) {
  std::string names;
  for (const AlarmStanding& one : standings) {
    names +=
        (names.empty() ? "" : ", ") + std::string("#") + std::to_string(one.alarm.event_number);
  }
  return not_found("there is no alarm #" + std::to_string(number),
                   names.empty() ? "there are no alarms" : "alarms: " + names);
}

Result<AlarmStanding> find_standing(const Ledger& ledger, int64_t number, Time now) {
  MILLGATE_ASSIGN(const auto standings, alarm_standings(ledger, now));
  for (const AlarmStanding& one : standings) {
    if (one.alarm.event_number == number) return one;
  }
  return no_such_alarm(number, standings);
}

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

Result<std::vector<AlarmStanding>> alarm_standings(const Ledger& ledger, Time now) {
  MILLGATE_ASSIGN(const auto all, alarms(ledger));
  MILLGATE_ASSIGN(const auto decisions, newest_decisions(ledger));
  std::map<std::string, size_t> newest;  // Alarms come newest first.
  std::vector<AlarmStanding> standings;
  for (const Alarm& alarm : all) {
    if (!newest.emplace(alarm.key, standings.size()).second) continue;
    standings.push_back(standing_of(alarm, decisions, now));
  }
  std::stable_sort(standings.begin(), standings.end(),
                   [](const AlarmStanding& a, const AlarmStanding& b) {
                     if (a.state != b.state) return a.state < b.state;
                     return a.alarm.severity > b.alarm.severity;
                   });
  return standings;
}

Result<AlarmStanding> decide_alarm(Ledger& ledger, int64_t number, const AlarmDecision& decision,
                                   Time now, const std::string& author) {
  MILLGATE_TRY(check_decision(decision, now));
  MILLGATE_ASSIGN(const AlarmStanding standing, find_standing(ledger, number, now));
  Json body = {{"alarm", number},
               {"key", standing.alarm.key},
               {"state", to_string(decision.state)},
               {"name", decision.name},
               {"reason", decision.reason}};
  if (decision.until) body["until"] = to_string(*decision.until);
  const NewEvent event{
      .kind = kKind, .subject = standing.alarm.key, .author = author, .body = dump_json(body)};
  const auto appended = ledger.append(event, [&](const Ledger& current) -> Status {
    MILLGATE_ASSIGN(const AlarmStanding before, find_standing(current, number, now));
    if (before.state != AlarmState::resolved) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "alarm #" + std::to_string(number) + " is resolved already, by " +
                         before.decision->name + ": " + before.decision->reason};
  });
  if (!appended) return appended.error();
  return find_standing(ledger, number, now);
}

nlohmann::ordered_json to_json(const AlarmStanding& standing) {
  Json json = to_json(standing.alarm);
  json["state"] = to_string(standing.state);
  Json decision = nullptr;
  if (standing.decision) {
    decision = {{"state", to_string(standing.decision->state)},
                {"by", standing.decision->name},
                {"reason", standing.decision->reason},
                {"at", to_string(standing.decided)},
                {"until", standing.decision->until ? Json(to_string(*standing.decision->until))
                                                   : Json(nullptr)}};
  }
  json["decision"] = decision;
  return json;
}

}  // namespace millgate
