#include "model/release/registry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ground/json.h"
#include "model/measure/rounded_text.h"
#include "model/release/refusal.h"
#include "model/release/retirement.h"

namespace millgate {

namespace {

constexpr const char* kReleaseKind = "release";
constexpr const char* kRollbackKind = "rollback";
/// In all environments but the last, whose models serve: who knows only of releases, such as a
/// program of before there were environments, must not take them for one.
constexpr const char* kPromotionKind = "promotion";

/// Reads an event of kind release, rollback or promotion.
Result<Serving> serving_from_event(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " (" + event.kind + ")";
  Serving serving;
  serving.since_event = event.number;
  serving.since = event.time;
  serving.by = event.author;
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  std::string model = event.subject;
  if (event.kind == kPromotionKind) {
    serving.environment = event.subject;
    MILLGATE_ASSIGN(model, json_member<std::string>(body, "model", object));
  }
  MILLGATE_ASSIGN(serving.model, Id::parse(model));
  MILLGATE_ASSIGN(serving.how, json_member<std::string>(body, "how", object));
  MILLGATE_ASSIGN(serving.verdict, json_member<std::string>(body, "verdict", object));
  if (serving.how == "rollback" || serving.how == "override") {
    MILLGATE_ASSIGN(serving.reason, json_member<std::string>(body, "reason", object));
  }
  if (serving.how == "release" && body.contains("reason")) {
    MILLGATE_ASSIGN(serving.reason, json_member<std::string>(body, "reason", object));
  }
  if (serving.how == "override") {
    MILLGATE_ASSIGN(serving.by, json_member<std::string>(body, "name", object));
    if (body.contains("until")) {
      MILLGATE_ASSIGN(const auto until, json_member<std::string>(body, "until", object));
      MILLGATE_ASSIGN(serving.until, parse_time(until));
    }
  }
  return serving;
}

/// The newest change of what is live in an environment, not after `at`.
Result<std::optional<Event>> newest_change(const Ledger& ledger, std::optional<Time> at,
                                           const std::string& environment) {
  if (!environment.empty()) return ledger.newest(kPromotionKind, environment, at);
  MILLGATE_ASSIGN(std::optional<Event> released, ledger.newest(kReleaseKind, {}, at));
  MILLGATE_ASSIGN(std::optional<Event> rolled_back, ledger.newest(kRollbackKind, {}, at));
  if (!released || (rolled_back && rolled_back->number > released->number)) return rolled_back;
  return released;
}

/// "release of model 0a1b2c3d4e5f", "promotion of model 0a1b2c3d4e5f to `staging`".
std::string change_text(const std::string& how, const Id& model, const std::string& environment) {
  if (environment.empty()) return how + " of model " + model.brief();
  return (how == "rollback" ? how : "promotion") + std::string(" of model ") + model.brief() +
         (how == "rollback" ? " in `" : " to `") + environment + "`";
}

/// A change of what is live, on what it rests, and what must hold beside.
struct Change {
  const Id& model;
  const std::string& environment;
  const std::string& author;
  Json body;         ///< With `how`; `model` and `before` are added.
  int64_t seen = 0;  ///< The change that the caller looked at; 0: there was none.
  Ledger::Condition also = nullptr;
};

/// Appends it, unless another change came first; `also` is asked in the same transaction.
Result<Serving> append_change(Ledger& ledger, Change change, const std::optional<Serving>& now) {
  const auto how = change.body["how"].get<std::string>();
  const std::string object = change_text(how, change.model, change.environment);
  const auto still_right = [&](const Ledger& inside) -> Status {
    MILLGATE_ASSIGN(const std::optional<Event> newest,
                    newest_change(inside, std::nullopt, change.environment));
    if (newest && newest->number != change.seen) {
      MILLGATE_ASSIGN(const Serving other, serving_from_event(*newest));
      return conflict(object + ": `" + newest->author + "` changed what " +
                          (change.environment.empty() ? "serves" : "is live there") +
                          " at the same moment (" + newest->kind + " of " + other.model.brief() +
                          ")",
                      "look at what serves now, then decide again");
    }
    MILLGATE_TRY(check_not_retired(inside, change.model, object));
    return change.also ? change.also(inside) : Status();
  };
  change.body["before"] = now ? now->model.hex() : "";
  std::string kind = how == "rollback" ? kRollbackKind : kReleaseKind;
  if (!change.environment.empty()) {
    kind = kPromotionKind;
    change.body["model"] = change.model.hex();
  }
  MILLGATE_ASSIGN(const Event appended,
                  ledger.append({.kind = kind,
                                 .subject = change.environment.empty() ? change.model.hex()
                                                                       : change.environment,
                                 .author = change.author,
                                 .body = dump_json(change.body)},
                                still_right));
  return serving_from_event(appended);
}

/// What lives by an override may live by a verdict or another override.
Status check_not_live(const std::optional<Serving>& now, const Id& model, bool may_renew) {
  if (!now || now->model != model || (may_renew && now->how == "override")) return {};
  return conflict("model " + model.brief() +
                      (now->environment.empty() ? std::string(" serves")
                                                : " is live in `" + now->environment + "`") +
                      " already, since " + to_string(now->since),
                  "nothing is to be done");
}

/// The first requirement of level `must` that the verdict says nothing about.
const Requirement* unjudged(const Verdict& verdict, const std::vector<Requirement>& asked) {
  for (const Requirement& one : asked) {
    const auto& judgements = verdict.judgements();
    const bool is_judged =
        one.level == Level::should ||
        std::any_of(judgements.begin(), judgements.end(), [&](const Judgement& judgement) {
          const Requirement& judged = judgement.requirement;
          return judged.metric == one.metric && judged.bound == one.bound &&
                 judged.slice == one.slice && judged.limit == one.limit &&
                 judged.level == one.level;
        });
    if (!is_judged) return &one;
  }
  return nullptr;
}

/// The ledger's own newest verdict about the model must be this one, and must have passed:
/// what the given object says of itself counts for nothing.
Status check_verdict(const Ledger& ledger, const Verdict& verdict, const Environment& environment) {
  const std::string object = change_text("release", verdict.model(), environment.key);
  const std::string gate = "`millgate gate " + verdict.model().brief() +
                           (environment.key.empty() ? "" : " --env " + environment.key) + "`";
  MILLGATE_ASSIGN(const std::optional<Verdict> newest,
                  find_verdict(ledger, verdict.model(), environment.key));
  if (!newest) {
    return refused(object + ": the ledger holds no verdict about it", "run " + gate + " first");
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
  if (const Requirement* one = unjudged(*newest, environment.requirements)) {
    return refused(object + ": verdict " + newest->name() + " did not judge `" + name_of(*one) +
                       "` as the project file states it now",
                   gate + " judges by what is required now");
  }
  return {};
}

/// A model goes through the environments in their order. One that was in the one before only by an
/// override goes on while that holds.
Status check_came_through(const Ledger& ledger, const Id& model, const Entry& entry) {
  const std::string& before = entry.environment.before;
  if (before.empty()) return {};
  MILLGATE_ASSIGN(const std::vector<Serving> history, serving_history(ledger, before));
  const Serving* expired = nullptr;
  for (const Serving& one : history) {
    if (one.model != model) continue;
    if (!one.has_expired(entry.now)) return {};
    expired = &one;
  }
  const std::string object = change_text("release", model, entry.environment.key);
  const std::string promote = "`millgate promote " + model.brief() + " --to " + before + "`";
  if (expired != nullptr) {
    return refused(object + ": it is in `" + before + "` by an override of " + expired->by +
                       " that ended at " + to_string(*expired->until),
                   "have it pass the gate there, then " + promote);
  }
  return refused(object + ": it was never live in `" + before + "`, which comes before",
                 promote + " lets it go there");
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
    // An override renewed, or followed by a passed verdict, is still the same model.
    if (!stack.empty() && stack.back().model == change.model) stack.pop_back();
    stack.push_back(change);
  }
  return stack;
}

/// The verdict by which `model` was released; nothing when it never passed.
std::optional<std::string> passed_verdict(const std::vector<Serving>& history, const Id& model) {
  std::optional<std::string> verdict;
  for (const Serving& change : history) {
    const bool is_in_order = change.how == "release" || change.how == "open";
    if (change.model == model && is_in_order) verdict = change.verdict;
  }
  return verdict;
}

/// The newest verdict about any model there: it tells what is asked for today.
Result<std::optional<Verdict>> newest_verdict(const Ledger& ledger,
                                              const std::string& environment) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, "verdict"));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    MILLGATE_ASSIGN(Verdict verdict, verdict_from_event(*event));
    if (verdict.environment() == environment) return std::optional<Verdict>(std::move(verdict));
  }
  return std::optional<Verdict>();
}

