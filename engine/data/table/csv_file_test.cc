#include <arrow/scalar.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "data/table/csv_record.h"
#include "data/table/test_table.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class CsvFileTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    must(write_file(folder_.path(name), text));
    return folder_.path(name);
  }
  std::shared_ptr<arrow::Table> read(const std::string& text, const ReadOptions& options = {}) {
    return must(read_files({file("t.csv", text)}, options));
  }
  Error fault(const std::string& text, const ReadOptions& options = {}) {
    const auto table = read_files({file("t.csv", text)}, options);
    if (!table.ok()) return table.error();
    ADD_FAILURE() << "read: " << csv_of(**table);
    return {};
  }
  /// Where the error is, without the folder.
  std::string place(const Error& error) const {
    return error.where.starts_with(folder_.path() + "/")
               ? error.where.substr(folder_.path().size() + 1)
               : error.where;
  }
  TestFolder folder_;
};

TEST_F(CsvFileTest, TypesAreInferredFromTheValues) {
  const auto table = read(
      "b,i,d,s,date,local,utc,none\n"
      "true,1,1.5,x,2013-01-01,2013-01-01 10:00,2013-01-01T10:00:00Z,\n"
      "FALSE,-2,3,NA,2013-01-02,2013-01-02,2013-01-01T12:00:00+02:00,NA\n"
      ",,NaN,7,,NA,,\n");
  EXPECT_EQ(types_of(*table->schema()),
            "b: bool, i: int64, d: double, s: string, date: date32[day], local: timestamp[us], "
            "utc: timestamp[us, tz=UTC], none: string");
  EXPECT_EQ(csv_of(*table),
            "b,i,d,s,date,local,utc,none\n"
            "true,1,1.5,x,2013-01-01,2013-01-01T10:00:00,2013-01-01T10:00:00Z,\n"
            "false,-2,3.0,,2013-01-02,2013-01-02T00:00:00,2013-01-01T10:00:00Z,\n"
            ",,NaN,7,,,,\n");
}

TEST_F(CsvFileTest, ColumnsThatMixTypesWiden) {
  const auto table = read(
      "number,text,time,mixed,code,big\n"
      "1,1,2013-01-01,true,00501,9007199254740993\n"
      "2.5,x,2013-01-01T10:00:00Z,1,10001,0.5\n");
  EXPECT_EQ(types_of(*table->schema()),
            "number: double, text: string, time: string, mixed: string, code: string, big: string");
  EXPECT_EQ(csv_of(*table),
            "number,text,time,mixed,code,big\n"
            "1.0,1,2013-01-01,true,00501,9007199254740993\n"
            "2.5,x,2013-01-01T10:00:00Z,1,10001,0.5\n");
}

TEST_F(CsvFileTest, ATypeMayChangeMegabytesAfterTheFirstBlock) {
  std::string text = "n,empty,d\n";
  const int count = 400'000;  // About four megabytes: more than one block.
  for (int i = 0; i < count; ++i) text += std::to_string(i) + ",,2013-01-01\n";
  text += "late,5,2013-01-01 10:00\n";
  const auto table = read(text);
  EXPECT_EQ(types_of(*table->schema()), "n: string, empty: int64, d: timestamp[us]");
  ASSERT_EQ(table->num_rows(), count + 1);
  EXPECT_EQ(csv_of(*table->Slice(count)), "n,empty,d\nlate,5,2013-01-01T10:00:00\n");
}

/// Of a large file two threads read a half each; where the second begins is only guessed.
TEST_F(CsvFileTest, ALargeFileIsReadInHalves) {
  const auto large = [](const std::string& line) {
    std::string text = "number,text\n";
    while (text.size() < 9 << 20) text += line;
    return text;
  };
  const std::string lines = large("1,plain\n");
  const std::string blank = large("1,a\n\n\r\n");
  // Every line end but a few lies inside of a field; read from one of them, nothing fits.
  const std::string inside = large("1,\"" + std::string(4000, '\n') + "2,3,4\n\"\n");
  for (const std::string& text : {lines, blank, inside}) {
    const auto plain = read(text);
    EXPECT_EQ(types_of(*plain->schema()), "number: int64, text: string");
    EXPECT_EQ(plain->num_rows(), std::count(text.begin(), text.end(), '1'));
    EXPECT_EQ(types_of(*read(text + "0.5,x\n")->schema()), "number: double, text: string");
    std::string early = text;
    early.replace(12, 1, "x");
    EXPECT_EQ(types_of(*read(early)->schema()), "number: string, text: string");
    const std::string line = std::to_string(count_line_ends(text) + 1);
    EXPECT_EQ(place(fault(text + "1,2,3\n")), "t.csv:" + line);
    EXPECT_EQ(place(fault(text + "1,\"open\n")), "t.csv:" + line);
  }
}

