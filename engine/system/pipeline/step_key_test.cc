#include "system/pipeline/step_key.h"

#include <gtest/gtest.h>

#include "ground/json.h"

namespace millgate {
namespace {

StepKey key_of(const std::vector<std::pair<std::string, std::string>>& parts) {
  StepKey key;
  for (const auto& [name, value] : parts) key.add(name, value);
  return key;
}

TEST(StepKey, EqualPartsGiveEqualIds) {
  const StepKey key = key_of({{"rows of `a`", "1"}, {"seed", "2"}});
  EXPECT_EQ(key.id(), key_of({{"rows of `a`", "1"}, {"seed", "2"}}).id());
  EXPECT_NE(key.id(), key_of({{"rows of `a`", "1"}, {"seed", "3"}}).id());
  EXPECT_NE(key.id(), key_of({{"seed", "2"}, {"rows of `a`", "1"}}).id());
  EXPECT_NE(key.id(), key_of({{"rows of `a`", "1"}}).id());
}

TEST(StepKey, WhereAPartEndsIsPartOfTheId) {
  EXPECT_NE(key_of({{"ab", "c"}}).id(), key_of({{"a", "bc"}}).id());
  EXPECT_NE(key_of({{"a", "b"}, {"c", "d"}}).id(), key_of({{"a", "bcd"}}).id());
  EXPECT_NE(key_of({{"a", ""}}).id(), key_of({}).id());
  EXPECT_NE(key_of({{"a", std::string("\0", 1)}}).id(), key_of({{"a", ""}}).id());
}

TEST(StepKey, SaysWhatDiffersInWords) {
  const StepKey before = key_of({{"rows of `a`", "1"}, {"seed", "2"}, {"label", "x"}});
  const auto difference = [&](const std::vector<std::pair<std::string, std::string>>& parts) {
    return key_of(parts).difference_from(before);
  };
  EXPECT_EQ(difference({{"rows of `a`", "1"}, {"seed", "2"}, {"label", "x"}}), "nothing changed");
  EXPECT_EQ(difference({{"rows of `a`", "9"}, {"seed", "2"}, {"label", "x"}}),
            "rows of `a` changed");
  EXPECT_EQ(difference({{"rows of `a`", "9"}, {"seed", "3"}, {"label", "x"}}),
            "rows of `a`, seed changed");
  EXPECT_EQ(difference({{"rows of `a`", "1"}, {"seed", "2"}, {"label", "x"}, {"slices", "[]"}}),
            "slices added");
  EXPECT_EQ(difference({{"rows of `a`", "1"}, {"label", "x"}}), "seed removed");
  EXPECT_EQ(difference({{"rows of `b`", "1"}, {"seed", "3"}, {"label", "x"}}),
            "seed changed; rows of `b` added; rows of `a` removed");
  EXPECT_EQ(difference({{"seed", "2"}, {"rows of `a`", "1"}, {"label", "x"}}), "the order changed");
}

TEST(StepKey, ComesBackFromJson) {
  const StepKey key = key_of({{"rows of `a`", "1"}, {"feature `ü`", "a + 'b'\n"}, {"seed", "2"}});
  const auto back = StepKey::load(parse_json(dump_json(key.save()), "test").value());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->id(), key.id());
  EXPECT_EQ(back->difference_from(key), "nothing changed");
}

TEST(StepKey, DamagedJsonIsAnError) {
  for (const char* text : {"[1]", "[[\"a\"]]", "[[\"a\", 1]]", "[[\"a\", \"b\", \"c\"]]",
                           "{\"a\": \"b\"}", "[null]", "\"a\"", "3"}) {
    const auto key = StepKey::load(parse_json(text, "test").value());
    ASSERT_FALSE(key.ok()) << text;
    EXPECT_EQ(key.error().code, ErrorCode::damaged) << text;
  }
}

}  // namespace
}  // namespace millgate
