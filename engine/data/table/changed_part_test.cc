#include "data/table/changed_part.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "data/table/row_key.h"

namespace millgate {
namespace {

using Type = std::shared_ptr<arrow::DataType>;

/// "path: before -> after; " of two values in JSON; "whole" when they are told as wholes.
std::string change(const Type& type, const std::string& before, const std::string& after,
                   size_t parts_max = 4) {
  const auto cells =
      arrow::json::ArrayFromJSONString(type, "[" + before + ", " + after + "]").ValueOrDie();
  const auto parts = changed_parts(cells, 0, cells, 1, parts_max);
  if (!parts) return "whole";
  std::string text;
  for (const ChangedPart& part : *parts) {
    const auto side = [](const auto& column, int64_t row) {
      return column == nullptr ? std::string("none") : value_text(*column, row);
    };
    text += part.path + ": " + side(part.before, part.before_row) + " -> " +
            side(part.after, part.after_row) + "; ";
  }
  return text;
}

TEST(ChangedPart, NamesItemsMembersAndKeys) {
  const Type list = arrow::list(arrow::field("item", arrow::int64()));
  EXPECT_EQ(change(list, "[1, 2, 3]", "[1, 7, 3]"), "[1]: 2 -> 7; ");
  EXPECT_EQ(change(list, "[1]", "[1, null]"), "[1]: none -> null; ");
  EXPECT_EQ(change(list, "[1, 2]", "[1]"), "[1]: 2 -> none; ");
  EXPECT_EQ(change(list, "[1]", "null"), "whole");
  EXPECT_EQ(change(list, "[1]", "[1]"), "");
  const Type place =
      arrow::struct_({arrow::field("city", arrow::utf8()),
                      arrow::field("two words", arrow::fixed_size_list(
                                                    arrow::field("item", arrow::float64()), 2))});
  EXPECT_EQ(change(place, R"(["Oslo", [1, NaN]])", R"(["Bergen", [1, NaN]])"),
            ".city: Oslo -> Bergen; ");
  EXPECT_EQ(change(place, R"(["Oslo", [0.0, 2]])", R"(["Oslo", [-0.0, 2]])"),
            "[\"two words\"][0]: 0.0 -> -0.0; ");
  EXPECT_EQ(change(place, R"(["Oslo", null])", R"([null, [1, 2]])"),
            ".city: Oslo -> null; [\"two words\"]: null -> [1.0,2.0]; ");
  EXPECT_EQ(change(arrow::map(arrow::utf8(), place), R"([["a", ["x", null]], ["b", null]])",
                   R"([["a", ["y", null]], ["c", null]])"),
            "[\"a\"].city: x -> y; [\"b\"]: null -> none; [\"c\"]: none -> null; ");
}

TEST(ChangedPart, ManyAreOneWhole) {
  const Type list = arrow::list(arrow::field("item", arrow::int64()));
  EXPECT_EQ(change(list, "[1, 2, 3]", "[4, 5, 6]", 2), "whole");
  EXPECT_EQ(change(arrow::int64(), "1", "2"), "whole");
}

}  // namespace
}  // namespace millgate