/// What `own` measured for the requirement; null when it did not.
const Evidence* measured_for(const Verdict& own, const Requirement& asked) {
  for (const Judgement& one : own.judgements()) {
    const Requirement& requirement = one.requirement;
    const bool fits = requirement.metric == asked.metric && requirement.slice == asked.slice &&
                      !is_comparison(requirement.bound);
    if (fits && one.evidence) return &*one.evidence;
  }
  return nullptr;
}

/// Of a model that is named for a rollback: what its own newest verdict tells by today's limits.
Status check_still_meets(const Ledger& ledger, const Id& model, const std::string& environment) {
  const std::string object = "rollback to model " + model.brief();
  const std::string hint =
      "go back without --to, or release it again after `millgate gate " + model.brief() + "`";
  MILLGATE_ASSIGN(const std::optional<Verdict> own, find_verdict(ledger, model, environment));
  if (!own) return {};
  if (!own->passed()) {
    return refused(object + ": its newest verdict " + own->name() + " refused it", hint);
  }
  MILLGATE_ASSIGN(const std::optional<Verdict> today, newest_verdict(ledger, environment));
  for (const Judgement& one : today->judgements()) {
    const Requirement& asked = one.requirement;
    if (asked.level == Level::should || is_comparison(asked.bound)) continue;
    const Evidence* measured = measured_for(*own, asked);
    if (measured == nullptr) continue;
    const bool is_met = asked.bound == Bound::at_least ? measured->value >= asked.limit
                                                       : measured->value <= asked.limit;
    if (is_met) continue;
    return refused(object + ": `" + name_of(asked) + "` was " + rounded_text(measured->value) +
                       " when it was judged, and " + rounded_text(asked.limit) +
                       (asked.bound == Bound::at_least ? " at least" : " at most") +
                       " is asked for now",
                   hint);
  }
  return {};
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

/// Reads what serves, writes the change, for who is not live there yet.
Result<Serving> enter(Ledger& ledger, Change change) {
  MILLGATE_ASSIGN(const std::optional<Serving> now,
                  serving(ledger, std::nullopt, change.environment));
  MILLGATE_TRY(check_not_live(now, change.model, true));
  change.seen = now ? now->since_event : 0;
  return append_change(ledger, std::move(change), now);
}

}  // namespace

