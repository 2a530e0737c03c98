#include "data/delta/deletion_vector.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

/// {1, 2, 5, 2^33} as CRoaring 4 serializes it, with Delta's magic number before.
std::string four_rows() {
  const std::string hex =
      "d1d33964"
      "0200000000000000"
      "000000003a300000010000000000020010000000010002000500"
      "020000003a3000000100000000000000100000000000";
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string fault_of(const Result<std::vector<RowRange>>& read) {
  return read.ok() ? std::string() : read.error().what;
}

TEST(DeletionVector, ReadsBitmapsOfAnotherProgram) {
  const auto read = parse_row_bitmaps(four_rows(), "it");
  ASSERT_TRUE(read.ok()) << read.error().what;
  const uint64_t far = uint64_t{1} << 33;
  const std::vector<RowRange> wanted = {{1, 3}, {5, 6}, {far, far + 1}};
  EXPECT_EQ(*read, wanted);
}

TEST(DeletionVector, ReadsZ85) {
  // The example of ZeroMQ's RFC 32.
  const auto read = z85_decoded("HelloWorld");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  for (const char* text : {"Hell", "Hello ", "~~~~~", "#####"}) {
    EXPECT_FALSE(z85_decoded(text).ok()) << text;
  }
}

TEST(DeletionVector, EveryCutAndChangedByteIsAnErrorOrRows) {
  const std::string whole = four_rows();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(fault_of(parse_row_bitmaps(whole.substr(0, size), "it")), "") << size;
  }
  EXPECT_NE(fault_of(parse_row_bitmaps(whole + "x", "it")).find("behind its end"),
            std::string::npos);
  Random random(20261130);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    const auto read = parse_row_bitmaps(text, "it");
    if (!read.ok()) continue;
    for (size_t i = 1; i < read->size(); ++i) EXPECT_LT((*read)[i - 1].end, (*read)[i].begin);
  }
}

TEST(DeletionVector, SaysWhatIsWrongWithItsFile) {
  const TestFolder folder;
  // UUID of zeros; the length, the bitmaps, their CRC-32 by zlib.
  DeltaDeletionVector vector{.file = "part.parquet",
                             .storage = "u",
                             .place = "ab00000000000000000000",
                             .offset = 1,
                             .size_bytes = static_cast<int64_t>(four_rows().size()),
                             .row_count = 4};
  const auto fault = [&] { return fault_of(read_deletion_vector(folder.path(), vector)); };
  EXPECT_NE(fault().find("ab/deletion_vector_00000000-0000-0000-0000-000000000000.bin"),
            std::string::npos)
      << fault();
  EXPECT_NE(fault().find("is not there"), std::string::npos);
  vector.place = "../00000000000000000000";
  EXPECT_NE(fault().find("outside of the table's folder"), std::string::npos) << fault();
  vector.place = "short";
  EXPECT_NE(fault().find("no UUID"), std::string::npos) << fault();
  vector.storage = "p";
  EXPECT_NE(fault().find("outside of its folder"), std::string::npos) << fault();
  vector.storage = "x";
  EXPECT_NE(fault().find("stored as `x`"), std::string::npos) << fault();
  vector.storage = "i";
  vector.place = "HelloWorld";
  EXPECT_NE(fault().find("shorter than the log says"), std::string::npos) << fault();
  vector.size_bytes = 8;
  EXPECT_NE(fault().find("is no deletion vector"), std::string::npos) << fault();
  vector.size_bytes = -1;
  EXPECT_NE(fault().find("no sound size"), std::string::npos) << fault();
}

}  // namespace
}  // namespace millgate
