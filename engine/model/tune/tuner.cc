#include "model/tune/tuner.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ground/durable_file.h"
#include "ground/file_lock.h"
#include "model/tune/halving.h"

namespace millgate {

namespace {

constexpr int kStartsMax = 5;
constexpr auto kLookAgain = std::chrono::milliseconds(50);

/// Trials from 0 on that may be begun with what is known: the budget in seconds is looked at in the
/// same results that the trial itself may look at, so that it does not depend on who was faster.
bool budget_allows(const Study& study, const TunerOptions& options, int number,
                   const std::map<int, Trial>& trials) {
  if (number > options.trials) return false;
  if (options.seconds <= 0 || number == 0) return true;
  double spent = 0;
  for (const auto& [other, trial] : trials) {
    if (other <= number - study.side_by_side) spent += trial.seconds;
  }
  return spent < options.seconds;
}

bool is_ready(const Study& study, int number, const std::map<int, Trial>& trials) {
  for (int other = 0; other <= number - study.side_by_side; ++other) {
    if (!trials.contains(other)) return false;
  }
  return true;
}

/// A claim on a trial: the lock of a file whose size tells how often it was begun.
struct Claim {
  Descriptor lock;
  int starts = 0;
};

std::string claim_path(const std::string& folder, int number) {
  return folder + "/trial-" + std::to_string(number);
}

/// Nothing when somebody has it. The file goes when the trial is recorded, and whoever finds it
/// gone makes it anew: so a claim counts only after another look at the ledger.
Result<std::optional<Claim>> claim_trial(const std::string& folder, int number) {
  const std::string path = claim_path(folder, number);
  MILLGATE_TRY(make_folders(folder));
  MILLGATE_ASSIGN(std::optional<Descriptor> lock, try_lock_file(path));
  if (!lock) return std::optional<Claim>();
  const off_t size = ::lseek(lock->number(), 0, SEEK_END);
  if (size < 0 || ::write(lock->number(), "x", 1) != 1) {
    return system_failure("write", path, errno);
  }
  return std::optional<Claim>(Claim{.lock = std::move(*lock), .starts = static_cast<int>(size)});
}

/// The tuner of one process. All members are guarded by `mutex_` where threads run.
class Tuner {
 public:
  Tuner(Ledger& ledger, const Study& study, const Evaluate& evaluate, const TunerOptions& options)
      : ledger_(ledger), study_(study), evaluate_(evaluate), options_(options) {}

  Result<std::vector<Trial>> run() {
    MILLGATE_TRY(look());
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.workers; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    if (!failure_.ok()) return std::move(failure_).error();
    ::rmdir(options_.claims_folder.c_str());  // Stays while another process has a claim in it.
    std::vector<Trial> all;
    all.reserve(trials_.size());
    for (auto& [number, trial] : trials_) all.push_back(std::move(trial));
    auto finished = finished_trials(study_, all, options_);
    if (!finished) return bug("a study ended before its trials did");
    return std::move(*finished);
  }

 private:
  /// Reads what others recorded.
  Status look() {
    MILLGATE_ASSIGN(auto recorded, read_trials(ledger_, study_.id, looked_at_));
    for (Trial& trial : recorded) trials_.try_emplace(trial.number, std::move(trial));
    return {};
  }

  void work() {
    std::unique_lock guard(mutex_);
    while (failure_.ok()) {
      const Status looked = look();
      if (!looked.ok()) {
        fail(looked);
        break;
      }
      bool all_done = true;
      const auto next = take(all_done);
      if (!next.ok()) {
        fail(next.error());
        break;
      }
      if (*next) {
        run_one(guard, **next);
      } else if (all_done) {
        break;
      } else {
        // Somebody else, perhaps in another process, has what must be known first.
        changed_.wait_for(guard, kLookAgain);
      }
    }
    changed_.notify_all();
  }

  void fail(const Status& status) {
    if (failure_.ok()) failure_ = status;
    changed_.notify_all();
  }

  struct Taken {
    int number = 0;
    int starts = 0;
  };

  /// The first trial that may be begun and that nobody runs; `all_done` is false while one is
  /// missing.
  Result<std::optional<Taken>> take(bool& all_done) {
    for (int number = 0;; ++number) {
      if (trials_.contains(number)) continue;
      if (!is_ready(study_, number, trials_)) {
        all_done = false;
        return std::optional<Taken>();
      }
      if (!budget_allows(study_, options_, number, trials_)) return std::optional<Taken>();
      all_done = false;
      if (claims_.contains(number)) continue;
      MILLGATE_ASSIGN(auto claim, claim_trial(options_.claims_folder, number));
      if (!claim) continue;
      const Taken taken{.number = number, .starts = claim->starts};
      claims_.emplace(number, std::move(claim->lock));
      // Its owner may have recorded it and let go since this process looked.
      MILLGATE_TRY(look());
      if (!trials_.contains(number)) return std::optional<Taken>(taken);
      ::unlink(claim_path(options_.claims_folder, number).c_str());
      claims_.erase(number);
    }
  }

