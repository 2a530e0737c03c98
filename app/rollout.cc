#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/text_table.h"
#include "data/feature/task.h"
#include "ground/nearest_name.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "model/release/rollout.h"
#include "system/serve/rollout_report.h"

namespace millgate {

namespace {

struct Options {
  GoingLive into;  ///< Model, environment, override.
  std::string mode = "canary";
  std::string shares;
  std::string hold = "10m";
  std::string give_up = "7d";
  std::string earned_within = "1d";
  RolloutPlan plan;
};

struct Ending {
  std::string environment;
  std::string reason;
};

Result<std::vector<double>> parse_shares(const Options& options, RolloutMode mode) {
  if (options.shares.empty()) {
    switch (mode) {
      case RolloutMode::canary:
        return RolloutPlan().shares;
      case RolloutMode::shadow:
        return std::vector<double>{100};
      case RolloutMode::ab:
        return std::vector<double>{50};
      case RolloutMode::bandit:
        return std::vector<double>{10};
    }
  }
  std::vector<double> shares;
  std::istringstream list(options.shares);
  for (std::string text; std::getline(list, text, ',');) {
    size_t used = 0;
    double share = 0;
    try {
      share = std::stod(text, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used == 0 || used != text.size()) {
      return invalid_input("--share `" + options.shares + "`: `" + text + "` is no percentage",
                           "write percentages, for example 1,10,50,100");
    }
    shares.push_back(share);
  }
  return shares;
}

/// A column that no request has would leave everybody out.
Status check_column(const Model& model, const std::string& option, std::string_view text) {
  MILLGATE_ASSIGN(const RequestField field, parse_request_field(text));
  if (field.name.empty() || field.is_header) return {};
  std::vector<std::string> names = model.manifest().key;
  for (const Field& input : model.features().inputs()) names.push_back(input.name);
  if (std::find(names.begin(), names.end(), field.name) != names.end()) return {};
  return invalid_input(option + ": model " + model.id().brief() +
                           ", which serves, reads no column `" + field.name + "`",
                       name_hint(field.name, names));
}

Result<RolloutPlan> plan_from(const Options& options) {
  RolloutPlan plan = options.plan;
  MILLGATE_ASSIGN(plan.mode, parse_rollout_mode(options.mode));
  MILLGATE_ASSIGN(plan.shares, parse_shares(options, plan.mode));
  MILLGATE_ASSIGN(plan.hold_micros, parse_duration_micros(options.hold));
  MILLGATE_ASSIGN(plan.give_up_micros, parse_duration_micros(options.give_up));
  MILLGATE_ASSIGN(plan.earned_within_micros, parse_duration_micros(options.earned_within));
  // As much of what is possible as the margin of losses is.
  if (plan.earned_margin == 0) plan.earned_margin = RolloutPlan().loss_margin * plan.earned_range();
  MILLGATE_TRY(check_plan(plan));
  return plan;
}

void print_comparisons(const RolloutReport& report) {
  TextTable table({"measure", "champion", "of", "challenger", "of", "difference", "margin", ""});
  for (const Comparison& one : report.comparisons) {
    if (one.champion.count + one.challenger.count == 0) continue;
    table.add({one.name, rounded(one.champion_mean, 4), grouped(one.champion.count),
               rounded(one.challenger_mean, 4), grouped(one.challenger.count),
               rounded(one.difference.estimate, 4) + " [" + rounded(one.difference.lower, 4) +
                   ", " + rounded(one.difference.upper, 4) + "]",
               rounded(one.margin, 4),
               one.is_worse  ? "worse"
               : one.is_fine ? "no worse"
                             : "not known yet"});
  }
  if (!table.empty()) table.print(std::cout);
}

void print_rollout(const Rollout& rollout, const RolloutReport& report) {
  const RolloutPlan& plan = rollout.plan;
  std::cout << "roll-out " << rollout.event << ": " << to_string(plan.mode) << " of model "
            << rollout.challenger.brief() << " beside " << rollout.champion.brief() << ", "
            << to_string(rollout.state);
  if (rollout.is_running()) {
    std::cout << ", step " << rollout.step + 1;
    if (plan.mode != RolloutMode::bandit) std::cout << " of " << rollout.shares.size();
    std::cout << " (" << percent(rollout.share() / 100) << ") since "
              << to_string(rollout.step_since());
  } else {
    std::cout << " at " << to_string(*rollout.ended) << " by " << rollout.ended_by;
  }
  std::cout << '\n';
  if (!rollout.reason.empty()) std::cout << "because: " << rollout.reason << '\n';
  print_comparisons(report);
  int64_t left_out = 0;
  int64_t dropped = 0;
  for (const StepTotals& step : report.steps) {
    left_out += step.left_out;
    dropped += step.dropped;
  }
  if (left_out > 0) std::cout << grouped(left_out) << " requests took no part\n";
  if (dropped > 0) std::cout << grouped(dropped) << " requests were not shadowed in time\n";
  if (rollout.is_running()) {
    std::cout << "next: " << to_string(report.move) << (plan.by_hand ? " (by hand)" : "") << ": "
              << report.reason << '\n';
  }
}

Result<int> show(const Session& session, const Repository& repository, const Rollout& rollout) {
  MILLGATE_ASSIGN(const RolloutReport report,
                  saved_report(repository.folder("rollouts"), rollout, system_clock().now()));
  if (session.json) {
    print_json(rollout_json(rollout, report));
  } else {
    print_rollout(rollout, report);
  }
  return kDone;
}

Result<int> show_newest(const Session& session, const std::string& environment) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::string key, environment_key(session, environment));
  MILLGATE_ASSIGN(const std::vector<Rollout> all, rollouts(repository->ledger(), key));
  if (all.empty()) {
    return not_found("nothing was ever rolled out here",
                     "`millgate rollout start MODEL` lets a model answer beside what serves");
  }
  return show(session, *repository, all.back());
}

/// A roll-out that waits for losses which nobody compares would wait for ever.
Status check_losses(const Model& model, const RolloutPlan& plan) {
  const std::string& kind = model.manifest().task_kind;
  const bool is_regression = kind == to_text(TaskKind::regression);
  if (plan.loss_cap > 0 && !is_regression) {
    return invalid_input(
        "--loss-cap is for regressions, and model " + model.id().brief() + " is of kind " + kind,
        "leave it out");
  }
  const bool is_by_loss = plan.must_be_better() && plan.earned_cap == 0;
  if (plan.labels_min == 0 && !is_by_loss) return {};
  const std::string waits =
      plan.labels_min > 0 ? "--labels" : "--mode " + std::string(to_string(plan.mode));
  if (is_regression && plan.loss_cap == 0) {
    return invalid_input(
        waits + " waits for losses, which are not compared of a regression without a bound",
        "give --loss-cap N: a miss counts up to N, in units of the label");
  }
  if (kind != to_text(TaskKind::ranking)) return {};
  return invalid_input(
      waits + " waits for losses, which are not compared of rankings",
      "compare what answers earn, by --earned-cap N, or use --mode canary without --labels");
}

Result<int> start(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  RolloutStart wanted;
  MILLGATE_ASSIGN(wanted.plan, plan_from(options));
  MILLGATE_ASSIGN(const Entry entry, entry_from(session, place, options.into.environment));
  MILLGATE_ASSIGN(wanted.challenger, resolve_model(ledger, options.into.model));
  MILLGATE_ASSIGN(wanted.let_in, override_from(options.into, entry.now));
  if (!wanted.let_in) MILLGATE_TRY(check_health(place));
  MILLGATE_ASSIGN(const std::optional<Serving> live,
                  serving(ledger, std::nullopt, entry.environment.key));
  if (live) {
    MILLGATE_ASSIGN(const auto model, Model::load(place.repository->objects(), live->model));
    MILLGATE_TRY(check_losses(*model, wanted.plan));
    MILLGATE_TRY(check_column(*model, "--sticky", wanted.plan.sticky));
    const std::string& only = wanted.plan.only;
    MILLGATE_TRY(check_column(*model, "--only", std::string_view(only).substr(0, only.find('='))));
  }
  MILLGATE_ASSIGN(const Rollout rollout, start_rollout(ledger, wanted, author_name(), entry));
  return show(session, *place.repository, rollout);
}

Result<Rollout> running(const Ledger& ledger, const std::string& environment) {
  MILLGATE_ASSIGN(std::optional<Rollout> found, running_rollout(ledger, environment));
  if (found) return *std::move(found);
  return not_found("no roll-out is running", "`millgate rollout` tells of the last one");
}

Result<int> promote(const Session& session, const Ending& ending) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Entry entry, entry_from(session, place, ending.environment));
  MILLGATE_ASSIGN(const Rollout rollout, running(ledger, entry.environment.key));
  MILLGATE_ASSIGN(const Serving now,
                  promote_rollout(ledger, rollout, ending.reason, author_name(), entry));
  return print_serving(session, now);
}

