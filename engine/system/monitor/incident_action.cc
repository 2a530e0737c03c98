#include "system/monitor/incident_action.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "ground/file_lock.h"
#include "ground/json.h"
#include "model/release/registry.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr const char* kKind = "trigger";
constexpr std::array kRecordedStates = {ActionState::waiting,  ActionState::approved,
                                        ActionState::declined, ActionState::begun,
                                        ActionState::done,     ActionState::refused};

Result<IncidentAction> action_from_event(const Event& event) {
  const std::string object = "trigger of event " + std::to_string(event.number);
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  IncidentAction action;
  action.time = event.time;
  action.event = event.number;
  action.by = event.author;
  MILLGATE_ASSIGN(action.incident, json_member<int64_t>(body, "incident", object));
  MILLGATE_ASSIGN(action.trigger, json_member<std::string>(body, "trigger", object));
  MILLGATE_ASSIGN(const auto does, json_member<std::string>(body, "do", object));
  action.does = does == "retrain" ? TriggerDoes::retrain : TriggerDoes::rollback;
  MILLGATE_ASSIGN(const auto state, json_member<std::string>(body, "state", object));
  const auto known = std::find_if(kRecordedStates.begin(), kRecordedStates.end(),
                                  [&](ActionState one) { return to_string(one) == state; });
  if (known == kRecordedStates.end())
    return damaged(object + ": there is no state `" + state + "`");
  action.state = *known;
  MILLGATE_ASSIGN(action.what, json_member<std::string>(body, "what", object));
  return action;
}

/// Of the rollbacks, those that answer an incident.
Status add_rollbacks(const Ledger& ledger, std::vector<IncidentAction>& actions) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, "rollback"));
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, "rollback"));
    const auto incident = body.value("incident", int64_t{0});
    if (incident == 0) continue;
    actions.push_back({.incident = incident,
                       .trigger = body.value("trigger", std::string()),
                       .does = TriggerDoes::rollback,
                       .state = ActionState::done,
                       .what = "model " + event.subject.substr(0, 12) + " answers again",
                       .time = event.time,
                       .event = event.number,
                       .by = event.author});
  }
  return {};
}

const IncidentAction* action_of(const std::vector<IncidentAction>& actions, int64_t incident) {
  for (const IncidentAction& one : actions) {
    if (one.incident == incident) return &one;
  }
  return nullptr;
}

bool is_met(const IncidentTrigger& trigger, const Incident& incident) {
  return std::any_of(incident.alarms.begin(), incident.alarms.end(), [&](const Alarm& alarm) {
    const bool is_kind =
        std::find(trigger.when.begin(), trigger.when.end(), alarm.kind) != trigger.when.end();
    if (!is_kind || alarm.severity < trigger.severity_at_least) return false;
    return !trigger.harm_at_least ||
           (alarm.harm.is_sure() && alarm.harm.share() >= *trigger.harm_at_least);
  });
}

/// When the last thing was done or begun for another incident; nothing: never.
std::optional<Time> last_action(const std::vector<IncidentAction>& actions, int64_t incident) {
  std::optional<Time> last;
  for (const IncidentAction& one : actions) {
    if (one.incident == incident) continue;
    if (one.state != ActionState::done && one.state != ActionState::begun) continue;
    last = last ? std::max(*last, one.time) : one.time;
  }
  return last;
}

std::string words_of(const IncidentTrigger& trigger, const Incident& incident) {
  return "trigger " + trigger.name + ", incident #" + std::to_string(incident.number) + ": " +
         incident.alarm().what;
}

/// What the triggers do, one incident after the other.
class Actor {
 public:
  Actor(Repository& repository, const Retrain& retrain, std::string author)
      : repository_(repository),
        ledger_(repository.ledger()),
        retrain_(retrain),
        author_(std::move(author)) {}

  Result<std::vector<IncidentAction>> act(const std::vector<IncidentTrigger>& triggers) {
    MILLGATE_ASSIGN(const auto all, incidents(ledger_, repository_.clock().now()));
    for (const Incident& incident : all) {
      if (incident.state != AlarmState::open) continue;
      const auto trigger =
          std::find_if(triggers.begin(), triggers.end(),
                       [&](const IncidentTrigger& one) { return is_met(one, incident); });
      if (trigger != triggers.end()) MILLGATE_TRY(act(*trigger, incident));
    }
    return std::move(told_);
  }

