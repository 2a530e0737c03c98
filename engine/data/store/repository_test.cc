#include "data/store/repository.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "data/store/commit_object.h"
#include "ground/random.h"
#include "ground/test_folder.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NewCommit change(const std::string& table, const std::string& version,
                 const std::string& author = "ada") {
  NewCommit change;
  change.tables = {{table, hash_of(version)}};
  change.author = author;
  change.message = table + " " + version;
  change.origin_json = "{\"" + table + "\":{\"version\":\"" + version + "\"}}";
  return change;
}

class RepositoryTest : public testing::Test {
 protected:
  std::shared_ptr<Repository> init() {
    auto repository = Repository::init(folder_.path(), clock_);
    EXPECT_TRUE(repository.ok()) << (repository.ok() ? "" : repository.error().what);
    return *repository;
  }
  Commit commit(Repository& repository, const NewCommit& change,
                const std::string& branch = "main") {
    const auto commit = repository.commit(branch, change);
    EXPECT_TRUE(commit.ok()) << (commit.ok() ? "" : commit.error().what);
    return commit.ok() ? *commit : Commit{};
  }
  void at(const std::string& time) { clock_.set(*parse_time(time)); }

  TestFolder folder_;
  ManualClock clock_{*parse_time("2013-01-01")};
};

TEST_F(RepositoryTest, InitMakesAnEmptyMain) {
  EXPECT_EQ(Repository::open(folder_.path(), clock_).error().code, ErrorCode::not_found);
  EXPECT_THAT(Repository::open(folder_.path(), clock_).error().hint, HasSubstr("millgate init"));
  auto repository = init();
  EXPECT_EQ(Repository::init(folder_.path(), clock_).error().code, ErrorCode::conflict);
  EXPECT_TRUE(repository->branches()->empty());
  const auto tip = repository->resolve("main");
  ASSERT_FALSE(tip.ok());
  EXPECT_EQ(tip.error().code, ErrorCode::not_found);
  EXPECT_THAT(tip.error().hint, HasSubstr("millgate commit"));
  EXPECT_EQ(*read_file(folder_.path(".millgate/format")), "1\n");
  EXPECT_TRUE(std::filesystem::is_directory(repository->folder("scratch")));
  // Nothing is left of the making.
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    ++entries;
  }
  EXPECT_EQ(entries, 1U);
}

/// Every commit with all that it descends from, itself too.
using Ancestors = std::map<Id, std::set<Id>>;

TEST_F(RepositoryTest, TheCommitThatTwoShareIsBehindNoOtherWhateverTheClocksSay) {
  constexpr uint64_t kSeed = 31;
  constexpr uint64_t kSteps = test_rounds(60);
  for (const uint64_t time_range : {1U, 3U, 1000U}) {
    Random random(kSeed + time_range);
    SCOPED_TRACE("seed " + std::to_string(kSeed + time_range));
    const TestFolder folder;
    const auto repository = *Repository::init(folder.path(), clock_);
    Ancestors ancestors;
    std::vector<std::string> branches = {"main"};
    std::map<std::string, Id> tips;
    const auto add = [&](const std::string& branch, const std::vector<Id>& merged) {
      clock_.set(Time{static_cast<int64_t>(random.below(time_range)) * 1'000'000});
      NewCommit next = change("t", std::to_string(ancestors.size()));
      next.merged_parents = merged;
      const Commit made = commit(*repository, next, branch);
      auto& all = ancestors[made.id];
      all.insert(made.id);
      for (const Id& parent : made.parents) {
        const auto before = ancestors.at(parent);
        all.insert(before.begin(), before.end());
      }
      tips[branch] = made.id;
    };
    add("main", {});
    for (uint64_t step = 0; step < kSteps; ++step) {
      const std::string branch = branches[random.below(branches.size())];
      if (random.below(8) == 0 && branches.size() < 5) {
        const std::string name = "b" + std::to_string(branches.size());
        ASSERT_TRUE(repository->make_branch(name, branch, "ada").ok());
        tips[name] = tips.at(branch);
        branches.push_back(name);
      }
      const Id other = tips.at(branches[random.below(branches.size())]);
      const bool merge = random.below(3) == 0 && other != tips.at(branch);
      add(branch, merge ? std::vector<Id>{other} : std::vector<Id>());
    }
    for (const auto& [one, of_one] : ancestors) {
      for (const auto& [other, of_other] : ancestors) {
        const auto found = repository->merge_base(one, other);
        ASSERT_TRUE(found.ok());
        ASSERT_TRUE(found->has_value());
        const Id id = (**found).id;
        EXPECT_TRUE(of_one.contains(id) && of_other.contains(id));
        for (const auto& shared : of_one) {
          if (shared != id && of_other.contains(shared)) {
            EXPECT_FALSE(ancestors.at(shared).contains(id)) << "a nearer one is shared too";
          }
        }
      }
    }
  }
}