/// Nine megabytes whose first rows tell the types; see TypesBy.
class EarlyTypesTest : public CsvFileTest {
 protected:
  static std::string lines(const std::string& line) {
    std::string text = "number,text\n";
    while (text.size() < 9 << 20) text += line;
    return text;
  }
  /// `text` with the line that begins at or behind `offset` replaced by `line`.
  static std::string with_line(std::string text, size_t offset, const std::string& line) {
    const size_t begin = text.find('\n', offset) + 1;
    return text.replace(begin, text.find('\n', begin) + 1 - begin, line);
  }
  /// A sixteenth of the file is read at its beginning only.
  static size_t between_probes(const std::string& text) { return text.size() / 32 * 9; }
  const ReadOptions early_{.kept_schema = nullptr, .types_by = TypesBy::first_rows};
};

TEST_F(EarlyTypesTest, AreThoseOfAllRows) {
  const std::string plain = lines("1,plain\n");
  for (const std::string& text :
       {plain, lines("NA,\"two\n\"\"lines\"\n"), with_line(plain, 100, ",x\n"),
        with_line(plain, between_probes(plain), "NA,\n"),
        with_line(plain, between_probes(plain), "-7,5\n")}) {
    const auto all = read(text);
    const auto early = read(text, early_);
    EXPECT_EQ(types_of(*early->schema()), types_of(*all->schema()));
    EXPECT_TRUE(early->Equals(*all));
  }
}

TEST_F(EarlyTypesTest, ALaterValueThatChangesThemIsKnown) {
  const std::string plain = lines("1,plain\n");
  const std::string late = with_line(plain, between_probes(plain), "0.5,x\n");
  EXPECT_TRUE(is_late_type(fault(late, early_)));
  EXPECT_EQ(types_of(*read(late)->schema()), "number: double, text: string");
  // Where the value is seen in time, and where the first rows have none, all rows are looked at.
  EXPECT_EQ(types_of(*read(plain + "0.5,x\n", early_)->schema()), "number: double, text: string");
  const std::string empty = lines(",plain\n");
  const std::string first = with_line(empty, between_probes(empty), "5,x\n");
  EXPECT_EQ(types_of(*read(first, early_)->schema()), "number: int64, text: string");
  // Of several files each is looked at, and all share their types.
  const std::string one = file("1.csv", plain);
  const std::string two = file("2.csv", lines("0.5,7\n"));
  EXPECT_EQ(types_of(*must(read_files({one, two}, early_))->schema()),
            "number: double, text: string");
}

TEST_F(EarlyTypesTest, FaultsAreThoseOfAllRows) {
  const std::string plain = lines("1,plain\n");
  for (const std::string line : {"1,2,3\n", "1\n", "1,\"x\"y\n", "1,\xff\n", "1,\"open\n"}) {
    for (const size_t offset : {size_t{0}, between_probes(plain), plain.size() - 100}) {
      const std::string text = with_line(plain, offset, line);
      const Error all = fault(text);
      const Error early = fault(text, early_);
      EXPECT_EQ(early.what, all.what);
      EXPECT_EQ(early.where, all.where);
    }
  }
}

TEST_F(CsvFileTest, QuotesLineEndsAndMarks) {
  const auto table = read(
      "\xef\xbb\xbf\"a\",\"b \"\"q\"\"\"\r\n"
      "\"x,y\",\"line 1\nline 2\"\r\n"
      "\"he said \"\"no\"\"\",5\" disk\r"
      "\xc3\xa5,");
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"a", "b \"q\""}));
  EXPECT_EQ(csv_of(*table),
            "a,\"b \"\"q\"\"\"\n"
            "\"x,y\",\"line 1\nline 2\"\n"
            "\"he said \"\"no\"\"\",\"5\"\" disk\"\n"
            "\xc3\xa5,\n");
}

TEST_F(CsvFileTest, QuotedNullTextsAreTextsOnlyWhereTextsAre) {
  const auto table = read("s,n\n\"NA\",\"NA\"\n\"\",\"\"\nNA,NA\n,5\n");
  EXPECT_EQ(types_of(*table->schema()), "s: string, n: int64");
  EXPECT_EQ(csv_of(*table), "s,n\n\"NA\",\n\"\",\n,\n,5\n");
}

TEST_F(CsvFileTest, NullTextsCanBeChosen) {
  const auto table = read("s,n\n-,-\nNA,7\n", {.kept_schema = nullptr, .null_texts = {"-"}});
  EXPECT_EQ(types_of(*table->schema()), "s: string, n: int64");
  EXPECT_EQ(csv_of(*table), "s,n\n,\n\"NA\",7\n");
}

