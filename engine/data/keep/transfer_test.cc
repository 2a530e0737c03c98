#include "data/keep/transfer.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>

#include "data/keep/history.h"
#include "data/keep/soundness.h"
#include "data/tree/store_folder.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// A project that commits trees of one file.
class Place {
 public:
  Place(const std::string& folder, const Clock& clock)
      : folder_(folder), repository(*Repository::init(folder, clock)) {
    EXPECT_TRUE(write_remotes(*repository, {{"origin", "there"}}).ok());
  }

  Id commit(const std::string& bytes, const std::string& branch = "main",
            const std::string& name = "files") {
    fs::create_directories(folder_ + "/data");
    std::ofstream(folder_ + "/data/file", std::ios::binary) << bytes;
    const auto stored = store_folder(repository->objects(), {.path = folder_ + "/data"},
                                     {.index_path = {}, .before = {}, .progress = {}});
    EXPECT_TRUE(stored.ok());
    NewCommit change;
    change.trees[name] = stored->tree;
    change.author = "ada";
    change.message = bytes.substr(0, 20);
    const auto made = repository->commit(branch, change);
    EXPECT_TRUE(made.ok()) << made.error().what;
    return made->id;
  }

  std::optional<Id> tip(const std::string& branch = "main") const {
    const auto branches = *repository->branches();
    const auto found = branches.find(branch);
    return found == branches.end() ? std::nullopt : std::optional<Id>(found->second);
  }

 private:
  std::string folder_;

 public:
  std::shared_ptr<Repository> repository;
};

class TransferTest : public testing::Test {
 protected:
  TransferReport push_all(Place& place) {
    auto report = push(*place.repository, remote_, options_);
    EXPECT_TRUE(report.ok()) << report.error().what;
    return *report;
  }
  TransferReport pull_all(Place& place) {
    auto report = pull(*place.repository, remote_, options_);
    EXPECT_TRUE(report.ok()) << report.error().what;
    return *report;
  }
  static bool is_sound(const Place& place) {
    const auto report = check_soundness(*place.repository, {});
    return report.ok() && report->broken.empty();
  }

