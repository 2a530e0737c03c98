#include "model/release/registry.h"

#include <algorithm>
#include <set>

#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr const char* kReleaseKind = "release";
constexpr const char* kRollbackKind = "rollback";

Error refused(std::string what, std::string hint) {
  return Error{.code = ErrorCode::refused, .what = std::move(what), .hint = std::move(hint)};
}

Error conflict(std::string what, std::string hint) {
  return Error{.code = ErrorCode::conflict, .what = std::move(what), .hint = std::move(hint)};
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// Reads an event of kind release or rollback.
Result<Serving> serving_from_event(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " (" + event.kind + ")";
  Serving serving;
  MILLGATE_ASSIGN(serving.model, Id::parse(event.subject));
  serving.since_event = event.number;
  serving.since = event.time;
  serving.by = event.author;
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(serving.how, json_member<std::string>(body, "how", object));
  MILLGATE_ASSIGN(serving.verdict, json_member<std::string>(body, "verdict", object));
  if (serving.how != "release") {
    MILLGATE_ASSIGN(serving.reason, json_member<std::string>(body, "reason", object));
  }
  if (serving.how == "override") {
    MILLGATE_ASSIGN(serving.by, json_member<std::string>(body, "name", object));
  }
  return serving;
}

/// The newest change of what serves, not after `at`.
Result<std::optional<Event>> newest_change(const Ledger& ledger, std::optional<Time> at) {
  MILLGATE_ASSIGN(std::optional<Event> released, ledger.newest(kReleaseKind, {}, at));
  MILLGATE_ASSIGN(std::optional<Event> rolled_back, ledger.newest(kRollbackKind, {}, at));
  if (!released || (rolled_back && rolled_back->number > released->number)) return rolled_back;
  return released;
}

/// Appends a change of what serves, unless another one came first.
///
/// `seen` is the change on which the caller's decision rests (0: none yet); `also` is asked
/// in the same transaction.
Result<Serving> append_change(Ledger& ledger, const NewEvent& event, int64_t seen,
                              const Ledger::Condition& also = nullptr) {
  const auto still_right = [&](const Ledger& now) -> Status {
    MILLGATE_ASSIGN(const std::optional<Event> newest, newest_change(now, std::nullopt));
    if (newest && newest->number != seen) {
      return conflict(event.kind + " of model " + event.subject.substr(0, 12) + ": `" +
                          newest->author + "` changed what serves at the same moment (" +
                          newest->kind + " of " + newest->subject.substr(0, 12) + ")",
                      "look at what serves now, then decide again");
    }
    return also ? also(now) : Status();
  };
  MILLGATE_ASSIGN(const Event appended, ledger.append(event, still_right));
  return serving_from_event(appended);
}

Status check_not_serving(const std::optional<Serving>& now, const Id& model) {
  if (!now || now->model != model) return {};
  return conflict("model " + model.brief() + " serves already, since " + to_string(now->since),
                  "nothing is to be done");
}

/// The ledger's own newest verdict about the model must be this one, and must have passed:
/// what the given object says of itself counts for nothing.
Status check_verdict(const Ledger& ledger, const Verdict& verdict) {
  const std::string object = "release of model " + verdict.model().brief();
  MILLGATE_ASSIGN(const std::optional<Verdict> newest, find_verdict(ledger, verdict.model()));
  if (!newest) {
    return refused(object + ": the ledger holds no verdict about it",
                   "run `millgate gate " + verdict.model().brief() + "` first");
  }
  if (newest->event().id != verdict.event().id) {
    return refused(object + ": verdict " + verdict.name() + " is not the newest about it, " +
                       newest->name() + " is",
                   "release with the newest verdict");
  }
  if (!newest->passed()) {
    const auto& judgements = newest->judgements();
    const auto failed = std::count_if(
        judgements.begin(), judgements.end(),
        [](const Judgement& one) { return !one.passed && one.requirement.level == Level::must; });
    return refused(object + ": verdict " + newest->name() + " refused it, " +
                       std::to_string(failed) + " of " + std::to_string(judgements.size()) +
                       " requirements failed",
                   "train a better model, or override with a name and a reason");
  }
  return {};
}

/// The releases that a rollback can go back to, oldest first; the last is what serves. A
/// release is put on top, a rollback takes off what it went back over.
std::vector<Serving> release_stack(const std::vector<Serving>& history) {
  std::vector<Serving> stack;
  for (const Serving& change : history) {
    if (change.how == "rollback") {
      const auto back_to = std::find_if(stack.rbegin(), stack.rend(), [&](const Serving& below) {
        return below.model == change.model;
      });
      if (back_to != stack.rend()) {
        stack.erase(back_to.base(), stack.end());
        continue;
      }
    }
    stack.push_back(change);
  }
  return stack;
}

/// The verdict by which `model` was released; nothing when it never passed.
std::optional<std::string> passed_verdict(const std::vector<Serving>& history, const Id& model) {
  std::optional<std::string> verdict;
  for (const Serving& change : history) {
    if (change.model == model && change.how == "release") verdict = change.verdict;
  }
  return verdict;
}

/// What a rollback without a target goes back to.
Result<Id> model_before(const std::vector<Serving>& history) {
  const std::vector<Serving> stack = release_stack(history);
  if (stack.size() < 2) {
    return not_found(history.empty() ? "rollback: nothing was ever released"
                                     : "rollback: no other model served before",
                     "name a model that was released: `millgate rollback --to MODEL`");
  }
  return stack[stack.size() - 2].model;
}

/// The newest model in `history`, other than `now`, that a passed verdict released.
std::string passed_hint(const std::vector<Serving>& history, const Id& now) {
  for (auto change = history.rbegin(); change != history.rend(); ++change) {
    if (change->how == "release" && change->model != now) {
      return "model " + change->model.brief() + " passed: `millgate rollback --to " +
             change->model.brief() + "`";
    }
  }
  return "release it with a passed verdict, or override with a name and a reason";
}

/// Every model that an event is about, in order of appearance.
Result<std::vector<std::string>> known_models(const Ledger& ledger) {
  std::vector<std::string> models;
  std::set<std::string> seen;
  for (const char* kind : {"run", "verdict", kReleaseKind, kRollbackKind}) {
    MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kind));
    for (const Event& event : events) {
      if (Id::parse(event.subject).ok() && seen.insert(event.subject).second) {
        models.push_back(event.subject);
      }
    }
  }
  return models;
}

