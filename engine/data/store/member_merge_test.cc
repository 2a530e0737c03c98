#include "data/store/member_merge.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <random>

#include "data/table/row_key.h"

namespace millgate {
namespace {

using Type = std::shared_ptr<arrow::DataType>;

std::string merge(const Type& type, const std::string& base, const std::string& ours,
                  const std::string& theirs) {
  const auto cells =
      arrow::json::ArrayFromJSONString(type, "[" + base + ", " + ours + ", " + theirs + "]")
          .ValueOrDie();
  const auto made =
      merged_members({.column = cells.get(), .row = 0}, {.column = cells.get(), .row = 1},
                     {.column = cells.get(), .row = 2});
  EXPECT_TRUE(made.ok());
  if (*made == nullptr) return "conflict";
  EXPECT_TRUE((*made)->ValidateFull().ok());
  return value_text(**made, 0);
}

Type list_of(const Type& item) { return arrow::list(arrow::field("item", item)); }

TEST(MemberMerge, TakesWhatEachSideChanged) {
  const Type place = arrow::struct_(
      {arrow::field("city", arrow::utf8()), arrow::field("tags", list_of(arrow::utf8())),
       arrow::field("at", arrow::struct_({arrow::field("x", arrow::int64()),
                                          arrow::field("y", arrow::int64())}))});
  EXPECT_EQ(merge(place, R"(["Oslo", ["a"], [1, 2]])", R"(["Bergen", ["a"], [1, 3]])",
                  R"(["Oslo", ["a", "b"], [7, 2]])"),
            R"({"city":"Bergen","tags":["a","b"],"at":{"x":7,"y":3}})");
  // The same change on both sides is none to argue about.
  EXPECT_EQ(merge(place, R"(["Oslo", null, null])", R"(["Bergen", null, [1, 1]])",
                  R"(["Bergen", [], null])"),
            R"({"city":"Bergen","tags":[],"at":{"x":1,"y":1}})");
  EXPECT_EQ(merge(place, R"(["Oslo", null, [1, 2]])", R"(["Oslo", null, [3, 2]])",
                  R"(["Oslo", null, [4, 2]])"),
            "conflict");
  EXPECT_EQ(merge(place, R"(["Oslo", ["a"], null])", R"(["Oslo", ["a", "b"], null])",
                  R"(["Oslo", ["c", "a"], null])"),
            "conflict");  // A list is one value.
  EXPECT_EQ(merge(place, R"(["Oslo", ["a"], null])", "null", R"(["Oslo", ["c", "a"], null])"),
            "conflict");
  EXPECT_EQ(merge(place, "null", R"(["Oslo", null, null])", R"([null, ["c"], null])"), "conflict");
}

TEST(MemberMerge, OfMapsByKeyAsAModelDoes) {
  const Type type = arrow::map(arrow::int64(), arrow::int64());
  std::mt19937 random(5);
  using Map = std::map<int, int>;
  const auto text = [](const Map& map) {
    std::string json;
    for (const auto& [key, value] : map) {
      json +=
          (json.empty() ? "[" : ", [") + std::to_string(key) + ", " + std::to_string(value) + "]";
    }
    return "[" + json + "]";
  };
  const auto find = [](const Map& map, int key) { return map.contains(key) ? map.at(key) : -1; };
  int conflicts = 0;
  for (int round = 0; round < 500; ++round) {
    Map base;
    for (int key = 0; key < 5; ++key) {
      if (random() % 2 == 0) base[key] = static_cast<int>(random() % 3);
    }
    const auto changed = [&](Map map) {
      const int key = static_cast<int>(random() % 5);
      if (random() % 3 == 0) {
        map.erase(key);
      } else {
        map[key] = static_cast<int>(random() % 3);
      }
      return map;
    };
    const Map ours = changed(changed(base));
    const Map theirs = changed(base);
    std::string wanted;
    for (int key = 0; key < 5 && wanted != "conflict"; ++key) {
      const int was = find(base, key);
      const int one = find(ours, key);
      const int other = find(theirs, key);
      const int now = one == was ? other : one;
      if (one != other && one != was && other != was) {
        wanted = "conflict";
      } else if (now >= 0) {
        wanted += (wanted.empty() ? "" : ",") + ("\"" + std::to_string(key) + "\":") +
                  std::to_string(now);
      }
    }
    conflicts += wanted == "conflict" ? 1 : 0;
    if (wanted != "conflict") wanted = "{" + wanted + "}";
    EXPECT_EQ(merge(type, text(base), text(ours), text(theirs)), wanted)
        << text(base) << text(ours) << text(theirs);
  }
  EXPECT_GT(conflicts, 10);
}

}  // namespace
}  // namespace millgate