 private:
  Status act(const IncidentTrigger& trigger, const Incident& incident) {
    MILLGATE_ASSIGN(const auto actions, incident_actions(ledger_));
    const IncidentAction* before = action_of(actions, incident.number);
    if (before != nullptr && before->state != ActionState::approved &&
        before->state != ActionState::begun) {
      if (before->state == ActionState::waiting) told_.push_back(*before);
      return {};
    }
    const bool is_begun = before != nullptr && before->state == ActionState::begun;
    const std::optional<Time> last = last_action(actions, incident.number);
    const int64_t end = last ? last->micros + trigger.cooldown_micros : 0;
    if (!is_begun && last && repository_.clock().now().micros < end) {
      tell(
          trigger, incident, ActionState::cooling,
          "it waits until " + time_text(Time{end}) + ": another action was at " + time_text(*last));
      return {};
    }
    if (before == nullptr && trigger.needs_approval) {
      return record(trigger, incident, ActionState::waiting,
                    "millgate alarms approve " + std::to_string(incident.number));
    }
    return trigger.does == TriggerDoes::rollback ? roll_back(trigger, incident)
                                                 : retrain(trigger, incident, is_begun);
  }

  /// That nothing was done for `incident` meanwhile, nothing else within the cool-down, and that
  /// nobody has taken it over.
  [[nodiscard]] Ledger::Condition still_due(const IncidentTrigger& trigger,
                                            const Incident& incident) const {
    const Time now = repository_.clock().now();
    return [&trigger, &incident, now](const Ledger& inside) -> Status {
      MILLGATE_ASSIGN(const auto actions, incident_actions(inside));
      const IncidentAction* before = action_of(actions, incident.number);
      const std::optional<Time> last = last_action(actions, incident.number);
      MILLGATE_ASSIGN(const Incident standing, find_incident(inside, incident.number, now));
      const bool is_taken = before != nullptr && before->state != ActionState::approved;
      const bool is_cooling = last && now.micros < last->micros + trigger.cooldown_micros;
      if (!is_taken && !is_cooling && standing.state == AlarmState::open) return {};
      return Error{.code = ErrorCode::conflict, .what = "somebody else was faster"};
    };
  }

  Status roll_back(const IncidentTrigger& trigger, const Incident& incident) {
    MILLGATE_ASSIGN(const auto now, serving(ledger_));
    MILLGATE_ASSIGN(const auto target, rollback_target(ledger_));
    const auto is_about = [&](const Id& model) {
      return std::any_of(incident.alarms.begin(), incident.alarms.end(),
                         [&](const Alarm& alarm) { return alarm.model == model.hex(); });
    };
    if (!now || !is_about(now->model)) {
      return record(trigger, incident, ActionState::refused, "it is not about what serves now");
    }
    if (!target) {
      return record(trigger, incident, ActionState::refused, "no model served before");
    }
    if (is_about(*target)) {
      return record(trigger, incident, ActionState::refused,
                    "model " + target->brief() + ", which served before, has the same trouble");
    }
    auto done = millgate::roll_back(ledger_,
                                    {.to = target,
                                     .reason = words_of(trigger, incident),
                                     .incident = incident.number,
                                     .also = still_due(trigger, incident)},
                                    author_);
    if (done) {
      tell(trigger, incident, ActionState::done, "model " + target->brief() + " answers again");
      return {};
    }
    if (done.error().code == ErrorCode::conflict) return {};  // The next look sees what happened.
    if (done.error().code != ErrorCode::refused) return std::move(done).error();
    return record(trigger, incident, ActionState::refused, done.error().what);
  }

  Status retrain(const IncidentTrigger& trigger, const Incident& incident, bool is_begun) {
    MILLGATE_ASSIGN(const auto lock,
                    try_lock_file(repository_.folder("scratch") + "/trigger.lock"));
    if (!lock) return {};  // Somebody is at it.
    if (!is_begun) {
      const size_t before = told_.size();
      MILLGATE_TRY(record(trigger, incident, ActionState::begun, "training"));
      if (told_.size() == before) return {};
      told_.pop_back();
    }
    auto came = retrain_(trigger, incident);
    if (came) return record(trigger, incident, ActionState::done, *came);
    if (came.error().code == ErrorCode::refused) {
      return record(trigger, incident, ActionState::refused, came.error().what);
    }
    tell(trigger, incident, ActionState::begun,
         came.error().what + "; it is tried again when the next one monitors");
    return {};
  }

  void tell(const IncidentTrigger& trigger, const Incident& incident, ActionState state,
            std::string what) {
    told_.push_back({.incident = incident.number,
                     .trigger = trigger.name,
                     .does = trigger.does,
                     .state = state,
                     .what = std::move(what),
                     .time = repository_.clock().now(),
                     .by = author_,
                     .is_new = state != ActionState::cooling});
  }

