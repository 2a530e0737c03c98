#include "model/release/rollout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/release/refusal.h"
#include "model/release/retirement.h"

namespace millgate {

namespace {

constexpr const char* kRolloutKind = "rollout";

constexpr std::pair<RolloutMode, std::string_view> kModes[] = {{RolloutMode::shadow, "shadow"},
                                                               {RolloutMode::canary, "canary"},
                                                               {RolloutMode::ab, "ab"},
                                                               {RolloutMode::bandit, "bandit"}};

std::string name_of(const Rollout& rollout) { return "roll-out " + std::to_string(rollout.event); }

Json plan_json(const RolloutPlan& plan) {
  return {{"mode", std::string(to_string(plan.mode))},
          {"shares", plan.shares},
          {"hold_micros", plan.hold_micros},
          {"answers_min", plan.answers_min},
          {"give_up_micros", plan.give_up_micros},
          {"sticky", plan.sticky},
          {"only", plan.only},
          {"slow_ms", plan.slow_ms},
          {"error_margin", plan.error_margin},
          {"slow_margin", plan.slow_margin},
          {"loss_margin", plan.loss_margin},
          {"loss_cap", plan.loss_cap},
          {"earned_cap", plan.earned_cap},
          {"earned_floor", plan.earned_floor},
          {"earned_margin", plan.earned_margin},
          {"earned_within_micros", plan.earned_within_micros},
          {"labels_min", plan.labels_min},
          {"alpha", plan.alpha},
          {"by_hand", plan.by_hand}};
}

template <typename T>
Status take(const Json& body, const char* key, const std::string& object, T& value) {
  MILLGATE_ASSIGN(value, json_member<T>(body, key, object));
  return {};
}

Result<RolloutPlan> plan_from(const Json& body, const std::string& object) {
  RolloutPlan plan;
  MILLGATE_ASSIGN(const auto mode, json_member<std::string>(body, "mode", object));
  MILLGATE_ASSIGN(plan.mode, parse_rollout_mode(mode));
  MILLGATE_TRY(take(body, "shares", object, plan.shares));
  MILLGATE_TRY(take(body, "hold_micros", object, plan.hold_micros));
  MILLGATE_TRY(take(body, "answers_min", object, plan.answers_min));
  MILLGATE_TRY(take(body, "give_up_micros", object, plan.give_up_micros));
  MILLGATE_TRY(take(body, "sticky", object, plan.sticky));
  MILLGATE_TRY(take(body, "only", object, plan.only));
  MILLGATE_TRY(take(body, "slow_ms", object, plan.slow_ms));
  MILLGATE_TRY(take(body, "error_margin", object, plan.error_margin));
  MILLGATE_TRY(take(body, "slow_margin", object, plan.slow_margin));
  MILLGATE_TRY(take(body, "loss_margin", object, plan.loss_margin));
  // Earlier events have none of these.
  if (body.contains("loss_cap")) MILLGATE_TRY(take(body, "loss_cap", object, plan.loss_cap));
  if (body.contains("earned_cap")) {
    MILLGATE_TRY(take(body, "earned_cap", object, plan.earned_cap));
    MILLGATE_TRY(take(body, "earned_floor", object, plan.earned_floor));
    MILLGATE_TRY(take(body, "earned_margin", object, plan.earned_margin));
    MILLGATE_TRY(take(body, "earned_within_micros", object, plan.earned_within_micros));
  }
  MILLGATE_TRY(take(body, "labels_min", object, plan.labels_min));
  MILLGATE_TRY(take(body, "alpha", object, plan.alpha));
  MILLGATE_TRY(take(body, "by_hand", object, plan.by_hand));
  MILLGATE_TRY(check_plan(plan));
  return plan;
}

/// Reads an event by which a roll-out started.
Result<Rollout> started(const Event& event, const Json& body, const std::string& object) {
  Rollout rollout;
  rollout.id = event.id;
  rollout.event = event.number;
  rollout.by = event.author;
  rollout.since = event.time;
  rollout.step_times = {event.time};
  MILLGATE_ASSIGN(rollout.challenger, Id::parse(event.subject));
  MILLGATE_ASSIGN(const auto champion, json_member<std::string>(body, "champion", object));
  MILLGATE_ASSIGN(rollout.champion, Id::parse(champion));
  MILLGATE_TRY(take(body, "environment", object, rollout.environment));
  MILLGATE_TRY(take(body, "verdict", object, rollout.verdict));
  MILLGATE_ASSIGN(rollout.plan, plan_from(body, object));
  rollout.shares = rollout.plan.shares;
  if (body.contains("override")) {
    const Json& given = body["override"];
    Override why;
    MILLGATE_TRY(take(given, "name", object, why.name));
    MILLGATE_TRY(take(given, "reason", object, why.reason));
    MILLGATE_ASSIGN(const auto until, json_member<std::string>(given, "until", object));
    MILLGATE_ASSIGN(why.until, parse_time(until));
    rollout.let_in = std::move(why);
  }
  return rollout;
}

/// What a later event of the roll-out did to it.
Status apply(const Event& event, const Json& body, const std::string& what,
             const std::string& object, Rollout& rollout) {
  MILLGATE_TRY(take(body, "reason", object, rollout.reason));
  if (what == "step") {
    MILLGATE_TRY(take(body, "step", object, rollout.step));
    rollout.step_times.push_back(event.time);
    if (rollout.plan.mode == RolloutMode::bandit) {
      MILLGATE_ASSIGN(const auto share, json_member<double>(body, "share", object));
      rollout.shares.push_back(share);
    }
    const bool is_next = rollout.step + 1 == rollout.step_times.size();
    if (!is_next || rollout.step >= rollout.shares.size()) {
      return damaged(object + ": step " + std::to_string(rollout.step) + " is not the next");
    }
    return {};
  }
  rollout.state = RolloutState::rolled_back;
  rollout.ended_by = event.author;
  rollout.ended = event.time;
  return {};
}

/// A change of what is live ends the roll-out that was running.
void end_by(const Serving& change, Rollout& rollout) {
  const bool is_promotion = change.model == rollout.challenger && change.how != "rollback";
  rollout.state = is_promotion ? RolloutState::promoted : RolloutState::replaced;
  rollout.ended = change.since;
  rollout.ended_by = change.by;
  rollout.reason = is_promotion ? change.reason
                                : change.how + " of model " + change.model.brief() +
                                      (change.reason.empty() ? "" : ": " + change.reason);
}

/// Whether the ledger still says of it what `rollout` says.
Status check_unmoved(const Ledger& ledger, const Rollout& rollout) {
  MILLGATE_ASSIGN(const std::vector<Rollout> all, rollouts(ledger, rollout.environment));
  const auto now = std::find_if(all.begin(), all.end(),
                                [&](const Rollout& one) { return one.event == rollout.event; });
  if (now != all.end() && now->is_running() && now->step == rollout.step) return {};
  return conflict(
      name_of(rollout) + (now == all.end() ? std::string(" is not in this ledger")
                          : now->is_running()
                              ? " is at step " + std::to_string(now->step + 1) + " already"
                              : " was " + std::string(to_string(now->state)) + " by " +
                                    now->ended_by + ", because: " + now->reason),
      "look at `millgate rollout`, then decide again");
}

Status append(Ledger& ledger, const Rollout& rollout, const Json& body, const std::string& author) {
  const auto appended =
      ledger.append({.kind = kRolloutKind,
                     .subject = rollout.challenger.hex(),
                     .author = author,
                     .body = dump_json(body)},
                    [&](const Ledger& inside) { return check_unmoved(inside, rollout); });
  return appended.ok() ? Status() : Status(appended.error());
}

Error no_share(const std::string& fault) {
  return invalid_input("the shares of the roll-out " + fault,
                       "write percentages that grow, for example 1,10,50,100");
}

}  // namespace

std::string_view to_string(RolloutMode mode) {
  return std::find_if(std::begin(kModes), std::end(kModes),
                      [&](const auto& one) { return one.first == mode; })
      ->second;
}

Result<RolloutMode> parse_rollout_mode(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [mode, name] : kModes) {
    if (text == name) return mode;
    names.emplace_back(name);
  }
  return invalid_input("unknown mode `" + std::string(text) + "` of a roll-out",
                       name_hint(text, names));
}