Result<int> abort_it(const Session& session, const Ending& ending) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  MILLGATE_ASSIGN(const std::string key, environment_key(session, ending.environment));
  MILLGATE_ASSIGN(const Rollout rollout, running(ledger, key));
  MILLGATE_TRY(roll_back_rollout(ledger, rollout, ending.reason, author_name()));
  return show_newest(session, ending.environment);
}

void add_start(const Command& rollout, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = rollout.add_command(
      "start", "let a model that passed the gate answer a part of the traffic",
      "millgate rollout start latest --sticky column:customer --share 1,10,50,100");
  command.add_option("model", options->into.model, "id, version, alias or `latest`")
      .shows_default();
  command
      .add_option("--mode", options->mode,
                  "canary: step by step; ab: one share, until it is better; bandit: as ab, by a "
                  "share that follows what is known; shadow: unseen")
      .shows_default()
      .one_of({"canary", "ab", "bandit", "shadow"});
  command.add_option("--share", options->shares,
                     "percent of the traffic, a step each; default: 1,10,50,100; ab: 50; bandit: "
                     "10, the least of both; shadow: 100");
  command.add_option("--sticky", options->plan.sticky,
                     "header:NAME or column:NAME whose value decides; default: each request alone");
  command.add_option("--only", options->plan.only,
                     "header:NAME=VALUE or column:NAME=VALUE: who takes part");
  command.add_option("--hold", options->hold, "a step takes at least so long").shows_default();
  command
      .add_option("--answers", options->plan.answers_min, "and so many answers of the challenger")
      .shows_default()
      .positive();
  command
      .add_option("--labels", options->plan.labels_min,
                  "promoted only after so many labels of each")
      .shows_default()
      .not_negative();
  command.add_option("--give-up", options->give_up, "undecided so long, it is rolled back")
      .shows_default();
  command.add_option("--slow-ms", options->plan.slow_ms, "an answer that takes longer is slow")
      .shows_default();
  command
      .add_option("--error-margin", options->plan.error_margin,
                  "so much more of its answers may be errors")
      .shows_default();
  command.add_option("--slow-margin", options->plan.slow_margin, "or slow").shows_default();
  command
      .add_option("--loss-margin", options->plan.loss_margin, "so much higher may its mean loss be")
      .shows_default();
  command
      .add_option("--loss-cap", options->plan.loss_cap,
                  "of regressions: a miss counts up to so much, in units of the label")
      .positive();
  command
      .add_option("--earned-cap", options->plan.earned_cap,
                  "compares what answers earn, as told by `feedback`: each counts up to so much")
      .positive();
  command
      .add_option("--earned-floor", options->plan.earned_floor,
                  "and down to so much, as -50 where answers can cost")
      .shows_default();
  command
      .add_option("--earned-margin", options->plan.earned_margin,
                  "so much less may an answer earn in the mean; default: 1 % of what is between "
                  "floor and cap")
      .positive();
  command
      .add_option("--earned-within", options->earned_within,
                  "what is told of an answer up to then; nothing told: it earned nothing")
      .shows_default();
  command.add_option("--alpha", options->plan.alpha, "how often it may be judged wrongly")
      .shows_default();
  command.add_flag("--by-hand", options->plan.by_hand, "only judge; `promote` and `abort` decide");
  command.add_option("--env", options->into.environment, "in this environment; default: the last");
  add_override_options(command, options->into);
  command.does([&session, options] { return start(session, *options); });
}

