#include "data/table/cell_cast.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/table/cell_compare.h"
#include "data/table/row_key.h"

namespace millgate {
namespace {

using Cells = std::shared_ptr<arrow::Array>;
using Type = std::shared_ptr<arrow::DataType>;
using ::testing::HasSubstr;

Cells cells_of(const Type& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

Type list_of(const Type& item) { return arrow::list(arrow::field("item", item)); }
Type vector_of(int32_t size) {
  return arrow::fixed_size_list(arrow::field("item", arrow::float32()), size);
}

std::string texts(const Cells& cells) {
  std::string text;
  for (int64_t row = 0; row < cells->length(); ++row) text += value_text(*cells, row) + " ";
  return text;
}

std::string cast_text(const Cells& cells, const Type& type) {
  const auto changed = cast_cells(cells, type);
  if (!changed.ok()) return changed.status().message();
  EXPECT_TRUE((*changed)->ValidateFull().ok());
  EXPECT_TRUE((*changed)->type()->Equals(*type, true));
  return texts(*changed);
}

TEST(CellCast, ListsOfEachKind) {
  const Cells lists = cells_of(arrow::large_list(arrow::int8()), "[[1, 2], null, [], [null, 4]]");
  EXPECT_EQ(cast_text(lists, list_of(arrow::int64())), "[1,2] null [] [null,4] ");
  EXPECT_EQ(cast_text(lists->Slice(1, 3), list_of(arrow::float64())), "null [] [null,4.0] ");
  EXPECT_THAT(cast_text(lists, vector_of(2)), HasSubstr("a list has 0 items instead of 2"));
  const Cells even =
      cells_of(arrow::list(arrow::float32()), "[null, [1, 2], null, [3, null], [5, 6]]");
  EXPECT_EQ(cast_text(even, vector_of(2)), "null [1.0,2.0] null [3.0,null] [5.0,6.0] ");
  EXPECT_EQ(cast_text(even->Slice(2), vector_of(2)), "null [3.0,null] [5.0,6.0] ");
  EXPECT_EQ(cast_text(even->Slice(1, 0), vector_of(2)), "");
  const Cells there = cast_cells(even, vector_of(2)).ValueOrDie();
  EXPECT_EQ(cast_text(there->Slice(1, 3), list_of(arrow::float32())), "[1.0,2.0] null [3.0,null] ");
}

TEST(CellCast, DoublesMustBeFloats) {
  const Cells doubles = cells_of(arrow::list(arrow::float64()), "[[0.5, NaN, null], [0.1]]");
  EXPECT_EQ(cast_text(doubles->Slice(0, 1), list_of(arrow::float32())), "[0.5,\"NaN\",null] ");
  EXPECT_THAT(cast_text(doubles, list_of(arrow::float32())), HasSubstr("0.1 is no float"));
}

TEST(CellCast, MembersByName) {
  const Type from =
      arrow::struct_({arrow::field("b", arrow::int8()), arrow::field("a", arrow::utf8())});
  const Type to =
      arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::int64()),
                      arrow::field("c", list_of(arrow::utf8()))});
  const Cells rows = cells_of(from, R"([[1, "x"], null, [null, null], [7, "y"]])");
  EXPECT_EQ(cast_text(rows->Slice(1), to),
            R"(null {"a":null,"b":null,"c":null} {"a":"y","b":7,"c":null} )");
  EXPECT_FALSE(may_cast(*from, *to));  // Read so, but never taken from a file in silence.
}

TEST(CellCast, MapsInTheOrderOfTheirKeys) {
  const Type map = arrow::map(arrow::int64(), list_of(arrow::map(arrow::utf8(), arrow::boolean())));
  const Cells maps =
      cells_of(map, R"([null, [[10, [[["b", true], ["a", null]]]], [-2, null]], [], [[1, []]]])");
  for (const Cells& some : {maps, maps->Slice(1)}) {
    const Cells ordered = with_ordered_maps(some).ValueOrDie();
    EXPECT_TRUE(ordered->ValidateFull().ok());
    EXPECT_THAT(texts(ordered),
                HasSubstr(R"({"-2":null,"10":[{"a":null,"b":true}]} {} {"1":[]} )"));
  }
  const auto twice = with_ordered_maps(cells_of(map, "[[[1, null], [2, null], [1, []]]]"));
  EXPECT_EQ(twice.status().message(), "a map has the key 1 twice");
}

TEST(CellCast, EqualCellsWhateverTheirSlices) {
  const Cells one = cells_of(list_of(arrow::float64()), "[[1], [NaN, -0.0], null, [], [null]]");
  const Cells other = cells_of(list_of(arrow::float64()), "[[NaN, 0.0], [NaN, -0.0], [], null]");
  EXPECT_TRUE(cells_equal(*one->Slice(1), 0, *other, 1));
  EXPECT_FALSE(cells_equal(*one, 1, *other, 0));  // -0.0 is not 0.0.
  EXPECT_FALSE(cells_equal(*one, 2, *other, 2));
  EXPECT_TRUE(cells_equal(*one, 2, *other, 3));
  EXPECT_FALSE(cells_equal(*one, 3, *one, 4));
}

}  // namespace
}  // namespace millgate
