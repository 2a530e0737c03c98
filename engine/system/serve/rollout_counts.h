/// What the requests of a roll-out came to: counted by each server, kept in a file of its own,
/// added up over all servers of the project.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/anytime_difference.h"
#include "model/release/rollout.h"

namespace millgate {

/// Who answered.
enum class Arm { champion, challenger };
inline constexpr size_t kArmCount = 2;
[[nodiscard]] inline size_t index_of(Arm arm) { return static_cast<size_t>(arm); }

/// Of one step, by arm. Plain numbers.
struct StepTotals {
  std::array<int64_t, kArmCount> answers{};
  std::array<int64_t, kArmCount> errors{};  ///< Answered with an error after the model was chosen.
  std::array<int64_t, kArmCount> slow{};    ///< Longer than `slow_ms` of the plan.
  int64_t left_out = 0;  ///< Took no part: not of `only`, or without one key for all its rows.
  int64_t dropped = 0;   ///< Of shadow: not answered by the challenger, which was too far behind.
};

/// Counters of this server for one roll-out. Wait-free; any number of threads.
class RolloutCounts {
 public:
  explicit RolloutCounts(size_t steps);

  void add(size_t step, Arm arm, bool is_error, bool is_slow);
  void add_left_out(size_t step);
  void add_dropped(size_t step);
  [[nodiscard]] std::vector<StepTotals> totals() const;
  /// Writes them to a file in `folder` that no other server writes. Errors: `outside`.
  [[nodiscard]] Status save(const std::string& folder) const;

 private:
  struct Step {
    std::array<std::atomic<int64_t>, kArmCount> answers{}, errors{}, slow{};
    std::atomic<int64_t> left_out{0}, dropped{0};
  };
  std::vector<Step> steps_;
  std::string file_;  ///< Its name, without the folder.
};

/// Where the files of `rollout` are: a folder below `rollouts`.
[[nodiscard]] std::string rollout_folder(const std::string& rollouts, const Rollout& rollout);
/// Those of all servers together, one entry a step. A missing folder is all zeros.
/// Errors: `damaged` naming a file that cannot be read.
[[nodiscard]] Result<std::vector<StepTotals>> saved_totals(const std::string& folder, size_t steps);

}  // namespace millgate
