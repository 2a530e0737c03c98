/// Roll-outs as a fold over the ledger: a challenger that answers some of the traffic, or answers
/// it unseen, beside what serves.
///
/// A roll-out has started, has gone from step to step, and has ended; who, when and why is in the
/// ledger, what it measured beside the prediction log. Whatever changes what is live in its
/// environment ends it: a release of the challenger is its promotion.
/// Events: docs/formats/ledger-events.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/release/gate.h"
#include "model/release/registry.h"

namespace millgate {

/// How the challenger takes part.
enum class RolloutMode {
  shadow,  ///< Answers beside, for the log; nobody gets its answers.
  canary,  ///< Gets a share of the traffic that grows step by step.
  ab,      ///< Gets one share of it, until one of both is found better.
  bandit,  ///< As ab, with a share that follows what is known so far.
};
[[nodiscard]] std::string_view to_string(RolloutMode mode);
/// Errors: `invalid_input` with the names that there are.
[[nodiscard]] Result<RolloutMode> parse_rollout_mode(std::string_view text);

/// Who is asked for something by name: "header:X-User", or "column:customer" of the rows.
struct RequestField {
  bool is_header = false;
  std::string name = {};  ///< Empty: none.
};
/// "header:NAME", "column:NAME", or "" for none. Errors: `invalid_input`.
[[nodiscard]] Result<RequestField> parse_request_field(std::string_view text);

/// What is done, and what is not tolerated. Times in microseconds.
struct RolloutPlan {
  RolloutMode mode = RolloutMode::canary;
  std::vector<double> shares = {1, 10, 50, 100};      ///< Percent of the traffic; one a step.
  int64_t hold_micros = 600'000'000;                  ///< A step takes at least so long,
  int64_t answers_min = 500;                          ///< and so many answers of the challenger.
  int64_t give_up_micros = 7LL * 86'400 * 1'000'000;  ///< Undecided so long, it is ended.
  /// Requests of one value go to one model. Empty: each request goes where its own id sends it.
  std::string sticky = {};
  /// Only requests whose field has this value take part: "header:X-Beta=1". Empty: all.
  std::string only = {};
  double slow_ms = 10;          ///< An answer that takes longer is slow.
  double error_margin = 0.005;  ///< So much more of the answers may fail,
  double slow_margin = 0.01;    ///< be slow,
  double loss_margin = 0.01;    ///< and so much higher may the mean loss be.
  /// Of regressions: a miss counts up to so much, in units of the label, as a share of it. 0: the
  /// models are no regressions, or their losses are not compared.
  double loss_cap = 0;
  /// What an answer earns counts up to so much, in the users' money. 0: it is not compared.
  double earned_cap = 0;
  double earned_floor = 0;   ///< And down to so much; below 0 where answers can cost.
  double earned_margin = 0;  ///< So much less may an answer earn in the mean.
  /// What is told of an answer within this time is what it earned.
  int64_t earned_within_micros = 86'400LL * 1'000'000;
  int64_t labels_min = 0;  ///< Not promoted before so many labels of each model. 0: none needed.
  double alpha = 0.05;     ///< How often a roll-out may be judged wrongly.
  bool by_hand = false;    ///< Judged, but neither promoted, moved nor rolled back by itself.

  [[nodiscard]] double earned_range() const { return earned_cap - earned_floor; }
  /// Whether to be no worse is too little.
  [[nodiscard]] bool must_be_better() const {
    return mode == RolloutMode::ab || mode == RolloutMode::bandit;
  }
};
/// A bandit goes to so many shares; then the last one stays.
inline constexpr size_t kBanditStepsMax = 64;
/// Errors: `invalid_input` naming what is wrong.
[[nodiscard]] Status check_plan(const RolloutPlan& plan);

enum class RolloutState { running, promoted, rolled_back, replaced };
/// "running", "promoted", "rolled back", "replaced".
[[nodiscard]] std::string_view to_string(RolloutState state);

/// A roll-out, and what became of it.
struct Rollout {
  Id id;              ///< Of the event that started it: also the salt of its assignment.
  int64_t event = 0;  ///< Its number.
  RolloutPlan plan;
  Id champion;  ///< What served when it started.
  Id challenger;
  std::string environment = {};  ///< Key.
  std::string verdict = {};      ///< That opened the way; of an override the newest, or empty.
  std::optional<Override> let_in = {};  ///< Against the gate, by whom and why.
  std::string by = {};
  Time since = {};
  /// Percent of each step: those of the plan, or of a bandit those that it came to.
  std::vector<double> shares = {};
  size_t step = 0;                    ///< Index in `shares`.
  std::vector<Time> step_times = {};  ///< When each step up to this one began.
  RolloutState state = RolloutState::running;
  std::string reason = {};  ///< Why it is where it is: of the step, or of the end.
  std::string ended_by = {};
  std::optional<Time> ended = {};

  [[nodiscard]] Time step_since() const { return step_times.back(); }
  [[nodiscard]] double share() const { return shares[step]; }
  [[nodiscard]] size_t steps_max() const {
    return plan.mode == RolloutMode::bandit ? kBanditStepsMax : plan.shares.size();
  }
  [[nodiscard]] bool is_running() const { return state == RolloutState::running; }
};

/// Starts one with the model of a verdict that would open the way for `release`, or, with `let_in`,
/// against the gate. Errors: as `release` and `release_by_override`; `invalid_input` for the plan;
/// `not_found` when nothing serves that it could stand beside; `conflict` when one is running.
struct RolloutStart {
  Id challenger;
  RolloutPlan plan;
  std::optional<Override> let_in = {};
};
[[nodiscard]] Result<Rollout> start_rollout(Ledger& ledger, const RolloutStart& start,
                                            const std::string& author, const Entry& entry = {});

/// Every roll-out of an environment, oldest first.
[[nodiscard]] Result<std::vector<Rollout>> rollouts(const Ledger& ledger,
                                                    const std::string& environment = {});
/// The one that runs; nothing where none does.
[[nodiscard]] Result<std::optional<Rollout>> running_rollout(const Ledger& ledger,
                                                             const std::string& environment = {});

/// To the next step; of a bandit that of `share` percent. Errors: `conflict` when it is not where
/// `rollout` says any more, or at its last step; `invalid_input` for a share that cannot be.
[[nodiscard]] Status advance_rollout(Ledger& ledger, const Rollout& rollout,
                                     const std::string& reason, const std::string& author,
                                     double share = 0);
/// Ends it; the champion has all the traffic again. Errors: `conflict` when it has ended;
/// `invalid_input` without a reason.
[[nodiscard]] Status roll_back_rollout(Ledger& ledger, const Rollout& rollout,
                                       const std::string& reason, const std::string& author);
/// Releases the challenger as it was let in, with the reason. Errors: as `release`, `refused` when
/// the override that let it in has ended; `conflict` when the roll-out has.
[[nodiscard]] Result<Serving> promote_rollout(Ledger& ledger, const Rollout& rollout,
                                              const std::string& reason, const std::string& author,
                                              Entry entry);

}  // namespace millgate