Status check_may_enter(const Ledger& ledger, const Verdict& verdict, const Entry& entry) {
  MILLGATE_TRY(check_verdict(ledger, verdict, entry.environment));
  return check_came_through(ledger, verdict.model(), entry);
}

Status check_override(const Id& model, const Override& why, Time now) {
  const std::string object = "override for model " + model.brief();
  if (is_blank(why.name) || is_blank(why.reason)) {
    return invalid_input(
        object + ": the " + (is_blank(why.name) ? "name" : "reason") + " is missing",
        "say who overrides the gate and why; both stay in the ledger");
  }
  if (why.until <= now) {
    return invalid_input(object + ": it ends at " + to_string(why.until) + ", which has passed",
                         "give a time to come");
  }
  return {};
}

Result<Serving> release(Ledger& ledger, const Verdict& verdict, const std::string& author,
                        const Entry& entry) {
  MILLGATE_TRY(check_may_enter(ledger, verdict, entry));
  // Signatures stay what they are, so they need not be verified again inside the transaction.
  MILLGATE_TRY(check_signed(ledger, entry.sign_offs, verdict));
  Json body;
  body["how"] = "release";
  body["verdict"] = verdict.name();
  body["verdict_event"] = verdict.event().number;
  if (!entry.reason.empty()) body["reason"] = entry.reason;
  const Id model = verdict.model();
  return enter(ledger, {.model = model,
                        .environment = entry.environment.key,
                        .author = author,
                        .body = std::move(body),
                        .also = [&](const Ledger& inside) -> Status {
                          MILLGATE_TRY(check_may_enter(inside, verdict, entry));
                          return entry.also ? entry.also(inside) : Status();
                        }});
}

Result<Serving> enter_open(Ledger& ledger, const Id& model, const std::string& author,
                           const Entry& entry) {
  const Environment& environment = entry.environment;
  if (!environment.open) {
    return refused(change_text("release", model, environment.key) + ": it has no verdict",
                   "`millgate gate " + model.brief() +
                       (environment.key.empty() ? "" : " --env " + environment.key) +
                       "` judges it");
  }
  Json body;
  body["how"] = "open";
  body["verdict"] = "";
  return enter(ledger, {.model = model,
                        .environment = environment.key,
                        .author = author,
                        .body = std::move(body),
                        .also = [&](const Ledger& inside) {
                          return check_came_through(inside, model, entry);
                        }});
}