Result<Id> model_by_prefix(const Ledger& ledger, std::string_view prefix) {
  MILLGATE_ASSIGN(const std::vector<std::string> models, known_models(ledger));
  std::vector<std::string> found;
  for (const std::string& model : models) {
    if (!prefix.empty() && model.starts_with(prefix)) found.push_back(model);
  }
  if (found.size() == 1) return Id::parse(found.front());
  if (found.size() > 1) {
    std::string candidates;
    for (const std::string& model : found) {
      candidates += (candidates.empty() ? "" : ", ") + model.substr(0, 12);
    }
    return invalid_input("model `" + std::string(prefix) + "` is ambiguous",
                         "candidates: " + candidates);
  }
  std::vector<std::string> names = {"latest", "serving"};
  for (const std::string& model : models) names.push_back(model.substr(0, 12));
  return not_found("model `" + std::string(prefix) + "` does not exist",
                   models.empty() ? "train one with `millgate run`" : name_hint(prefix, names));
}

}  // namespace

Result<Serving> release(Ledger& ledger, const Verdict& verdict, const std::string& author) {
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger));
  MILLGATE_TRY(check_verdict(ledger, verdict));
  MILLGATE_TRY(check_not_serving(now, verdict.model()));
  Json body;
  body["how"] = "release";
  body["verdict"] = verdict.name();
  body["verdict_event"] = verdict.event().number;
  body["before"] = now ? now->model.hex() : "";
  return append_change(ledger,
                       {.kind = kReleaseKind,
                        .subject = verdict.model().hex(),
                        .author = author,
                        .body = dump_json(body)},
                       now ? now->since_event : 0,
                       [&](const Ledger& inside) { return check_verdict(inside, verdict); });
}

