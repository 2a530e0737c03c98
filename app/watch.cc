#include "app/watch.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <sstream>
#include <thread>

#include "app/own_command.h"
#include "ground/file_lock.h"
#include "model/release/gate.h"
#include "model/release/model_name.h"
#include "model/release/registry.h"
#include "model/release/rollout.h"
#include "system/pipeline/run.h"
#include "system/pipeline/run_steps.h"

namespace millgate {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What came of one look.
struct Looked {
  std::string monitored;  ///< The answer of `monitor`, in one sentence.
  std::string model;      ///< Brief id of the model that was trained; empty: none was.
  std::string done;       ///< In words.
};

void tell(const Session& session, const Looked& looked) {
  const std::string now = to_string(system_clock().now());
  if (session.json) {
    std::cout << dump_json({{"time", now},
                            {"monitor", looked.monitored},
                            {"model", looked.model},
                            {"done", looked.done}})
              << '\n';
  } else {
    std::cout << now << "  " << looked.monitored << '\n';
    if (!looked.done.empty()) std::cout << now << "  " << looked.done << '\n';
  }
  std::cout.flush();
}

/// What `monitor` says last, after what triggers did: its answer.
std::string answer_in(const std::string& output) {
  std::istringstream lines(output);
  std::string line;
  std::string answer;
  std::string actions;
  while (std::getline(lines, line)) {
    if (line.starts_with("trigger ")) {
      actions += "; " + line;
    } else if (!line.empty()) {
      answer = line;
    }
  }
  return answer + actions;
}

/// The tip of the branch whose run failed for good: it is not tried again.
using FailedTip = std::optional<Id>;

/// Why the first step that would run does; empty: nothing changed since the last run.
Result<std::string> what_changed(const Workplace& place) {
  std::vector<StepReport> steps;
  if (!place.project.steps.empty()) {
    MILLGATE_ASSIGN(steps, plan_steps(*place.repository, place.project, {}));
  }
  MILLGATE_ASSIGN(const std::vector<StepReport> own,
                  plan_run(*place.repository, place.project, {}));
  steps.insert(steps.end(), own.begin(), own.end());
  const auto changed =
      std::find_if(steps.begin(), steps.end(), [](const StepReport& step) { return !step.reused; });
  return changed == steps.end() ? std::string() : changed->name + ": " + changed->why;
}

/// Whether `model` was ever let in: live, or a challenger.
Result<bool> was_let_in(const Ledger& ledger, const Id& model) {
  MILLGATE_ASSIGN(const std::vector<Serving> live, serving_history(ledger));
  MILLGATE_ASSIGN(const std::vector<Rollout> beside, rollouts(ledger));
  return std::any_of(live.begin(), live.end(),
                     [&](const Serving& one) { return one.model == model; }) ||
         std::any_of(beside.begin(), beside.end(),
                     [&](const Rollout& one) { return one.challenger == model; });
}

/// What is left to do with the model of the newest run.
enum class Left { nothing, judge, let_in };

/// A watch that was killed, or a release that waits for a signature, leaves something to do.
Result<Left> left_to_do(const Ledger& ledger, const Id& model, const WatchOptions& options) {
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict, find_verdict(ledger, model));
  if (!verdict) return Left::judge;
  if (!verdict->passed() || options.then.empty()) return Left::nothing;
  MILLGATE_ASSIGN(const bool was_in, was_let_in(ledger, model));
  return was_in ? Left::nothing : Left::let_in;
}

/// Lets the model `hex` in, which passed, as `then` says.
Status let_in(const Workplace& place, const WatchOptions& options, const std::string& hex,
              Looked& looked) {
  if (options.then.empty()) {
    looked.done += ": `millgate release " + looked.model + "`";
    return {};
  }
  const bool is_release = options.then == "release";
  MILLGATE_ASSIGN(const CommandSaid went,
                  run_own_command(place.project,
                                  is_release ? std::vector<std::string>{"release", hex}
                                             : std::vector<std::string>{"rollout", "start", hex}));
  const std::string word = is_release ? "release" : "roll-out";
  looked.done += went.code == kDone ? "; its " + word + " began" : "; its " + word + " was refused";
  return {};
}

