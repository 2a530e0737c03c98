#include "ground/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace millgate {
namespace {

using Names = std::vector<std::string>;

TEST(NearestName, FindsASlip) {
  const Names metrics = {"auc", "log_loss", "latency_ms_p50", "latency_ms_p99", "recall_gap"};
  EXPECT_EQ(nearest_name("latency_p99", metrics), "latency_ms_p99");
  EXPECT_EQ(nearest_name("acu", metrics), "auc");  // A swap of neighbours is one edit.
  EXPECT_EQ(nearest_name("logloss", metrics), "log_loss");
  EXPECT_EQ(nearest_name("auc", metrics), "auc");
  EXPECT_EQ(nearest_name("throughput", metrics), std::nullopt);
  EXPECT_EQ(nearest_name("", metrics), std::nullopt);
  EXPECT_EQ(nearest_name("auc", {}), std::nullopt);
}

TEST(NearestName, AllowsAThirdOfTheLongerLengthRoundedUp) {
  EXPECT_EQ(nearest_name("abcdXY", Names{"abcdef"}), "abcdef");
  EXPECT_EQ(nearest_name("abcXYZ", Names{"abcdef"}), std::nullopt);
  EXPECT_EQ(nearest_name("abcdeXYZ", Names{"abcdefgh"}), "abcdefgh");
  EXPECT_EQ(nearest_name("aX", Names{"ab"}), "ab");
  EXPECT_EQ(nearest_name("x", Names{"y"}), std::nullopt);  // Every letter is wrong.
}

TEST(NearestName, TheNearestWinsAndOfEqualsTheFirst) {
  EXPECT_EQ(nearest_name("train", Names{"trains", "train_", "trail"}), "trains");
  EXPECT_EQ(nearest_name("kindd", Names{"kin", "kind"}), "kind");
}

TEST(NameHint, AsksOrLists) {
  EXPECT_EQ(name_hint("kindd", Names{"kind", "label"}), "did you mean `kind`?");
  EXPECT_EQ(name_hint("zzzzzz", Names{"kind", "label"}), "valid names: kind, label");
  EXPECT_EQ(name_hint("zzzzzz", {}), "");
  Names many;
  for (int i = 10; i < 25; ++i) many.push_back("name" + std::to_string(i));
  EXPECT_EQ(name_hint("zzzzzz", many),
            "valid names: name10, name11, name12, name13, name14, name15, name16, name17, "
            "name18, name19, name20, name21 and 3 more");
}

}  // namespace
}  // namespace millgate
