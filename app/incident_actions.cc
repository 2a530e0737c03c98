#include "app/incident_actions.h"

#include <filesystem>
#include <iostream>
#include <optional>

#include "ground/child_process.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

/// How one of this program's own commands ended.
struct Said {
  int code = 0;
  std::string output;
};

/// Runs `millgate WORDS...` on the project. It ends when this process does.
/// Errors: `outside` where it failed for a reason of the world: another try may do.
Result<Said> run_command(const Workplace& place, const std::vector<std::string>& words) {
  std::error_code failed;
  ProcessOrder order;
  order.folder = place.project.folder;
  order.command = {std::filesystem::read_symlink("/proc/self/exe", failed).string(), "-C",
                   place.project.folder, "--json"};
  order.command.insert(order.command.end(), words.begin(), words.end());
  Said said;
  order.on_line = [&](std::string_view line) {
    said.output += std::string(line) + "\n";
    return Status();
  };
  ProcessEnd end;
  MILLGATE_TRY(run_process(order, end));
  said.code = end.code;
  const std::string name = "millgate " + words.front();
  if (end.fate != ProcessFate::exited || end.code >= 3) {
    return outside_failure(name + " did not come to its end: " + end.errors);
  }
  // A request that is wrong is wrong again the next time.
  if (end.code == 2) {
    return Error{.code = ErrorCode::refused, .what = name + ": " + end.errors};
  }
  return said;
}

Error refused_by_gate(const std::string& model) {
  return Error{.code = ErrorCode::refused,
               .what = "model " + model + " was trained, and the gate refused it"};
}

Result<std::string> retrain_model(const Workplace& place, const IncidentTrigger& trigger) {
  MILLGATE_ASSIGN(const Said ran, run_command(place, {"run"}));
  MILLGATE_ASSIGN(const Json report, parse_json(ran.output, "what millgate run said"));
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(report, "model", "millgate run"));
  const std::string model = hex.substr(0, 12);
  MILLGATE_ASSIGN(const auto live, serving(place.repository->ledger()));
  if (live && live->model.hex() == hex) {
    return "training gave model " + model + " again, which serves: newer rows must be committed";
  }
  MILLGATE_ASSIGN(const Said judged, run_command(place, {"gate", hex}));
  if (judged.code == kAnswerIsNo) return refused_by_gate(model);
  if (trigger.then == TriggerThen::nothing) {
    return "model " + model + " was trained and passed the gate: `millgate release " + model + "`";
  }
  const bool is_release = trigger.then == TriggerThen::release;
  const std::vector<std::string> words = is_release
                                             ? std::vector<std::string>{"release", hex}
                                             : std::vector<std::string>{"rollout", "start", hex};
  MILLGATE_ASSIGN(const Said went, run_command(place, words));
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