std::string_view to_string(RolloutState state) {
  switch (state) {
    case RolloutState::running:
      return "running";
    case RolloutState::promoted:
      return "promoted";
    case RolloutState::rolled_back:
      return "rolled back";
    case RolloutState::replaced:
      break;
  }
  return "replaced";
}

Result<RequestField> parse_request_field(std::string_view text) {
  if (text.empty()) return RequestField{};
  for (const auto& [prefix, is_header] : {std::pair<std::string_view, bool>{"header:", true},
                                          std::pair<std::string_view, bool>{"column:", false}}) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return RequestField{.is_header = is_header, .name = std::string(text.substr(prefix.size()))};
    }
  }
  return invalid_input("`" + std::string(text) + "` is no field of a request",
                       "write header:NAME or column:NAME");
}

namespace {

Status check_earned(const RolloutPlan& plan) {
  if (plan.earned_cap == 0) return {};
  if (plan.mode == RolloutMode::shadow) {
    return invalid_input("what is answered unseen earns nothing of its own",
                         "leave the earnings out, or use another mode than shadow");
  }
  const bool is_range = plan.earned_cap > 0 && plan.earned_floor <= 0 &&
                        std::isfinite(plan.earned_cap) && std::isfinite(plan.earned_floor);
  const bool is_margin = plan.earned_margin > 0 && plan.earned_margin < plan.earned_range();
  if (is_range && is_margin && plan.earned_within_micros > 0) return {};
  return invalid_input("what answers earn cannot be compared so",
                       "the cap lies above 0, the floor at 0 or below, the margin between 0 and "
                       "their difference, and the time is above 0");
}

}  // namespace