void add_ending(const Command& rollout, Session& session, const std::string& name,
                const std::string& summary, const std::string& example,
                Result<int> (*act)(const Session&, const Ending&)) {
  auto ending = std::make_shared<Ending>();
  const Command command = rollout.add_command(name, summary, example);
  command.add_option("--reason", ending->reason, "why; stays in the ledger").required();
  command.add_option("--env", ending->environment, "in this environment; default: the last");
  command.does([&session, ending, act] { return act(session, *ending); });
}

}  // namespace

void add_rollout(const Command& program, Session& session) {
  const Command command = program.add_command(
      "rollout", "a challenger beside what serves: start, watch, promote, abort",
      "millgate rollout start latest --mode shadow");
  command.does([&session] { return show_newest(session, {}); });
  add_start(command, session);
  auto environment = std::make_shared<std::string>();
  const Command status = command.add_command("status", "how the last roll-out stands, and why",
                                             "millgate rollout status --json");
  status.add_option("--env", *environment, "in this environment; default: the last");
  status.does([&session, environment] { return show_newest(session, *environment); });
  add_ending(command, session, "promote", "release the challenger now",
             "millgate rollout promote --reason \"a week without complaints\"", promote);
  add_ending(command, session, "abort", "give the champion all the traffic again, at once",
             "millgate rollout abort --reason \"complaints about one group\"", abort_it);
}

}  // namespace millgate