TEST_F(RepositoryTest, ANewerOrDamagedFormatIsRefused) {
  init();
  ASSERT_TRUE(write_file(folder_.path(".millgate/format"), "2\n").ok());
  const auto newer = Repository::open(folder_.path(), clock_);
  ASSERT_FALSE(newer.ok());
  EXPECT_EQ(newer.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(newer.error().what, HasSubstr("has format 2"));
  ASSERT_TRUE(write_file(folder_.path(".millgate/format"), "x\n").ok());
  EXPECT_EQ(Repository::open(folder_.path(), clock_).error().code, ErrorCode::damaged);
}

TEST_F(RepositoryTest, ACommitHoldsAllTables) {
  auto repository = init();
  const Commit first = commit(*repository, change("flights", "1"));
  at("2013-02-01");
  const Commit second = commit(*repository, change("weather", "1", "bob"));
  EXPECT_EQ(second.tables.size(), 2U);
  EXPECT_THAT(second.parents, ElementsAre(first.id));
  EXPECT_EQ(second.origin_json,
            "{\"flights\":{\"version\":\"1\"},\"weather\":{\"version\":\"1\"}}");
  const auto read = Repository::open(folder_.path(), clock_).value()->resolve("main");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->id, second.id);
  EXPECT_EQ(read->tables, second.tables);
  EXPECT_EQ(read->author, "bob");
  EXPECT_EQ(read->message, "weather 1");
  EXPECT_EQ(to_string(read->time), "2013-02-01T00:00:00Z");
  EXPECT_EQ(read->origin_json, second.origin_json);
  EXPECT_EQ(hash_of(*commit_text(*read)), second.id);
}

TEST_F(RepositoryTest, AChangeThatChangesNothingIsTheTip) {
  auto repository = init();
  const Commit first = commit(*repository, change("flights", "1"));
  at("2013-02-01");
  EXPECT_EQ(commit(*repository, change("flights", "1", "bob")).id, first.id);
  EXPECT_EQ(repository->log("main", 10)->size(), 1U);
  EXPECT_EQ(repository->commit("main", NewCommit{})->id, first.id);
}

TEST_F(RepositoryTest, RevisionsByEveryForm) {
  auto repository = init();
  std::vector<Commit> commits;
  for (int day = 1; day <= 5; ++day) {
    at("2013-01-0" + std::to_string(day) + "T12:00:00Z");
    commits.push_back(commit(*repository, change("flights", std::to_string(day))));
  }
  ASSERT_TRUE(repository->make_tag("v1", "main~3", "ada").ok());
  ASSERT_TRUE(repository->make_branch("trial/x", "v1", "ada").ok());
  const auto expect = [&](const std::string& text, size_t index) {
    const auto commit = repository->resolve(text);
    ASSERT_TRUE(commit.ok()) << text << ": " << commit.error().what;
    EXPECT_EQ(commit->message, commits[index].message) << text;
  };
  expect("main", 4);
  expect("main~", 3);
  expect("main~0", 4);
  expect("main~4", 0);
  expect("main~1~2", 1);
  expect("v1", 1);
  expect("v1~1", 0);
  expect("trial/x", 1);
  expect(commits[2].id.hex(), 2);
  expect(commits[2].id.brief(), 2);
  expect(commits[2].id.hex().substr(0, 10) + "~2", 0);
  expect("main@{2013-01-03T12:00:00Z}", 2);
  expect("main@{2013-01-03}", 1);
  expect("@{2013-01-04}", 2);
  expect("main@{2013-01-04 13:00}~1", 2);
  expect("main@{2030-01-01}", 4);
  EXPECT_THAT(*repository->branches(),
              ElementsAre(std::pair("main", commits[4].id), std::pair("trial/x", commits[1].id)));
  EXPECT_THAT(*repository->tags(), ElementsAre(std::pair("v1", commits[1].id)));
}

