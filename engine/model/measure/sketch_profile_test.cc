#include "model/measure/sketch_profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

NumberSketch sketch_of_all(const std::vector<double>& values) {
  NumberSketch sketch;
  for (const double value : values) sketch.add(value);
  return sketch;
}

/// What `compare` says by the sketch, and by the values themselves.
std::pair<Drift, Drift> both_ways(const Profile& reference, const std::vector<double>& values) {
  return {*compare(reference, sketched_profile(sketch_of_all(values), 0, reference)),
          *compare(reference, profile_numbers("x", values))};
}

TEST(SketchedProfile, OfTheSameRowsDoesNotDiffer) {
  Random random(7);
  const double kinds[] = {0.0, 1.0, 2.0};
  for (const double kind : kinds) {
    std::vector<double> values;
    for (int i = 0; i < 20'000; ++i) {
      const double value =
          kind == 0 ? std::floor(400 * random.uniform()) - 50 : std::exp(kind * random.normal());
      values.push_back(kind == 2 ? std::floor(value) : value);
    }
    const auto [sketched, exact] = both_ways(profile_numbers("x", values), values);
    EXPECT_LT(sketched.psi, 0.01) << kind;
    EXPECT_LT(sketched.ks, 0.015) << kind;
    EXPECT_EQ(exact.ks, 0);
  }
}

TEST(SketchedProfile, OfAnAtomThatStaysDoesNotDiffer) {
  std::vector<double> values;
  for (int i = 0; i < 1'000; ++i) values.push_back(i % 3 == 0 ? 1'001 : 1'403);
  EXPECT_EQ(both_ways(profile_numbers("x", values), values).first.ks, 0);
}

TEST(SketchedProfile, OfOtherRowsDiffersAsTheRowsDo) {
  Random random(8);
  std::vector<double> reference;
  for (int i = 0; i < 50'000; ++i) reference.push_back(std::floor(400 * random.uniform()) - 50);
  const Profile profile = profile_numbers("x", reference);
  for (const double shift : {20.0, 100.0, -30.0}) {
    std::vector<double> moved;
    for (int i = 0; i < 20'000; ++i) {
      moved.push_back(std::floor(400 * random.uniform()) - 50 + shift);
    }
    const auto [sketched, exact] = both_ways(profile, moved);
    EXPECT_NEAR(sketched.ks, exact.ks, 0.01) << shift;
    EXPECT_NEAR(sketched.psi, exact.psi, 0.1 * exact.psi + 0.005) << shift;
    EXPECT_NEAR(sketched.jensen_shannon, exact.jensen_shannon, 0.02) << shift;
  }
}

TEST(SketchedProfile, MilesAsKilometresAreSuspected) {
  Random random(9);
  std::vector<double> miles, kilometres;
  for (int i = 0; i < 5'000; ++i) {
    miles.push_back(std::floor(100 + 2'400 * random.uniform()));
    kilometres.push_back(miles.back() * 1.609344);
  }
  const auto [sketched, exact] = both_ways(profile_numbers("distance", miles), kilometres);
  EXPECT_EQ(sketched.unit_suspicion, exact.unit_suspicion);
  EXPECT_NE(sketched.unit_suspicion, "");
}

TEST(SketchedProfile, OfCategoriesIsThatOfTheRows) {
  std::vector<std::string> before, after;
  CategorySketch sketch;
  for (int i = 0; i < 3'000; ++i) before.push_back(i % 3 == 0 ? "AA" : i % 3 == 1 ? "UA" : "DL");
  for (int i = 0; i < 2'000; ++i) {
    after.push_back(i % 4 == 0 ? "AA" : i % 4 == 1 ? "ZZ" : "DL");
    ++(after.back() == "ZZ" ? sketch.unlisted : sketch.listed)[after.back()];
  }
  const Profile profile = profile_texts("carrier", before, {});
  const Drift exact = *compare(profile, profile_texts("carrier", after, {}));
  const Drift sketched = *compare(profile, sketched_profile(sketch, 0, profile));
  EXPECT_EQ(sketched.ks, exact.ks);
  EXPECT_EQ(sketched.psi, exact.psi);
  EXPECT_EQ(sketched.new_categories, exact.new_categories);
}

}  // namespace
}  // namespace millgate