  Status record(const IncidentTrigger& trigger, const Incident& incident, ActionState state,
                const std::string& what) {
    const Json body = {{"incident", incident.number},
                       {"trigger", trigger.name},
                       {"do", to_string(trigger.does)},
                       {"state", to_string(state)},
                       {"what", what}};
    // The end of a retraining is for who holds its lock; all else is for the first who comes.
    const bool is_end = trigger.does == TriggerDoes::retrain && state != ActionState::waiting &&
                        state != ActionState::begun;
    const auto event = ledger_.append({.kind = kKind,
                                       .subject = std::to_string(incident.number),
                                       .author = author_,
                                       .body = dump_json(body)},
                                      is_end ? nullptr : still_due(trigger, incident));
    if (event) {
      tell(trigger, incident, state, what);
      told_.back().event = event->number;
      return {};
    }
    return event.error().code == ErrorCode::conflict ? Status() : Status(event.error());
  }

  Repository& repository_;
  Ledger& ledger_;
  const Retrain& retrain_;
  std::string author_;
  std::vector<IncidentAction> told_;
};

Result<IncidentAction> find_waiting(const Ledger& ledger, int64_t incident) {
  MILLGATE_ASSIGN(const auto actions, incident_actions(ledger));
  std::string names;
  for (const IncidentAction& one : actions) {
    if (one.state != ActionState::waiting) continue;
    if (one.incident == incident) return one;
    names += (names.empty() ? "#" : ", #") + std::to_string(one.incident);
  }
  return not_found("nothing of incident #" + std::to_string(incident) + " waits for an answer",
                   names.empty() ? "nothing waits for anybody" : "those that do: " + names);
}

}  // namespace

std::string_view to_string(ActionState state) {
  switch (state) {
    case ActionState::waiting:
      return "waiting";
    case ActionState::approved:
      return "approved";
    case ActionState::declined:
      return "declined";
    case ActionState::begun:
      return "begun";
    case ActionState::done:
      return "done";
    case ActionState::refused:
      return "refused";
    case ActionState::cooling:
      break;
  }
  return "cooling";
}

nlohmann::ordered_json to_json(const IncidentAction& action) {
  return {{"incident", action.incident},
          {"trigger", action.trigger},
          {"do", to_string(action.does)},
          {"state", to_string(action.state)},
          {"what", action.what},
          {"time", to_string(action.time)},
          {"event", action.event == 0 ? Json(nullptr) : Json(action.event)},
          {"by", action.by},
          {"is_new", action.is_new}};
}

Result<std::vector<IncidentAction>> incident_actions(const Ledger& ledger) {
  std::vector<IncidentAction> all;
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kKind));
  for (const Event& event : events) {
    MILLGATE_ASSIGN(IncidentAction action, action_from_event(event));
    all.push_back(std::move(action));
  }
  MILLGATE_TRY(add_rollbacks(ledger, all));
  std::stable_sort(all.begin(), all.end(), [](const IncidentAction& a, const IncidentAction& b) {
    return a.event < b.event;
  });
  std::vector<IncidentAction> newest;
  for (IncidentAction& action : all) {
    std::erase_if(newest,
                  [&](const IncidentAction& one) { return one.incident == action.incident; });
    newest.push_back(std::move(action));
  }
  return newest;
}

Result<std::vector<IncidentAction>> act_on_incidents(Repository& repository,
                                                     const std::vector<IncidentTrigger>& triggers,
                                                     const Retrain& retrain,
                                                     const std::string& author) {
  if (triggers.empty()) return std::vector<IncidentAction>{};
  return Actor(repository, retrain, author).act(triggers);
}

Status answer_action(Ledger& ledger, const Approval& approval, const std::string& author) {
  if (approval.name.empty()) {
    return invalid_input("nobody answers for it", "give --by NAME");
  }
  if (approval.reason.empty()) {
    return invalid_input("the answer has no reason", "give --reason \"...\"");
  }
  MILLGATE_ASSIGN(const IncidentAction waiting, find_waiting(ledger, approval.incident));
  const ActionState state = approval.is_yes ? ActionState::approved : ActionState::declined;
  const Json body = {
      {"incident", waiting.incident},
      {"trigger", waiting.trigger},
      {"do", to_string(waiting.does)},
      {"state", to_string(state)},
      {"what", std::string(to_string(state)) + " by " + approval.name + ": " + approval.reason},
      {"name", approval.name},
      {"reason", approval.reason}};
  const auto event = ledger.append({.kind = kKind,
                                    .subject = std::to_string(waiting.incident),
                                    .author = author,
                                    .body = dump_json(body)},
                                   [&](const Ledger& now) -> Status {
                                     MILLGATE_TRY(find_waiting(now, waiting.incident));
                                     return {};
                                   });
  return event ? Status() : Status(event.error());
}

}  // namespace millgate
