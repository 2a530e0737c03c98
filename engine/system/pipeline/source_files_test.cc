#include "system/pipeline/source_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "ground/json.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// printf 'one\n' | sha256sum, and of 'two\n'
constexpr const char* kOne = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
constexpr const char* kTwo = "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a";

class SourceFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file(folder_.path(name), text).ok());
  }

  Result<std::vector<SourceFile>> find(const std::string& pattern) {
    Source source;
    source.name = "rows";
    source.path = pattern;
    HashCache cache(folder_.path("files.json"));
    auto files = find_source_files(folder_.path(), source, cache);
    EXPECT_TRUE(cache.save().ok());
    return files;
  }

  /// The hash of the file by a cache that knows what those before it saved.
  std::string hash(const std::string& name) {
    HashCache cache(folder_.path("files.json"));
    const SourceFile file = good(cache.hash(folder_.path(name)));
    EXPECT_TRUE(cache.save().ok());
    return file.sha256;
  }

  /// Waits until a change of a file would show in its times.
  static void age() { std::this_thread::sleep_for(std::chrono::milliseconds(3100)); }

  /// Makes the cache claim `sha256` for what it knows: a file that it trusts is not read.
  void forge(const std::string& sha256) {
    Json json = good(parse_json(good(read_file(folder_.path("files.json"))), "cache"));
    for (Json& entry : json) entry["sha256"] = sha256;
    write("files.json", dump_json(json));
  }

  TestFolder folder_;
};

TEST_F(SourceFiles, AreHashedAndNamedAsTheProjectMeansThem) {
  write("raw/b.csv", "two\n");
  write("raw/a.csv", "one\n");
  write("raw/c.txt", "not ours\n");
  const auto files = good(find("raw/*.csv"));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, "raw/a.csv");
  EXPECT_EQ(files[0].sha256, kOne);
  EXPECT_EQ(files[0].size_bytes, 4);
  EXPECT_EQ(files[1].path, "raw/b.csv");
  EXPECT_EQ(files[1].sha256, kTwo);
}

TEST_F(SourceFiles, AnAbsolutePathStaysOne) {
  write("a.csv", "one\n");
  const auto files = good(find(folder_.path("a.csv")));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, folder_.path("a.csv"));
}

TEST_F(SourceFiles, AGlobThatMatchesNothingIsNotFound) {
  const Error error = error_of(find("raw/*.csv"));
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("`raw/*.csv`"));
  EXPECT_THAT(error.what, HasSubstr("`rows`"));
}

TEST_F(SourceFiles, AFolderIsNotAFile) {
  ASSERT_TRUE(std::filesystem::create_directory(folder_.path("raw")));
  const Error error = error_of(find("raw"));
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_THAT(error.what, HasSubstr("folder"));
}

TEST_F(SourceFiles, WhatDidNotChangeIsNotReadAgain) {
  write("a.csv", "one\n");
  age();
  EXPECT_EQ(hash("a.csv"), kOne);
  forge(kTwo);
  EXPECT_EQ(hash("a.csv"), kTwo) << "the file was read although the cache knows it";
}

TEST_F(SourceFiles, AFileJustWrittenIsNotTrusted) {
  write("a.csv", "one\n");
  EXPECT_EQ(hash("a.csv"), kOne);
  const Json json = good(parse_json(good(read_file(folder_.path("files.json"))), "cache"));
  EXPECT_TRUE(json.empty()) << "a change within the clock's grain would go unseen";
  write("a.csv", "two\n");
  EXPECT_EQ(hash("a.csv"), kTwo);
}

TEST_F(SourceFiles, AChangeOfTheSameLengthAndTimeIsSeen) {
  write("a.csv", "one\n");
  age();
  EXPECT_EQ(hash("a.csv"), kOne);
  struct stat before {};
  ASSERT_EQ(::stat(folder_.path("a.csv").c_str(), &before), 0);
  // Written in place, as `cp --preserve` or a careless tool would: same inode, size and mtime.
  const int file = ::open(folder_.path("a.csv").c_str(), O_WRONLY);
  ASSERT_EQ(::write(file, "two\n", 4), 4);
  const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
  ASSERT_EQ(::futimens(file, times.data()), 0);
  ::close(file);
  EXPECT_EQ(hash("a.csv"), kTwo);
}

TEST_F(SourceFiles, AnotherFileUnderTheSameNameIsSeen) {
  write("a.csv", "one\n");
  write("b.csv", "two\n");
  age();
  EXPECT_EQ(hash("a.csv"), kOne);
  ASSERT_EQ(::rename(folder_.path("b.csv").c_str(), folder_.path("a.csv").c_str()), 0);
  EXPECT_EQ(hash("a.csv"), kTwo);
}

TEST_F(SourceFiles, ADamagedCacheCostsOnlyTime) {
  write("a.csv", "one\n");
  age();
  for (const char* text : {"", "{", "[]", "null", "{\"a\": 3}", "\xff\xfe"}) {
    write("files.json", text);
    EXPECT_EQ(hash("a.csv"), kOne) << text;
  }
  // A known file whose entry has a member of the wrong type or form.
  for (const char* member : {"sha256", "fingerprint"}) {
    for (const Json& wrong : {Json(4), Json("rubbish"), Json(), Json::array({1})}) {
      EXPECT_EQ(hash("a.csv"), kOne);
      Json json = good(parse_json(good(read_file(folder_.path("files.json"))), "cache"));
      ASSERT_EQ(json.size(), 1U);
      for (Json& entry : json) entry[member] = wrong;
      write("files.json", dump_json(json));
      EXPECT_EQ(hash("a.csv"), kOne) << dump_json(json);
    }
  }
}

TEST_F(SourceFiles, AMissingFileAndAnUnwritableCacheAreErrors) {
  HashCache cache(folder_.path("files.json"));
  EXPECT_EQ(error_of(cache.hash(folder_.path("nothing.csv"))).code, ErrorCode::not_found);
  EXPECT_TRUE(cache.save().ok()) << "nothing was learned";
  write("a.csv", "one\n");
  write("plain", "");
  HashCache nowhere(folder_.path("plain/files.json"));
  EXPECT_EQ(good(nowhere.hash(folder_.path("a.csv"))).sha256, kOne);
  EXPECT_FALSE(nowhere.save().ok());
}

TEST_F(SourceFiles, PathsAreRelativeToTheProject) {
  EXPECT_EQ(full_path("/p", "raw/a.csv"), "/p/raw/a.csv");
  EXPECT_EQ(full_path("/p", "../other/a.csv"), "/other/a.csv");
  EXPECT_EQ(full_path("/p", "/q/a.csv"), "/q/a.csv");
}

}  // namespace
}  // namespace millgate