Status check_plan(const RolloutPlan& plan) {
  if (plan.shares.empty()) return no_share("are missing");
  double before = 0;
  for (const double share : plan.shares) {
    // Also refuses what is no number.
    if (!(share > before && share <= 100)) return no_share("do not grow from 0 to 100");
    before = share;
  }
  if (plan.mode != RolloutMode::canary && plan.shares.size() > 1) {
    return invalid_input("a roll-out of mode " + std::string(to_string(plan.mode)) +
                             " has one share, not " + std::to_string(plan.shares.size()),
                         "give one percentage, or use mode canary for steps");
  }
  if (plan.mode != RolloutMode::shadow && plan.shares.front() == 100) {
    return no_share("leave the champion nothing to be compared by");
  }
  const bool has_times = plan.hold_micros >= 0 && plan.answers_min > 0 && plan.labels_min >= 0 &&
                         plan.give_up_micros > 0 && plan.slow_ms > 0;
  const auto is_margin = [](double value) { return value >= 0 && value < 1; };
  const auto is_cap = [](double value) { return value >= 0 && std::isfinite(value); };
  if (!has_times || !is_margin(plan.error_margin) || !is_margin(plan.slow_margin) ||
      !is_margin(plan.loss_margin) || !is_cap(plan.loss_cap) ||
      !(plan.alpha > 0 && plan.alpha < 0.5)) {
    return invalid_input(
        "a bound of the roll-out is not within what is possible",
        "margins lie in [0, 1), times, counts and a loss cap above 0, alpha in (0, 0.5)");
  }
  MILLGATE_TRY(check_earned(plan));
  MILLGATE_TRY(parse_request_field(plan.sticky));
  const size_t equals = plan.only.find('=');
  if (!plan.only.empty() && equals == std::string::npos) {
    return invalid_input("`" + plan.only + "` names no value", "write header:NAME=VALUE");
  }
  const auto only = parse_request_field(std::string_view(plan.only).substr(0, equals));
  return only.ok() ? Status() : Status(only.error());
}

Result<std::vector<Rollout>> rollouts(const Ledger& ledger, const std::string& environment) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kRolloutKind));
  if (events.empty()) return std::vector<Rollout>();
  MILLGATE_ASSIGN(const std::vector<Serving> changes, serving_history(ledger, environment));
  std::vector<Rollout> found;
  // Both are in the order of the ledger: what comes first happens first.
  auto change = changes.begin();
  const auto catch_up = [&](int64_t number) {
    for (; change != changes.end() && change->since_event < number; ++change) {
      if (!found.empty() && found.back().is_running() && change->since_event > found.back().event) {
        end_by(*change, found.back());
      }
    }
  };
  for (const Event& event : events) {
    const std::string object = "event " + std::to_string(event.number) + " (rollout)";
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    MILLGATE_ASSIGN(const auto what, json_member<std::string>(body, "what", object));
    catch_up(event.number);
    if (what == "start") {
      MILLGATE_ASSIGN(Rollout rollout, started(event, body, object));
      if (rollout.environment == environment) found.push_back(std::move(rollout));
      continue;
    }
    MILLGATE_ASSIGN(const auto number, json_member<int64_t>(body, "rollout", object));
    for (Rollout& one : found) {
      if (one.event == number) MILLGATE_TRY(apply(event, body, what, object, one));
    }
  }
  catch_up(std::numeric_limits<int64_t>::max());
  return found;
}

Result<std::optional<Rollout>> running_rollout(const Ledger& ledger,
                                               const std::string& environment) {
  MILLGATE_ASSIGN(std::vector<Rollout> all, rollouts(ledger, environment));
  if (all.empty() || !all.back().is_running()) return std::optional<Rollout>();
  return std::optional<Rollout>(std::move(all.back()));
}

