#include "data/feature/input_change.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Field> kFields = {
    {"carrier", ValueType::text}, {"distance", ValueType::integer}, {"wind", ValueType::number}};

/// Three rows, the last of nulls.
Block rows() {
  Block block;
  block.rows = 3;
  block.columns.resize(3);
  for (size_t c = 0; c < 3; ++c) {
    block.columns[c].reset(kFields[c].type, 3);
    block.columns[c].valid = {1, 1, 0};
  }
  block.columns[0].texts = {"UA", "AA", ""};
  block.columns[1].integers = {100, 7, 0};
  block.columns[2].numbers = {2.5, -1, 0};
  return block;
}

Result<Block> changed(const std::string& text) {
  MILLGATE_ASSIGN(const InputChange change, read_input_change(text));
  return change_input(rows(), kFields, change);
}

TEST(InputChangeTest, TakesThePlaceOfOneColumn) {
  const auto block = changed("wind = wind * 2 + distance");
  ASSERT_TRUE(block.ok()) << block.error().what;
  EXPECT_THAT(block->columns[2].numbers, ElementsAre(105, 5, 0));
  EXPECT_THAT(block->columns[2].valid, ElementsAre(1, 1, 0));
  EXPECT_EQ(block->columns[1].integers, rows().columns[1].integers);
  EXPECT_EQ(block->columns[0].texts, rows().columns[0].texts);
}

TEST(InputChangeTest, TextsAndNullsAreValues) {
  const auto all_ua = changed("carrier = 'UA'");
  ASSERT_TRUE(all_ua.ok()) << all_ua.error().what;
  EXPECT_THAT(all_ua->columns[0].texts, ElementsAre("UA", "UA", "UA"));
  EXPECT_THAT(all_ua->columns[0].valid, ElementsAre(1, 1, 1));
  const auto none = changed("carrier = null");
  ASSERT_TRUE(none.ok()) << none.error().what;
  EXPECT_EQ(none->columns[0].type, ValueType::text);
  EXPECT_THAT(none->columns[0].valid, ElementsAre(0, 0, 0));
}

TEST(InputChangeTest, NumbersAreRoundedForIntegers) {
  const auto block = changed("distance = distance * 1.609344");
  ASSERT_TRUE(block.ok()) << block.error().what;
  EXPECT_THAT(block->columns[1].integers, ElementsAre(161, 11, 0));
  const auto wide = changed("wind = distance");
  ASSERT_TRUE(wide.ok()) << wide.error().what;
  EXPECT_THAT(wide->columns[2].numbers, ElementsAre(100, 7, 0));
}

TEST(InputChangeTest, RefusesWhatIsNoChange) {
  for (const auto& [text, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"wind", "changes no column"},
           {"= 3", "changes no column"},
           {"wnd = 3", "no column `wnd`"},
           {"wind = wnd", "wnd"},
           {"wind = carrier", "gives text"},
           {"carrier = category(carrier)", "cannot be a category"},
           {"wind = standardize(wind)", "which is learned"}}) {
    const auto refused = changed(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(refused.error().what, HasSubstr(words));
  }
}

}  // namespace
}  // namespace millgate