TEST_F(RepositoryTest, WrongRevisionsSayWhatIsRight) {
  auto repository = init();
  at("2013-01-02");
  commit(*repository, change("flights", "1"));
  ASSERT_TRUE(repository->make_branch("release", "main", "ada").ok());
  const auto expect = [&](const std::string& text, ErrorCode code, const std::string& what,
                          const std::string& hint) {
    const auto commit = repository->resolve(text);
    ASSERT_FALSE(commit.ok()) << text;
    EXPECT_EQ(commit.error().code, code) << text;
    EXPECT_THAT(commit.error().what, HasSubstr(what)) << text;
    EXPECT_THAT(commit.error().hint, HasSubstr(hint)) << text;
  };
  expect("mian", ErrorCode::not_found, "no revision `mian`", "did you mean `main`?");
  expect("relase", ErrorCode::not_found, "no revision `relase`", "did you mean `release`?");
  expect("abc", ErrorCode::not_found, "no revision `abc`", "at least 4 digits");
  expect("0123456789", ErrorCode::not_found, "no revision", "main");
  expect("main~1", ErrorCode::not_found, "beyond the first commit", "`~0` is the first");
  expect("main@{2013-01-01}", ErrorCode::not_found, "had no commit at 2013-01-01T00:00:00Z",
         "its first is of 2013-01-02T00:00:00Z");
  expect("mian@{2013-01-03}", ErrorCode::not_found, "no branch `mian`", "`main`");
  expect("", ErrorCode::invalid_input, "there is no name", "main@{");
  expect("main~x", ErrorCode::invalid_input, "`x` is not understood", "");
  expect("main~99999999999999999999", ErrorCode::invalid_input, "too large", "");
  expect("main@{yesterday}", ErrorCode::invalid_input, "yesterday", "");
  expect("main@{2013-01-01", ErrorCode::invalid_input, "never closed", "");
}

TEST_F(RepositoryTest, APrefixOfTwoCommitsIsAmbiguous) {
  auto repository = init();
  // Commits until two of them share four digits: about 300 of 65536 values (birthdays).
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) {
    const Commit made = commit(*repository, change("flights", std::to_string(i)));
    const std::string digits = made.id.hex().substr(0, 4);
    if (seen.insert(digits).second) continue;
    const auto found = repository->resolve(digits);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(found.error().what, HasSubstr("ambiguous"));
    EXPECT_THAT(found.error().hint, HasSubstr(made.id.brief()));
    return;
  }
  FAIL() << "no two commits share four digits";
}