Result<Rollout> start_rollout(Ledger& ledger, const RolloutStart& start, const std::string& author,
                              const Entry& entry) {
  const std::string object = "roll-out of model " + start.challenger.brief();
  const std::string& environment = entry.environment.key;
  MILLGATE_TRY(check_plan(start.plan));
  if (start.let_in) MILLGATE_TRY(check_override(start.challenger, *start.let_in, entry.now));
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, start.challenger, environment));
  if (!start.let_in) {
    if (!verdict) {
      return refused(object + ": the ledger holds no verdict about it",
                     "`millgate gate " + start.challenger.brief() + "` judges it");
    }
    MILLGATE_TRY(check_signed(ledger, entry.sign_offs, *verdict));
  }
  Json body = {{"what", "start"}};
  body.update(plan_json(start.plan));
  body["environment"] = environment;
  body["verdict"] = verdict ? verdict->name() : "";
  if (start.let_in) {
    body["override"] = {{"name", start.let_in->name},
                        {"reason", start.let_in->reason},
                        {"until", to_string(start.let_in->until)}};
  }
  MILLGATE_ASSIGN(const std::optional<Serving> live, serving(ledger, std::nullopt, environment));
  if (!live) {
    return not_found(object + ": nothing serves that it could stand beside",
                     "`millgate release " + start.challenger.brief() + "` lets it serve alone");
  }
  body["champion"] = live->model.hex();
  const auto still_right = [&](const Ledger& inside) -> Status {
    if (!start.let_in) MILLGATE_TRY(check_may_enter(inside, *verdict, entry));
    MILLGATE_TRY(check_not_retired(inside, start.challenger, object));
    MILLGATE_ASSIGN(const std::optional<Serving> now, serving(inside, std::nullopt, environment));
    if (now->since_event != live->since_event || now->model == start.challenger) {
      return conflict(
          object + ": model " + now->model.brief() + " serves since " + to_string(now->since),
          "choose another challenger, or look at what serves now");
    }
    MILLGATE_ASSIGN(const std::optional<Rollout> other, running_rollout(inside, environment));
    if (!other) return {};
    return conflict(object + ": " + name_of(*other) + " of model " + other->challenger.brief() +
                        " is running, started by " + other->by,
                    "`millgate rollout abort --reason ...` ends that one");
  };
  MILLGATE_ASSIGN(const Event event, ledger.append({.kind = kRolloutKind,
                                                    .subject = start.challenger.hex(),
                                                    .author = author,
                                                    .body = dump_json(body)},
                                                   still_right));
  return started(event, body, object);
}

Status advance_rollout(Ledger& ledger, const Rollout& rollout, const std::string& reason,
                       const std::string& author, double share) {
  if (rollout.step + 1 >= rollout.steps_max()) {
    return conflict(name_of(rollout) + " is at its last step", "promote it, or abort it");
  }
  Json body = {
      {"what", "step"}, {"rollout", rollout.event}, {"step", rollout.step + 1}, {"reason", reason}};
  if (rollout.plan.mode == RolloutMode::bandit) {
    if (!(share > 0 && share < 100)) return no_share("of a bandit lie between 0 and 100");
    body["share"] = share;
  }
  return append(ledger, rollout, body, author);
}

Status roll_back_rollout(Ledger& ledger, const Rollout& rollout, const std::string& reason,
                         const std::string& author) {
  if (is_blank(reason)) {
    return invalid_input(name_of(rollout) + ": the reason is missing",
                         "say why it ends; it stays in the ledger");
  }
  return append(ledger, rollout, {{"what", "end"}, {"rollout", rollout.event}, {"reason", reason}},
                author);
}

Result<Serving> promote_rollout(Ledger& ledger, const Rollout& rollout, const std::string& reason,
                                const std::string& author, Entry entry) {
  if (is_blank(reason)) {
    return invalid_input(name_of(rollout) + ": the reason is missing",
                         "say why it is promoted; it stays in the ledger");
  }
  entry.reason = reason;
  entry.also = [&](const Ledger& inside) { return check_unmoved(inside, rollout); };
  if (rollout.let_in) {
    if (rollout.let_in->until <= entry.now) {
      return refused(name_of(rollout) + ": the override of " + rollout.let_in->name +
                         " that let it in ended at " + to_string(rollout.let_in->until),
                     "have the model pass the gate, or start again with another override");
    }
    Override why = *rollout.let_in;
    why.reason += "; " + reason;
    return release_by_override(ledger, rollout.challenger, why, author, entry);
  }
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, rollout.challenger, rollout.environment));
  if (!verdict) return damaged(name_of(rollout) + ": its verdict is not in the ledger");
  return release(ledger, *verdict, author, entry);
}

}  // namespace millgate