TEST_F(CsvFileTest, EmptyLinesAreNoRowsButMissingValuesOfASingleColumn) {
  EXPECT_EQ(read("a,b\n1,2\n\n3,4\n\n")->num_rows(), 2);
  EXPECT_EQ(read("a\n1\n\n3\n")->num_rows(), 3);
}

TEST_F(CsvFileTest, ATableWithoutRowsKeepsItsColumnsAsStrings) {
  const auto table = read("a,b\n");
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(types_of(*table->schema()), "a: string, b: string");
  EXPECT_EQ(read("a,b")->num_columns(), 2);
}

TEST_F(CsvFileTest, AnEmptyFileIsAnError) {
  const Error error = fault("");
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_THAT(error.what, HasSubstr("is empty"));
  EXPECT_EQ(place(error), "t.csv");
}

TEST_F(CsvFileTest, RowsOfAnotherWidthAreErrorsWithTheirLine) {
  Error error = fault("a,b\n1,2\n\"x\ny\",4\n5,6,7\n");
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(place(error), "t.csv:5");
  EXPECT_THAT(error.what, HasSubstr("line 5 has 3 fields, the header has 2"));
  EXPECT_THAT(error.what, HasSubstr("`7`"));
  error = fault("a,b,c\n1,2\n");
  EXPECT_EQ(place(error), "t.csv:2");
  EXPECT_THAT(error.what, HasSubstr("`c` is the first without a value"));
  EXPECT_EQ(place(fault("a,b\n1,2\n3\n")), "t.csv:3");
}

TEST_F(CsvFileTest, BrokenQuotesAreErrorsWithTheirLine) {
  Error error = fault("a,b\n1,2\n3,\"open\n4,5\n");
  EXPECT_THAT(error.what, HasSubstr("the quote opened in line 3 is never closed"));
  EXPECT_EQ(place(error), "t.csv:3");
  error = fault("a,b\n\"x\"y,2\n");
  EXPECT_THAT(error.what, HasSubstr("line 2 has text after a closing quote"));
  EXPECT_EQ(place(error), "t.csv:2");
}

TEST_F(CsvFileTest, BytesThatAreNoTextAreErrorsWithTheirLine) {
  const Error error = fault("a,b\n1,2\n\"two\nlines\",Z\xfcrich\n");
  EXPECT_THAT(error.what, HasSubstr("is not UTF-8"));
  EXPECT_EQ(place(error), "t.csv:4");
  EXPECT_THAT(fault(std::string("\xff\xfe"
                                "a\0",
                                4))
                  .what,
              HasSubstr("UTF-16"));
  EXPECT_EQ(place(fault("a\xc0\xaf,b\n1,2\n")), "t.csv:1");
}

TEST_F(CsvFileTest, HeadersMustNameEachColumnOnce) {
  EXPECT_THAT(fault("a,,c\n1,2,3\n").what, HasSubstr("column 2 has no name"));
  EXPECT_THAT(fault("a,b,a\n1,2,3\n").what, HasSubstr("two columns are called `a`"));
}

TEST_F(CsvFileTest, KeptTypesNameFileLineColumnAndValue) {
  ReadOptions options;
  options.kept_schema = read("id,delay,note\n1,5,x\n")->schema();
  EXPECT_EQ(csv_of(*read("note,delay,id\nx,6,2\n", options)), "id,delay,note\n2,6,x\n");
  const Error error = fault("id,delay,note\n1,5,\"two\nlines\"\n2,5 min,x\n", options);
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(place(error), "t.csv:4");
  EXPECT_THAT(error.what, HasSubstr("column `delay` is of type int64, but line 4 has `5 min`"));
  // The value may stand on a later line than its record begins.
  EXPECT_EQ(place(fault("note,id,delay\n\"a \"\"b\"\"\nc\",1,x\n", options)), "t.csv:3");
}

TEST_F(CsvFileTest, KeptColumnsMayNotGoOrCome) {
  ReadOptions options;
  options.kept_schema = read("id,delay\n1,5\n")->schema();
  Error error = fault("id,delays\n1,5\n", options);
  EXPECT_THAT(error.what, HasSubstr("has no column `delay`, which the table has"));
  EXPECT_EQ(error.hint, "did you mean `delays`?");
  error = fault("id,delay,gate\n1,5,A\n", options);
  EXPECT_THAT(error.what, HasSubstr("has a column `gate`, which the table has not"));
}

