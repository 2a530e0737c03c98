#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "ground/file_store.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

TEST(ReadFile, ReadsOrSaysWhy) {
  const TestFolder folder;
  const std::string bytes("x\0y", 3);
  std::ofstream(folder.path("a")) << bytes;
  EXPECT_EQ(*read_file(folder.path("a")), bytes);
  const auto missing = read_file(folder.path("b"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(missing.error().what,
            "cannot read `" + folder.path("b") + "`: No such file or directory");
  EXPECT_EQ(read_file(folder.path()).error().what,
            "cannot read `" + folder.path() + "`: it is a folder");
}

TEST(ReadFile, ReadsFilesThatTellNoSize) {
  const auto status = read_file("/proc/self/status");
  ASSERT_TRUE(status.ok());
  EXPECT_NE(status->find("Pid:"), std::string::npos);
}

TEST(WriteFile, MakesFoldersAndReplaces) {
  const TestFolder folder;
  const std::string path = folder.path("new/er/file.txt");
  ASSERT_TRUE(write_file(path, "one").ok());
  ASSERT_TRUE(write_file(path, "two").ok());
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path("new/er")), {}), 1);
}

TEST(WriteFile, KeepsModeAndLinks) {
  const TestFolder folder;
  ASSERT_TRUE(write_file(folder.path("target"), "one").ok());
  ::chmod(folder.path("target").c_str(), 0640);
  fs::create_symlink("target", folder.path("link"));
  ASSERT_TRUE(write_file(folder.path("link"), "two").ok());
  EXPECT_TRUE(fs::is_symlink(folder.path("link")));
  EXPECT_EQ(*read_file(folder.path("target")), "two");
  struct stat info {};
  ASSERT_EQ(::stat(folder.path("target").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
}

TEST(WriteFile, TakesANameWithoutAFolderAndTheLongestName) {
  const TestFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  EXPECT_TRUE(write_file("plain", "x").ok());
  fs::current_path(before);
  EXPECT_EQ(*read_file(folder.path("plain")), "x");
  EXPECT_TRUE(write_file(folder.path(std::string(255, 'n')), "x").ok());
}

TEST(WriteFile, WritesToADeviceAndRefusesAFolder) {
  EXPECT_TRUE(write_file("/dev/null", "x").ok());
  struct stat info {};
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
  const TestFolder folder;
  EXPECT_EQ(write_file(folder.path(), "x").error().what,
            "cannot write `" + folder.path() + "`: Is a directory");
  std::ofstream(folder.path("file")) << "x";
  EXPECT_FALSE(write_file(folder.path("file/inside"), "x").ok());
}

TEST(ExpandGlob, FindsFilesSorted) {
  const TestFolder folder;
  for (const char* name :
       {"raw/b.csv", "raw/a.csv", "raw/B.csv", "raw/c.txt", "raw/2/a.csv", "raw/a[1].csv"}) {
    ASSERT_TRUE(write_file(folder.path(name), "x").ok());
  }
  fs::create_directory(folder.path("raw/folder.csv"));
  const auto expanded = [&](const std::string& pattern) {
    Paths names;
    for (const std::string& path : expand_glob(folder.path(pattern))) {
      names.push_back(path.substr(folder.path().size() + 1));
    }
    return names;
  };
  EXPECT_EQ(expanded("raw/*.csv"), (Paths{"raw/B.csv", "raw/a.csv", "raw/a[1].csv", "raw/b.csv"}));
  EXPECT_EQ(expanded("raw/?.csv"), (Paths{"raw/B.csv", "raw/a.csv", "raw/b.csv"}));
  EXPECT_EQ(expanded("raw/[ab].csv"), (Paths{"raw/a.csv", "raw/b.csv"}));
  EXPECT_EQ(expanded("r*/*/*.csv"), (Paths{"raw/2/a.csv"}));
  EXPECT_EQ(expanded("raw/a[1].csv"), (Paths{"raw/a[1].csv"}));
  EXPECT_EQ(expanded("raw/a.csv"), (Paths{"raw/a.csv"}));
  EXPECT_EQ(expanded("raw/none.csv"), Paths{});
  EXPECT_EQ(expanded("raw"), Paths{});
  EXPECT_EQ(expanded("none/*.csv"), Paths{});
}

}  // namespace
}  // namespace millgate
