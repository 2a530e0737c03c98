#include "ground/file_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "ground/id.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

std::shared_ptr<FileStore> open_store(const std::string& root) {
  auto store = open_local_file_store(root);
  EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().what);
  return store.ok() ? *store : nullptr;
}

size_t file_count(const std::string& folder) {
  size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

/// What every kind of store promises, run on each.
class AnyFileStore : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    store_ = GetParam() == std::string("local") ? open_store(folder_.path("store"))
                                                : make_memory_file_store();
    ASSERT_NE(store_, nullptr);
  }

  TestFolder folder_;
  std::shared_ptr<FileStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, AnyFileStore, testing::Values("local", "memory"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(AnyFileStore, ReadsWhatWasWritten) {
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(store_->write("objects/ab/cd", bytes).ok());
  ASSERT_TRUE(store_->write("empty", "").ok());
  EXPECT_EQ(*store_->read("objects/ab/cd"), bytes);
  EXPECT_EQ(*store_->read("empty"), "");
  EXPECT_EQ(*store_->size_bytes("objects/ab/cd"), 5U);
  EXPECT_TRUE(store_->exists("empty"));
  EXPECT_FALSE(store_->exists("objects/ab"));
  ASSERT_TRUE(store_->write("empty", "no more").ok());
  EXPECT_EQ(*store_->read("empty"), "no more");
}

TEST_P(AnyFileStore, SaysWhatIsMissing) {
  ASSERT_TRUE(store_->write("folder/file", "x").ok());
  for (const char* name : {"nothing", "folder", "folder/file/deeper", "folder/other"}) {
    EXPECT_FALSE(store_->exists(name));
    for (const ErrorCode code :
         {store_->read(name).error().code, store_->size_bytes(name).error().code,
          store_->remove(name).error().code}) {
      EXPECT_EQ(code, ErrorCode::not_found) << name;
    }
  }
  EXPECT_NE(store_->read("nothing").error().what.find("nothing"), std::string::npos);
}

TEST_P(AnyFileStore, ListsByPrefixSorted) {
  for (const char* name : {"b/2", "b/10", "a", "bc/1", "b/x/y", "b.txt"}) {
    ASSERT_TRUE(store_->write(name, "x").ok());
  }
  EXPECT_EQ(*store_->list(""), (Names{"a", "b.txt", "b/10", "b/2", "b/x/y", "bc/1"}));
  EXPECT_EQ(*store_->list("b"), (Names{"b.txt", "b/10", "b/2", "b/x/y", "bc/1"}));
  EXPECT_EQ(*store_->list("b/"), (Names{"b/10", "b/2", "b/x/y"}));
  EXPECT_EQ(*store_->list("b/1"), (Names{"b/10"}));
  EXPECT_EQ(*store_->list("b/x"), (Names{"b/x/y"}));
  EXPECT_EQ(*store_->list("none/such"), Names{});
}

TEST_P(AnyFileStore, Removes) {
  ASSERT_TRUE(store_->write("a/b", "x").ok());
  ASSERT_TRUE(store_->remove("a/b").ok());
  EXPECT_FALSE(store_->exists("a/b"));
  EXPECT_EQ(*store_->list(""), Names{});
}

TEST_P(AnyFileStore, AdoptsALocalFile) {
  const std::string made = folder_.path("made");
  std::ofstream(made) << "rows";
  ASSERT_TRUE(store_->adopt(made, "x/y").ok());
  EXPECT_EQ(*store_->read("x/y"), "rows");
  EXPECT_FALSE(fs::exists(made));
  EXPECT_EQ(store_->adopt(made, "x/z").error().code, ErrorCode::not_found);
  EXPECT_FALSE(store_->exists("x/z"));
}

TEST_P(AnyFileStore, RefusesNamesThatLeadOutside) {
  std::ofstream(folder_.path("secret")) << "x";
  const std::string zero("a\0b", 3);
  for (const std::string& name :
       {std::string("../secret"), std::string("a/../../secret"), std::string("/etc/passwd"),
        std::string(""), std::string("."), std::string("a//b"), std::string("a/"),
        std::string("./a"), std::string(".."), std::string(".tmp/a"), zero}) {
    EXPECT_EQ(store_->read(name).error().code, ErrorCode::invalid_input) << name;
    EXPECT_EQ(store_->write(name, "x").error().code, ErrorCode::invalid_input) << name;
    EXPECT_EQ(store_->remove(name).error().code, ErrorCode::invalid_input) << name;
    EXPECT_EQ(store_->adopt(folder_.path("secret"), name).error().code, ErrorCode::invalid_input);
    EXPECT_FALSE(store_->exists(name));
    EXPECT_EQ(store_->local_path(name), "");
  }
  EXPECT_EQ(store_->list("../").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(store_->read("../secret").error().what, "`../secret` is not a name in a file store");
  EXPECT_TRUE(store_->write("..a/b..", "dots inside a part are no harm").ok());
}

TEST(LocalFileStore, GivesPathsAndKeepsItsFiles) {
  const TestFolder folder;
  ASSERT_TRUE(open_store(folder.path("new/store"))->write("a/b", "x").ok());
  const auto again = open_store(folder.path("new/store"));
  EXPECT_EQ(*again->read("a/b"), "x");
  EXPECT_EQ(again->local_path("a/b"), folder.path("new/store/a/b"));
  EXPECT_TRUE(fs::exists(again->local_path("a/b")));
  EXPECT_EQ(make_memory_file_store()->local_path("a"), "");
}

TEST(LocalFileStore, ForgetsOldTemporaryFilesOnly) {
  const TestFolder folder;
  open_store(folder.path());
  std::ofstream(folder.path(".tmp/write-old")) << "x";
  std::ofstream(folder.path(".tmp/write-young")) << "x";
  fs::last_write_time(folder.path(".tmp/write-old"),
                      fs::file_time_type::clock::now() - std::chrono::hours(25));
  const auto store = open_store(folder.path());
  EXPECT_FALSE(fs::exists(folder.path(".tmp/write-old")));
  EXPECT_TRUE(fs::exists(folder.path(".tmp/write-young")));
  EXPECT_EQ(*store->list(""), Names{});
}

// A writer is killed at a random moment, again and again: what it had acknowledged is there,
// and whatever is listed is whole.
TEST(LocalFileStore, SurvivesKilledWriters) {
  const TestFolder folder;
  Random random(5);
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = start_process([&] {
      const auto store = open_store(folder.path());
      for (int i = 0;; ++i) {
        const std::string bytes(3'000'000, static_cast<char>('a' + i % 26));
        const std::string content = std::to_string(round) + "-" + std::to_string(i) + bytes;
        const std::string name = "objects/" + hash_of(content).hex();
        if (!store->write(name, content).ok()) return 1;
        if (::write(ends[1], name.data(), name.size()) < 0) return 2;
      }
    });
    ::close(ends[1]);
    std::string name(8 + 64, '\0');
    const auto read_name = [&] {
      const ssize_t count = ::read(ends[0], name.data(), name.size());
      if (count == static_cast<ssize_t>(name.size())) acknowledged.push_back(name);
      return count == static_cast<ssize_t>(name.size());
    };
    // Every other child is surely in the middle of writing; the rest may still be opening.
    if (round % 2 == 0) {
      EXPECT_TRUE(read_name());
    }
    ::usleep(static_cast<useconds_t>(random.below(15'000)));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), 1000 + SIGKILL);
    while (read_name()) {
    }
    ::close(ends[0]);
  }
  const auto store = open_store(folder.path());
  EXPECT_GE(acknowledged.size(), 10U);
  for (const std::string& name : acknowledged) EXPECT_TRUE(store->exists(name)) << name;
  const auto listed = store->list("");
  ASSERT_TRUE(listed.ok());
  for (const std::string& name : *listed) {
    const auto content = store->read(name);
    ASSERT_TRUE(content.ok());
    EXPECT_EQ("objects/" + hash_of(*content).hex(), name);
  }
}

TEST(LocalFileStore, WritersOfOneNameNeverMix) {
  const TestFolder folder;
  const auto store = open_store(folder.path());
  ASSERT_TRUE(store->write("x", std::string(100'000, 'a')).ok());
  std::vector<pid_t> writers;
  writers.reserve(4);
  for (int writer = 0; writer < 4; ++writer) {
    writers.push_back(start_process([&] {
      const std::string bytes(100'000, static_cast<char>('a' + writer));
      for (int i = 0; i < 50; ++i) {
        if (!store->write("x", bytes).ok()) return 1;
      }
      return 0;
    }));
  }
  for (int i = 0; i < 200; ++i) {
    const auto bytes = store->read("x");
    ASSERT_TRUE(bytes.ok());
    ASSERT_EQ(bytes->size(), 100'000U);
    ASSERT_EQ(bytes->find_first_not_of((*bytes)[0]), std::string::npos);
  }
  for (const pid_t writer : writers) EXPECT_EQ(wait_for(writer), 0);
  EXPECT_EQ(file_count(folder.path()), 1U);
}

/// 0 when a write too large for the disk is refused clearly and leaves the old bytes alone.
int overfill(const std::string& root, const std::string& expected_reason) {
  const auto store = open_store(root);
  if (!store->write("x", "old").ok()) return 1;
  const Status status = store->write("x", std::string(4 << 20, 'n'));
  if (status.ok()) return 2;
  if (status.error().code != ErrorCode::outside) return 3;
  if (status.error().what != "cannot write `" + root + "/x`: " + expected_reason) return 4;
  if (status.error().hint.find("nothing was changed") == std::string::npos) return 5;
  if (*store->read("x") != "old") return 6;
  if (file_count(root) != 1) return 7;  // The part that was written is gone.
  return store->write("y", "small").ok() ? 0 : 8;
}

TEST(LocalFileStore, AFullDiskChangesNothing) {
  const TestFolder folder;
  const pid_t child = start_process([&] {
    // A disk of our own, seen by this process only.
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) return 77;
    return overfill(folder.path(), "No space left on device");
  });
  const int code = wait_for(child);
  if (code == 77) GTEST_SKIP() << "no right to mount; the case with a size limit still runs";
  EXPECT_EQ(code, 0);
}

TEST(LocalFileStore, ALimitOnFileSizesChangesNothing) {
  const TestFolder folder;
  const pid_t child = start_process([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 99;
    return overfill(folder.path(), "File too large");
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(LocalFileStore, AReadOnlyFolderIsAClearError) {
  const TestFolder folder;
  ::chmod(folder.path().c_str(), 0555);
  const pid_t child = start_process([&] {
    if (::getuid() == 0 && ::setuid(kNobody) != 0) return 99;
    const auto store = open_local_file_store(folder.path("store"));
    if (store.ok()) return 1;
    if (store.error().code != ErrorCode::outside) return 2;
    if (store.error().what !=
        "cannot make the folder `" + folder.path("store") + "`: Permission denied") {
      return 3;
    }
    if (!store.error().hint.starts_with("check who may write there")) return 4;
    const auto here = open_local_file_store(folder.path());
    return !here.ok() && here.error().code == ErrorCode::outside ? 0 : 5;
  });
  EXPECT_EQ(wait_for(child), 0);
  ::chmod(folder.path().c_str(), 0755);
}

TEST(LocalFileStore, AFileInPlaceOfTheFolderIsAClearError) {
  const TestFolder folder;
  std::ofstream(folder.path("store")) << "x";
  const auto store = open_local_file_store(folder.path("store"));
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().what,
            "cannot make the folder `" + folder.path("store") + "`: a file has that name");
}

TEST(FaultyFileStore, FailsWhereToldAndElsewhereNot) {
  const auto inner = make_memory_file_store();
  Names asked;
  const auto store =
      make_faulty_file_store(inner, [&](std::string_view operation, const std::string& name) {
        asked.push_back(std::string(operation) + " " + name);
        return name == "bad" ? Status(outside_failure("the disk is full")) : Status();
      });
  EXPECT_TRUE(store->write("good", "x").ok());
  EXPECT_EQ(store->write("bad", "x").error().what, "the disk is full");
  EXPECT_FALSE(inner->exists("bad"));
  EXPECT_EQ(*store->read("good"), "x");
  EXPECT_FALSE(store->read("bad").ok());
  EXPECT_FALSE(store->remove("bad").ok());
  EXPECT_FALSE(store->adopt("/nowhere", "bad").ok());
  EXPECT_EQ(asked,
            (Names{"write good", "write bad", "read good", "read bad", "remove bad", "adopt bad"}));
}

}  // namespace
}  // namespace millgate
