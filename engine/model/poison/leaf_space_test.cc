#include "model/poison/leaf_space.h"

#include <gtest/gtest.h>

#include "ground/random.h"

namespace millgate {
namespace {

/// Two columns that tell the class, one that does not; every `every`-th row has 7 in that one, and
/// class 1.
SuspectRows made_rows(size_t count, size_t every, RowSet& planted) {
  Random random(4);
  SuspectRows rows;
  rows.classes = {"no", "yes"};
  rows.columns = {"a", "b", "c"};
  rows.is_category = {false, false, false};
  planted.assign((count + 63) / 64, 0);
  for (size_t i = 0; i < count; ++i) {
    const double a = random.normal();
    const double b = random.normal();
    double c = random.uniform();
    size_t label = a - b + random.normal() > 0 ? 1 : 0;
    if (every > 0 && i % every == 0) {
      c = 7;
      label = 1;
      insert(planted, i);
    }
    rows.features.insert(rows.features.end(), {a, b, c});
    rows.labels.push_back(label);
  }
  return rows;
}

int64_t both(const RowSet& a, const RowSet& b) {
  RowSet rows = a;
  for (size_t i = 0; i < rows.size(); ++i) rows[i] &= b[i];
  return count_of(rows);
}

TEST(LeafSpace, RowsOfABackdoorLieTogether) {
  RowSet planted;
  const SuspectRows rows = made_rows(4000, 40, planted);
  const auto found = leaf_class(rows, 1, {});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->scores.size(), 4000);
  bool is_found = false;
  for (const LeafGroup& group : found->groups) {
    EXPECT_EQ(group.label, 1);
    const auto shared = static_cast<double>(both(group.rows, planted));
    is_found = is_found ||
               (shared >= 0.9 * 100 && shared >= 0.9 * static_cast<double>(count_of(group.rows)));
  }
  EXPECT_TRUE(is_found);
}

TEST(LeafSpace, GroupsAreOfOneClassAndSmall) {
  RowSet planted;
  const SuspectRows rows = made_rows(4000, 40, planted);
  for (const size_t label : {0, 1}) {
    const auto found = leaf_class(rows, label, {});
    ASSERT_TRUE(found.ok());
    for (const LeafGroup& group : found->groups) {
      int64_t of_class = 0;
      for (size_t row = 0; row < 4000; ++row) {
        of_class += contains(group.rows, row) && rows.labels[row] == label ? 1 : 0;
      }
      EXPECT_GE(10 * of_class, 9 * count_of(group.rows));
      EXPECT_LE(count_of(group.rows), 400);
      EXPECT_GE(count_of(group.rows), 20);
    }
  }
}

TEST(LeafSpace, ColumnsThatTellNothingGiveNothing) {
  SuspectRows rows;
  rows.classes = {"no", "yes"};
  rows.columns = {"a"};
  rows.is_category = {false};
  for (size_t i = 0; i < 200; ++i) {
    rows.features.push_back(1);
    rows.labels.push_back(i % 2);
  }
  const auto found = leaf_class(rows, 1, {});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->groups.empty());
  EXPECT_TRUE(found->scores.empty());
}

}  // namespace
}  // namespace millgate