  /// A trial that was begun before may be what ended the process then: it runs alone, so that no
  /// other is blamed for the next time.
  void wait_for_turn(std::unique_lock<std::mutex>& guard, bool alone) {
    changed_.wait(guard, [&] { return !alone_ && (!alone || running_ == 0); });
    alone_ = alone;
    ++running_;
  }

  void run_one(std::unique_lock<std::mutex>& guard, const Taken& taken) {
    Assignment assignment = assign(taken.number);
    wait_for_turn(guard, taken.starts > 0);
    guard.unlock();
    const Trial trial = taken.starts < kStartsMax ? measured(assignment) : given_up(assignment);
    guard.lock();
    // What was looked at decides whether somebody else was first, and must not move meanwhile.
    if (failure_.ok() && record(trial)) {
      ::unlink(claim_path(options_.claims_folder, taken.number).c_str());
    }
    claims_.erase(taken.number);
    --running_;
    alone_ = false;
    changed_.notify_all();
  }

  Assignment assign(int number) {
    Assignment assignment{.number = number, .parameters = {}, .goes_on = {}};
    if (number > 0) {
      assignment.parameters =
          parameters_at(study_.space, point_of_trial(study_, number, trials_, points_));
    }
    std::vector<std::vector<double>> known;
    for (size_t rung = 0; number > 0 && rung < study_.rungs.size(); ++rung) {
      known.push_back(losses_at_rung(study_, number, rung, trials_));
    }
    assignment.goes_on = [known = std::move(known)](size_t rung, double loss) {
      return rung >= known.size() || millgate::goes_on(loss, known[rung]);
    };
    return assignment;
  }

  Trial measured(const Assignment& assignment) {
    const auto begin = std::chrono::steady_clock::now();
    Result<TrialOutcome> outcome = evaluate_(assignment);
    Trial trial{.number = assignment.number,
                .state = TrialState::complete,
                .parameters = assignment.parameters,
                .outcome = {},
                .error = {},
                .seconds = 0};
    trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!outcome.ok()) {
      trial.state = TrialState::failed;
      trial.error = outcome.error().what;
      if (outcome.error().code == ErrorCode::outside) {
        const std::scoped_lock guard(mutex_);
        fail(outcome.error());
      }
      return trial;
    }
    trial.outcome = std::move(*outcome);
    if (trial.outcome.is_pruned) {
      trial.state = TrialState::pruned;
    } else if (trial.outcome.values.size() != study_.objectives.size() ||
               !std::all_of(trial.outcome.values.begin(), trial.outcome.values.end(),
                            [](double value) { return std::isfinite(value); })) {
      trial.state = TrialState::failed;
      trial.error = "the trial measured no number";
      trial.outcome = {};
    }
    return trial;
  }

  static Trial given_up(const Assignment& assignment) {
    return {.number = assignment.number,
            .state = TrialState::failed,
            .parameters = assignment.parameters,
            .outcome = {},
            .error = "the whole process ended during this trial, five times",
            .seconds = 0};
  }

  bool record(const Trial& trial) {
    const auto recorded = record_trial(ledger_, study_, trial, looked_at_, options_.author);
    if (!recorded.ok()) {
      fail(recorded.error());
      return false;
    }
    if (*recorded) trials_.try_emplace(trial.number, trial);
    if (options_.progress) {
      options_.progress(static_cast<int>(trials_.size()), options_.trials + 1);
    }
    return true;
  }

  Ledger& ledger_;
  const Study& study_;
  const Evaluate& evaluate_;
  const TunerOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, Trial> trials_;
  std::map<int, SearchPoint> points_;
  std::map<int, Descriptor> claims_;  ///< Trials that threads of this process run.
  int64_t looked_at_ = 0;             ///< Newest event of the study that was read.
  int running_ = 0;
  bool alone_ = false;  ///< One runs that tolerates no other.
  Status failure_;
};

}  // namespace

Result<std::vector<Trial>> run_study(Ledger& ledger, const Study& study, const Evaluate& evaluate,
                                     const TunerOptions& options) {
  return Tuner(ledger, study, evaluate, options).run();
}

std::optional<std::vector<Trial>> finished_trials(const Study& study, const std::vector<Trial>& all,
                                                  const TunerOptions& options) {
  std::map<int, Trial> trials;
  for (const Trial& trial : all) trials.try_emplace(trial.number, trial);
  std::vector<Trial> finished;
  for (int number = 0;; ++number) {
    if (!is_ready(study, number, trials)) return std::nullopt;
    if (!budget_allows(study, options, number, trials)) return finished;
    const auto found = trials.find(number);
    if (found == trials.end()) return std::nullopt;
    finished.push_back(found->second);
  }
}

}  // namespace millgate
