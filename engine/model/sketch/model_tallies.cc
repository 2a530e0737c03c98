#include "model/sketch/model_tallies.h"

#include <thread>

#include "model/sketch/sketch_book.h"

namespace millgate {

namespace {

/// Of who collects: a thread that counts right now is asked so often, then left for the next time.
constexpr int kAskedMax = 10'000;

uint64_t next_number() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

}  // namespace

/// Has the tally of a thread, and puts it back.
class ModelTallies::Turn {
 public:
  explicit Turn(Slot& slot)
      : slot_(slot), tally(slot.tally.exchange(nullptr, std::memory_order_acquire)) {}
  ~Turn() { slot_.tally.store(tally, std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Slot& slot_;

 public:
  RowTally* tally;
};

ModelTallies::ModelTallies(TallyLayout layout)
    : number_(next_number()), layout_(std::make_shared<const TallyLayout>(std::move(layout))) {}

ModelTallies::~ModelTallies() {
  for (const auto& slot : slots_) delete slot->tally.load();
}

ModelTallies::Slot& ModelTallies::slot_of_this_thread() {
  // For the model asked for last and the one before: a roll-out has two that take turns. Slots of
  // models that are gone are never looked at, since their numbers do not come again.
  struct Known {
    uint64_t number = 0;
    Slot* slot = nullptr;
  };
  thread_local Known newest;
  thread_local Known other;
  if (newest.number != number_) {
    std::swap(newest, other);
    if (newest.number != number_) newest = {.number = number_, .slot = &add_slot()};
  }
  return *newest.slot;
}

ModelTallies::Slot& ModelTallies::add_slot() {
  const std::scoped_lock lock(mutex_);
  auto slot = std::make_unique<Slot>();
  slot->tally.store(spare_tally().release());
  slots_.push_back(std::move(slot));
  return *slots_.back();
}

std::unique_ptr<RowTally> ModelTallies::spare_tally() {
  if (spare_.empty()) return std::make_unique<RowTally>(layout_);
  std::unique_ptr<RowTally> tally = std::move(spare_.back());
  spare_.pop_back();
  return tally;
}

RowTally* ModelTallies::exchange(RowTally* full) {
  const std::scoped_lock lock(mutex_);
  full_.reserve(full_.size() + 1);
  std::unique_ptr<RowTally> empty = spare_tally();
  full_.emplace_back(full);
  return empty.release();
}

void ModelTallies::add(Time now, const TalliedRows& rows) {
  const int64_t minute = window_begin(SketchSpan::minute, now).micros;
  Turn turn(slot_of_this_thread());
  if (turn.tally->minute != minute) {
    if (turn.tally->rows() > 0) turn.tally = exchange(turn.tally);
    turn.tally->minute = minute;
  }
  turn.tally->add(rows);
}

std::vector<std::pair<Time, WindowSketch>> ModelTallies::take() {
  std::vector<std::unique_ptr<RowTally>> full;
  std::vector<std::pair<Slot*, std::unique_ptr<RowTally>>> turns;
  {
    const std::scoped_lock lock(mutex_);
    full.swap(full_);
    turns.reserve(slots_.size());
    for (const auto& slot : slots_) turns.emplace_back(slot.get(), spare_tally());
  }
  // Not under the lock: a thread that counts may be waiting for it.
  for (auto& [slot, tally] : turns) {
    for (int asked = 0; asked < kAskedMax; ++asked) {
      RowTally* there = slot->tally.load();
      if (there != nullptr && slot->tally.compare_exchange_strong(there, tally.get())) {
        static_cast<void>(tally.release());
        tally.reset(there);
        break;
      }
      std::this_thread::yield();
    }
    full.push_back(std::move(tally));
  }
  std::vector<std::pair<Time, WindowSketch>> windows;
  for (const auto& tally : full) {
    if (tally->rows() > 0) windows.emplace_back(Time{tally->minute}, tally->take());
  }
  const std::scoped_lock lock(mutex_);
  for (auto& tally : full) spare_.push_back(std::move(tally));
  return windows;
}

}  // namespace millgate
