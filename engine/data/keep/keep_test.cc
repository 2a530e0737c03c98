#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "data/keep/garbage.h"
#include "data/keep/object_graph.h"
#include "data/keep/soundness.h"
#include "data/keep/stored_objects.h"
#include "data/tree/store_folder.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNoGrace = 0;

class KeepTest : public testing::Test {
 protected:
  KeepTest() { fs::create_directories(folder_.path("data")); }

  Commit commit(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_.path("data/" + name), std::ios::binary) << bytes;
    const auto stored = store_folder(repository_->objects(), {.path = folder_.path("data")},
                                     {.index_path = {}, .before = {}, .progress = {}});
    EXPECT_TRUE(stored.ok());
    NewCommit change;
    change.trees["files"] = stored->tree;
    change.author = "ada";
    change.message = name;
    const auto made = repository_->commit("main", change);
    EXPECT_TRUE(made.ok()) << made.error().what;
    return *made;
  }
  GarbageReport collect(int64_t grace_micros, bool dry_run = false) {
    const auto report =
        collect_garbage(*repository_, {.grace_micros = grace_micros, .dry_run = dry_run});
    EXPECT_TRUE(report.ok()) << report.error().what;
    return *report;
  }
  SoundnessReport check(std::shared_ptr<FileStore> from = nullptr) {
    const auto report =
        check_soundness(*repository_, {.repair_from = std::move(from), .progress = {}});
    EXPECT_TRUE(report.ok()) << report.error().what;
    return *report;
  }
  size_t object_count() const { return list_stored_objects(*repository_)->size(); }

  TestFolder folder_;
  ManualClock clock_{Time{1'700'000'000'000'000}};
  std::shared_ptr<Repository> repository_ = *Repository::init(folder_.path("project"), clock_);
};

TEST_F(KeepTest, WhatTheLedgerNeedsStaysAndTheRestGoes) {
  commit("a", "first");
  commit("b", "second");
  const size_t needed = object_count();
  const Id loose = *repository_->objects().put("nobody needs this");
  const Id named = *repository_->objects().put("an event names this");
  ASSERT_TRUE(repository_->ledger()
                  .append({.kind = "future",
                           .subject = "",
                           .author = "",
                           .body = "{\"some\": [\"" + named.hex() + "\"]}"})
                  .ok());
  EXPECT_EQ(collect(int64_t{3600} * 1'000'000).removed_count, 0);
  EXPECT_EQ(collect(kNoGrace, true).removed_count, 1);
  EXPECT_TRUE(repository_->objects().has(loose));
  const GarbageReport report = collect(kNoGrace);
  EXPECT_THAT(report.removed, ElementsAre(loose));
  EXPECT_EQ(report.kept_count, static_cast<int64_t>(needed) + 1);
  EXPECT_FALSE(repository_->objects().has(loose));
  EXPECT_TRUE(repository_->objects().has(named));
  EXPECT_TRUE(check().sound());
  EXPECT_TRUE(fs::is_empty(repository_->folder("scratch")));
}

TEST_F(KeepTest, AnOldObjectThatAWriterReliesOnStays) {
  commit("a", "first");
  const Id old = *repository_->objects().put("made long ago, put again just now");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(24 * 30);
  fs::last_write_time(*repository_->objects().local_path(old), long_ago);
  EXPECT_EQ(collect(int64_t{3600} * 1'000'000, true).removed_count, 1);
  ASSERT_TRUE(repository_->objects().put("made long ago, put again just now").ok());
  EXPECT_EQ(collect(int64_t{3600} * 1'000'000).removed_count, 0);
  EXPECT_TRUE(repository_->objects().has(old));
}

/// Writers put and commit the same contents again and again while gc runs with a grace period of
/// nearly nothing between ageing; whatever the ledger names must be whole at the end.
TEST_F(KeepTest, NothingThatIsBeingWrittenIsRemoved) {
  commit("a", "first");
  std::atomic<bool> stop{false};
  std::atomic<int64_t> removed{0};
  std::thread collector([&] {
    while (!stop) {
      // Everything loose grows old: only marks of writers keep it.
      for (const StoredObject& object : *list_stored_objects(*repository_)) {
        std::error_code gone;
        const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
        const auto written = fs::last_write_time(object.path, gone);
        const auto age = fs::file_time_type::clock::now() - written;
        if (!gone && age > std::chrono::milliseconds(1000)) {
          fs::last_write_time(object.path, long_ago, gone);
        }
      }
      const auto report = collect_garbage(
          *repository_, {.grace_micros = int64_t{3600} * 1'000'000, .dry_run = false});
      ASSERT_TRUE(report.ok()) << report.error().what;
      removed += report->removed_count;
    }
  });
  int proved = 0;
  Random random(static_cast<uint64_t>(::getpid()));
  for (int round = 0; round < 80; ++round) {
    const std::string bytes = "content " + std::to_string(random.below(5));
    const auto begin = std::chrono::steady_clock::now();
    const Id id = *repository_->objects().put(bytes);
    if (random.below(2) == 0) {
      ASSERT_TRUE(repository_->objects().put("loose " + std::to_string(round)).ok());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(80)));
    ASSERT_TRUE(repository_->ledger()
                    .append({.kind = "named", .subject = id.hex(), .author = "", .body = "{}"})
                    .ok());
    // A machine that stood still for longer than the grace period proves nothing.
    if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(800)) continue;
    ASSERT_TRUE(repository_->objects().has(id)) << "seed " << ::getpid();
    ++proved;
  }
  stop = true;
  collector.join();
  EXPECT_GT(proved, 40);
  EXPECT_GT(removed, 0);
}

