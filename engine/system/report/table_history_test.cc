#include "system/report/table_history.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TableStep step(int64_t age) {
  TableStep one;
  one.age = age;
  return one;
}

TableStep made(int64_t age) {
  TableStep one = step(age);
  one.made = true;
  return one;
}

TableStep inserted(int64_t age) {
  TableStep one = step(age);
  one.inserted_count = 1;
  return one;
}

TableStep updated(int64_t age) {
  TableStep one = step(age);
  one.updated_count = 1;
  return one;
}

TableStep column(int64_t age, const char* before, const char* after) {
  TableStep one = step(age);
  one.columns.push_back({"x", before, after});
  return one;
}

TEST(SemanticVersion, CountsWhatCommitsDid) {
  EXPECT_EQ(semantic_version({{made(5)}}), "1.0.0");
  EXPECT_EQ(semantic_version({{made(5), inserted(4)}}), "1.1.0");
  EXPECT_EQ(semantic_version({{made(5), inserted(4), step(3), step(2)}}), "1.1.2");
  EXPECT_EQ(semantic_version({{made(5), step(4), inserted(3)}}), "1.1.0");
  EXPECT_EQ(semantic_version({{made(5), inserted(4), updated(3), step(1)}}), "2.0.1");
}

TEST(SemanticVersion, KnowsWhichColumnsBreak) {
  EXPECT_EQ(semantic_version({{made(2), column(1, "", "int64")}}), "1.1.0");
  EXPECT_EQ(semantic_version({{made(2), column(1, "int64", "")}}), "2.0.0");
  EXPECT_EQ(semantic_version({{made(2), column(1, "int64", "double")}}), "2.0.0");
}

TEST(SemanticVersion, CountsACommitOfSeveralTablesOnce) {
  EXPECT_EQ(semantic_version({{made(3), inserted(1)}, {made(3), updated(1)}}), "2.0.0");
  EXPECT_EQ(semantic_version({{made(3)}, {made(2), inserted(1)}}), "1.2.0");
}

}  // namespace
}  // namespace millgate
