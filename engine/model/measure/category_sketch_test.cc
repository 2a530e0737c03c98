#include "model/measure/category_sketch.h"

#include <gtest/gtest.h>

#include "ground/json.h"

namespace millgate {
namespace {

TEST(CategorySketch, CountsListedTextsExactlyAndBoundsTheOthers) {
  CategoryTally tally(
      std::make_shared<const CategoryList>(std::vector<std::string>{"AA", "B6", "UA"}));
  for (int i = 0; i < 1'000; ++i) {
    tally.add(i % 2 == 0 ? "AA" : "UA");
    tally.add("junk" + std::to_string(i));
  }
  const CategorySketch first = tally.take();
  EXPECT_EQ(first.listed, (std::map<std::string, uint64_t>{{"AA", 500}, {"UA", 500}}));
  EXPECT_EQ(first.unlisted.size(), CategorySketch::kUnlistedMax);
  EXPECT_EQ(first.unlisted_count(), 1'000U);
  EXPECT_EQ(first.count(), 2'000U);
  for (int i = 0; i < 50; ++i) tally.add("often");
  CategorySketch both = tally.take();
  EXPECT_EQ(both.count(), 50U);  // The first ones are gone.
  both.merge(first);
  EXPECT_EQ(both.unlisted.at("often"), 50U);
  EXPECT_EQ(both.unlisted.size(), CategorySketch::kUnlistedMax);
  EXPECT_EQ(both.count(), 2'050U);
}

TEST(CategorySketch, LongTextsAreCutBeforeACharacter) {
  CategoryTally tally(std::make_shared<const CategoryList>(std::vector<std::string>{}));
  tally.add(std::string(63, 'a') + "\xC3\xA9tude");
  EXPECT_EQ(tally.take().unlisted.begin()->first, std::string(63, 'a'));
}

TEST(CategorySketch, JsonHidesWhatMayTellOfAPerson) {
  CategorySketch sketch;
  sketch.listed = {{"AA", 1}};
  sketch.unlisted = {{"anna@example.org", 4}, {"ZZ", 5}};
  sketch.other = 2;
  const Json json = sketch.to_json(5);
  EXPECT_EQ(dump_json(json), R"({"listed":{"AA":1},"unlisted":{"ZZ":5},"other":6})");
  const Result<CategorySketch> back = CategorySketch::from_json(json, "it");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->count(), sketch.count());
  EXPECT_FALSE(CategorySketch::from_json(Json{{"listed", 3}}, "it").ok());
}

}  // namespace
}  // namespace millgate