TEST_F(KeepTest, GarbageIsNotCollectedWhenSomethingCannotBeRead) {
  const Commit made = commit("a", "first");
  const Id loose = *repository_->objects().put("nobody needs this");
  fs::remove(*repository_->objects().local_path(made.trees.at("files")));
  const auto report = collect_garbage(*repository_, {.grace_micros = kNoGrace, .dry_run = false});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::damaged);
  EXPECT_TRUE(repository_->objects().has(loose));
}

TEST_F(KeepTest, EveryDamagedOrMissingObjectIsNamedWithWhatItBreaksAndRepaired) {
  const Commit first = commit("a", "first");
  const Commit second = commit("b", "second");
  fs::copy(folder_.path("project/.millgate"), folder_.path("backup"), fs::copy_options::recursive);
  const auto backup = *open_local_file_store(folder_.path("backup"));
  EXPECT_TRUE(check().broken.empty());
  const auto stored = *list_stored_objects(*repository_);
  for (const StoredObject& object : stored) {
    for (const bool missing : {true, false}) {
      if (missing) {
        fs::remove(object.path);
      } else {
        std::string bytes = *read_file(object.path);
        bytes[bytes.size() / 2] ^= 4;
        std::ofstream(object.path, std::ios::binary) << bytes;
      }
      const SoundnessReport found = check();
      ASSERT_EQ(found.broken.size(), 1U);
      EXPECT_EQ(found.broken[0].id, object.id);
      EXPECT_EQ(found.broken[0].missing, missing);
      EXPECT_FALSE(found.broken[0].breaks.empty());
      EXPECT_FALSE(found.sound());
      const SoundnessReport mended = check(backup);
      EXPECT_TRUE(mended.sound());
      ASSERT_TRUE(check().broken.empty());
    }
  }
  // The second pack is used by the second commit alone, the first leaf's pack by both or one.
  fs::remove(*repository_->objects().local_path(second.trees.at("files")));
  EXPECT_THAT(check().broken.at(0).breaks,
              ElementsAre("commit " + second.id.brief() + " folder files"));
  fs::remove(*repository_->objects().local_path(first.id));
  const SoundnessReport two = check();
  ASSERT_EQ(two.broken.size(), 2U);
  for (const BrokenObject& one : two.broken) {
    if (one.id != first.id) continue;
    EXPECT_THAT(one.breaks, Contains("commit " + first.id.brief()));
    EXPECT_THAT(one.breaks, Contains("commit " + second.id.brief() + " parent"));
  }
  // What lay below a missing object is found and mended too.
  for (const StoredObject& object : stored) fs::remove(object.path);
  EXPECT_TRUE(check(backup).sound());
  EXPECT_EQ(object_count(), stored.size());
  EXPECT_TRUE(check().broken.empty());
}

TEST_F(KeepTest, ADamagedObjectThatNobodyNeedsIsTold) {
  commit("a", "first");
  const Id loose = *repository_->objects().put("nobody needs this");
  std::ofstream(*repository_->objects().local_path(loose)) << "other";
  const SoundnessReport found = check();
  ASSERT_EQ(found.broken.size(), 1U);
  EXPECT_THAT(found.broken[0].breaks, IsEmpty());
}

}  // namespace
}  // namespace millgate
