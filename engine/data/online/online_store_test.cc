// What every online store does, asked of each.
#include "data/online/online_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>

#include "data/feature/window_facts.h"
#include "data/online/fact_record.h"
#include "data/online/lmdb_store.h"
#include "data/online/redis_store.h"
#include "data/online/test_redis.h"
#include "data/online/test_store.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

/// One server for all cases; each has its own prefix.
const RedisServer& redis() {
  static const RedisServer server;
  return server;
}

class OnlineStoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { open(); }

  /// Anew, as another process would.
  void open() {
    if (GetParam() == std::string("redis")) {
      store_ = open_redis_store({.address = redis().address(), .prefix = folder_.path()});
      return;
    }
    auto opened = open_lmdb_store({.folder = folder_.path() + "/online"});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    store_ = *opened;
  }

  TestFolder folder_;
  std::shared_ptr<OnlineStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, OnlineStoreTest, ::testing::Values("lmdb", "redis"),
                         [](const auto& store) { return store.param; });

TEST_P(OnlineStoreTest, WritesOnlyWhatChanged) {
  const OnlineView view = test_view();
  auto counts = update(*store_, view, {at("JFK", 1, 10), at("LGA", 2, 10), at("EWR", 3, 10)});
  ASSERT_TRUE(counts.ok()) << counts.error().what;
  EXPECT_EQ(counts->front().rows.written, 3);
  counts = update(*store_, view, {at("JFK", 1, 10), at("LGA", 5, 11)});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->front().rows.unchanged, 1);
  EXPECT_EQ(counts->front().rows.written, 1);
  EXPECT_EQ(counts->front().rows.removed, 1);
  EXPECT_EQ(wind_of(*store_, view, "LGA"), 5);
  EXPECT_EQ(wind_of(*store_, view, "EWR"), std::nullopt);
  EXPECT_EQ(stored(*store_, view)->entity_count, 2);
}

TEST_P(OnlineStoreTest, ACorrectionMayTakeARowBack) {
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store_, view, {at("JFK", 1, 20)}).ok());
  ASSERT_TRUE(
      update(*store_, view, {at("JFK", 2, 10)}).ok());  // The row of 20 was wrong and is gone.
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 2);
}

