#include "data/store/about.h"

#include <gmock/gmock.h>

#include <random>

#include "data/store/about_merge.h"
#include "ground/json.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Commit commit_of(const Json& about) {
  Commit commit;
  commit.origin_json = dump_json(Json{{"orders", {{"about", about}}}});
  return commit;
}

std::vector<std::string> names_of(const std::vector<AboutChange>& changes) {
  std::vector<std::string> names;
  for (const AboutChange& change : changes) names.push_back(change.name());
  return names;
}

AboutMerge merged(const Json& base, const Json& ours, const std::vector<Json>& theirs,
                  MergeOptions options = {}) {
  std::vector<AboutSide> sides;
  options.times.emplace_back();
  for (const Json& one : theirs) {
    sides.push_back({.base = commit_of(base), .theirs = commit_of(one)});
    options.times.emplace_back();
  }
  auto merge = merge_about(commit_of(ours), sides, "orders", options);
  EXPECT_TRUE(merge.ok());
  return *std::move(merge);
}

Json about_of(const AboutMerge& merge) { return *parse_json(merge.about_json, "about"); }

TEST(AboutOfCommit, AnUnknownTableHasNone) {
  EXPECT_EQ(*about_in(commit_of({{"from", "x"}}), "customers"), Json::object());
  EXPECT_EQ(*about_in(commit_of({{"from", "x"}}), "orders"), Json({{"from", "x"}}));
}

TEST(AboutChange, MembersOfColumnsHaveNamesOfTheirOwn) {
  const Json before = {{"from", "a"}, {"columns", {{"a.b", {{"unit", "m"}}}, {"c", {{"x", "1"}}}}}};
  const Json after = {{"columns", {{"c", {{"x", "1"}}}, {"a", {{"b", "m"}}}}}, {"licence", "CC0"}};
  EXPECT_THAT(names_of(about_changes(before, after)),
              ElementsAre("columns.a.b", "columns.\"a.b\".unit", "from", "licence"));
}

TEST(AboutChange, OrderMeansNothing) {
  EXPECT_THAT(about_changes({{"a", "1"}, {"b", "2"}}, {{"b", "2"}, {"a", "1"}}), IsEmpty());
}

TEST(AboutMerge, ChangesOfDifferentMembersMeet) {
  const Json base = {{"from", "a"}, {"licence", "CC0"}, {"columns", {{"fee", {{"unit", "euro"}}}}}};
  const Json ours = {{"from", "b"}, {"licence", "CC0"}, {"columns", {{"fee", {{"unit", "euro"}}}}}};
  const Json theirs = {{"from", "a"}, {"licence", "MIT"}};
  const AboutMerge merge = merged(base, ours, {theirs});
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_EQ(about_of(merge), Json({{"from", "b"}, {"licence", "MIT"}}));
  EXPECT_EQ(merge.merged_count, 2);
}

TEST(AboutMerge, TheSameMemberIsAConflictThatAPolicyOrAPersonSettles) {
  const Json base = {{"licence", "CC0"}};
  const Json ours = {{"licence", "MIT"}};
  const Json theirs = Json::object();
  const AboutMerge open = merged(base, ours, {theirs});
  ASSERT_EQ(open.conflicts.size(), 1U);
  EXPECT_EQ(open.conflicts[0].key_text, "about");
  EXPECT_EQ(open.conflicts[0].column, "licence");
  EXPECT_EQ(open.conflicts[0].base, "CC0");
  EXPECT_EQ(open.conflicts[0].ours, "MIT");
  EXPECT_EQ(open.conflicts[0].theirs, "null");
  EXPECT_EQ(about_of(open), ours);
  const auto with_policy = [&](MergePolicy policy) {
    MergeOptions options;
    options.policy = policy;
    return merged(base, ours, {theirs}, options);
  };
  EXPECT_EQ(about_of(with_policy(MergePolicy::ours)), ours);
  EXPECT_EQ(about_of(with_policy(MergePolicy::theirs)), theirs);
  EXPECT_EQ(with_policy(MergePolicy::theirs).settled_count, 1);
  EXPECT_EQ(with_policy(MergePolicy::sum).conflicts.size(), 1U);
  MergeOptions decided;
  decided.resolutions[{"", "licence"}] = {.take = Resolution::Take::value, .value = "ISC"};
  EXPECT_EQ(about_of(merged(base, ours, {theirs}, decided)), Json({{"licence", "ISC"}}));
}

TEST(AboutMerge, AMajorityCountsBranches) {
  MergeOptions options;
  options.policy = MergePolicy::majority;
  const auto licence = [](const char* text) { return Json{{"licence", text}}; };
  EXPECT_EQ(about_of(merged(licence("a"), licence("a"), {licence("b"), licence("c"), licence("b")},
                            options)),
            licence("b"));
  EXPECT_EQ(
      merged(licence("a"), licence("a"), {licence("b"), licence("c")}, options).conflicts.size(),
      1U);
}

/// Beside the rule of three-way merges, written down member by member.
TEST(AboutMerge, RandomMergesAreThoseOfTheRule) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  const auto any = [&] {
    Json about = Json::object();
    for (const std::string& name : names) {
      if (const auto value = random() % 3; value > 0) about[name] = std::to_string(value);
    }
    return about;
  };
  for (int round = 0; round < 300; ++round) {
    const Json base = any();
    const Json ours = any();
    const Json theirs = any();
    const AboutMerge merge = merged(base, ours, {theirs});
    size_t conflict_count = 0;
    for (const std::string& name : names) {
      const auto in = [&](const Json& about) { return about.value(name, ""); };
      const bool conflict =
          in(ours) != in(base) && in(theirs) != in(base) && in(ours) != in(theirs);
      conflict_count += conflict ? 1 : 0;
      const std::string right = conflict || in(theirs) == in(base) ? in(ours) : in(theirs);
      EXPECT_EQ(in(about_of(merge)), right) << name << ' ' << base << ours << theirs;
    }
    EXPECT_EQ(merge.conflicts.size(), conflict_count);
  }
}

}  // namespace
}  // namespace millgate