/// Finishes what was left of the newest model, where nothing changed since.
Status finish(const Workplace& place, const WatchOptions& options, std::string& hex,
              Looked& looked) {
  const Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const std::vector<RunRecord> all, runs(ledger));
  if (all.empty()) return {};
  const Id& model = all.back().model;
  MILLGATE_ASSIGN(const Left left, left_to_do(ledger, model, options));
  if (left == Left::nothing) return {};
  looked.model = model.brief();
  if (left == Left::judge) {
    hex = model.hex();
    looked.done = "model " + looked.model + " was trained before and not judged";
    return {};
  }
  looked.done = "model " + looked.model + " passed the gate before";
  return let_in(place, options, model.hex(), looked);
}

/// Trains where something changed. `hex`: the model that is to be judged now; empty: none.
Status train_if_changed(const Workplace& place, const WatchOptions& options, FailedTip& failed,
                        std::string& hex, Looked& looked) {
  const Result<Commit> tip = place.repository->resolve(kCurrentBranch);
  if (!tip.ok()) {
    looked.done = "nothing is committed yet";
    return {};
  }
  if (failed == tip->id) return {};
  MILLGATE_ASSIGN(const std::string why, what_changed(place));
  if (why.empty()) return finish(place, options, hex, looked);
  const Result<CommandSaid> ran = run_own_command(place.project, {"run", "--json"});
  if (!ran.ok()) {
    if (ran.error().code == ErrorCode::refused) failed = tip->id;
    return ran.error();
  }
  MILLGATE_ASSIGN(const Json report, parse_json(ran->output, "what millgate run said"));
  MILLGATE_ASSIGN(hex, json_member<std::string>(report, "model", "millgate run"));
  looked.model = hex.substr(0, 12);
  looked.done = "model " + looked.model + " was trained (" + why + ")";
  return {};
}

/// Judges the model `hex`, and does with one that passed what `then` says.
Status judge_trained(const Workplace& place, const WatchOptions& options, const std::string& hex,
                     Looked& looked) {
  MILLGATE_ASSIGN(const CommandSaid judged, run_own_command(place.project, {"gate", hex}));
  if (judged.code == kAnswerIsNo) {
    looked.done += ", and the gate refused it: `millgate gate " + looked.model + "` says why";
    return {};
  }
  looked.done += ", and passed the gate";
  MILLGATE_ASSIGN(const auto live, serving(place.repository->ledger()));
  if (live && live->model.hex() == hex) {
    looked.done += "; it serves already";
    return {};
  }
  return let_in(place, options, hex, looked);
}

Status look(const Session& session, const WatchOptions& options, FailedTip& failed) {
  // Anew each time: the project file may be another one.
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  Looked looked;
  MILLGATE_ASSIGN(const CommandSaid monitored, run_own_command(place.project, {"monitor"}));
  looked.monitored = answer_in(monitored.output);
  std::string hex;
  Status status = train_if_changed(place, options, failed, hex, looked);
  if (status.ok() && !hex.empty()) status = judge_trained(place, options, hex, looked);
  tell(session, looked);
  return status;
}

}  // namespace

Result<int> watch_project(const Session& session, const WatchOptions& options) {
  MILLGATE_ASSIGN(const int64_t every, parse_duration_micros(options.every));
  std::optional<SteadyTime> end;
  if (!options.duration.empty()) {
    MILLGATE_ASSIGN(const int64_t duration, parse_duration_micros(options.duration));
    end = std::chrono::steady_clock::now() + std::chrono::microseconds(duration);
  }
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const std::string lock_path = repository->folder("scratch") + "/watch.lock";
  MILLGATE_ASSIGN(std::optional<Descriptor> lock, try_lock_file(lock_path));
  if (!lock) {
    if (options.once) {
      std::cerr << "note: another process watches this project; it is left to it\n";
      return kDone;
    }
    std::cerr << "note: another process watches this project; this one waits until it ends\n";
    MILLGATE_ASSIGN(lock, lock_file(lock_path));
  }
  FailedTip failed;
  while (true) {
    const Status looked = look(session, options, failed);
    if (options.once) return looked.ok() ? Result<int>(kDone) : Result<int>(looked.error());
    if (!looked.ok()) std::cerr << "warning: " << looked.error().what << '\n';
    const SteadyTime next = std::chrono::steady_clock::now() + std::chrono::microseconds(every);
    if (end && next > *end) return kDone;
    std::this_thread::sleep_until(next);
  }
}

}  // namespace millgate