TEST_P(OnlineStoreTest, AnOlderRowNeverReplacesANewer) {
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store_, view, {at("JFK", 1, 10, 10)}).ok());
  auto counts = push(*store_, view, {at("JFK", 9, 9, 99)});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->kept, 1);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 1);
  // Of one push the newest wins, in whatever order; of equal times the one that came last.
  ASSERT_TRUE(
      push(*store_, view, {at("JFK", 3, 30, 31), at("JFK", 2, 20, 99), at("JFK", 4, 30, 31)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  ASSERT_TRUE(push(*store_, view, {at("JFK", 5, 30, 30)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  // What was pushed outlives an update that does not know it yet, and gives way to one that does.
  counts = push(*store_, view, {at("SWF", 6, 5, 5)});
  ASSERT_TRUE(counts.ok());
  auto updated = update(*store_, view, {at("JFK", 1, 10, 10)});
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->front().rows.kept, 2);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  EXPECT_EQ(wind_of(*store_, view, "SWF"), 6);
  ASSERT_TRUE(update(*store_, view, {at("JFK", 7, 30, 31)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 7);
}

TEST_P(OnlineStoreTest, TheLaterOfTwoWhoMaterialiseAtOnceIsTold) {
  OnlineView view = test_view();
  ViewUpdate late{.view = view, .before = std::nullopt, .rows = {keyed(view, at("JFK", 1, 1))}};
  ASSERT_TRUE(update(*store_, view, {at("JFK", 2, 2)}).ok());
  const auto refused = store_->update({late});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 2);
}

TEST_P(OnlineStoreTest, DropTakesOneViewOnly) {
  const OnlineView view = test_view();
  const OnlineView other = test_view("other");
  ASSERT_TRUE(update(*store_, view, {at("JFK", 1, 1)}).ok());
  ASSERT_TRUE(update(*store_, other, {at("JFK", 2, 1)}).ok());
  ASSERT_TRUE(store_->drop({view}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), std::nullopt);
  EXPECT_EQ(wind_of(*store_, other, "JFK"), 2);
  EXPECT_FALSE(stored(*store_, view));
}

TEST_P(OnlineStoreTest, ReadersNeverSeeAMix) {
  const OnlineView view = test_view();
  const OnlineView other = test_view("other");
  const auto both = [&](double wind) {
    std::vector<ViewUpdate> updates;
    for (const OnlineView& one : {view, other}) {
      ViewUpdate update{.view = one, .before = stored(*store_, one), .rows = {}};
      for (int i = 0; i < 50; ++i) {
        update.rows.push_back(keyed(one, at(std::to_string(i), wind, 1)));
      }
      updates.push_back(std::move(update));
    }
    return store_->update(std::move(updates));
  };
  ASSERT_TRUE(both(0).ok());
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) {
    keys.push_back(keyed(view, at(std::to_string(i), 0, 0)).key);
    keys.push_back(keyed(other, at(std::to_string(i), 0, 0)).key);
  }
  std::atomic<bool> done = false;
  std::atomic<int> mixed = 0;
  std::atomic<int> reads = 0;
  const auto look = [&] {
    Vector wind;
    wind.reset(ValueType::number, 1);
    while (!done) {
      std::optional<double> first;
      const Status status =
          store_->read(keys, [&](size_t, std::optional<std::string_view> row) -> Status {
            Vector* const targets[] = {&wind, nullptr};
            if (!row || !read_row(*row, view.fields, targets, 0).ok()) return ++mixed, Status();
            if (!first) first = wind.numbers[0];
            if (*first != wind.numbers[0]) ++mixed;
            return Status();
          });
      if (!status.ok()) ++mixed;
      ++reads;
    }
  };
  std::thread one(look);
  std::thread two(look);
  for (int round = 1; round <= 60; ++round) EXPECT_TRUE(both(round).ok());
  while (reads < 100) std::this_thread::yield();
  done = true;
  one.join();
  two.join();
  EXPECT_EQ(mixed, 0);
}

TEST_P(OnlineStoreTest, TwoWritersAtOnceLoseNothing) {
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store_, view, {}).ok());
  const auto writer = [&](int from) {
    for (int i = 0; i < 40; ++i) {
      const int64_t time = from + i * 2;
      EXPECT_TRUE(push(*store_, view,
                       {at("shared", static_cast<double>(time), time),
                        at("own " + std::to_string(time), 1, time)})
                      .ok());
    }
  };
  std::thread even(writer, 0);
  std::thread odd(writer, 1);
  even.join();
  odd.join();
  EXPECT_EQ(wind_of(*store_, view, "shared"), 79);
  for (int i = 0; i < 80; ++i) EXPECT_EQ(wind_of(*store_, view, "own " + std::to_string(i)), 1);
}

TEST_P(OnlineStoreTest, EqualsASlowModelOnRandomWork) {
  const OnlineView view = test_view();
  struct Held {
    double wind;
    RowStamp stamp;
  };
  std::map<std::string, Held> model;
  ASSERT_TRUE(update(*store_, view, {}).ok());
  Random random(11);
  for (int step = 0; step < 300; ++step) {
    std::vector<TestRow> rows;
    std::map<std::string, TestRow> by_origin;
    for (uint64_t i = random.below(6); i > 0; --i) {
      const std::string origin = std::to_string(random.below(8));
      TestRow row =
          at(origin, static_cast<double>(random.below(1000)), static_cast<int64_t>(random.below(5)),
             static_cast<int64_t>(random.below(3)));
      by_origin.insert_or_assign(origin, row);
      rows.push_back(row);
    }
    if (random.below(3) == 0) {
      rows.clear();
      for (const auto& [origin, row] : by_origin) rows.push_back(row);
      ASSERT_TRUE(update(*store_, view, rows).ok());
      std::map<std::string, Held> next;
      for (const auto& [origin, row] : by_origin) next[origin] = {row.wind, row.stamp};
      for (const auto& [origin, held] : model) {
        if (!held.stamp.is_pushed) continue;
        if (!next.contains(origin) || held.stamp.is_newer_than(next[origin].stamp)) {
          next[origin] = held;
        }
      }
      model = next;
    } else {
      ASSERT_TRUE(push(*store_, view, rows).ok());
      for (TestRow row : rows) {
        row.stamp.is_pushed = true;
        const auto found = model.find(row.origin);
        if (found == model.end() || !found->second.stamp.is_newer_than(row.stamp)) {
          model[row.origin] = {row.wind, row.stamp};
        }
      }
    }
    for (int i = 0; i < 8; ++i) {
      const std::string origin = std::to_string(i);
      const auto found = model.find(origin);
      const std::optional<double> expected =
          found == model.end() ? std::nullopt : std::optional(found->second.wind);
      ASSERT_EQ(wind_of(*store_, view, origin), expected) << "step " << step << " of seed 11";
    }
  }
}

/// One fact as a slow model has it.
struct HeldFact {
  int64_t happened = 0;
  int64_t known = 0;
  double value = 0;
  bool is_pushed = false;
  auto operator<=>(const HeldFact&) const = default;
};

/// A row with facts, whose columns are those of the newest.
KeyedRow keyed_facts(const OnlineView& view, const std::string& origin, std::vector<HeldFact> facts,
                     int64_t kept_from) {
  std::stable_sort(facts.begin(), facts.end());
  const std::vector<FactColumn> columns = fact_columns(view.windows);
  Block entity{.rows = 1, .columns = std::vector<Vector>(1)};
  entity.columns[0].reset(ValueType::text, 1);
  entity.columns[0].valid[0] = 1;
  entity.columns[0].texts[0] = origin;
  Block values{.rows = 1, .columns = std::vector<Vector>(1)};
  values.columns[0].reset(ValueType::number, 1);
  values.columns[0].valid[0] = 1;
  const Block no_key;
  std::string records;
  for (size_t i = 0; i < facts.size(); ++i) {
    values.columns[0].numbers[0] = facts[i].value;
    records += write_record(view, columns,
                            {.happened = facts[i].happened,
                             .known = facts[i].known,
                             .is_pushed = facts[i].is_pushed,
                             .key = no_key,
                             .values = values,
                             .number = static_cast<int64_t>(i)});
  }
  const FactBytes bytes{
      .kept_from = kept_from, .record_bytes = record_bytes(columns.size()), .records = records};
  const RowStamp stamp{.has_time = true,
                       .is_pushed = facts.back().is_pushed,
                       .happened = facts.back().happened,
                       .known = facts.back().known};
  return {entity_key(view, entity, 0), write_row(stamp, values, 0, &bytes)};
}

/// LMDB merges rows with facts in C++ and Redis in a script: both beside the words of the guide.
TEST_P(OnlineStoreTest, FactsEqualASlowModelOnRandomWork) {
  OnlineView view = test_view();
  view.fields = {{"wind", ValueType::number}, {"total", ValueType::number}};
  view.window_count = 1;
  view.windows = {*parse_window("total", "sum(wind) over 10s")};
  struct Held {
    HeldFact newest;
    int64_t kept_from = 0;
    std::vector<HeldFact> facts;
  };
  const auto stamp_of = [](const HeldFact& fact) {
    return RowStamp{.has_time = true, .happened = fact.happened, .known = fact.known};
  };
  std::map<std::string, Held> model;
  const auto update_with = [&](std::vector<KeyedRow> rows) {
    ViewUpdate update{.view = view, .before = stored(*store_, view), .rows = std::move(rows)};
    const auto counts = store_->update({std::move(update)});
    ASSERT_TRUE(counts.ok()) << counts.error().what;
  };
  update_with({});
  Random random(12);
  const auto fact = [&](bool is_pushed) {
    return HeldFact{.happened = static_cast<int64_t>(random.below(9)) - 3,
                    .known = static_cast<int64_t>(random.below(400)) - 200,
                    .value = static_cast<double>(random.below(3)),
                    .is_pushed = is_pushed};
  };
  for (int step = 0; step < 300; ++step) {
    const int64_t kept_from = static_cast<int64_t>(random.below(3)) - 4;
    if (random.below(4) == 0) {
      std::vector<KeyedRow> rows;
      std::map<std::string, Held> next;
      for (int i = 0; i < 5; ++i) {
        if (random.below(3) == 0) continue;
        std::vector<HeldFact> facts(1 + random.below(4));
        for (HeldFact& one : facts) one = fact(false);
        rows.push_back(keyed_facts(view, std::to_string(i), facts, kept_from));
        next[std::to_string(i)] = {*std::max_element(facts.begin(), facts.end()), kept_from, facts};
      }
      update_with(std::move(rows));
      for (const auto& [origin, held] : model) {
        const bool is_known = next.contains(origin);
        if (!is_known && !held.newest.is_pushed) continue;
        Held& now = next[origin];
        const HeldFact computed = now.newest;
        for (const HeldFact& one : held.facts) {
          const bool is_newer = !is_known || stamp_of(one).is_newer_than(stamp_of(computed));
          if (one.is_pushed && is_newer) now.facts.push_back(one);
        }
        if (!is_known) now.kept_from = held.kept_from;
        const bool stays = held.newest.is_pushed &&
                           (!is_known || stamp_of(held.newest).is_newer_than(stamp_of(computed)));
        if (stays) now.newest = held.newest;
      }
      model = std::move(next);
    } else {
      const std::string origin = std::to_string(random.below(5));
      const HeldFact pushed = fact(true);
      ASSERT_TRUE(store_->push({keyed_facts(view, origin, {pushed}, kept_from)}).ok());
      const bool is_new = !model.contains(origin);
      Held& now = model[origin];
      now.kept_from = is_new ? kept_from : std::max(now.kept_from, kept_from);
      if (is_new || !stamp_of(now.newest).is_newer_than(stamp_of(pushed))) now.newest = pushed;
      const bool is_there =
          std::find(now.facts.begin(), now.facts.end(), pushed) != now.facts.end();
      if (!is_there) now.facts.push_back(pushed);
      if (!is_new) {
        std::erase_if(now.facts,
                      [&](const HeldFact& one) { return one.happened <= now.kept_from; });
      }
    }
    for (int i = 0; i < 5; ++i) {
      const std::string origin = std::to_string(i);
      const std::vector<std::string> keys = {keyed_facts(view, origin, {HeldFact()}, 0).key};
      const Status status =
          store_->read(keys, [&](size_t, std::optional<std::string_view> row) -> Status {
            EXPECT_EQ(row.has_value(), model.contains(origin)) << "step " << step;
            if (!row || !model.contains(origin)) return Status();
            const Held& held = model[origin];
            MILLGATE_ASSIGN(const auto found, read_facts(*row));
            MILLGATE_ASSIGN(const RowStamp stamp, read_stamp(*row));
            EXPECT_EQ(stamp.is_pushed, held.newest.is_pushed) << "step " << step;
            EXPECT_EQ(stamp.known, held.newest.known) << "step " << step;
            EXPECT_EQ(found->kept_from, held.kept_from) << "step " << step;
            std::vector<HeldFact> facts;
            for (size_t at = 0; at < found->records.size(); at += found->record_bytes) {
              const FactRecord one(found->records.substr(at, found->record_bytes));
              facts.push_back(
                  {one.happened, one.known, one.fact(size_t{0}, 1).value, one.is_pushed});
            }
            std::vector<HeldFact> expected = held.facts;
            std::sort(facts.begin(), facts.end());
            std::sort(expected.begin(), expected.end());
            EXPECT_EQ(facts == expected, true) << "step " << step << " of seed 12";
            return Status();
          });
      ASSERT_TRUE(status.ok()) << status.error().what;
      ASSERT_FALSE(HasFailure());
    }
  }
}

/// Killed by SIGKILL while it writes without end; what is left is one whole round.
TEST_P(OnlineStoreTest, AKilledWriterLeavesAWholeState) {
  store_.reset();
  const OnlineView view = test_view();
  for (int trial = 0; trial < 5; ++trial) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      open();
      for (double round = 1;; ++round) {
        std::vector<TestRow> rows;
        for (int i = 0; i < 2000; ++i) rows.push_back(at(std::to_string(i), round, 1));
        if (!update(*store_, view, rows).ok()) _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(60'000 + 17'000 * trial));
    kill(child, SIGKILL);
    int how = 0;
    waitpid(child, &how, 0);
    EXPECT_TRUE(WIFSIGNALED(how));
    open();
    const std::optional<double> first = wind_of(*store_, view, "0");
    for (int i = 0; i < 2000; ++i) {
      ASSERT_EQ(wind_of(*store_, view, std::to_string(i)), first) << i;
    }
    store_.reset();
  }
}

}  // namespace
}  // namespace millgate