TEST_F(CsvFileTest, SeveralFilesShareTheirTypesAndMustAgreeInColumns) {
  const std::string one = file("1.csv", "a,b\n1,2013-01-01\n");
  const std::string two = file("2.csv", "b,a\n2013-01-02 11:00,2.5\n");
  const auto table = must(read_files({one, two}));
  EXPECT_EQ(csv_of(*table), "a,b\n1.0,2013-01-01T00:00:00\n2.5,2013-01-02T11:00:00\n");
  const auto bad = read_files({one, file("3.csv", "a,c\n1,2\n")});
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().what, HasSubstr("3.csv` has no column `b`, which `" + one + "` has"));
  EXPECT_EQ(bad.error().where, folder_.path("3.csv"));
}

TEST_F(CsvFileTest, TabsSeparateTsv) {
  const auto table = must(read_files({file("t.tsv", "a\tb\n1,5\t2\n")}));
  EXPECT_EQ(csv_of(*table), "a,b\n\"1,5\",2\n");
}

TEST_F(CsvFileTest, GzipIsUnpackedAndTruncationNoticed) {
  std::string text = "a,b\n";
  Random random(3);
  for (int i = 0; i < 50'000; ++i) text += std::to_string(random.next()) + "x," + "y\n";
  file("t.csv", text);
  ASSERT_EQ(std::system(("gzip -k " + folder_.path("t.csv")).c_str()), 0);
  const auto table = must(read_files({folder_.path("t.csv.gz")}));
  EXPECT_EQ(csv_of(*table), text);
  const std::string packed = must(read_file(folder_.path("t.csv.gz")));
  for (const size_t size : {packed.size() / 2, packed.size() - 1, size_t{5}}) {
    const auto bad = read_files({file("cut.csv.gz", packed.substr(0, size))});
    ASSERT_FALSE(bad.ok()) << size;
    EXPECT_EQ(bad.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(bad.error().what, HasSubstr("cut.csv.gz"));
  }
}

TEST_F(CsvFileTest, UnknownFormatsAndMissingFiles) {
  EXPECT_EQ(read_files({folder_.path("none.csv")}).error().code, ErrorCode::not_found);
  EXPECT_THAT(read_files({file("t.xlsx", "x")}).error().what, HasSubstr("in no known format"));
  EXPECT_FALSE(read_files({}).ok());
}

/// Random texts, written with quotes where they are needed and sometimes where not, come back
/// as they were, however they lie to the borders of blocks and batches.
TEST_F(CsvFileTest, RandomTextsSurvive) {
  const std::vector<std::string> pieces = {
      "a", ",", "\"", "\n", "\r\n", "\r", " ", "\xc3\xa5", "NA", "", "0", "\t", "\xf0\x9f\x9a\x80"};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    std::vector<std::vector<std::string>> rows(500);
    std::string text = "a,b,c\n";
    for (auto& row : rows) {
      for (int column = 0; column < 3; ++column) {
        std::string value = "v";  // A letter in front, so that no column looks like numbers.
        const uint64_t length = random.below(random.below(50) == 0 ? 60'000 : 6);
        for (uint64_t i = 0; i < length; ++i) value += pieces[random.below(pieces.size())];
        const bool needed = value.find_first_of(",\"\r\n") != std::string::npos;
        if (column > 0) text += ',';
        if (needed || random.below(2) == 0) {
          text += '"';
          for (const char c : value) text += c == '"' ? "\"\"" : std::string(1, c);
          text += '"';
        } else {
          text += value;
        }
        row.push_back(std::move(value));
      }
      const char* const ends[] = {"\n", "\r\n", "\r"};
      // A lone CR may not stand before a line feed that belongs to the next line: it never does.
      text += ends[random.below(3)];
    }
    ReadOptions options;
    options.batch_rows = static_cast<int64_t>(1 + random.below(300));
    const auto table = read(text, options);
    ASSERT_EQ(table->num_rows(), 500) << "seed " << seed;
    for (int column = 0; column < 3; ++column) {
      for (size_t row = 0; row < rows.size(); ++row) {
        const auto scalar =
            table->column(column)->GetScalar(static_cast<int64_t>(row)).ValueOrDie();
        ASSERT_EQ(scalar->ToString(), rows[row][static_cast<size_t>(column)]) << "seed " << seed;
      }
    }
  }
}

/// What the writer writes, the reader reads back as the same.
TEST_F(CsvFileTest, WritingAndReadingAreInverse) {
  const auto table = read("a,b,c\n1,\"NA\",0.1\n,\"\",NaN\n3,x y,-inf\n");
  const std::string path = folder_.path("copy.csv");
  auto reader = reader_of(table);
  EXPECT_EQ(must(write_table_file(*reader, path)), 3);
  EXPECT_EQ(csv_of(*must(read_files({path}))), csv_of(*table));
  EXPECT_EQ(must(read_files({path}))->column(1)->null_count(), 0);
}

}  // namespace
}  // namespace millgate
