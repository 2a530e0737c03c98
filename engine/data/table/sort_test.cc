#include "data/table/sort.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/scalar.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <tuple>

#include "data/table/row_key.h"
#include "data/table/test_table.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

/// A row with its number before sorting.
struct Row {
  std::optional<std::string> text;
  std::optional<double> number;
  std::optional<int64_t> integer;
  int64_t place = 0;
};

/// The order promised in sort.h, written down plainly.
bool before(const Row& a, const Row& b) {
  if (a.text != b.text) return a.text < b.text;  // std::optional: nothing comes first.
  if (a.number.has_value() != b.number.has_value()) return b.number.has_value();
  if (a.number) {
    const bool a_nan = std::isnan(*a.number);
    const bool b_nan = std::isnan(*b.number);
    if (a_nan != b_nan) return b_nan;
    if (!a_nan && *a.number != *b.number) return *a.number < *b.number;
  }
  return a.integer < b.integer;
}

class SortTest : public testing::Test {
 protected:
  static std::shared_ptr<arrow::Table> table_of(const std::vector<Row>& rows) {
    arrow::StringBuilder texts;
    arrow::DoubleBuilder numbers;
    arrow::Int64Builder integers;
    arrow::Int64Builder places;
    for (const Row& row : rows) {
      EXPECT_TRUE((row.text ? texts.Append(*row.text) : texts.AppendNull()).ok());
      EXPECT_TRUE((row.number ? numbers.Append(*row.number) : numbers.AppendNull()).ok());
      EXPECT_TRUE((row.integer ? integers.Append(*row.integer) : integers.AppendNull()).ok());
      EXPECT_TRUE(places.Append(row.place).ok());
    }
    return arrow::Table::Make(
        arrow::schema(
            {arrow::field("text", arrow::utf8()), arrow::field("number", arrow::float64()),
             arrow::field("integer", arrow::int64()), arrow::field("place", arrow::int64())}),
        {texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie(), integers.Finish().ValueOrDie(),
         places.Finish().ValueOrDie()});
  }

  /// Rows with distinct keys.
  static std::vector<Row> random_rows(Random& random, int64_t count) {
    const std::vector<std::string> texts = {
        "", "a", "ab", "b", std::string("a\0b", 3), std::string("a\0", 2), "\xc3\xa5", "\xff"};
    const std::vector<double> numbers = {NAN, INFINITY, -INFINITY, -0.0, 1.5, -1.5, 5e-324, 1e300};
    std::vector<Row> rows;
    for (int64_t i = 0; i < count; ++i) {
      Row row{.text = {}, .number = {}, .integer = {}, .place = i};
      if (random.below(5) != 0) row.text = texts[random.below(texts.size())];
      if (random.below(5) != 0) row.number = numbers[random.below(numbers.size())];
      if (i > 0) row.integer = std::bit_cast<int64_t>(random.next()) >> random.below(60);
      rows.push_back(row);
    }
    std::vector<Row> unique = rows;
    std::stable_sort(unique.begin(), unique.end(), before);
    unique.erase(
        std::unique(unique.begin(), unique.end(),
                    [](const Row& a, const Row& b) { return !before(a, b) && !before(b, a); }),
        unique.end());
    std::sort(unique.begin(), unique.end(),
              [](const Row& a, const Row& b) { return a.place < b.place; });
    return unique;
  }

  std::vector<int64_t> sorted_places(const std::vector<Row>& rows, int64_t memory_bytes_max,
                                     int64_t batch_rows) {
    auto sorted =
        must(sort_by_key(reader_of(table_of(rows), batch_rows), {"text", "number", "integer"},
                         {.memory_bytes_max = memory_bytes_max, .spill_folder = folder_.path()}));
    const auto table = must(all_rows(*sorted));
    std::vector<int64_t> places;
    for (int64_t i = 0; i < table->num_rows(); ++i) {
      const auto scalar = table->column(3)->GetScalar(i).ValueOrDie();
      places.push_back(static_cast<const arrow::Int64Scalar&>(*scalar).value);
    }
    return places;
  }

  [[nodiscard]] bool spill_folder_is_empty() const {
    return std::filesystem::is_empty(folder_.path());
  }

  TestFolder folder_;
};

TEST_F(SortTest, AgreesWithAPlainSortInMemoryAndSpilled) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    const auto rows = random_rows(random, static_cast<int64_t>(1 + random.below(3000)));
    std::vector<Row> expected = rows;
    std::sort(expected.begin(), expected.end(), before);
    std::vector<int64_t> places;
    for (const Row& row : expected) places.push_back(row.place);
    const auto batch_rows = static_cast<int64_t>(1 + random.below(200));
    EXPECT_EQ(sorted_places(rows, 256 << 20, batch_rows), places) << "seed " << seed;
    EXPECT_EQ(sorted_places(rows, 1, batch_rows), places) << "seed " << seed;  // A run a batch.
    EXPECT_EQ(sorted_places(rows, 40'000, batch_rows), places) << "seed " << seed;  // A few runs.
    EXPECT_TRUE(spill_folder_is_empty());
  }
}

