#include "data/tree/store_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <utime.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "data/tree/checkout.h"
#include "data/tree/folder_index.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

void put(const std::string& path, std::string_view bytes) {
  fs::create_directories(fs::path(path).parent_path());
  fs::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string random_bytes(size_t size_bytes, Random& random) {
  std::string bytes(size_bytes, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  return bytes;
}

/// Path -> kind and content, read without any of the code under test.
std::map<std::string, std::string> contents_of(const std::string& folder) {
  std::map<std::string, std::string> contents;
  if (!fs::exists(folder)) return contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = fs::relative(entry.path(), folder).string();
    if (entry.is_symlink()) {
      contents[path] = "link " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      const bool executable = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms{};
      contents[path] = (executable ? "program " : "file ") +
                       std::string(std::istreambuf_iterator<char>(file), {});
    }
  }
  return contents;
}

class StoreFolderTest : public testing::Test {
 protected:
  StoredFolder store(std::vector<Id> before = {}) {
    auto stored = store_folder(objects_, place_,
                               {.index_path = index_, .before = std::move(before), .progress = {}});
    EXPECT_TRUE(stored.ok()) << stored.error().what;
    return *stored;
  }
  CheckoutReport check_out_to(const Id& tree, const FolderPlace& place, CheckoutOptions options,
                              const std::string& index = "") {
    const auto report = check_out(objects_, *read_tree(objects_, tree), place, index, options);
    EXPECT_TRUE(report.ok()) << report.error().what;
    return *report;
  }

  TestFolder folder_;
  std::shared_ptr<FileStore> files_ = *open_local_file_store(folder_.path("store"));
  ObjectStore objects_{files_};
  FolderPlace place_{.path = folder_.path("data"), .ignore = {}};
  std::string index_ = folder_.path("data.index");
};

TEST_F(StoreFolderTest, EveryKindOfFileComesBack) {
  Random random(1);
  put(place_.path + "/a/b/c.bin", random_bytes(100, random));
  put(place_.path + "/a-b", "beside");
  put(place_.path + "/empty", "");
  put(place_.path + "/tool.sh", "#!/bin/sh\n");
  put(place_.path + "/\xff name", "not UTF-8");
  put(place_.path + "/medium", random_bytes(700'000, random));
  put(place_.path + "/long", random_bytes(20'000'000, random));
  fs::permissions(place_.path + "/tool.sh", fs::perms::owner_all);
  fs::create_symlink("a/b/c.bin", place_.path + "/link");
  fs::create_symlink("nowhere", place_.path + "/dangling");
  const StoredFolder stored = store();
  EXPECT_EQ(stored.file_count, 9);
  EXPECT_EQ(stored.added, 9);
  EXPECT_TRUE(stored.changed);
  const FolderPlace copy{.path = folder_.path("copy"), .ignore = {}};
  const CheckoutReport report = check_out_to(stored.tree, copy, {});
  EXPECT_EQ(report.file_count, 9);
  EXPECT_EQ(contents_of(copy.path), contents_of(place_.path));
}

TEST_F(StoreFolderTest, AnEmptyFolderGivesWayToAFile) {
  put(place_.path + "/a/b", "a file");
  const StoredFolder stored = store();
  fs::remove(place_.path + "/a/b");
  fs::create_directories(place_.path + "/a/b/c/d");
  CheckoutOptions options;
  options.known_trees = {stored.tree};
  check_out_to(stored.tree, place_, options, index_);
  EXPECT_EQ(contents_of(place_.path)["a/b"], "file a file");
  // What is left out of every version is not thrown away.
  fs::remove(place_.path + "/a/b");
  put(place_.path + "/a/b/c/kept.tmp", "mine");
  const FolderPlace place{.path = place_.path, .ignore = {"*.tmp"}};
  const auto refused =
      check_out(objects_, *read_tree(objects_, stored.tree), place, index_, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().what, testing::HasSubstr("a/b/c"));
  EXPECT_TRUE(fs::exists(place_.path + "/a/b/c/kept.tmp"));
}

TEST_F(StoreFolderTest, TheSameFilesGiveTheSameTreeInAnyStore) {
  Random random(2);
  for (int i = 0; i < 600; ++i) {
    put(place_.path + "/" + std::to_string(i % 7) + "/" + std::to_string(i),
        random_bytes(random.below(90'000), random));
  }
  const StoredFolder first = store();
  ObjectStore other(make_memory_file_store());
  const auto again = store_folder(other, place_, {.index_path = {}, .before = {}, .progress = {}});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->tree, first.tree);
}

TEST_F(StoreFolderTest, WhatDidNotChangeIsNotRead) {
  put(place_.path + "/one", "1");
  put(place_.path + "/two", "2");
  const StoredFolder first = store();
  EXPECT_EQ(first.read_bytes, 2);
  // Written just now: not trusted yet, so read again, and found the same.
  const StoredFolder again = store({first.tree});
  EXPECT_FALSE(again.changed);
  EXPECT_EQ(again.tree, first.tree);
  EXPECT_EQ(again.new_bytes, 0);
  EXPECT_EQ(again.read_bytes, 2);
  ::sleep(3);
  EXPECT_EQ(store({first.tree}).read_bytes, 2);
  // From here on the stamps are enough: nothing is read, not even when it cannot be.
  fs::permissions(folder_.path("store/objects"), fs::perms::none);
  const StoredFolder third = store({first.tree});
  fs::permissions(folder_.path("store/objects"), fs::perms::all);
  EXPECT_EQ(third.read_bytes, 0);
  EXPECT_EQ(third.tree, first.tree);
  EXPECT_EQ(third.file_count, 2);
  // The same size and the same time of writing, set back: the time of change gives it away.
  struct stat status {};
  ASSERT_EQ(::stat((place_.path + "/two").c_str(), &status), 0);
  { std::ofstream(place_.path + "/two", std::ios::binary) << "3"; }
  const struct utimbuf times { .actime = status.st_atime, .modtime = status.st_mtime };
  ASSERT_EQ(::utime((place_.path + "/two").c_str(), &times), 0);
  const StoredFolder fourth = store({first.tree});
  EXPECT_TRUE(fourth.changed);
  EXPECT_EQ(fourth.modified, 1);
  // A damaged index is no index.
  std::string bytes = *read_file(index_);
  bytes[bytes.size() / 2] ^= 1;
  put(index_, bytes);
  EXPECT_TRUE(read_folder_index(index_).files.empty());
  EXPECT_FALSE(store({fourth.tree}).changed);
}

TEST_F(StoreFolderTest, CompareTellsWhatChanged) {
  for (const char* name : {"a", "b", "c", "d/e"}) put(place_.path + "/" + name, name);
  const StoredFolder stored = store();
  EXPECT_FALSE(compare_folder(objects_, place_, index_, stored.tree)->any());
  put(place_.path + "/b", "other");
  fs::remove(place_.path + "/c");
  put(place_.path + "/d/f", "new");
  fs::permissions(place_.path + "/a", fs::perms::owner_all);
  const auto changes = compare_folder(objects_, place_, index_, stored.tree);
  ASSERT_TRUE(changes.ok());
  EXPECT_THAT(changes->added, ElementsAre("d/f"));
  EXPECT_THAT(changes->modified, ElementsAre("a", "b"));
  EXPECT_THAT(changes->removed, ElementsAre("c"));
  EXPECT_EQ(compare_folder(objects_, place_, index_, std::nullopt)->added.size(), 4U);
  place_.ignore = {"d", "*.tmp"};
  put(place_.path + "/x.tmp", "scratch");
  EXPECT_THAT(compare_folder(objects_, place_, index_, stored.tree)->added, IsEmpty());
}

TEST_F(StoreFolderTest, AnInsertInALongFileAddsAboutTheInsert) {
  Random random(3);
  std::string bytes = random_bytes(40'000'000, random);
  put(place_.path + "/blob", bytes);
  const StoredFolder first = store();
  bytes.insert(19'000'000, random_bytes(1'000'000, random));
  put(place_.path + "/blob", bytes);
  const StoredFolder second = store({first.tree});
  EXPECT_TRUE(second.changed);
  EXPECT_LT(second.new_bytes, 3'000'000);
  // Back to what it was: the older tree still holds all of it.
  bytes.erase(19'000'000, 1'000'000);
  put(place_.path + "/blob", bytes + "!");
  EXPECT_LT(store({second.tree, first.tree}).new_bytes, 1'100'000);
}

TEST_F(StoreFolderTest, CheckOutKeepsWhatWouldBeLost) {
  put(place_.path + "/a", "first");
  put(place_.path + "/sub/b", "b");
  const StoredFolder first = store();
  put(place_.path + "/a", "second");
  const StoredFolder second = store({first.tree});
  CheckoutOptions options;
  options.known_trees = {second.tree, first.tree};
  EXPECT_EQ(check_out_to(first.tree, place_, options, index_).copied, 1);
  EXPECT_EQ(contents_of(place_.path)["a"], "file first");
  // Work that was never committed stays.
  put(place_.path + "/a", "precious");
  put(place_.path + "/sub/new", "precious too");
  const auto refused =
      check_out(objects_, *read_tree(objects_, second.tree), place_, index_, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().because, ElementsAre("`a`", "`sub/new`"));
  EXPECT_EQ(contents_of(place_.path)["a"], "file precious");
  // Not in the part that is asked for: it does not matter.
  options.part = "sub";
  fs::remove(place_.path + "/sub/b");
  fs::remove(place_.path + "/sub/new");
  EXPECT_EQ(check_out_to(second.tree, place_, options, index_).copied, 1);
  EXPECT_EQ(contents_of(place_.path)["a"], "file precious");
  options.part = "";
  options.force = true;
  check_out_to(second.tree, place_, options, index_);
  EXPECT_EQ(contents_of(place_.path)["a"], "file second");
  options.part = "subb";
  const auto missing =
      check_out(objects_, *read_tree(objects_, second.tree), place_, index_, options);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(missing.error().hint, "did you mean `sub`?");
}

TEST_F(StoreFolderTest, HardLinksShareTheFileOfADonor) {
  put(place_.path + "/a", "shared");
  StoredFolder stored = store();
  ::sleep(3);
  stored = store({stored.tree});
  const FolderPlace copy{.path = folder_.path("copy"), .ignore = {}};
  CheckoutOptions options;
  options.donors = {{.path = place_.path, .index_path = index_}};
  options.hard_links = true;
  const CheckoutReport report = check_out_to(stored.tree, copy, options);
  EXPECT_EQ(report.reflinked + report.hard_linked, 1);
  if (report.hard_linked == 1) {
    EXPECT_EQ(fs::hard_link_count(copy.path + "/a"), 2U);
  }
  // A donor that changed since is no donor.
  put(place_.path + "/a", "other");
  const FolderPlace second{.path = folder_.path("second"), .ignore = {}};
  EXPECT_EQ(check_out_to(stored.tree, second, options).copied, 1);
  EXPECT_EQ(contents_of(second.path)["a"], "file shared");
}

TEST_F(StoreFolderTest, LinksDoNotLeadTheFilesElsewhere) {
  put(place_.path + "/sub/a", "inside");
  const StoredFolder stored = store();
  const FolderPlace copy{.path = folder_.path("copy"), .ignore = {}};
  fs::create_directories(copy.path);
  fs::create_directories(folder_.path("outside"));
  fs::create_directory_symlink(folder_.path("outside"), copy.path + "/sub");
  CheckoutOptions options;
  options.force = true;
  check_out_to(stored.tree, copy, options);
  EXPECT_TRUE(contents_of(folder_.path("outside")).empty());
  EXPECT_EQ(contents_of(copy.path)["sub/a"], "file inside");
}

TEST_F(StoreFolderTest, DamageIsToldAndNothingWrongIsLeft) {
  Random random(5);
  put(place_.path + "/a", random_bytes(1000, random));
  const StoredFolder stored = store();
  const Id pack = read_entries(objects_, *read_tree(objects_, stored.tree))->at(0).pieces[0].pack;
  std::string bytes = *objects_.get(pack);
  bytes[500] ^= 1;
  put(*objects_.local_path(pack), bytes);
  const FolderPlace copy{.path = folder_.path("copy"), .ignore = {}};
  const auto report = check_out(objects_, *read_tree(objects_, stored.tree), copy, "", {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::damaged);
  EXPECT_TRUE(contents_of(copy.path).empty());
}

TEST_F(StoreFolderTest, DevicesAreRefusedByName) {
  fs::create_directories(place_.path);
  ASSERT_EQ(::mkfifo((place_.path + "/pipe").c_str(), 0666), 0);
  const auto stored =
      store_folder(objects_, place_, {.index_path = index_, .before = {}, .progress = {}});
  EXPECT_EQ(stored.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(stored.error().what, testing::HasSubstr("pipe"));
}

/// Random changes; after each, the tree must give back exactly what the folder held, and every
/// earlier tree what it held then.
TEST_F(StoreFolderTest, RandomChangesAgainstCopiesInMemory) {
  const uint64_t seed = static_cast<uint64_t>(::getpid()) * 1000003 + 17;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::vector<std::pair<Id, std::map<std::string, std::string>>> history;
  fs::create_directories(place_.path);
  for (int step = 0; step < 60; ++step) {
    const uint64_t changes = 1 + random.below(6);
    for (uint64_t i = 0; i < changes; ++i) {
      std::string path = place_.path;
      for (uint64_t depth = random.below(3) + 1; depth > 0; --depth) {
        path += "/" + std::string(1, static_cast<char>('a' + random.below(4)));
      }
      const bool removes = random.below(3) == 0;
      std::error_code ignored;
      for (fs::path up = fs::path(path).parent_path(); up != place_.path; up = up.parent_path()) {
        if (fs::exists(fs::symlink_status(up)) && !fs::is_directory(fs::symlink_status(up))) {
          fs::remove(up);
        }
      }
      fs::remove_all(path, ignored);
      if (removes) continue;
      fs::create_directories(fs::path(path).parent_path());
      if (random.below(8) == 0) {
        fs::create_symlink("to" + std::to_string(random.below(3)), path);
        continue;
      }
      put(path,
          random_bytes(random.below(10) == 0 ? random.below(6'000'000) : random.below(50), random));
      if (random.below(4) == 0) fs::permissions(path, fs::perms::owner_all);
    }
    std::vector<Id> before;
    for (auto one = history.rbegin(); one != history.rend(); ++one) before.push_back(one->first);
    const StoredFolder stored = store(before);
    history.emplace_back(stored.tree, contents_of(place_.path));
    if (step % 10 == 9) {
      const auto& [tree, contents] = history[random.below(history.size())];
      CheckoutOptions options;
      for (const auto& one : history) options.known_trees.push_back(one.first);
      check_out_to(tree, place_, options, index_);
      ASSERT_EQ(contents_of(place_.path), contents) << step;
      ASSERT_FALSE(compare_folder(objects_, place_, index_, tree)->any());
    }
  }
  for (const auto& [tree, contents] : history) {
    const FolderPlace copy{.path = folder_.path("copy"), .ignore = {}};
    CheckoutOptions options;
    options.force = true;
    check_out_to(tree, copy, options);
    ASSERT_EQ(contents_of(copy.path), contents);
  }
}

}  // namespace
}  // namespace millgate
