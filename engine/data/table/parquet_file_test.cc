#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <gmock/gmock.h>

#include <string>

#include "data/table/test_table.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class ParquetFileTest : public testing::Test {
 protected:
  std::shared_ptr<arrow::Table> csv(const std::string& text) {
    must(write_file(folder_.path("t.csv"), text));
    return must(read_files({folder_.path("t.csv")}));
  }
  /// `table` as the Parquet file `name`.
  std::string parquet(const std::shared_ptr<arrow::Table>& table,
                      const std::string& name = "t.parquet") {
    auto reader = reader_of(table);
    must(write_table_file(*reader, folder_.path(name)));
    return folder_.path(name);
  }
  /// `table` with column 0 cast to `type`.
  static std::shared_ptr<arrow::Table> with_type(const std::shared_ptr<arrow::Table>& table,
                                                 const std::shared_ptr<arrow::DataType>& type) {
    auto column = arrow::compute::Cast(table->column(0), type).ValueOrDie().chunked_array();
    return table->SetColumn(0, arrow::field(table->field(0)->name(), type), column).ValueOrDie();
  }
  TestFolder folder_;
};

TEST_F(ParquetFileTest, ReadsWhatWasWritten) {
  const auto table = csv("a,b,c,d,e\n1,x,2013-01-01,2013-01-01T10:00:00Z,true\n,,,,\n");
  const auto back = must(read_files({parquet(table)}));
  EXPECT_EQ(types_of(*back->schema()), types_of(*table->schema()));
  EXPECT_TRUE(back->Equals(*table));
}

TEST_F(ParquetFileTest, OtherTypesBecomeTableTypes) {
  using arrow::TimeUnit;
  const auto expect = [&](const std::string& values, std::shared_ptr<arrow::DataType> from,
                          const std::string& to) {
    const auto table = csv("a\n" + values);
    const auto back = must(read_files({parquet(with_type(table, from))}));
    EXPECT_EQ(back->field(0)->type()->ToString(), to) << from->ToString();
    EXPECT_EQ(csv_of(*back), csv_of(*table)) << from->ToString();
  };
  expect("1\n-7\n", arrow::int8(), "int64");
  expect("1\n7\n", arrow::uint32(), "int64");
  expect("0.5\n-7.25\n", arrow::float32(), "double");
  expect("x\nyy\n", arrow::large_utf8(), "string");
  expect("x\nyy\nx\n", arrow::dictionary(arrow::int32(), arrow::utf8()), "string");
  expect("2013-01-01T10:00:00.5Z\n", arrow::timestamp(TimeUnit::MILLI, "UTC"),
         "timestamp[us, tz=UTC]");
  expect("2013-01-01T10:00:00.5Z\n", arrow::timestamp(TimeUnit::NANO, "America/New_York"),
         "timestamp[us, tz=UTC]");
  expect("2013-01-01 10:00:00\n", arrow::timestamp(TimeUnit::NANO), "timestamp[us]");
}