Result<Serving> release_by_override(Ledger& ledger, const Id& model, const Override& why,
                                    const std::string& author) {
  if (is_blank(why.name) || is_blank(why.reason)) {
    return invalid_input("override for model " + model.brief() + ": the " +
                             (is_blank(why.name) ? "name" : "reason") + " is missing",
                         "say who overrides the gate and why; both stay in the ledger");
  }
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger));
  MILLGATE_TRY(check_not_serving(now, model));
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict, find_verdict(ledger, model));
  Json body;
  body["how"] = "override";
  body["verdict"] = verdict ? verdict->name() : "";
  body["name"] = why.name;
  body["reason"] = why.reason;
  body["before"] = now ? now->model.hex() : "";
  return append_change(
      ledger,
      {.kind = kReleaseKind, .subject = model.hex(), .author = author, .body = dump_json(body)},
      now ? now->since_event : 0);
}

Result<Serving> roll_back(Ledger& ledger, std::optional<Id> to, const std::string& reason,
                          const std::string& author) {
  if (is_blank(reason)) {
    return invalid_input("rollback: the reason is missing", "say why; it stays in the ledger");
  }
  MILLGATE_ASSIGN(const std::vector<Serving> history, serving_history(ledger));
  if (!to) {
    MILLGATE_ASSIGN(to, model_before(history));
  }
  const std::optional<Serving> now =
      history.empty() ? std::nullopt : std::optional<Serving>(history.back());
  MILLGATE_TRY(check_not_serving(now, *to));
  const std::optional<std::string> verdict = passed_verdict(history, *to);
  if (!verdict) {
    return refused(
        "rollback to model " + to->brief() + ": it was never released by a passed verdict",
        passed_hint(history, now ? now->model : *to));
  }
  Json body;
  body["how"] = "rollback";
  body["verdict"] = *verdict;
  body["reason"] = reason;
  body["before"] = now ? now->model.hex() : "";
  return append_change(
      ledger,
      {.kind = kRollbackKind, .subject = to->hex(), .author = author, .body = dump_json(body)},
      now ? now->since_event : 0);
}

Result<std::optional<Serving>> serving(const Ledger& ledger, std::optional<Time> at) {
  MILLGATE_ASSIGN(const std::optional<Event> event, newest_change(ledger, at));
  if (!event) return std::optional<Serving>();
  MILLGATE_ASSIGN(Serving found, serving_from_event(*event));
  return std::optional<Serving>(std::move(found));
}

Result<std::vector<Serving>> serving_history(const Ledger& ledger) {
  std::vector<Serving> history;
  for (const char* kind : {kReleaseKind, kRollbackKind}) {
    MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kind));
    for (const Event& event : events) {
      MILLGATE_ASSIGN(Serving change, serving_from_event(event));
      history.push_back(std::move(change));
    }
  }
  std::sort(history.begin(), history.end(),
            [](const Serving& a, const Serving& b) { return a.since_event < b.since_event; });
  return history;
}

Result<std::vector<RunRecord>> runs(const Ledger& ledger) {
  MILLGATE_ASSIGN(std::vector<Event> events, ledger.events(0, "run"));
  std::vector<RunRecord> records;
  for (Event& event : events) {
    MILLGATE_ASSIGN(const Id model, Id::parse(event.subject));
    records.push_back({.model = model, .event = std::move(event)});
  }
  return records;
}

Result<Id> resolve_model(const Ledger& ledger, std::string_view name) {
  if (name == "latest") {
    MILLGATE_ASSIGN(const std::optional<Event> newest, ledger.newest("run"));
    if (!newest) return not_found("no model was trained yet", "train one with `millgate run`");
    return Id::parse(newest->subject);
  }
  if (name == "serving") {
    MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger));
    if (!now) return not_found("no model serves", "release one with `millgate release MODEL`");
    return now->model;
  }
  return model_by_prefix(ledger, name);
}

}  // namespace millgate