  TestFolder folder_;
  ManualClock clock_{Time{1'700'000'000'000'000}};
  std::shared_ptr<FileStore> files_ = *open_local_file_store(folder_.path("remote"));
  Remote remote_{files_};
  TransferOptions options_{.author = "ada"};
  Place one_{folder_.path("one"), clock_};
  Place two_{folder_.path("two"), clock_};
};

TEST_F(TransferTest, WhatIsPushedCanBePulled) {
  const Id first = one_.commit("first");
  const Id second = one_.commit("second");
  ASSERT_TRUE(one_.repository->make_tag("audited", first.hex(), "ada").ok());
  ASSERT_TRUE(one_.repository->make_branch("try/it", "main", "ada").ok());
  const TransferReport sent = push_all(one_);
  EXPECT_GT(sent.object_count, 0);
  EXPECT_THAT(sent.tags, ElementsAre("audited"));
  const TransferReport got = pull_all(two_);
  EXPECT_EQ(got.object_count, sent.object_count);
  EXPECT_EQ(two_.tip(), second);
  EXPECT_EQ(two_.tip("try/it"), second);
  EXPECT_EQ(two_.tip("origin/main"), second);
  EXPECT_EQ(two_.repository->tags()->at("audited"), first);
  EXPECT_EQ(two_.repository->resolve(first.hex().substr(0, 8))->id, first);
  EXPECT_TRUE(is_sound(two_));
  // Again: nothing travels, nothing moves.
  const int64_t events = *two_.repository->ledger().head();
  EXPECT_EQ(push_all(one_).object_count, 0);
  EXPECT_EQ(pull_all(two_).object_count, 0);
  EXPECT_EQ(*two_.repository->ledger().head(), events);
}

TEST_F(TransferTest, OnlyWhatIsMissingTravels) {
  Random random(3);
  std::string bytes(300'000, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  one_.commit(bytes);
  push_all(one_);
  pull_all(two_);
  const Id next = one_.commit(bytes, "main", "same_again");
  const TransferReport sent = push_all(one_);
  EXPECT_EQ(sent.object_count, 1);  // The commit.
  EXPECT_EQ(pull_all(two_).object_count, 1);
  EXPECT_EQ(two_.tip(), next);
}

TEST_F(TransferTest, ADivergedBranchIsToldAndNotMoved) {
  one_.commit("common");
  push_all(one_);
  pull_all(two_);
  const Id mine = one_.commit("mine");
  const Id theirs = two_.commit("theirs");
  EXPECT_EQ(push_all(two_).branches[0].outcome, TransferOutcome::moved);
  const TransferReport refused = push_all(one_);
  EXPECT_EQ(refused.branches[0].outcome, TransferOutcome::diverged);
  EXPECT_TRUE(refused.any_diverged());
  EXPECT_EQ(remote_.branches()->at("main").commit, theirs);
  const TransferReport pulled = pull_all(one_);
  EXPECT_EQ(pulled.branches[0].outcome, TransferOutcome::diverged);
  EXPECT_EQ(one_.tip(), mine);
  EXPECT_EQ(one_.tip("origin/main"), theirs);
  EXPECT_TRUE(is_sound(one_));
  // The side that is behind only learns; the side that is ahead only tells.
  const Id later = two_.commit("later");
  EXPECT_EQ(pull_all(two_).branches[0].outcome, TransferOutcome::ahead);
  EXPECT_EQ(two_.tip(), later);
}

TEST_F(TransferTest, OfTwoWhoPushAtOnceOneIsTold) {
  const Id common = one_.commit("common");
  push_all(one_);
  RemoteRef ref;
  ref.commit = common;
  const auto there = remote_.branches()->at("main");
  ASSERT_TRUE(remote_.move_branch("main", there, ref).ok());
  // The same move again is an answer that got lost, not somebody else.
  EXPECT_TRUE(remote_.move_branch("main", there, ref).ok());
  ref.author = "bob";
  const Status late = remote_.move_branch("main", there, ref);
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
  ASSERT_TRUE(remote_.make_tag("t", ref).ok());
  EXPECT_EQ(remote_.make_tag("t", ref).error().code, ErrorCode::conflict);
}

TEST_F(TransferTest, ATagThatNamesAnotherCommitIsTold) {
  const Id first = one_.commit("first");
  one_.commit("second");
  push_all(one_);
  pull_all(two_);
  ASSERT_TRUE(one_.repository->make_tag("good", "main", "ada").ok());
  ASSERT_TRUE(two_.repository->make_tag("good", first.hex(), "bob").ok());
  push_all(one_);
  EXPECT_THAT(push_all(two_).differing_tags, ElementsAre("good"));
  EXPECT_THAT(pull_all(two_).differing_tags, ElementsAre("good"));
  EXPECT_EQ(two_.repository->tags()->at("good"), first);
}

TEST_F(TransferTest, DamageOnTheWayIsFound) {
  one_.commit("first");
  push_all(one_);
  for (const std::string& name : *files_->list("objects/")) {
    const std::string whole = *files_->read(name);
    std::string bytes = whole;
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(files_->write(name, bytes).ok());
    Place reader(folder_.path("reader" + hash_of(name).brief()), clock_);
    const auto report = pull(*reader.repository, remote_, options_);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::damaged);
    EXPECT_FALSE(reader.tip().has_value());
    ASSERT_TRUE(files_->remove(name).ok());
    EXPECT_EQ(pull(*reader.repository, remote_, options_).error().code, ErrorCode::not_found);
    ASSERT_TRUE(files_->write(name, whole).ok());
  }
  pull_all(two_);
  EXPECT_TRUE(is_sound(two_));
  // Damage here does not leave.
  const Id next = one_.commit("second");
  const std::string path = *one_.repository->objects().local_path(next);
  std::ofstream(path, std::ios::app) << "x";
  EXPECT_FALSE(push(*one_.repository, remote_, options_).ok());
  EXPECT_NE(remote_.branches()->at("main").commit, next);
}

/// Breaks off after every single operation of the remote; what is taken up again must end whole, a
/// reader in between must never see a branch that lacks something.
TEST_F(TransferTest, BrokenOffAnywhereItIsTakenUpAgain) {
  one_.commit("first");
  const Id tip = one_.commit("second");
  bool done = false;
  for (int allowed = 0; !done; ++allowed) {
    std::atomic<int> left{allowed};
    Remote failing(make_faulty_file_store(files_, [&](std::string_view, const std::string&) {
      return left-- > 0 ? Status() : Status(outside_failure("the line is cut"));
    }));
    const auto report = push(*one_.repository, failing, options_);
    done = report.ok();
    ASSERT_LT(allowed, 100);
    const auto branches = *remote_.branches();
    if (branches.contains("main")) {
      Place reader(folder_.path("reader" + std::to_string(allowed)), clock_);
      ASSERT_TRUE(pull(*reader.repository, remote_, options_).ok());
      EXPECT_EQ(reader.tip(), tip);
    }
  }
  done = false;
  for (int allowed = 0; !done; ++allowed) {
    std::atomic<int> left{allowed};
    Remote failing(make_faulty_file_store(files_, [&](std::string_view, const std::string&) {
      return left-- > 0 ? Status() : Status(outside_failure("the line is cut"));
    }));
    done = pull(*two_.repository, failing, options_).ok();
    ASSERT_LT(allowed, 100);
    if (two_.tip()) {
      EXPECT_TRUE(is_sound(two_));
    }
  }
  EXPECT_EQ(two_.tip(), tip);
  EXPECT_TRUE(is_sound(two_));
}

/// Two projects push and pull at random; the remote and both ledgers must agree with a model in
/// which a branch is a list of commits.
TEST_F(TransferTest, RandomPushesAndPullsAgainstAModel) {
  const auto seed = static_cast<uint64_t>(::getpid());
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::map<const Place*, std::vector<Id>> lists;
  std::vector<Id> there;
  const auto begins_with = [](const std::vector<Id>& whole, const std::vector<Id>& part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
  };
  for (int step = 0; step < 120; ++step) {
    Place& place = random.below(2) == 0 ? one_ : two_;
    std::vector<Id>& here = lists[&place];
    switch (random.below(4)) {
      case 0:
        here.push_back(place.commit("step " + std::to_string(step)));
        break;
      case 1: {
        if (here.empty()) break;
        const TransferReport report = push_all(place);
        const TransferOutcome expected = here == there              ? TransferOutcome::up_to_date
                                         : begins_with(here, there) ? TransferOutcome::moved
                                         : begins_with(there, here) ? TransferOutcome::ahead
                                                                    : TransferOutcome::diverged;
        // The remote's newer commits may be unknown here: then it cannot tell ahead from diverged.
        if (expected == TransferOutcome::ahead) {
          EXPECT_NE(report.branches[0].outcome, TransferOutcome::moved);
        } else {
          ASSERT_EQ(report.branches[0].outcome, expected) << step;
        }
        if (expected == TransferOutcome::moved) there = here;
        break;
      }
      default: {
        if (there.empty()) break;
        const TransferReport report = pull_all(place);
        if (begins_with(there, here)) here = there;
        ASSERT_EQ(place.tip(), here.back()) << step;
        ASSERT_EQ(place.tip("origin/main"), there.back()) << step;
        if (!begins_with(here, there)) {
          // Diverged: this side gives way, as a person would after looking.
          ASSERT_EQ(report.branches[0].outcome, TransferOutcome::diverged);
          lists[&place] = here;
        }
      }
    }
    if (!there.empty()) {
      ASSERT_EQ(remote_.branches()->at("main").commit, there.back());
    }
  }
  EXPECT_TRUE(is_sound(one_));
  EXPECT_TRUE(is_sound(two_));
}

}  // namespace
}  // namespace millgate
