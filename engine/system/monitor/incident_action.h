/// What incidents started by themselves: triggers of the project file, at most one action an
/// incident, kept in the ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"
#include "model/release/trigger.h"
#include "system/monitor/incident.h"

namespace millgate {

enum class ActionState : uint8_t {
  waiting,   ///< For a person's approval.
  approved,  ///< By a person, and not begun.
  declined,  ///< By a person.
  begun,     ///< A retraining; whoever monitors next goes on with it where nobody does.
  done,
  refused,  ///< It cannot be done here, and `what` says why.
  cooling,  ///< Another action was not long ago; in no event.
};
[[nodiscard]] std::string_view to_string(ActionState state);

/// What is to be said of one incident.
struct IncidentAction {
  int64_t incident = 0;
  std::string trigger;  ///< Its name.
  TriggerDoes does = TriggerDoes::rollback;
  ActionState state = ActionState::waiting;
  std::string what;   ///< In words: "model ab12... answers again".
  Time time;          ///< Of the event that says so.
  int64_t event = 0;  ///< Its number; 0: none.
  std::string by;
  bool is_new = false;  ///< It came about by this call.
};
[[nodiscard]] nlohmann::ordered_json to_json(const IncidentAction& action);

/// The newest of each incident, oldest first. A rollback with an incident is one that is done.
/// Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<IncidentAction>> incident_actions(const Ledger& ledger);

/// Trains anew, and gives in words what came of it. It is called again after a kill, and must then
/// go on. Errors: `refused` where nothing can come of it; others: it is tried again later.
using Retrain =
    std::function<Result<std::string>(const IncidentTrigger& trigger, const Incident& incident)>;

/// Does for each open incident what the first of `triggers` that it meets says, and gives what came
/// of it or is still to come. Safe against other processes that do the same, and against a kill at
/// any time: a rollback and the record of it are one event, and a retraining is done by whoever
/// holds its lock.
///
/// A rollback is refused where the incident is not about what serves, where the model before has
/// the same trouble, or does not meet what can be checked at once (registry.h). After any action no
/// other begins within the trigger's cool-down.
/// Errors: those of the ledger.
[[nodiscard]] Result<std::vector<IncidentAction>> act_on_incidents(
    Repository& repository, const std::vector<IncidentTrigger>& triggers, const Retrain& retrain,
    const std::string& author);

/// A person's answer. `name` and `reason` must be given.
struct Approval {
  int64_t incident = 0;
  bool is_yes = true;
  std::string name;
  std::string reason;
};
/// Errors: `not_found` where no action of that incident waits, with those that do; `invalid_input`
/// without name or reason.
[[nodiscard]] Status answer_action(Ledger& ledger, const Approval& approval,
                                   const std::string& author);

}  // namespace millgate
