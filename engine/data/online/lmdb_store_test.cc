#include "data/online/lmdb_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "data/online/test_store.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

class LmdbStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(1LL << 30); }

  void open(int64_t size_bytes_max) {
    auto opened =
        open_lmdb_store({.folder = folder_.path() + "/online", .size_bytes_max = size_bytes_max});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    store_ = *opened;
  }

  std::optional<OnlineView> stored(const OnlineView& view) const {
    const auto views = store_->views();
    EXPECT_TRUE(views.ok());
    for (const OnlineView& one : *views) {
      if (one.version == view.version) return one;
    }
    return std::nullopt;
  }

  Result<std::vector<UpdateCounts>> update(OnlineView view, const std::vector<TestRow>& rows) {
    ViewUpdate update{.view = view, .before = stored(view), .rows = {}};
    for (const TestRow& row : rows) update.rows.push_back(keyed(view, row));
    return store_->update({std::move(update)});
  }

  Result<RowCounts> push(const OnlineView& view, const std::vector<TestRow>& rows) {
    std::vector<KeyedRow> list;
    for (TestRow row : rows) {
      row.stamp.has_time = row.stamp.is_pushed = true;
      list.push_back(keyed(view, row));
    }
    return store_->push(std::move(list));
  }

  TestFolder folder_;
  std::shared_ptr<OnlineStore> store_;
};

TestRow at(const std::string& origin, double wind, int64_t happened, int64_t known = 0) {
  return {.origin = origin,
          .wind = wind,
          .stamp = {.has_time = true, .is_pushed = false, .happened = happened, .known = known}};
}

TEST_F(LmdbStoreTest, WritesOnlyWhatChanged) {
  const OnlineView view = test_view();
  auto counts = update(view, {at("JFK", 1, 10), at("LGA", 2, 10), at("EWR", 3, 10)});
  ASSERT_TRUE(counts.ok()) << counts.error().what;
  EXPECT_EQ(counts->front().rows.written, 3);
  counts = update(view, {at("JFK", 1, 10), at("LGA", 5, 11)});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->front().rows.unchanged, 1);
  EXPECT_EQ(counts->front().rows.written, 1);
  EXPECT_EQ(counts->front().rows.removed, 1);
  EXPECT_EQ(wind_of(*store_, view, "LGA"), 5);
  EXPECT_EQ(wind_of(*store_, view, "EWR"), std::nullopt);
  EXPECT_EQ(stored(view)->entity_count, 2);
}

TEST_F(LmdbStoreTest, ACorrectionMayTakeARowBack) {
  const OnlineView view = test_view();
  ASSERT_TRUE(update(view, {at("JFK", 1, 20)}).ok());
  ASSERT_TRUE(update(view, {at("JFK", 2, 10)}).ok());  // The row of 20 was wrong and is gone.
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 2);
}

