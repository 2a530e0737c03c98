#include <arrow/api.h>
#include <gtest/gtest.h>

#include "data/table/test_table.h"
#include "ground/random.h"
#include "ground/test_folder.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

std::shared_ptr<arrow::Table> small_table() {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  for (int64_t i = 0; i < 5000; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE((i % 7 == 0 ? names.AppendNull() : names.Append(std::to_string(i * i))).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())}),
      {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie()});
}

class ArrowFileTest : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::string path() const { return folder_.path(std::string("t") + GetParam()); }
  TestFolder folder_;
};

TEST_P(ArrowFileTest, GivesBackWhatWasWritten) {
  const auto table = small_table();
  EXPECT_EQ(must(write_table_file(*reader_of(table), path())), 5000);
  EXPECT_TRUE(must(read_files({path()}))->Equals(*table));
  ReadOptions kept;
  kept.kept_schema =
      arrow::schema({arrow::field("name", arrow::utf8()), arrow::field("id", arrow::float64())});
  EXPECT_EQ(types_of(*must(read_files({path()}, kept))->schema()), "name: string, id: double");
  kept.kept_schema = arrow::schema({arrow::field("idd", arrow::int64())});
  EXPECT_FALSE(read_files({path()}, kept).ok());
}

TEST_P(ArrowFileTest, KeepsAFileThatIsThere) {
  const auto table = small_table();
  must(write_table_file(*reader_of(table), path(), false));
  const auto again = write_table_file(*reader_of(table->Slice(0, 1)), path(), false);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_EQ(must(read_files({path()}))->num_rows(), 5000);
  must(write_table_file(*reader_of(table->Slice(0, 1)), path(), true));
  EXPECT_EQ(must(read_files({path()}))->num_rows(), 1);
}

TEST_P(ArrowFileTest, NoticesEveryShorterFile) {
  must(write_table_file(*reader_of(small_table()), path()));
  const std::string whole = must(read_file(path()));
  for (size_t length = 0; length < whole.size(); length += 1 + length / 40) {
    must(write_file(path(), whole.substr(0, length)));
    EXPECT_FALSE(read_files({path()}).ok()) << length << " of " << whole.size();
  }
  must(write_file(path(), whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(read_files({path()}).ok());
}

TEST_P(ArrowFileTest, MutatedBytesAreReadOrRefused) {
  must(write_table_file(*reader_of(small_table()->Slice(0, 50)), path()));
  const std::string whole = must(read_file(path()));
  Random random(11);
  for (uint64_t round = 0; round < test_rounds(2000); ++round) {
    std::string changed = whole;
    for (int edits = 0; edits < 3; ++edits) {
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    }
    must(write_file(path(), changed));
    const auto read = read_files({path()});
    if (read.ok()) {
      EXPECT_TRUE((*read)->ValidateFull().ok());
    } else {
      EXPECT_FALSE(read.error().what.empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, ArrowFileTest, ::testing::Values(".arrow", ".arrows"));

TEST(WriteTableFile, FormatsItCannotWriteAreTold) {
  TestFolder folder;
  for (const char* name : {"t.tsv", "t.csv.gz", "t.xlsx", "t"}) {
    const auto written = write_table_file(*reader_of(small_table()), folder.path(name));
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().what.find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace millgate
