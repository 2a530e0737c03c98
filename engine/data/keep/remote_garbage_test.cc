#include "data/keep/remote_garbage.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

#include "data/keep/make_backup.h"
#include "data/keep/reference.h"
#include "data/keep/remote_lock.h"
#include "data/keep/restore.h"
#include "data/keep/soundness.h"
#include "data/keep/test_keep.h"
#include "data/keep/transfer.h"
#include "data/table/test_table.h"
#include "data/tree/store_folder.h"
#include "ground/json.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// One project that shares a remote with others.
class SharingProject {
 public:
  SharingProject(const std::string& folder, std::shared_ptr<FileStore> files)
      : folder_(folder), remote_(std::move(files)) {
    repository_ = must(Repository::init(folder_, clock_));
  }

  Id commit(uint64_t content, const std::string& branch = "main") {
    clock_.set({clock_.now().micros + int64_t{3600} * 1'000'000});
    fs::create_directories(folder_ + "/data");
    std::ofstream(folder_ + "/data/file", std::ios::binary) << random_bytes(content, 30'000);
    NewCommit change;
    change.trees["files"] = must(store_folder(repository_->objects(), {.path = folder_ + "/data"},
                                              {.index_path = {}, .before = {}, .progress = {}}))
                                .tree;
    change.author = "ada";
    change.message = "content " + std::to_string(content);
    return must(repository_->commit(branch, change)).id;
  }
  void push() { EXPECT_FALSE(must(try_push()).any_diverged()); }
  Result<TransferReport> try_push() {
    return millgate::push(*repository_, remote_, {.author = "ada"});
  }
  int64_t back_up(const std::string& series) { return must(try_back_up(series)).backup.number; }
  Result<BackupReport> try_back_up(const std::string& series) {
    clock_.set({clock_.now().micros + int64_t{24 * 3600} * 1'000'000});
    return make_backup(*repository_, remote_, {.name = series, .author = "ada"});
  }
  Result<RemoteGarbageReport> collect(RemoteGarbageOptions how = {}) {
    how.author = "eve";
    return collect_remote_garbage(*repository_, remote_, how);
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  std::string folder_;
  ManualClock clock_{Time{1'700'000'000'000'000}};
  Remote remote_;
  std::shared_ptr<Repository> repository_;
};

class RemoteGarbageTest : public testing::Test {
 protected:
  /// What cannot be had whole from the remote by somebody with empty hands.
  std::string loss() {
    const std::string place = folder_.path("look" + std::to_string(++looks_));
    fs::create_directories(place);
    ManualClock clock{Time{1'800'000'000'000'000}};
    const auto clone = must(Repository::init(place + "/clone", clock));
    if (const auto got = pull(*clone, remote_, {.author = "bob"}); !got.ok()) {
      return "pull: " + got.error().what;
    }
    if (!must(check_soundness(*clone, {})).broken.empty()) return "what was pushed is broken";
    for (const auto& [name, numbers] : must(list_backups(remote_))) {
      for (const int64_t number : numbers) {
        const std::string backup = name + std::to_string(number);
        const auto back = restore_backup(remote_, place + "/" + backup, clock,
                                         {.name = name, .number = number, .author = "bob"});
        if (!back.ok()) return backup + ": " + back.error().what;
        if (!back->whole()) return backup + " has losses";
      }
    }
    fs::remove_all(place);
    return {};
  }

  std::vector<std::string> locks() { return must(files_->list("locks/")); }

  TestFolder folder_;
  std::shared_ptr<FileStore> files_ = must(open_local_file_store(folder_.path("there")));
  Remote remote_{files_};
  SharingProject ada_{folder_.path("ada"), files_};
  int looks_ = 0;
};

TEST_F(RemoteGarbageTest, WhatIsNeededStaysAndTheRestGoes) {
  ada_.commit(1);
  ada_.push();
  ada_.commit(2);
  ada_.back_up("one");
  ObjectStore there(files_);
  const Id abandoned = must(there.put(std::string(5'000, 'x')));
  ASSERT_TRUE(files_->write("objects/README", "not an object").ok());

  const RemoteGarbageReport told = must(ada_.collect({.dry_run = true}));
  EXPECT_THAT(told.removed, ElementsAre(abandoned));
  EXPECT_EQ(told.removed_bytes, 5'000);
  EXPECT_TRUE(there.has(abandoned));
  const RemoteGarbageReport done = must(ada_.collect());
  EXPECT_THAT(done.removed, ElementsAre(abandoned));
  EXPECT_EQ(done.kept_count, told.kept_count);
  EXPECT_FALSE(there.has(abandoned));
  EXPECT_TRUE(files_->exists("objects/README"));
  EXPECT_EQ(loss(), "");
  EXPECT_THAT(must(ada_.collect()).removed, IsEmpty());
  EXPECT_THAT(locks(), IsEmpty());
}

TEST_F(RemoteGarbageTest, ABackupThatIsTakenOutGivesItsBytesBack) {
  const std::string log = ada_.repository().folder("predictions") + "/1/a.parquet";
  fs::create_directories(fs::path(log).parent_path());
  for (uint64_t i = 1; i <= 4; ++i) {
    std::ofstream(log, std::ios::binary) << random_bytes(100 + i, 50'000);
    ada_.commit(i);
    ada_.back_up("one");
  }
  const RemoteGarbageReport done = must(ada_.collect({.backups_to_remove = {{"one", {1, 3}}}}));
  // The logs as two backups had them; the versions of the data are all in the ledger.
  EXPECT_GT(done.removed_bytes, 100'000);
  EXPECT_LT(done.removed_bytes, 200'000);
  EXPECT_THAT(must(list_backups(remote_)).at("one"), ElementsAre(2, 4));
  EXPECT_EQ(loss(), "");
  EXPECT_EQ(ada_.back_up("one"), 5);
  EXPECT_EQ(loss(), "");
}

TEST_F(RemoteGarbageTest, TheNewestBackupAndOnesThatAreNoneAreRefused) {
  ada_.commit(1);
  ada_.back_up("one");
  ada_.back_up("one");
  for (const auto& [number, code] : {std::pair{int64_t{2}, ErrorCode::invalid_input},
                                     std::pair{int64_t{7}, ErrorCode::not_found}}) {
    const auto refused = ada_.collect({.backups_to_remove = {{"one", {1, number}}}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, code);
  }
  EXPECT_THAT(must(list_backups(remote_)).at("one"), ElementsAre(1, 2));
}

TEST_F(RemoteGarbageTest, OtherProjectsKeepWhatTheyHave) {
  SharingProject bob(folder_.path("bob"), files_);
  ada_.commit(1);
  ada_.push();
  bob.commit(2);
  bob.back_up("bob's");
  ada_.commit(3);
  ada_.back_up("one");
  ada_.back_up("one");
  EXPECT_EQ(must(ada_.collect({.backups_to_remove = {{"one", {1}}}})).removed.size(), 1U);
  EXPECT_EQ(loss(), "");
  EXPECT_THAT(must(bob.collect()).removed, IsEmpty());
}

TEST_F(RemoteGarbageTest, WhatOneProjectLostStaysForAnotherThatHasIt) {
  ada_.commit(1);
  const auto tree = must(ada_.repository().resolve("main")).trees.at("files");
  const std::string pack = ObjectStore::name_of(
      must(facts_of(ada_.repository().objects(),
                    must(read_tree(ada_.repository().objects(), tree)).leaves.at(0).object))
          .references.at(0)
          .id);
  ASSERT_TRUE(fs::remove(ada_.folder() + "/.millgate/" + pack));
  EXPECT_EQ(must(ada_.try_back_up("a")).backup.lost.size(), 1U);
  SharingProject eve(folder_.path("eve"), files_);
  EXPECT_THAT(must(eve.collect()).removed, IsEmpty());
  SharingProject bob(folder_.path("bob"), files_);
  bob.commit(1);
  bob.back_up("b");
  EXPECT_TRUE(files_->exists(pack));
  EXPECT_THAT(must(eve.collect()).removed, IsEmpty());
  EXPECT_TRUE(files_->exists(pack));
  EXPECT_EQ(loss(), "");
}

TEST_F(RemoteGarbageTest, WhoAddsAndWhoRemovesGiveWay) {
  ada_.commit(1);
  {
    const auto adding = must(RemoteLock::take(files_, RemoteUse::adds, "push", "bob"));
    const auto also = RemoteLock::take(files_, RemoteUse::adds, "push", "ada");
    EXPECT_TRUE(also.ok());
    const auto refused = ada_.collect();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_THAT(refused.error().what, HasSubstr("in use"));
    EXPECT_TRUE(ada_.collect({.dry_run = true}).ok());
  }
  {
    const auto removing = must(RemoteLock::take(files_, RemoteUse::removes, "gc", "bob"));
    const auto push = ada_.try_push();
    ASSERT_FALSE(push.ok());
    EXPECT_EQ(push.error().code, ErrorCode::conflict);
    EXPECT_THAT(push.error().what, HasSubstr("`bob` is at work there (gc, since "));
    EXPECT_FALSE(ada_.try_back_up("one").ok());
    EXPECT_FALSE(ada_.collect().ok());
  }
  EXPECT_THAT(locks(), IsEmpty());
  ada_.push();
  EXPECT_TRUE(ada_.collect().ok());
}

TEST_F(RemoteGarbageTest, ALockThatWasLeftBehindIsTakenAway) {
  ada_.commit(1);
  const auto leave = [&](const std::string& name, const std::string& process,
                         const std::string& renewed) {
    const Json json = {{"format", "millgate remote lock"},
                       {"version", 1},
                       {"process", process},
                       {"author", "bob"},
                       {"purpose", "push"},
                       {"since", renewed},
                       {"renewed", renewed}};
    ASSERT_TRUE(files_->write(name, dump_json(json)).ok());
  };
  // Of another machine, long ago.
  leave("locks/adds-old", "elsewhere-1-1-1", "2020-01-01T00:00:00Z");
  // Of this machine; no process has that number.
  std::string process;
  {
    const auto mine = must(RemoteLock::take(files_, RemoteUse::adds, "push", "ada"));
    const auto names = must(files_->list("locks/adds-"));
    const auto text = must(files_->read(names[0] == "locks/adds-old" ? names[1] : names[0]));
    process = must(parse_json(text, "lock")).at("process").get<std::string>();
  }
  const std::string number = "-" + std::to_string(::getpid()) + "-";
  process.replace(process.find(number), number.size(), "-2147483646-");
  leave("locks/adds-dead", process, "2999-01-01T00:00:00Z");
  EXPECT_TRUE(ada_.collect().ok());
  EXPECT_THAT(locks(), IsEmpty());
  // Of another machine, just now.
  leave("locks/adds-alive", "elsewhere-1-1-1", "2999-01-01T00:00:00Z");
  EXPECT_FALSE(ada_.collect().ok());
}

TEST_F(RemoteGarbageTest, WhereSomethingNeededIsLostNothingIsRemoved) {
  SharingProject bob(folder_.path("bob"), files_);
  const Id lost = bob.commit(1);
  bob.push();
  ObjectStore there(files_);
  const Id abandoned = must(there.put("abandoned"));
  ASSERT_TRUE(files_->remove(ObjectStore::name_of(lost)).ok());
  const auto refused = ada_.collect();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::damaged);
  EXPECT_THAT(refused.error().what, HasSubstr("branch main needs object `" + lost.brief()));
  EXPECT_TRUE(there.has(abandoned));
  // Who has it whole knows what it needs.
  EXPECT_THAT(must(bob.collect()).removed, ElementsAre(abandoned));
}

TEST_F(RemoteGarbageTest, WhereverItBreaksOffNothingNeededIsGone) {
  ada_.commit(1);
  ada_.push();
  for (int i = 0; i < 3; ++i) {
    ada_.commit(static_cast<uint64_t>(10 + i));
    ada_.back_up("one");
  }
  bool broke = true;
  int steps = 0;
  for (; broke && steps < 1000; ++steps) {
    Remote remote = broken_off_after(steps, files_);
    RemoteGarbageOptions how;
    const auto series = must(list_backups(remote_));
    for (const int64_t number : series.at("one")) {
      if (number < 3) how.backups_to_remove["one"].push_back(number);
    }
    broke = !collect_remote_garbage(ada_.repository(), remote, how).ok();
    ASSERT_EQ(loss(), "") << "after step " << steps;
    for (const std::string& name : locks()) ASSERT_TRUE(files_->remove(name).ok());
  }
  EXPECT_GT(steps, 5);
  EXPECT_THAT(must(list_backups(remote_)).at("one"), ElementsAre(3));
  EXPECT_THAT(must(ada_.collect()).removed, IsEmpty());
}

TEST_F(RemoteGarbageTest, SeveralWhoPushBackUpAndCollectAtOnceLoseNothing) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<std::unique_ptr<SharingProject>> projects;
  for (int i = 0; i < 3; ++i) {
    projects.push_back(
        std::make_unique<SharingProject>(folder_.path("p" + std::to_string(i)), files_));
    projects.back()->commit(seed + static_cast<uint64_t>(i));
    ASSERT_TRUE(
        projects.back()->repository().make_branch("b" + std::to_string(i), "main", "ada").ok());
  }
  std::atomic<int> collected = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < projects.size(); ++i) {
    threads.emplace_back([&, i] {
      Random random(seed + i);
      SharingProject& project = *projects[i];
      const std::string own = std::to_string(i);
      for (int step = 0; step < 15; ++step) {
        // Contents repeat, so that what one has abandoned is what another is about to use.
        const uint64_t what = random.below(4);
        if (what == 0) {
          project.commit(random.below(5), "b" + own);
        } else if (what == 1) {
          (void)project.try_push();
        } else if (what == 2) {
          (void)project.try_back_up("s" + own);
        } else {
          RemoteGarbageOptions how;
          const auto series = list_backups(remote_);
          if (const auto mine = series->find("s" + own); mine != series->end()) {
            how.backups_to_remove["s" + own] = {mine->second.begin(), mine->second.end() - 1};
          }
          // It needs a moment in which nobody adds.
          bool done = project.collect(how).ok();
          for (int tries = 0; tries < 1000 && !done; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            done = project.collect(how).ok();
          }
          if (done) ++collected;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loss(), "");
  EXPECT_GT(collected, 0);
  EXPECT_THAT(locks(), IsEmpty());
}

}  // namespace
}  // namespace millgate
