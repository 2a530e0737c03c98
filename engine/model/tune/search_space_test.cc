#include "model/tune/search_space.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/json.h"

namespace millgate {
namespace {

const std::vector<std::string> kKnown{"rate", "leaves", "strategy", "share", "depth"};

Result<SearchSpace> read(const std::string& text) {
  auto root = parse_settings("[search]\n" + text, "millgate.toml");
  if (!root.ok()) return root.error();
  auto section = root->section("search");
  if (!section.ok()) return section.error();
  return read_search_space(*section, kKnown);
}

constexpr const char* kWhole = R"(
rate = { from = 0.01, to = 0.3, scale = "log" }
leaves = { from = 4, to = 256, scale = "log", whole = true }
strategy = { any_of = ["bagging", "goss"] }
share = { from = 0.1, to = 0.5, when = { strategy = "goss" } }
depth = { from = -3, to = 12, whole = true }
)";

TEST(SearchSpace, ReadsEveryKind) {
  const auto space = read(kWhole);
  ASSERT_TRUE(space.ok()) << space.error().what;
  EXPECT_EQ(dump_json(to_json(*space)),
            R"([{"name":"rate","from":0.01,"to":0.3,"scale":"log","whole":false},)"
            R"({"name":"leaves","from":4.0,"to":256.0,"scale":"log","whole":true},)"
            R"({"name":"strategy","any_of":["bagging","goss"]},)"
            R"({"name":"share","from":0.1,"to":0.5,"scale":"linear","whole":false,)"
            R"("when":{"strategy":["goss"]}},)"
            R"({"name":"depth","from":-3.0,"to":12.0,"scale":"linear","whole":true}])");
  const std::vector<std::vector<size_t>> groups{{0, 1, 2, 4}, {3}};
  EXPECT_EQ(groups_of(*space), groups);
}

TEST(SearchSpace, PointsAndTextsAreTheSame) {
  const SearchSpace space = *read(kWhole);
  const SearchPoint point{0.1234567890123456, 31, 1, 1.0 / 3, -2};
  const auto texts = parameters_at(space, point);
  EXPECT_EQ(texts.at("leaves"), "31");
  EXPECT_EQ(texts.at("strategy"), "goss");
  EXPECT_EQ(texts.at("depth"), "-2");
  const auto back = point_of(space, texts);
  ASSERT_TRUE(back.ok()) << back.error().what;
  EXPECT_EQ(*back, point);
  EXPECT_EQ(point_of(space, {{"rate", "0.5"}}).error().what,
            "`rate` = 0.5 is not in its range, 0.01 to 0.3");
  EXPECT_EQ(point_of(space, {{"strategy", "gos"}}).error().hint, "did you mean `goss`?");
  EXPECT_FALSE(point_of(space, {{"colour", "1"}}).ok());
  EXPECT_FALSE(point_of(space, {{"rate", "0.1x"}}).ok());
}

TEST(SearchSpace, AParameterCountsOnlyUnderItsCondition) {
  const SearchSpace space = *read(kWhole);
  EXPECT_TRUE(counts(space, {0.1, 4, 1, NAN, 1}, 3));
  EXPECT_FALSE(counts(space, {0.1, 4, 0, NAN, 1}, 3));
  EXPECT_FALSE(counts(space, {0.1, 4, NAN, NAN, 1}, 3));
}

TEST(SearchSpace, TheUnitIntervalCoversTheRangeEvenly) {
  const SearchSpace space = *read(kWhole);
  EXPECT_DOUBLE_EQ(from_unit(space.parameters[0], 0), 0.01);
  EXPECT_NEAR(from_unit(space.parameters[0], 0.5), std::sqrt(0.01 * 0.3), 1e-15);
  EXPECT_DOUBLE_EQ(from_unit(space.parameters[1], 0), 4);
  EXPECT_DOUBLE_EQ(from_unit(space.parameters[1], std::nextafter(1, 0)), 256);
  std::vector<int> seen(16, 0);
  for (int i = 0; i < 1600; ++i) {
    ++seen[static_cast<size_t>(from_unit(space.parameters[4], (i + 0.5) / 1600) + 3)];
  }
  EXPECT_EQ(seen, std::vector<int>(16, 100));
}

struct BadCase {
  const char* text;
  const char* where;
  const char* what;
  const char* hint;
};

TEST(SearchSpace, ErrorsNameThePlace) {
  const BadCase cases[] = {
      {"rat = { from = 0, to = 1 }", "millgate.toml:2:7", "unknown parameter `rat` of this learner",
       "did you mean `rate`?"},
      {"rate = { from = 0.3, to = 0.1 }", "millgate.toml:2:27",
       "the range of `rate` has no extent: from 0.3 to 0.1", "`from` must be less than `to`"},
      {"rate = { from = 0, to = 1, scale = \"log\" }", "millgate.toml:2:17",
       "the range of `rate` begins at 0, which a log scale cannot reach",
       "begin above 0, or use scale = \"linear\""},
      {"leaves = { from = 0, to = 9, whole = true, scale = \"log\" }", "millgate.toml:2:19",
       "the range of `leaves` begins at 0, which a log scale cannot reach", "begin at 1"},
      {"leaves = { from = 1.5, to = 9, whole = true }", "millgate.toml:2:19",
       "`leaves` takes whole numbers, `from` is 1.5", ""},
      {"rate = { from = 0.1 }", "millgate.toml:2:8", "the range of `rate` has no `to`",
       "write { from = 0.01, to = 0.3, scale = \"log\" }, or { any_of = [\"bagging\", \"goss\"] }"},
      {"rate = { from = 0.1, to = 1, scale = \"lug\" }", "millgate.toml:2:38",
       "`scale` in [search.rate] cannot be `lug`", "did you mean `log`?"},
      {"rate = { from = 0.1, to = 1, step = 2 }", "millgate.toml:2:30",
       "unknown key `step` in [search.rate]", "valid names: when, any_of, from, to, scale, whole"},
      {"rate = 0.1", "millgate.toml:2:8",
       "`rate` in [search]: expected a section [search.rate], found a number", ""},
      {"strategy = { any_of = [\"goss\"] }", "millgate.toml:2:23",
       "`any_of` of `strategy` leaves no choice",
       "name two values at least, or set the one in [train.parameters]"},
      {"strategy = { any_of = [\"a\", \"a\"] }", "millgate.toml:2:23",
       "`any_of` of `strategy` names a value more than once", ""},
      {"share = { from = 0, to = 1, when = { strategy = \"goss\" } }", "millgate.toml:2:49",
       "`share` depends on `strategy`, which is no choice (`any_of`) that stands above it", ""},
      {"strategy = { any_of = [\"a\", \"b\"] }\nshare = { from = 0, to = 1, when = { strategy = "
       "\"c\" } }",
       "millgate.toml:3:49", "`strategy` cannot be `c`", "valid names: a, b"},
  };
  for (const BadCase& one : cases) {
    const auto space = read(one.text);
    ASSERT_FALSE(space.ok()) << one.text;
    EXPECT_EQ(space.error().where, one.where) << one.text;
    EXPECT_EQ(space.error().what, one.what);
    EXPECT_EQ(space.error().hint, one.hint) << one.text;
    EXPECT_NE(space.error().excerpt, "");
  }
}

}  // namespace
}  // namespace millgate