Result<Serving> release_by_override(Ledger& ledger, const Id& model, const Override& why,
                                    const std::string& author, const Entry& entry) {
  MILLGATE_TRY(check_override(model, why, entry.now));
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, model, entry.environment.key));
  Json body;
  body["how"] = "override";
  body["verdict"] = verdict ? verdict->name() : "";
  body["name"] = why.name;
  body["reason"] = why.reason;
  body["until"] = to_string(why.until);
  return enter(ledger, {.model = model,
                        .environment = entry.environment.key,
                        .author = author,
                        .body = std::move(body),
                        .also = entry.also});
}

Result<std::optional<Id>> rollback_target(const Ledger& ledger, const std::string& environment) {
  MILLGATE_ASSIGN(const std::vector<Serving> history, serving_history(ledger, environment));
  const auto before = model_before(history);
  return before ? std::optional<Id>(*before) : std::nullopt;
}

Result<Serving> roll_back(Ledger& ledger, const Rollback& rollback, const std::string& author) {
  if (is_blank(rollback.reason)) {
    return invalid_input("rollback: the reason is missing", "say why; it stays in the ledger");
  }
  MILLGATE_ASSIGN(const std::vector<Serving> history,
                  serving_history(ledger, rollback.environment));
  std::optional<Id> to = rollback.to;
  if (!to) {
    MILLGATE_ASSIGN(to, model_before(history));
  }
  const std::optional<Serving> now =
      history.empty() ? std::nullopt : std::optional<Serving>(history.back());
  MILLGATE_TRY(check_not_live(now, *to, false));
  const std::optional<std::string> verdict = passed_verdict(history, *to);
  if (!verdict) {
    return refused(
        "rollback to model " + to->brief() + ": it was never released by a passed verdict",
        passed_hint(history, now ? now->model : *to));
  }
  if (rollback.to) MILLGATE_TRY(check_still_meets(ledger, *to, rollback.environment));
  Json body;
  body["how"] = "rollback";
  body["verdict"] = *verdict;
  body["reason"] = rollback.reason;
  if (rollback.incident != 0) body["incident"] = rollback.incident;
  return append_change(ledger,
                       {.model = *to,
                        .environment = rollback.environment,
                        .author = author,
                        .body = std::move(body),
                        .seen = now ? now->since_event : 0,
                        .also = rollback.also},
                       now);
}

Result<std::optional<Serving>> serving(const Ledger& ledger, std::optional<Time> at,
                                       const std::string& environment) {
  MILLGATE_ASSIGN(const std::optional<Event> event, newest_change(ledger, at, environment));
  if (!event) return std::optional<Serving>();
  MILLGATE_ASSIGN(Serving found, serving_from_event(*event));
  return std::optional<Serving>(std::move(found));
}

Result<std::vector<Serving>> serving_history(const Ledger& ledger, const std::string& environment) {
  std::vector<Serving> history;
  const std::vector<std::string> kinds = environment.empty()
                                             ? std::vector<std::string>{kReleaseKind, kRollbackKind}
                                             : std::vector<std::string>{kPromotionKind};
  for (const std::string& kind : kinds) {
    MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kind, environment));
    for (const Event& event : events) {
      MILLGATE_ASSIGN(Serving change, serving_from_event(event));
      history.push_back(std::move(change));
    }
  }
  std::sort(history.begin(), history.end(),
            [](const Serving& a, const Serving& b) { return a.since_event < b.since_event; });
  return history;
}

Result<std::vector<Serving>> live_everywhere(const Ledger& ledger, std::optional<Time> at) {
  MILLGATE_ASSIGN(const std::vector<Event> promotions, ledger.events(0, kPromotionKind));
  std::set<std::string> keys;
  for (const Event& event : promotions) keys.insert(event.subject);
  std::vector<std::string> ordered(keys.begin(), keys.end());
  ordered.emplace_back();
  std::vector<Serving> live;
  for (const std::string& key : ordered) {
    MILLGATE_ASSIGN(std::optional<Serving> one, serving(ledger, at, key));
    if (one) live.push_back(*std::move(one));
  }
  return live;
}

}  // namespace millgate
