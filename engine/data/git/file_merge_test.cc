#include "data/git/file_merge.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "data/git/file_diff.h"
#include "data/git/row_text.h"
#include "ground/file_store.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Merges with the real git, formats and hooks are in tests/git; here is what needs no git.
class FileMergeTest : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& bytes) {
    const std::string path = folder_.path(name);
    EXPECT_TRUE(write_file(path, bytes).ok());
    return path;
  }

  Result<FileMerge> merge(FileFormat format, const std::string& base, const std::string& ours,
                          const std::string& theirs, const FileMergeOptions& options = {}) {
    return merge_files(
        format,
        {.base = put("base", base), .ours = put("ours", ours), .theirs = put("theirs", theirs)},
        options);
  }

  std::vector<std::string> key_of(const std::string& csv) {
    const auto found = FileVersions::read(FileFormat::csv, {put("one", csv)}, {});
    return found.ok() ? found->key() : std::vector<std::string>{found.error().what};
  }

  TestFolder folder_;
};

TEST_F(FileMergeTest, TheKeyIsTheShortestRunOfColumnsThatNamesRows) {
  EXPECT_THAT(key_of("a,b\n1,x\n2,x\n"), ElementsAre("a"));
  EXPECT_THAT(key_of("a,b,c\n1,x,1\n1,y,2\n"), ElementsAre("a", "b"));
  EXPECT_THAT(key_of("a,b\n1.5,x\n2.5,y\n"), IsEmpty()) << "a measured number names nothing";
  EXPECT_THAT(key_of("a,b\n1,x\n,y\n"), IsEmpty()) << "a missing value names nothing";
  EXPECT_THAT(key_of("a,b\n1,x\n1,x\n"), IsEmpty());
}

TEST_F(FileMergeTest, ADeclaredKeyMustBeOne) {
  FileMergeOptions options;
  options.reading.key = {"id"};
  const auto repeated =
      merge(FileFormat::csv, "id,x\n1,a\n", "id,x\n1,a\n1,b\n", "id,x\n1,c\n", options);
  ASSERT_FALSE(repeated.ok());
  EXPECT_THAT(repeated.error().what, HasSubstr("id = 1"));
  options.reading.key = {"idd"};
  const auto missing = merge(FileFormat::csv, "id,x\n1,a\n", "id,x\n1,a\n", "id,x\n1,c\n", options);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().hint, HasSubstr("id"));
}

TEST_F(FileMergeTest, NumbersOfTwoTypesCompareByValue) {
  // The whole column is a number with a point once one side has one.
  const auto found =
      merge(FileFormat::csv, "id,x\n1,1\n2,2\n", "id,x\n1,1\n2,2.5\n", "id,x\n1,7\n2,2\n");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->bytes, "id,x\n1,7\n2,2.5\n");
  EXPECT_THAT(found->conflicts, IsEmpty());
}

TEST_F(FileMergeTest, ASideThatIsNoFileIsNotMerged) {
  for (const bool ours : {true, false}) {
    const auto found =
        merge(FileFormat::csv, "id\n1\n", ours ? "" : "id\n1\n", ours ? "id\n2\n" : "");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::conflict);
  }
  EXPECT_FALSE(merge(FileFormat::csv, "", "", "").ok());
}

TEST_F(FileMergeTest, TheTextOfJsonCellsIsExact) {
  const auto text = read_row_text(
      FileFormat::json_lines,
      put("rows",
          "{\"a\\u0062\" : \"x\\\"},\" ,\"n\":-1.50E3, \"e\":{}}\r\n\r\n {} \n{\"t\":true}"));
  ASSERT_TRUE(text.ok());
  ASSERT_EQ((*text)->row_count(), 3U);
  EXPECT_EQ((*text)->cell(0, "ab"), "\"x\\\"},\"");
  EXPECT_EQ((*text)->cell(0, "n"), "-1.50E3");
  EXPECT_EQ((*text)->cell(1, "ab"), std::nullopt);
  EXPECT_EQ((*text)->line(1, {"q"}, {{"q", "1"}}), " {\"q\": 1} \r\n");
  EXPECT_EQ((*text)->line(2, {"t", "q"}, {{"q", "1"}, {"t", "false"}}),
            "{\"t\":false, \"q\": 1}\r\n");
  EXPECT_FALSE((*text)->ends_with_line_end());
}

TEST_F(FileMergeTest, MergingWithItsBaseGivesTheOtherSide) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const auto pick = [&](size_t count) {
    return static_cast<size_t>(random.uniform() * static_cast<double>(count));
  };
  const std::vector<std::string> cells = {"",   "NA", "a",    "\"b, \"\"c\"\"\"",
                                          "07", "7",  "1.50", "Å"};
  for (int round = 0; round < 20; ++round) {
    const auto text = [&] {
      std::string csv = "id,x,y\n";
      for (int id = 0; id < 12; ++id) {
        if (pick(4) == 0) continue;
        csv += std::to_string(id) + "," + cells[pick(cells.size())] + "," +
               cells[pick(cells.size())] + "\n";
      }
      return csv;
    };
    const std::string base = text();
    const std::string other = text();
    const auto from_theirs = merge(FileFormat::csv, base, base, other);
    const auto from_ours = merge(FileFormat::csv, base, other, base);
    ASSERT_TRUE(from_theirs.ok()) << from_theirs.error().what;
    ASSERT_TRUE(from_ours.ok());
    EXPECT_EQ(from_theirs->bytes, other) << base;
    EXPECT_EQ(from_ours->bytes, other) << base;
    EXPECT_THAT(from_theirs->conflicts, IsEmpty());
  }
}

TEST_F(FileMergeTest, BrokenBytesAreErrorsOrRows) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const auto pick = [&](size_t count) {
    return static_cast<size_t>(random.uniform() * static_cast<double>(count));
  };
  const std::vector<std::pair<FileFormat, std::string>> files = {
      {FileFormat::csv, "id,\"x\"\r\n1,\"a,\"\"b\"\r\n2,c\r\n"},
      {FileFormat::json_lines, "{\"id\": 1, \"x\": \"a\\n\"}\n{\"id\":2,\"x\":null}\n"}};
  const std::string letters = "\",\r\n{}:\\ab1\xff";
  for (const auto& [format, good] : files) {
    for (int round = 0; round < 150; ++round) {
      std::string bad = good;
      for (size_t i = 0; i <= pick(3); ++i) {
        const size_t at = pick(bad.size());
        if (pick(3) == 0) {
          bad.erase(at, 1 + pick(4));
        } else {
          bad[at] = letters[pick(letters.size())];
        }
        if (bad.empty()) bad = "x";
      }
      const auto found =
          pick(2) == 0 ? merge(format, good, bad, good) : merge(format, bad, good, good);
      if (!found.ok()) {
        EXPECT_FALSE(found.error().what.empty());
      }
    }
  }
}

TEST_F(FileMergeTest, TheDiffOfRowsWithoutAKeyHasNoColumnOfItsOwn) {
  const auto found =
      diff_files(FileFormat::csv, put("one", "x\na\na\nb\n"), put("two", "x\na\nb\nb\n"), {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->key_origin, KeyOrigin::content);
  EXPECT_EQ(found->diff.inserted_count, 1);
  EXPECT_EQ(found->diff.removed_count, 1);
  EXPECT_EQ(found->diff.schema->num_fields(), 1);
}

}  // namespace
}  // namespace millgate
