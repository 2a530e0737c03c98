#include "app/incident_actions.h"

#include <iostream>
#include <optional>

#include "app/own_command.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

Error refused_by_gate(const std::string& model) {
  return Error{.code = ErrorCode::refused,
               .what = "model " + model + " was trained, and the gate refused it"};
}

Result<std::string> retrain_model(const Workplace& place, const IncidentTrigger& trigger) {
  MILLGATE_ASSIGN(const CommandSaid ran, run_own_command(place.project, {"run", "--json"}));
  MILLGATE_ASSIGN(const Json report, parse_json(ran.output, "what millgate run said"));
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(report, "model", "millgate run"));
  const std::string model = hex.substr(0, 12);
  MILLGATE_ASSIGN(const auto live, serving(place.repository->ledger()));
  if (live && live->model.hex() == hex) {
    return "training gave model " + model + " again, which serves: newer rows must be committed";
  }
  MILLGATE_ASSIGN(const CommandSaid judged, run_own_command(place.project, {"gate", hex}));
  if (judged.code == kAnswerIsNo) return refused_by_gate(model);
  if (trigger.then == TriggerThen::nothing) {
    return "model " + model + " was trained and passed the gate: `millgate release " + model + "`";
  }
  const bool is_release = trigger.then == TriggerThen::release;
  const std::vector<std::string> words = is_release
                                             ? std::vector<std::string>{"release", hex}
                                             : std::vector<std::string>{"rollout", "start", hex};
  MILLGATE_ASSIGN(const CommandSaid went, run_own_command(place.project, words));
  if (went.code == kAnswerIsNo) {
    return Error{
        .code = ErrorCode::refused,
        .what = "model " + model + " passed the gate, and its " + words.front() + " was refused"};
  }
  return "model " + model + " was trained, passed the gate and " +
         (is_release ? "was released" : "is rolled out");
}

}  // namespace

Result<std::vector<IncidentAction>> act_by_triggers(const Workplace& place) {
  Section root = place.project.root;
  MILLGATE_ASSIGN(const std::vector<IncidentTrigger> triggers, read_triggers(root));
  return act_on_incidents(
      *place.repository, triggers,
      [&place](const IncidentTrigger& trigger, const Incident&) {
        return retrain_model(place, trigger);
      },
      author_name());
}

void print_actions(const std::vector<IncidentAction>& actions) {
  for (const IncidentAction& one : actions) {
    std::cout << "trigger " << one.trigger << ": " << to_string(one.does) << " for incident #"
              << one.incident << ' ' << to_string(one.state) << ": " << one.what << '\n';
  }
}

}  // namespace millgate