TEST_F(ParquetFileTest, LongValuesComeFewAtATime) {
  // A dictionary holds each text once, so the file says little about the memory it takes.
  arrow::StringBuilder builder;
  for (int row = 0; row < 3'000; ++row) {
    ASSERT_TRUE(builder.Append(std::string(30'000, static_cast<char>('a' + row % 5))).ok());
  }
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8())}),
                                        {builder.Finish().ValueOrDie()});
  const auto rows = must(read_table_files({parquet(table)}, {}));
  int64_t batch_count = 0;
  int64_t row_count = 0;
  while (const auto batch = rows->Next().ValueOrDie()) {
    ASSERT_LE(batch->num_rows(), 560);
    ++batch_count;
    for (int64_t row = 0; row < batch->num_rows(); ++row, ++row_count) {
      const auto text = static_cast<const arrow::StringArray&>(*batch->column(0)).GetView(row);
      ASSERT_EQ(text.size(), 30'000U);
      ASSERT_EQ(text[29'999], 'a' + row_count % 5);
    }
  }
  EXPECT_EQ(row_count, 3'000);
  EXPECT_LE(batch_count, 10);
}

TEST_F(ParquetFileTest, NestedTypesAreReadUnlessAPartIsOfNoTableType) {
  arrow::ListBuilder builder(arrow::default_memory_pool(), std::make_shared<arrow::Time64Builder>(
                                                               arrow::time64(arrow::TimeUnit::NANO),
                                                               arrow::default_memory_pool()));
  auto& items = static_cast<arrow::Time64Builder&>(*builder.value_builder());
  for (const int64_t nanos : {int64_t{1'000}, int64_t{86'400'000'000'000}}) {
    ASSERT_TRUE(builder.Append().ok());
    ASSERT_TRUE(items.Append(nanos).ok());
  }
  const auto array = builder.Finish().ValueOrDie();
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("tags", array->type())}), {array});
  EXPECT_EQ(must(read_files({parquet(table)}))->schema()->field(0)->type()->ToString(),
            "list<item: time64[us]>");
  const auto other = arrow::decimal256(60, 2);
  const auto wide =
      arrow::MakeArrayOfNull(arrow::struct_({arrow::field("a", arrow::list(other))}), 1)
          .ValueOrDie();
  const auto bad = read_files(
      {parquet(arrow::Table::Make(arrow::schema({arrow::field("tags", wide->type())}), {wide}))});
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().what, HasSubstr("column `tags` is of type struct<a: list"));
  EXPECT_THAT(bad.error().hint, HasSubstr("38 digits"));
}

TEST_F(ParquetFileTest, EveryTruncationIsAnError) {
  const std::string bytes = must(read_file(parquet(csv("a,b\n1,x\n2,y\n"))));
  for (size_t size = 0; size < bytes.size(); ++size) {
    must(write_file(folder_.path("cut.parquet"), bytes.substr(0, size)));
    const auto bad = read_files({folder_.path("cut.parquet")});
    ASSERT_FALSE(bad.ok()) << size;
    ASSERT_EQ(bad.error().code, ErrorCode::invalid_input) << bad.error().what;
    ASSERT_THAT(bad.error().what, HasSubstr("cut.parquet` cannot be read as Parquet"));
  }
}

TEST_F(ParquetFileTest, KeptTypesNameTheRow) {
  ReadOptions options;
  options.kept_schema = csv("a,b\n1,x\n")->schema();
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ".0,x\n";
  EXPECT_EQ(types_of(*must(read_files({parquet(csv(text))}, options))->schema()),
            "a: int64, b: string");
  const auto bad = read_files({parquet(csv(text + "7.5,x\n"))}, options);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().where, folder_.path("t.parquet:5001"));
  EXPECT_THAT(bad.error().what, HasSubstr("column `a` is of type int64, but row 5001 has `7.5`"));
  const auto text_now = read_files({parquet(csv("a,b\nz,x\n"))}, options);
  ASSERT_FALSE(text_now.ok());
  EXPECT_THAT(text_now.error().what,
              HasSubstr("column `a` is of type string, in the table it is of type int64"));
}

TEST_F(ParquetFileTest, FilesOfSeveralFormatsMakeOneTable) {
  const auto first = parquet(csv("a,b\n1,x\n"));
  must(write_file(folder_.path("u.csv"), "a,b\n2.5,7\n"));
  const auto table = must(read_files({first, folder_.path("u.csv")}));
  EXPECT_EQ(csv_of(*table), "a,b\n1.0,x\n2.5,7\n");
}

TEST_F(ParquetFileTest, ATableWithoutRows) {
  const auto table = csv("a,b\n1,x\n")->Slice(1);
  const auto back = must(read_files({parquet(table)}));
  EXPECT_EQ(back->num_rows(), 0);
  EXPECT_EQ(types_of(*back->schema()), "a: int64, b: string");
}

TEST_F(ParquetFileTest, ArrowFilesCanBeWritten) {
  auto reader = reader_of(csv("a\n1\n"));
  EXPECT_EQ(must(write_table_file(*reader, folder_.path("t.arrow"))), 1);
  EXPECT_TRUE(must(read_file(folder_.path("t.arrow"))).starts_with("ARROW1"));
  EXPECT_FALSE(write_table_file(*reader, folder_.path("t.xyz")).ok());
}

}  // namespace
}  // namespace millgate
