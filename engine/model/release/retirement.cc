#include "model/release/retirement.h"

#include <vector>

#include "ground/json.h"
#include "model/release/alias.h"
#include "model/release/refusal.h"
#include "model/release/registry.h"
#include "model/release/rollout.h"

namespace millgate {

namespace {

constexpr const char* kRetireKind = "retire";

/// Who needs the model still.
Status check_unused(const Ledger& ledger, const Id& model) {
  const std::string object = "retire model " + model.brief() + ": ";
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  for (const Serving& one : live) {
    MILLGATE_ASSIGN(const auto rollout, running_rollout(ledger, one.environment));
    if (rollout && rollout->challenger == model) {
      return refused(object + "roll-out " + std::to_string(rollout->event) + " of it is running",
                     "`millgate rollout abort --reason ...` ends it");
    }
    if (one.model != model) continue;
    return refused(object +
                       (one.environment.empty() ? std::string("it serves")
                                                : "it is live in `" + one.environment + "`") +
                       " since " + to_string(one.since),
                   "release or promote another model there first");
  }
  MILLGATE_ASSIGN(const std::vector<Alias> names, aliases(ledger));
  for (const Alias& one : names) {
    if (one.model != model) continue;
    return refused(object + "alias `" + one.name + "` names it",
                   "give the alias to another model, or take it away: `millgate alias " + one.name +
                       " --remove`");
  }
  return {};
}

Status append_retirement(Ledger& ledger, const Id& model, bool retired, const std::string& reason,
                         const std::string& author) {
  const std::string object = (retired ? "retire model " : "bring back model ") + model.brief();
  if (is_blank(reason)) {
    return invalid_input(object + ": the reason is missing", "say why; it stays in the ledger");
  }
  const Json body = {{"retired", retired}, {"reason", reason}};
  const auto still_right = [&](const Ledger& inside) -> Status {
    MILLGATE_ASSIGN(const std::optional<Retirement> now, retirement(inside, model));
    if (now.has_value() == retired) {
      return conflict(
          object + (retired ? ": `" + now->by + "` retired it at " + to_string(now->since)
                            : std::string(": it is not retired")),
          "nothing is to be done");
    }
    return retired ? check_unused(inside, model) : Status();
  };
  const auto appended = ledger.append(
      {.kind = kRetireKind, .subject = model.hex(), .author = author, .body = dump_json(body)},
      still_right);
  return appended.ok() ? Status() : Status(appended.error());
}

}  // namespace

Result<std::optional<Retirement>> retirement(const Ledger& ledger, const Id& model,
                                             std::optional<Time> at) {
  MILLGATE_ASSIGN(const std::optional<Event> event, ledger.newest(kRetireKind, model.hex(), at));
  if (!event) return std::optional<Retirement>();
  const std::string object = "event " + std::to_string(event->number) + " (retire)";
  MILLGATE_ASSIGN(const Json body, parse_json(event->body, object));
  MILLGATE_ASSIGN(const bool retired, json_member<bool>(body, "retired", object));
  if (!retired) return std::optional<Retirement>();
  MILLGATE_ASSIGN(std::string reason, json_member<std::string>(body, "reason", object));
  return std::make_optional(
      Retirement{.since = event->time, .by = event->author, .reason = std::move(reason)});
}

Status retire(Ledger& ledger, const Id& model, const std::string& reason,
              const std::string& author) {
  return append_retirement(ledger, model, true, reason, author);
}

Status bring_back(Ledger& ledger, const Id& model, const std::string& reason,
                  const std::string& author) {
  return append_retirement(ledger, model, false, reason, author);
}

Status check_not_retired(const Ledger& ledger, const Id& model, const std::string& object) {
  MILLGATE_ASSIGN(const std::optional<Retirement> now, retirement(ledger, model));
  if (!now) return {};
  return refused(object + ": model " + model.brief() + " was retired by " + now->by +
                     ", because: " + now->reason,
                 "choose another, or `millgate retire " + model.brief() + " --undo --reason ...`");
}

}  // namespace millgate