TEST_F(LmdbStoreTest, AnOlderRowNeverReplacesANewer) {
  const OnlineView view = test_view();
  ASSERT_TRUE(update(view, {at("JFK", 1, 10, 10)}).ok());
  auto counts = push(view, {at("JFK", 9, 9, 99)});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->kept, 1);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 1);
  // Of one push the newest wins, in whatever order; of equal times the one that came last.
  ASSERT_TRUE(push(view, {at("JFK", 3, 30, 31), at("JFK", 2, 20, 99), at("JFK", 4, 30, 31)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  ASSERT_TRUE(push(view, {at("JFK", 5, 30, 30)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  // What was pushed outlives an update that does not know it yet, and gives way to one that does.
  counts = push(view, {at("SWF", 6, 5, 5)});
  ASSERT_TRUE(counts.ok());
  auto updated = update(view, {at("JFK", 1, 10, 10)});
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->front().rows.kept, 2);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 4);
  EXPECT_EQ(wind_of(*store_, view, "SWF"), 6);
  ASSERT_TRUE(update(view, {at("JFK", 7, 30, 31)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 7);
}

TEST_F(LmdbStoreTest, TheLaterOfTwoWhoMaterialiseAtOnceIsTold) {
  OnlineView view = test_view();
  ViewUpdate late{.view = view, .before = std::nullopt, .rows = {keyed(view, at("JFK", 1, 1))}};
  ASSERT_TRUE(update(view, {at("JFK", 2, 2)}).ok());
  const auto refused = store_->update({late});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 2);
}

TEST_F(LmdbStoreTest, DropTakesOneViewOnly) {
  const OnlineView view = test_view();
  const OnlineView other = test_view("other");
  ASSERT_TRUE(update(view, {at("JFK", 1, 1)}).ok());
  ASSERT_TRUE(update(other, {at("JFK", 2, 1)}).ok());
  ASSERT_TRUE(store_->drop({view}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), std::nullopt);
  EXPECT_EQ(wind_of(*store_, other, "JFK"), 2);
  EXPECT_FALSE(stored(view));
}

TEST_F(LmdbStoreTest, AFullStoreKeepsWhatItHad) {
  store_.reset();
  open(256 * 1024);
  const OnlineView view = test_view();
  ASSERT_TRUE(update(view, {at("JFK", 1, 1)}).ok());
  std::vector<TestRow> many;
  for (int i = 0; i < 20'000; ++i) many.push_back(at("airport " + std::to_string(i), 2, 2));
  many.push_back(at("JFK", 2, 2));
  const auto full = update(view, many);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::outside);
  EXPECT_NE(full.error().what.find("full"), std::string::npos) << full.error().what;
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 1);
  EXPECT_EQ(stored(view)->entity_count, 1);
  ASSERT_TRUE(update(view, {at("JFK", 3, 3)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 3);
}

TEST_F(LmdbStoreTest, ReadersNeverSeeAMix) {
  const OnlineView view = test_view();
  const OnlineView other = test_view("other");
  const auto both = [&](double wind) {
    std::vector<ViewUpdate> updates;
    for (const OnlineView& one : {view, other}) {
      ViewUpdate update{.view = one, .before = stored(one), .rows = {}};
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

TEST_F(LmdbStoreTest, TwoWritersAtOnceLoseNothing) {
  const OnlineView view = test_view();
  const auto writer = [&](int from) {
    for (int i = 0; i < 40; ++i) {
      const int64_t time = from + i * 2;
      EXPECT_TRUE(push(view, {at("shared", static_cast<double>(time), time),
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

TEST_F(LmdbStoreTest, EqualsASlowModelOnRandomWork) {
  const OnlineView view = test_view();
  struct Held {
    double wind;
    RowStamp stamp;
  };
  std::map<std::string, Held> model;
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
      ASSERT_TRUE(update(view, rows).ok());
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
      ASSERT_TRUE(push(view, rows).ok());
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

/// Killed by SIGKILL while it writes without end; what is left is one whole round.
TEST_F(LmdbStoreTest, AKilledWriterLeavesAWholeState) {
  store_.reset();
  const OnlineView view = test_view();
  for (int trial = 0; trial < 5; ++trial) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      open(1LL << 30);
      for (double round = 1;; ++round) {
        std::vector<TestRow> rows;
        for (int i = 0; i < 2000; ++i) rows.push_back(at(std::to_string(i), round, 1));
        if (!update(view, rows).ok()) _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(60'000 + 17'000 * trial));
    kill(child, SIGKILL);
    int how = 0;
    waitpid(child, &how, 0);
    EXPECT_TRUE(WIFSIGNALED(how));
    open(1LL << 30);
    const std::optional<double> first = wind_of(*store_, view, "0");
    for (int i = 0; i < 2000; ++i) {
      ASSERT_EQ(wind_of(*store_, view, std::to_string(i)), first) << i;
    }
    store_.reset();
  }
}

TEST_F(LmdbStoreTest, SaysWhatIsNoStore) {
  store_.reset();
  const std::string file = folder_.path() + "/file";
  ASSERT_TRUE(std::filesystem::exists(folder_.path()));
  std::ofstream(file) << "not a folder";
  const auto opened = open_lmdb_store({.folder = file});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::outside);
  const std::string other = folder_.path() + "/other";
  std::filesystem::create_directories(other);
  std::ofstream(other + "/data.mdb") << std::string(100'000, 'x');
  const auto wrong = open_lmdb_store({.folder = other});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::damaged) << wrong.error().what;
}

}  // namespace
}  // namespace millgate
