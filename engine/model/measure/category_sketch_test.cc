#include "model/measure/category_sketch.h"

#include <gtest/gtest.h>

#include "ground/json.h"
#include "ground/random.h"
#include "model/measure/sketch_drift.h"

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

TEST(SketchDrift, OfTheSameRowsIsNothingAndOfOthersThatOfTheRows) {
  Random random(7);
  std::vector<double> reference;
  for (int i = 0; i < 50'000; ++i) reference.push_back(std::floor(400 * random.uniform()) - 50);
  const Profile profile = profile_numbers("x", reference);
  NumberSketch same;
  for (const double value : reference) same.add(value);
  EXPECT_LT(drift_between(profile, same).psi, 0.001);
  EXPECT_LT(drift_between(profile, same).ks, 0.006);  // 256 steps of 400 values are kept.
  for (const double shift : {20.0, 100.0, -30.0}) {
    std::vector<double> moved;
    NumberSketch sketch;
    for (size_t i = 0; i < 20'000; ++i) {
      moved.push_back(std::floor(400 * random.uniform()) - 50 + shift);
      sketch.add(moved.back());
    }
    const Result<Drift> exact = compare(profile, profile_numbers("x", moved));
    ASSERT_TRUE(exact.ok());
    const SketchDrift drift = drift_between(profile, sketch);
    EXPECT_NEAR(drift.ks, exact->ks, 0.012) << shift;
    EXPECT_NEAR(drift.psi, exact->psi, 0.15 * exact->psi + 0.002) << shift;
  }
}

TEST(SketchDrift, OfAnAtomThatStaysIsNothing) {
  std::vector<double> reference;
  for (int i = 0; i < 1'000; ++i) reference.push_back(i % 3 == 0 ? 1'000 : 1'400);
  NumberSketch sketch;
  for (const double value : reference) sketch.add(value);
  const SketchDrift drift = drift_between(profile_numbers("x", reference), sketch);
  EXPECT_EQ(drift.ks, 0);
  EXPECT_LT(drift.psi, 1e-9);
}

TEST(SketchDrift, OfCategoriesIsThatOfTheRows) {
  std::vector<std::string> before, after;
  CategorySketch sketch;
  for (int i = 0; i < 3'000; ++i) before.push_back(i % 3 == 0 ? "AA" : i % 3 == 1 ? "UA" : "DL");
  for (int i = 0; i < 2'000; ++i) {
    after.push_back(i % 4 == 0 ? "AA" : i % 4 == 1 ? "ZZ" : "DL");
    ++(after.back() == "ZZ" ? sketch.unlisted : sketch.listed)[after.back()];
  }
  const Profile profile = profile_texts("carrier", before, {});
  const Result<Drift> exact = compare(profile, profile_texts("carrier", after, {}));
  ASSERT_TRUE(exact.ok());
  EXPECT_NEAR(drift_between(profile, sketch).ks, exact->ks, 1e-12);
  EXPECT_NEAR(drift_between(profile, sketch).psi, exact->psi, 1e-9);
  EXPECT_EQ(drift_between(profile, CategorySketch()).psi, 0);
}

}  // namespace
}  // namespace millgate
