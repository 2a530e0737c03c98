#include "ground/comma_list.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TEST(CommaList, LongListsEndWithACount) {
  EXPECT_EQ(comma_list({}), "");
  EXPECT_EQ(comma_list({"a", "b"}), "a, b");
  EXPECT_EQ(brief_list({}, 2), "");
  EXPECT_EQ(brief_list({"a", "b"}, 2), "a, b");
  EXPECT_EQ(brief_list({"a", "b", "c", "d"}, 2), "a, b and 2 more");
}

}  // namespace
}  // namespace millgate
