#include <gmock/gmock.h>

#include <string>

#include "data/table/test_table.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class JsonLinesFileTest : public testing::Test {
 protected:
  Result<std::shared_ptr<arrow::Table>> read(const std::string& text,
                                             const ReadOptions& options = {}) {
    must(write_file(folder_.path("t.jsonl"), text));
    return read_files({folder_.path("t.jsonl")}, options);
  }
  Error fault(const std::string& text, const ReadOptions& options = {}) {
    const auto table = read(text, options);
    if (!table.ok()) return table.error();
    ADD_FAILURE() << "read: " << csv_of(**table);
    return {};
  }
  TestFolder folder_;
};

TEST_F(JsonLinesFileTest, TypesComeFromAllRowsAndMissingFieldsAreNull) {
  const auto table =
      must(read("{\"i\": 1, \"d\": 1, \"t\": \"2013-01-01T10:00:00Z\", \"b\": true}\n"
                "\n"
                "{\"d\": 0.5, \"i\": null, \"s\": \"5\", \"t\": null, \"day\": \"2013-01-02\"}\r\n"
                "{\"s\": \"a\\u00e5\\n\", \"big\": 12345678901234567890}"));
  EXPECT_EQ(types_of(*table->schema()),
            "i: int64, d: double, t: timestamp[us, tz=UTC], b: bool, s: string, day: date32[day], "
            "big: string");
  EXPECT_EQ(csv_of(*table),
            "i,d,t,b,s,day,big\n"
            "1,1.0,2013-01-01T10:00:00Z,true,,,\n"
            ",0.5,,,5,2013-01-02,\n"
            ",,,,\"a\xc3\xa5\n\",,12345678901234567890\n");
}

TEST_F(JsonLinesFileTest, MixedValuesBecomeText) {
  const auto table = must(read("{\"a\": 1}\n{\"a\": \"x\"}\n{\"a\": true}\n{\"a\": 1.50}\n"));
  EXPECT_EQ(csv_of(*table), "a\n1\nx\ntrue\n1.50\n");
}

TEST_F(JsonLinesFileTest, BadLinesAreErrorsWithTheirPlace) {
  const auto expect = [&](const std::string& line, const std::string& why) {
    const Error error = fault("{\"a\": 1}\n\n" + line + "\n{\"a\": 2}\n");
    EXPECT_EQ(error.code, ErrorCode::invalid_input) << line;
    EXPECT_EQ(error.where, folder_.path("t.jsonl:3")) << line;
    EXPECT_THAT(error.what, HasSubstr(why)) << line;
  };
  expect("{\"a\": 1", "not JSON at byte");
  expect("{\"a\": 1} {\"a\": 2}", "not JSON at byte");
  expect("{\"a\": 1,}", "not JSON at byte");
  expect("[1, 2]", "a list, not an object");
  expect("5", "a value, not an object");

  expect("{\"a\": {\"b\": 1, \"b\": 2}}", "names field `b` twice");
  expect("{\"a\": 1, \"a\": 2}", "names field `a` twice");
  expect("{\"a\": \"\xff\"}", "is not UTF-8");
  EXPECT_THAT(fault("").what, HasSubstr("is empty"));
  EXPECT_THAT(fault("\n\n").what, HasSubstr("has no columns"));
}

TEST_F(JsonLinesFileTest, ListsAndObjectsBecomeListsAndStructs) {
  const auto rows =
      must(read("{\"id\": 1, \"a\": [1, 2.5], \"o\": {\"x\": {\"y\": []}}}\n"
                "{\"id\": 2, \"a\": null, \"o\": {\"z\": \"2013-01-01\", \"x\": null}}\n"
                "{\"id\": 3, \"a\": []}\n"));
  EXPECT_EQ(rows->schema()->ToString(),
            "id: int64\na: list<item: double>\n"
            "o: struct<x: struct<y: list<item: string>>, z: date32[day]>");
  EXPECT_EQ(csv_of(*rows),
            "id,a,o\n1,\"[1.0,2.5]\",\"{\"\"x\"\":{\"\"y\"\":[]},\"\"z\"\":null}\"\n"
            "2,,\"{\"\"x\"\":null,\"\"z\"\":\"\"2013-01-01\"\"}\"\n3,[],\n");
  EXPECT_THAT(fault("{\"a\": [1]}\n{\"a\": 1}\n").what,
              HasSubstr("column `a` is of type string, but line 1 has `[1]`"));
  EXPECT_THAT(fault("{\"a\": [1]}\n{\"a\": {\"b\": 1}}\n").what, HasSubstr("line 1 has `[1]`"));
  EXPECT_THAT(fault("{\"a\": " + std::string(50, '[') + std::string(50, ']') + "}").what,
              HasSubstr("nested more than 32 levels"));
}

TEST_F(JsonLinesFileTest, KeptTypesNameThePlace) {
  ReadOptions options;
  options.kept_schema = must(read("{\"id\": 1, \"delay\": 0.5}\n"))->schema();
  EXPECT_EQ(csv_of(*must(read("{\"delay\": 3}\n{\"id\": 2}\n", options))), "id,delay\n,3.0\n2,\n");
  Error error = fault("{\"id\": 1}\n{\"id\": \"2\"}\n", options);
  EXPECT_EQ(error.where, folder_.path("t.jsonl:2"));
  EXPECT_THAT(error.what, HasSubstr("column `id` is of type int64, but line 2 has `\"2\"`"));
  error = fault("{\"id\": 1}\n{\"id\": 1.5}\n", options);
  EXPECT_THAT(error.what, HasSubstr("line 2 has `1.5`"));
  error = fault("{\"id\": 1, \"dellay\": 5}\n", options);
  EXPECT_EQ(error.where, folder_.path("t.jsonl:1"));
  EXPECT_THAT(error.what, HasSubstr("field `dellay` that the table has not"));
  EXPECT_EQ(error.hint, "did you mean `delay`?");
}

TEST_F(JsonLinesFileTest, WritingAndReadingAreInverse) {
  const auto table = must(read("{\"a\": 1, \"s\": \"x\\\"\\n\", \"d\": 0.1}\n{\"a\": null}\n"));
  const std::string path = folder_.path("copy.jsonl");
  auto reader = reader_of(table);
  EXPECT_EQ(must(write_table_file(*reader, path)), 2);
  EXPECT_EQ(csv_of(*must(read_files({path}))), csv_of(*table));
}

}  // namespace
}  // namespace millgate
