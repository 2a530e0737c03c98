/// Counts of one model by all threads that answer with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ground/clock.h"
#include "model/sketch/row_tally.h"

namespace millgate {

/// Each thread counts in a tally of its own, which it takes by one atomic exchange and puts back;
/// who collects puts an empty one in its place. So a thread that answers never waits: it takes a
/// lock only for its first rows and for the first ones of a minute, and then for as long as a
/// pointer is moved.
class ModelTallies {
 public:
  explicit ModelTallies(TallyLayout layout);
  ~ModelTallies();
  ModelTallies(const ModelTallies&) = delete;
  ModelTallies& operator=(const ModelTallies&) = delete;

  /// Any number of threads.
  void add(Time now, const TalliedRows& rows);
  /// What was counted since the last call, by the begin of its minute. Any thread; rows that are
  /// being added right now may be in the next answer.
  [[nodiscard]] std::vector<std::pair<Time, WindowSketch>> take();

  /// Whether somebody collects what is counted here; set by who does.
  std::atomic<bool> is_collected{false};

 private:
  /// The place of one thread; never null but while that thread counts.
  struct alignas(64) Slot {
    std::atomic<RowTally*> tally{nullptr};
  };
  class Turn;

  Slot& slot_of_this_thread();
  Slot& add_slot();
  /// An empty tally; under the lock.
  std::unique_ptr<RowTally> spare_tally();
  /// Keeps `full` to be collected; an empty tally in its place.
  RowTally* exchange(RowTally* full);

  const uint64_t number_;  ///< Of no other object, ever.
  std::shared_ptr<const TallyLayout> layout_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::unique_ptr<RowTally>> full_;
  std::vector<std::unique_ptr<RowTally>> spare_;
};

}  // namespace millgate