TEST_F(RepositoryTest, BranchesAndTagsAreMadeOnce) {
  auto repository = init();
  EXPECT_EQ(repository->make_branch("x", "main", "ada").error().code, ErrorCode::not_found);
  commit(*repository, change("flights", "1"));
  ASSERT_TRUE(repository->make_branch("x", "main", "ada").ok());
  ASSERT_TRUE(repository->make_tag("t", "main", "ada").ok());
  for (const char* name : {"x", "t", "main"}) {
    EXPECT_EQ(repository->make_branch(name, "main", "ada").error().code, ErrorCode::conflict);
    EXPECT_EQ(repository->make_tag(name, "main", "ada").error().code, ErrorCode::conflict);
  }
  for (const char* name : {"", "-x", "a b", "a~1", "a@{1}", "0123456789ab", "../x"}) {
    EXPECT_EQ(repository->make_branch(name, "main", "ada").error().code, ErrorCode::invalid_input)
        << name;
  }
  commit(*repository, change("flights", "2"), "x");
  EXPECT_NE(repository->resolve("x")->id, repository->resolve("main")->id);
  const auto none = repository->commit("y", change("flights", "2"));
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST_F(RepositoryTest, WhatChangedMeanwhileIsNotOverwritten) {
  auto repository = init();
  const Commit start = commit(*repository, change("flights", "1"));
  at("2013-03-01");
  const Commit theirs = commit(*repository, change("flights", "2", "bob"));
  commit(*repository, change("weather", "1", "eve"));
  NewCommit ours = change("flights", "3");
  ours.based_on = start.id;
  const auto lost = repository->commit("main", ours);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_EQ(lost.error().what,
            "table `flights` on branch `main` was changed meanwhile by bob at "
            "2013-03-01T00:00:00Z in commit " +
                theirs.id.brief());
  // The same change, or one of another table, goes on top.
  NewCommit same = change("flights", "2");
  same.based_on = start.id;
  EXPECT_EQ(repository->commit("main", same)->message, "weather 1");
  NewCommit other = change("planes", "1");
  other.based_on = start.id;
  const Commit rebased = commit(*repository, other);
  EXPECT_EQ(rebased.tables.at("flights"), hash_of("2"));
  EXPECT_EQ(rebased.tables.size(), 3U);
}

TEST_F(RepositoryTest, ThreadsThatCommitOtherTablesAllLand) {
  auto repository = init();
  constexpr int kThreads = 4;
  constexpr int kCommits = 12;
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kCommits; ++i) {
        const std::string table = "t" + std::to_string(thread);
        if (!repository->commit("main", change(table, std::to_string(i))).ok()) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(repository->log("main", 1000)->size(), size_t{kThreads * kCommits});
  const auto tables = repository->resolve("main")->tables;
  for (int thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(tables.at("t" + std::to_string(thread)), hash_of(std::to_string(kCommits - 1)));
  }
}

/// Each process sets the same table from the same start: one wins, the others are told.
TEST_F(RepositoryTest, ProcessesThatCommitOneTableHaveOneWinner) {
  Id start;
  {
    auto repository = init();
    start = commit(*repository, change("flights", "start")).id;
    // The ledger must not be used across fork: it is closed here.
  }
  constexpr int kWon = 1;
  constexpr int kConflict = 2;
  std::vector<pid_t> children;
  for (int child = 0; child < 5; ++child) {
    children.push_back(start_process([&, child] {
      auto repository = Repository::open(folder_.path(), clock_);
      if (!repository.ok()) return 90;
      NewCommit ours = change("flights", std::to_string(child));
      ours.based_on = start;
      NewCommit mine_alone = change("t" + std::to_string(child), "1");
      if (!(*repository)->commit("main", mine_alone).ok()) return 91;
      const auto result = (*repository)->commit("main", ours);
      if (result.ok()) return kWon;
      return result.error().code == ErrorCode::conflict ? kConflict : 92;
    }));
  }
  std::vector<int> results;
  for (const pid_t child : children) results.push_back(wait_for(child));
  std::sort(results.begin(), results.end());
  EXPECT_THAT(results, ElementsAre(kWon, kConflict, kConflict, kConflict, kConflict));
  auto repository = Repository::open(folder_.path(), clock_).value();
  EXPECT_EQ(repository->resolve("main")->tables.size(), 6U);
  EXPECT_TRUE(repository->ledger().verify().ok());
}

TEST_F(RepositoryTest, KilledWritersLeaveAReadableRepository) {
  { init(); }
  Random random(17);
  for (int round = 0; round < 15; ++round) {
    const pid_t child = start_process([&] {
      auto repository = Repository::open(folder_.path(), clock_);
      if (!repository.ok()) return 90;
      for (int i = 0;; ++i) {
        const std::string version = std::to_string(round) + "." + std::to_string(i);
        if (!(*repository)->commit("main", change("flights", version)).ok()) return 91;
      }
    });
    ::usleep(static_cast<useconds_t>(5'000 + random.below(40'000)));
    ::kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), 1000 + SIGKILL);
    auto repository = Repository::open(folder_.path(), clock_);
    ASSERT_TRUE(repository.ok()) << repository.error().what;
    ASSERT_TRUE((*repository)->ledger().verify().ok());
    const auto event_count = (*repository)->ledger().events(0, "commit")->size();
    if (event_count == 0) continue;
    const auto commits = (*repository)->log("main", 1'000'000);
    ASSERT_TRUE(commits.ok()) << commits.error().what;
    ASSERT_EQ(commits->size(), event_count);
  }
  auto repository = Repository::open(folder_.path(), clock_).value();
  EXPECT_TRUE(repository->commit("main", change("flights", "last")).ok());
}

TEST_F(RepositoryTest, OfTwoInitsAtOnceOneWins) {
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(start_process([&] {
      const auto repository = Repository::init(folder_.path(), clock_);
      if (repository.ok()) return 1;
      return repository.error().code == ErrorCode::conflict ? 2 : 3;
    }));
  }
  std::vector<int> results;
  for (const pid_t child : children) results.push_back(wait_for(child));
  std::sort(results.begin(), results.end());
  EXPECT_THAT(results, ElementsAre(1, 2, 2, 2));
  EXPECT_TRUE(Repository::open(folder_.path(), clock_).ok());
}

TEST_F(RepositoryTest, DamagedCommitsAreFound) {
  auto repository = init();
  const Commit made = commit(*repository, change("flights", "1"));
  const std::string path = *repository->objects().local_path(made.id);
  std::string text = *read_file(path);
  text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(repository->resolve("main").error().code, ErrorCode::damaged);
}

TEST_F(RepositoryTest, CommitObjectsAreReadStrictly) {
  auto repository = init();
  const Commit made = commit(*repository, change("flights", "1"));
  const std::string text = *commit_text(made);
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    ASSERT_FALSE(parse_commit(text.substr(0, size), made.id).ok()) << size;
  }
  std::string newer = text;
  newer.replace(newer.find("\"version\": 1"), 12, "\"version\": 9");
  EXPECT_EQ(parse_commit(newer, made.id).error().code, ErrorCode::invalid_input);
  NewCommit bad = change("flights", "2");
  bad.origin_json = "[]";
  EXPECT_EQ(repository->commit("main", bad).error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace millgate
