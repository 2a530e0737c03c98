#include "model/release/alias.h"

#include <map>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/plain_name.h"
#include "model/release/model_name.h"
#include "model/release/refusal.h"
#include "model/release/registry.h"
#include "model/release/retirement.h"

namespace millgate {

namespace {

constexpr const char* kAliasKind = "alias";

/// Nothing when the event took the name away.
Result<std::optional<Alias>> alias_from_event(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " (alias)";
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(const auto model, json_member<std::string>(body, "model", object));
  if (model.empty()) return std::optional<Alias>();
  Alias alias{.name = event.subject,
              .model = {},
              .event = event.number,
              .since = event.time,
              .by = event.author,
              .reason = body.value("reason", std::string())};
  MILLGATE_ASSIGN(alias.model, Id::parse(model));
  return std::optional<Alias>(std::move(alias));
}

Status check_name(const Ledger& ledger, const std::string& name) {
  const std::string object = "`" + name + "` cannot be an alias";
  if (!is_plain_name(name)) {
    return invalid_input(object, "use letters, digits and `_`, beginning with a letter");
  }
  if (is_taken_word(name)) {
    return invalid_input(object, "it would be taken for the id or the version of a model");
  }
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  for (const Serving& one : live) {
    if (one.environment == name) {
      return invalid_input(object + ": an environment has that name", "choose another name");
    }
  }
  return {};
}

Status check_unmoved(const Ledger& ledger, const AliasMove& move) {
  MILLGATE_ASSIGN(const std::optional<Alias> now, find_alias(ledger, move.name));
  if ((now ? now->event : 0) == move.seen) return {};
  return conflict("alias `" + move.name + "`: " +
                      (now ? "`" + now->by + "` gave it to model " + now->model.brief()
                           : std::string("somebody took it away")) +
                      " at the same moment",
                  "look at `millgate models`, then decide again");
}

}  // namespace

Result<std::optional<Alias>> find_alias(const Ledger& ledger, const std::string& name,
                                        std::optional<Time> at) {
  MILLGATE_ASSIGN(const std::optional<Event> event, ledger.newest(kAliasKind, name, at));
  if (!event) return std::optional<Alias>();
  return alias_from_event(*event);
}

Result<std::vector<Alias>> aliases(const Ledger& ledger, std::optional<Time> at) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kAliasKind));
  std::map<std::string, Event> newest;
  for (const Event& event : events) {
    if (!at || event.time <= *at) newest[event.subject] = event;
  }
  std::vector<Alias> found;
  for (const auto& [name, event] : newest) {
    MILLGATE_ASSIGN(std::optional<Alias> alias, alias_from_event(event));
    if (alias) found.push_back(*std::move(alias));
  }
  return found;
}

Status move_alias(Ledger& ledger, const AliasMove& move, const std::string& author) {
  MILLGATE_TRY(check_name(ledger, move.name));
  MILLGATE_ASSIGN(const std::optional<Alias> now, find_alias(ledger, move.name));
  if (!move.to && !now) {
    MILLGATE_ASSIGN(const std::vector<Alias> all, aliases(ledger));
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const Alias& one : all) names.push_back(one.name);
    return not_found("there is no alias `" + move.name + "`", name_hint(move.name, names));
  }
  if (move.to && now && now->model == *move.to && now->event == move.seen) {
    return conflict("alias `" + move.name + "` names model " + move.to->brief() + " already",
                    "nothing is to be done");
  }
  Json body;
  body["model"] = move.to ? move.to->hex() : "";
  body["before"] = now ? now->model.hex() : "";
  if (!move.reason.empty()) body["reason"] = move.reason;
  const auto still_right = [&](const Ledger& inside) -> Status {
    MILLGATE_TRY(check_unmoved(inside, move));
    return move.to ? check_not_retired(inside, *move.to, "alias `" + move.name + "`") : Status();
  };
  const auto appended = ledger.append(
      {.kind = kAliasKind, .subject = move.name, .author = author, .body = dump_json(body)},
      still_right);
  return appended.ok() ? Status() : Status(appended.error());
}

}  // namespace millgate
