#include "model/release/trigger.h"

#include <algorithm>
#include <iterator>

#include "ground/nearest_name.h"

namespace millgate {
namespace {

Status read_when(Section& section, IncidentTrigger& trigger) {
  MILLGATE_ASSIGN(trigger.when, section.texts("when"));
  if (trigger.when.empty()) {
    return section.error_at("when", "the trigger does not say when",
                            "name kinds of alarms, for example when = [\"quality\", \"money\"]");
  }
  const std::vector<std::string> kinds(std::begin(kAlarmKinds), std::end(kAlarmKinds));
  for (const std::string& kind : trigger.when) {
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
    return section.error_at("when", "there is no kind of alarm `" + kind + "`",
                            name_hint(kind, kinds));
  }
  return {};
}

Status read_conditions(Section& section, IncidentTrigger& trigger) {
  MILLGATE_ASSIGN(const auto severity, section.number("severity_at_least"));
  trigger.severity_at_least = severity.value_or(trigger.severity_at_least);
  if (trigger.severity_at_least < 0 || trigger.severity_at_least > 1) {
    return section.error_at("severity_at_least", "a severity is between 0 and 1");
  }
  MILLGATE_ASSIGN(trigger.harm_at_least, section.number("harm_at_least"));
  if (trigger.harm_at_least && *trigger.harm_at_least <= 0) {
    return section.error_at("harm_at_least", "a harm is above 0",
                            "write a share: 0.05 is 5 % of what there was to lose");
  }
  MILLGATE_ASSIGN(const auto cooldown, section.duration_micros("cooldown"));
  trigger.cooldown_micros = cooldown.value_or(trigger.cooldown_micros);
  return {};
}

Result<IncidentTrigger> read_trigger(Section section) {
  IncidentTrigger trigger;
  MILLGATE_ASSIGN(trigger.name, section.text("name"));
  MILLGATE_TRY(read_when(section, trigger));
  MILLGATE_TRY(read_conditions(section, trigger));
  MILLGATE_ASSIGN(const std::string does, section.text("do"));
  if (does != "rollback" && does != "retrain") {
    return section.error_at("do", "a trigger does `rollback` or `retrain`, not `" + does + "`");
  }
  trigger.does = does == "retrain" ? TriggerDoes::retrain : TriggerDoes::rollback;
  if (section.has("then") && trigger.does == TriggerDoes::rollback) {
    return section.error_at("then", "after a rollback nothing is left to do",
                            "`then` says what becomes of a model that was trained anew");
  }
  MILLGATE_ASSIGN(const std::string then,
                  section.one_of("then", "nothing", {"nothing", "release", "rollout"}));
  trigger.then = then == "release"   ? TriggerThen::release
                 : then == "rollout" ? TriggerThen::rollout
                                     : TriggerThen::nothing;
  MILLGATE_ASSIGN(trigger.needs_approval, section.boolean_or("approval", false));
  MILLGATE_TRY(section.finish());
  return trigger;
}

}  // namespace

std::string_view to_string(TriggerDoes does) {
  return does == TriggerDoes::retrain ? "retrain" : "rollback";
}

Result<std::vector<IncidentTrigger>> read_triggers(Section& root) {
  MILLGATE_ASSIGN(const auto sections, root.sections("trigger"));
  std::vector<IncidentTrigger> triggers;
  triggers.reserve(sections.size());
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(IncidentTrigger one, read_trigger(section));
    const bool is_twice =
        std::any_of(triggers.begin(), triggers.end(),
                    [&](const IncidentTrigger& other) { return other.name == one.name; });
    if (is_twice) {
      return section.error_at("name", "two triggers are called `" + one.name + "`",
                              "the ledger names what was done by it");
    }
    triggers.push_back(std::move(one));
  }
  return triggers;
}

}  // namespace millgate
