#include "data/keep/backup.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "data/keep/make_backup.h"
#include "data/keep/restore.h"
#include "data/keep/soundness.h"
#include "data/keep/test_keep.h"
#include "data/tree/store_folder.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

void put(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class BackupTest : public testing::Test {
 protected:
  std::string project() const { return folder_.path("project"); }

  Id commit(const std::string& bytes) {
    put(project() + "/data/file", bytes);
    const auto stored = store_folder(repository_->objects(), {.path = project() + "/data"},
                                     {.index_path = {}, .before = {}, .progress = {}});
    EXPECT_TRUE(stored.ok());
    NewCommit change;
    change.trees["files"] = stored->tree;
    change.author = "ada";
    change.message = "a version";
    const auto made = repository_->commit("main", change);
    EXPECT_TRUE(made.ok());
    return made->id;
  }

  BackupReport back_up(const BackupOptions& options = {.name = "one", .author = "ada"}) {
    auto report = make_backup(*repository_, remote_, options);
    EXPECT_TRUE(report.ok()) << report.error().what;
    return report.ok() ? *report : BackupReport{};
  }

  Result<RestoreReport> restore(const std::string& to, RestoreOptions options = {}) {
    options.author = "bob";
    return restore_backup(remote_, folder_.path(to), clock_, options);
  }

  /// What of the restored project is not as in the first, but its last event.
  static std::string difference(const Repository& one, const std::string& folder,
                                const Clock& clock) {
    const auto other = *Repository::open(folder, clock);
    const auto before = *one.ledger().events();
    const auto after = *other->ledger().events();
    if (after.size() < before.size()) return "events are missing";
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i].id != after[i].id) return "event " + std::to_string(i + 1);
    }
    const auto report = check_soundness(*other, {});
    if (!report.ok()) return report.error().what;
    if (!report->broken.empty()) return "object " + report->broken[0].id.brief();
    for (const std::string name :
         {"predictions", "shadow", "rollouts", "sketches", "feedback", "outcomes"}) {
      for (const auto& entry : fs::recursive_directory_iterator(one.folder(name))) {
        if (!entry.is_regular_file() || entry.path().extension() == ".tmp") continue;
        const auto relative = fs::relative(entry.path(), one.folder(name)).string();
        const auto there = read_file(other->folder(name) + "/" + relative);
        if (!there.ok() || *there != *read_file(entry.path().string())) return relative;
      }
    }
    return {};
  }

  TestFolder folder_;
  ManualClock clock_{Time{1'700'000'000'000'000}};
  std::shared_ptr<FileStore> files_ = *open_local_file_store(folder_.path("there"));
  Remote remote_{files_};
  std::shared_ptr<Repository> repository_ = *Repository::init(project(), clock_);
};

TEST_F(BackupTest, EverythingComesBack) {
  put(project() + "/millgate.toml", "[project]\nname = \"one\"\n");
  put(project() + "/reports/card.html", "<p>");
  put(repository_->folder("predictions") + "/2026-01-01/a.parquet", "answers");
  put(repository_->folder("shadow") + "/2026-01-01/a.parquet", "unseen answers");
  put(repository_->folder("rollouts") + "/7-0a1b/counts-a.json", "[]");
  put(repository_->folder("sketches") + "/sketches-a.json", "{}");
  put(repository_->folder("predictions") + "/2026-01-01/b.parquet.tmp", "half");
  put(repository_->folder("feedback") + "/2026-01-02/c.parquet", "labels");
  put(repository_->folder("outcomes") + "/2026-01-02/c.parquet", "earnings");
  commit(random_bytes(1, 100'000));
  commit(random_bytes(2, 100'000));
  ASSERT_TRUE(repository_->make_tag("audited", "main~1", "ada").ok());
  const BackupReport made = back_up();
  EXPECT_EQ(made.backup.number, 1);
  EXPECT_EQ(made.backup.event_count, 4);
  EXPECT_THAT(made.backup.lost, IsEmpty());
  const auto report = restore("again");
  ASSERT_TRUE(report.ok()) << report.error().what;
  EXPECT_TRUE(report->whole());
  EXPECT_EQ(difference(*repository_, folder_.path("again"), clock_), "");
  EXPECT_EQ(*read_file(folder_.path("again/millgate.toml")), "[project]\nname = \"one\"\n");
  EXPECT_EQ(*read_file(folder_.path("again/reports/card.html")), "<p>");
  EXPECT_FALSE(fs::exists(folder_.path("again/.millgate/predictions/2026-01-01/b.parquet.tmp")));
  EXPECT_FALSE(fs::exists(folder_.path("again/.millgate-restoring")));
  const auto again = *Repository::open(folder_.path("again"), clock_);
  EXPECT_EQ((*again->ledger().newest("restore"))->author, "bob");
}

TEST_F(BackupTest, TheNextOneSendsWhatIsNew) {
  put(repository_->folder("predictions") + "/1/a.parquet", random_bytes(3, 200'000));
  commit(random_bytes(1, 1'000'000));
  back_up();
  EXPECT_EQ(back_up().object_count, 0);
  put(repository_->folder("predictions") + "/1/b.parquet", random_bytes(4, 1'000));
  commit(random_bytes(2, 10'000));
  const BackupReport next = back_up();
  EXPECT_EQ(next.backup.number, 3);
  EXPECT_LT(next.object_bytes, 20'000);
  int64_t new_bytes = 0;
  for (const BackupPart& part : next.parts) {
    if (part.name == "predictions") new_bytes = part.new_bytes;
  }
  EXPECT_GT(new_bytes, 1'000);
  EXPECT_LT(new_bytes, 2'000);
  for (const int64_t number : {1, 2, 3}) {
    const std::string name = "again" + std::to_string(number);
    const auto report = restore(name, {.number = number});
    ASSERT_TRUE(report.ok()) << report.error().what;
    EXPECT_TRUE(report->whole());
    const auto there = *Repository::open(folder_.path(name), clock_);
    EXPECT_EQ(*there->ledger().head(), (number == 3 ? 3 : 2) + 1);
    EXPECT_TRUE(check_soundness(*there, {})->broken.empty());
  }
}

TEST_F(BackupTest, AnotherLedgerIsRefused) {
  commit("first");
  back_up();
  const auto other = *Repository::init(folder_.path("other"), clock_);
  const auto refused = make_backup(*other, remote_, {.name = "one", .author = "bob"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().hint, HasSubstr("--name"));
  ASSERT_TRUE(make_backup(*other, remote_, {.name = "other", .author = "bob"}).ok());
  const auto unclear = restore("again");
  ASSERT_FALSE(unclear.ok());
  EXPECT_THAT(unclear.error().hint, HasSubstr("one, other"));
  const auto misspelt = restore("again", {.name = "oen"});
  ASSERT_FALSE(misspelt.ok());
  EXPECT_THAT(misspelt.error().hint, HasSubstr("one"));
  ASSERT_TRUE(restore("again", {.name = "one"}).ok());
  const auto twice = restore("again", {.name = "one"});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::conflict);
}

TEST_F(BackupTest, ARestoredProjectGoesOnInItsSeries) {
  commit("first");
  back_up();
  ASSERT_TRUE(restore("again").ok());
  const auto again = *Repository::open(folder_.path("again"), clock_);
  const auto next = make_backup(*again, remote_, {.name = "one", .author = "ada"});
  ASSERT_TRUE(next.ok()) << next.error().what;
  EXPECT_EQ(next->backup.number, 2);
  // The old disk was not dead after all: it lacks the event `restore`.
  commit("second");
  const auto old = make_backup(*repository_, remote_, {.name = "one", .author = "ada"});
  ASSERT_FALSE(old.ok());
  EXPECT_EQ(old.error().code, ErrorCode::conflict);
}

TEST_F(BackupTest, WhatIsBrokenHereIsToldAndTheRestIsKept) {
  const Id first = commit(random_bytes(1, 50'000));
  const Id second = commit(random_bytes(2, 50'000));
  const auto path = *repository_->objects().local_path(first);
  const std::string whole = *read_file(path);
  put(path, "not what it was");
  const BackupReport made = back_up();
  EXPECT_THAT(made.backup.lost, testing::ElementsAre(first));
  auto report = restore("again");
  ASSERT_TRUE(report.ok()) << report.error().what;
  EXPECT_THAT(report->lost, testing::ElementsAre(first));
  const auto again = *Repository::open(folder_.path("again"), clock_);
  EXPECT_TRUE(again->read_commit(second).ok());
  // Once it is whole again, the next backup has it, and all that it needs.
  put(path, whole);
  EXPECT_THAT(back_up().backup.lost, IsEmpty());
  report = restore("whole");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole());
  EXPECT_EQ(difference(*repository_, folder_.path("whole"), clock_), "");
  // And one that breaks later is no loss: the backup has it.
  put(path, "not what it was");
  EXPECT_THAT(back_up({.name = "one", .author = "ada", .full = true}).backup.lost, IsEmpty());
}

TEST_F(BackupTest, DamageToAnyFileOfABackupIsNoticedOrHarmless) {
  put(repository_->folder("predictions") + "/1/a.parquet", "answers");
  commit(random_bytes(1, 50'000));
  back_up();
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path("there"))) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  ASSERT_GT(paths.size(), 6U);
  int count = 0;
  int harmless = 0;
  for (const std::string& path : paths) {
    const std::string whole = *read_file(path);
    std::string changed = whole;
    changed[changed.size() / 2] ^= 1;
    put(path, changed);
    const std::string name = "again" + std::to_string(++count);
    const auto report = restore(name);
    put(path, whole);
    if (!report.ok() || !report->whole()) continue;
    // Nobody needs the index of a pack to make files from it.
    ++harmless;
    EXPECT_EQ(difference(*repository_, folder_.path(name), clock_), "") << path;
  }
  EXPECT_LE(harmless, 2);
  const auto report = restore("again");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole());
}

TEST_F(BackupTest, ABackupThatBreaksOffAnywhereIsNone) {
  commit(random_bytes(1, 50'000));
  back_up();
  commit(random_bytes(2, 50'000));
  bool broke = true;
  int steps = 0;
  for (; broke && steps < 1000; ++steps) {
    Remote remote = broken_off_after(steps, files_);
    broke = !make_backup(*repository_, remote, {.name = "one", .author = "ada"}).ok();
    // What was there stays whole.
    const auto old = restore("old" + std::to_string(steps), {.number = 1});
    ASSERT_TRUE(old.ok() && old->whole()) << "after step " << steps;
    if (broke) {
      EXPECT_EQ((*list_backups(remote_)).at("one").back(), 1) << "after step " << steps;
    }
  }
  EXPECT_GT(steps, 3);
  const auto report = restore("again");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->backup.number, 2);
  EXPECT_EQ(difference(*repository_, folder_.path("again"), clock_), "");
}

TEST_F(BackupTest, ARestoreThatBreaksOffIsGoneOnWith) {
  for (uint64_t seed = 1; seed <= 5; ++seed) commit(random_bytes(seed, 50'000));
  put(repository_->folder("predictions") + "/1/a.parquet", "answers");
  back_up();
  bool broke = true;
  int64_t travelled = 0;
  for (int reads = 8; broke && reads < 1000; reads += 8) {
    std::atomic<int> left = reads;
    const auto faulty = make_faulty_file_store(
        files_, [&](std::string_view operation, const std::string&) -> Status {
          if (operation != "read" || left-- > 0) return {};
          return outside_failure("the line is cut");
        });
    Remote remote(faulty);
    const auto report = restore_backup(remote, folder_.path("again"), clock_, {.author = "bob"});
    broke = !report.ok();
    EXPECT_EQ(broke, !fs::exists(folder_.path("again/.millgate")));
    if (!broke) travelled = report->object_count;
  }
  EXPECT_EQ(difference(*repository_, folder_.path("again"), clock_), "");
  EXPECT_LT(travelled, 15);  // Of 20: a commit, a tree, a leaf and a pack of each version.
}

TEST_F(BackupTest, NamesThatAreNoneAreRefused) {
  for (const std::string name : {"", ".", "..", "a/b", "../x"}) {
    const auto refused = make_backup(*repository_, remote_, {.name = name, .author = "ada"});
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
  }
  const auto nothing = restore("again");
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