TEST_F(SortTest, SortedRowsStaySorted) {
  Random random(7);
  auto rows = random_rows(random, 5000);
  std::sort(rows.begin(), rows.end(), before);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].place = static_cast<int64_t>(i);
  for (const int64_t memory : {int64_t{1}, int64_t{1} << 30}) {
    const auto places = sorted_places(rows, memory, 700);
    ASSERT_EQ(places.size(), rows.size());
    EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  }
}

TEST_F(SortTest, WithoutAKeyRowsKeepTheirOrder) {
  must(write_file(folder_.path("t.csv"), "a\n3\n1\n3\n2\n"));
  auto reader = must(read_table_files({folder_.path("t.csv")}, {}));
  auto sorted = must(sort_by_key(reader, {}, {}));
  EXPECT_EQ(csv_of(*sorted), "a\n3\n1\n3\n2\n");
}

TEST_F(SortTest, DuplicateKeysAreNamedAndCounted) {
  must(write_file(folder_.path("t.csv"),
                  "origin,day,x\nEWR,2013-01-02,1\nJFK,2013-01-01,2\nEWR,2013-01-02,3\n"
                  "EWR,2013-01-01,4\nEWR,2013-01-02,5\nJFK,2013-01-01,6\n"));
  for (const int64_t memory : {int64_t{1}, int64_t{1} << 30}) {
    ReadOptions options;
    options.batch_rows = 2;
    auto reader = must(read_table_files({folder_.path("t.csv")}, options));
    TestFolder spill;
    auto sorted = sort_by_key(reader, {"origin", "day"},
                              {.memory_bytes_max = memory, .spill_folder = spill.path()});
    const auto table =
        sorted.ok() ? all_rows(**sorted) : Result<std::shared_ptr<arrow::Table>>(sorted.error());
    ASSERT_FALSE(table.ok());
    EXPECT_EQ(table.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(table.error().what,
                testing::HasSubstr("two rows have the same key: origin = EWR, day = 2013-01-02"));
    EXPECT_THAT(table.error().what, testing::HasSubstr("3 rows repeat"));
  }
}

TEST_F(SortTest, AMissingKeyColumnHasANearestName) {
  must(write_file(folder_.path("t.csv"), "origin,day\nEWR,1\n"));
  auto reader = must(read_table_files({folder_.path("t.csv")}, {}));
  const auto sorted = sort_by_key(reader, {"orign"}, {});
  ASSERT_FALSE(sorted.ok());
  EXPECT_THAT(sorted.error().what, testing::HasSubstr("names column `orign`"));
  EXPECT_EQ(sorted.error().hint, "did you mean `origin`?");
}

TEST_F(SortTest, AFullDiskIsAnErrorOfTheOutside) {
  must(write_file(folder_.path("t.csv"), "a\n2\n1\n"));
  auto reader = must(read_table_files({folder_.path("t.csv")}, {}));
  const auto sorted =
      sort_by_key(reader, {"a"}, {.memory_bytes_max = 1, .spill_folder = "/dev/full"});
  ASSERT_FALSE(sorted.ok());
  EXPECT_EQ(sorted.error().code, ErrorCode::outside);
}

TEST_F(SortTest, ErrorsOfTheReaderPassThroughWhole) {
  must(write_file(folder_.path("a.csv"), "a\n2\n"));
  ReadOptions options;
  options.kept_schema = must(read_files({folder_.path("a.csv")}))->schema();
  must(write_file(folder_.path("b.csv"), "a\n2\nx\n"));
  auto reader = must(read_table_files({folder_.path("b.csv")}, options));
  const auto sorted = sort_by_key(reader, {"a"}, {});
  ASSERT_FALSE(sorted.ok());
  EXPECT_EQ(sorted.error().where, folder_.path("b.csv:3"));
  EXPECT_FALSE(sorted.error().hint.empty());
}

TEST_F(SortTest, LongRowsComeInBatchesOfFew) {
  constexpr int64_t kRows = 4'000;
  std::vector<Row> rows;
  for (int64_t place = 0; place < kRows; ++place) {
    const int64_t number = place * 1'237 % kRows;  // Each number once.
    rows.push_back({std::string(10'000, 'x'), std::nullopt, number, place});
  }
  for (const int64_t memory : {int64_t{5} << 20, int64_t{1} << 30}) {
    const auto sorted =
        must(sort_by_key(reader_of(table_of(rows), 300), {"integer"},
                         {.memory_bytes_max = memory, .spill_folder = folder_.path()}));
    int64_t next = 0;
    while (const auto batch = sorted->Next().ValueOrDie()) {
      EXPECT_LE(batch->num_rows(), 1'800);
      const auto numbers = batch->GetColumnByName("integer");
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        ASSERT_EQ(value_text(*numbers, row), std::to_string(next++));
      }
    }
    EXPECT_EQ(next, kRows);
  }
}

}  // namespace
}  // namespace millgate
