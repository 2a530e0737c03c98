#include "model/release/requirement.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::HasSubstr;

Result<Requirement> read(const std::string& toml) {
  MILLGATE_ASSIGN(Section root, parse_settings("[[requirement]]\n" + toml, "millgate.toml"));
  MILLGATE_ASSIGN(std::vector<Section> sections, root.sections("requirement"));
  return read_requirement(sections.front());
}

TEST(RequirementTest, ReadsBothBoundsSlicesAndReasons) {
  const auto least = read("metric = \"auc\"\nat_least = 0.64\nbecause = \"worth acting on\"\n");
  ASSERT_TRUE(least.ok());
  EXPECT_EQ(least->metric, "auc");
  EXPECT_EQ(least->bound, Bound::at_least);
  EXPECT_EQ(least->limit, 0.64);
  EXPECT_EQ(least->slice, "");
  EXPECT_EQ(least->because, "worth acting on");

  const auto gap = read("metric = \"recall_gap\"\nby = \"origin\"\nat_most = 0.2\n");
  ASSERT_TRUE(gap.ok());
  EXPECT_EQ(gap->bound, Bound::at_most);
  EXPECT_EQ(gap->slice, "by origin");

  const auto slice = read("metric = \"auc\"\nslice = \"origin=JFK\"\nat_least = 0\n");
  ASSERT_TRUE(slice.ok());
  EXPECT_EQ(slice->slice, "origin=JFK");
  EXPECT_EQ(slice->limit, 0);
  ASSERT_EQ(slice->where.size(), 1U);
  EXPECT_EQ(slice->where[0].column, "origin");
  EXPECT_EQ(slice->where[0].value, "JFK");
}

TEST(RequirementTest, ReadsSeveralColumns) {
  const auto gap = read("metric = \"recall_ratio\"\nby = [\"sex\", \"race\"]\nat_least = 0.8\n");
  ASSERT_TRUE(gap.ok()) << gap.error().what;
  EXPECT_EQ(gap->slice, "by sex, race");
  EXPECT_THAT(gap->by, testing::ElementsAre("sex", "race"));

  const auto slice = read("metric = \"auc\"\nslice = [\"sex=f\", \"race=a=b\"]\nat_least = 0.8\n");
  ASSERT_TRUE(slice.ok()) << slice.error().what;
  EXPECT_EQ(slice->slice, "sex=f, race=a=b");
  ASSERT_EQ(slice->where.size(), 2U);
  EXPECT_EQ(slice->where[1].column, "race");
  EXPECT_EQ(slice->where[1].value, "a=b");
}

TEST(RequirementTest, ReadsWhatIsHeldAgainstWhatServes) {
  const auto better = read("metric = \"auc\"\nbetter_by = 0\nlevel = \"should\"\n");
  ASSERT_TRUE(better.ok()) << better.error().what;
  EXPECT_EQ(better->bound, Bound::better_by);
  EXPECT_EQ(better->level, Level::should);
  const auto not_worse = read("metric = \"log_loss\"\nslice = \"a=b\"\nnot_worse_by = 0.01\n");
  ASSERT_TRUE(not_worse.ok()) << not_worse.error().what;
  EXPECT_EQ(not_worse->bound, Bound::not_worse_by);
  EXPECT_EQ(not_worse->limit, 0.01);
  EXPECT_EQ(not_worse->level, Level::must);
}

struct Refusal {
  std::string toml;
  std::string what;
  std::string hint;
};

TEST(RequirementTest, RefusesWithThePlace) {
  const std::vector<Refusal> refusals = {
      {"metric = \"auk\"\nat_least = 1\n", "unknown metric `auk`", "did you mean `auc`?"},
      {"metric = \"auc\"\n", "has no bound", "at_least"},
      {"metric = \"auc\"\nat_least = 0\nat_most = 1\n", "both", "two [[requirement]]"},
      {"metric = \"auc\"\nat_least = nan\n", "", ""},
      {"metric = \"auc\"\nat_least = inf\n", "", ""},
      {"metric = \"auc_gap\"\nat_most = 1\n", "`by` is missing", "by = "},
      {"metric = \"auc\"\nby = \"origin\"\nat_most = 1\n", "`by` is for gaps", "origin=value"},
      {"metric = \"auc\"\nslice = \"origin\"\nat_most = 1\n", "slice `origin`", "column=value"},
      {"metric = \"auc_gap\"\nby = \"a\"\nslice = \"a=b\"\nat_most = 1\n", "slice", "remove"},
      {"metric = \"auc_gap\"\nby = [\"a\", \"a\"]\nat_most = 1\n", "column `a` twice", "once"},
      {"metric = \"auc\"\nslice = [\"a=1\", \"a=2\"]\nat_most = 1\n", "column `a` twice", "once"},
      {"metric = \"auc\"\nbetter_by = -1\n", "`better_by` is below 0", "by how much"},
      {"metric = \"auc\"\nbetter_by = 0\nat_least = 1\n", "both", "two [[requirement]]"},
      {"metric = \"latency_ms_p99\"\nbetter_by = 0\n", "same rows of two models", "at_least"},
      {"metric = \"auc_gap\"\nby = \"a\"\nnot_worse_by = 0\n", "same rows of two models", ""},
      {"metric = \"auc\"\nslice = \"found\"\nbetter_by = 0\n", "between two", "declare"},
      {"metric = \"auc\"\nlevel = \"may\"\nat_least = 1\n", "level", "must"},
      {"metric = \"auc\"\nat_leest = 1\nat_least = 1\n", "at_leest", "at_least"},
      {"at_least = 1\n", "metric", ""},
  };
  for (const Refusal& refusal : refusals) {
    const auto answer = read(refusal.toml);
    ASSERT_FALSE(answer.ok()) << refusal.toml;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_input) << refusal.toml;
    EXPECT_THAT(answer.error().what, HasSubstr(refusal.what));
    EXPECT_THAT(answer.error().hint, HasSubstr(refusal.hint));
    EXPECT_THAT(answer.error().where, HasSubstr("millgate.toml:")) << refusal.toml;
  }
}

TEST(RequirementTest, ReadsCircumstances) {
  const auto than = read("metric = \"auc\"\nthan = \"last value of a, b\"\nbetter_by = 0.01\n");
  ASSERT_TRUE(than.ok()) << than.error().what;
  EXPECT_EQ(than->than->kind, SimpleModelKind::last_value);
  EXPECT_THAT(than->than->groups, testing::ElementsAre("a", "b"));
  EXPECT_EQ(name_of(*than), "auc [than last value of a, b]");
  EXPECT_FALSE(is_against_serving(*than));

  const auto under = read(
      "metric = \"decision_flip_rate\"\nslice = \"a=b\"\nunder = \"x = x + 1\"\nat_most = 0\n");
  ASSERT_TRUE(under.ok()) << under.error().what;
  EXPECT_EQ(under->slice, "a=b, under x = x + 1");
  EXPECT_EQ(under->under->change->column, "x");

  const auto after = read("metric = \"auc\"\nafter = \"60d\"\nnot_worse_by = 0.02\n");
  ASSERT_TRUE(after.ok()) << after.error().what;
  EXPECT_EQ(after->after_micros, int64_t{60} * 86'400'000'000);
  EXPECT_TRUE(is_against_serving(read("metric = \"auc\"\nbetter_by = 0\n").value()));
}

TEST(RequirementTest, RefusesCircumstancesThatDoNotFit) {
  for (const auto& [toml, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"metric = \"auc\"\nthan = \"linear\"\nat_least = 0.6\n", "needs `better_by`"},
           {"metric = \"auc\"\nthan = \"liner\"\nbetter_by = 0\n", "no simple model"},
           {"metric = \"auc\"\nthan = \"linear of a\"\nbetter_by = 0\n", "no simple model"},
           {"metric = \"auc\"\nunder = \"noise\"\nbetter_by = 0\n", "compared with itself"},
           {"metric = \"auc\"\nunder = \"noize\"\nat_least = 0\n", "no way to disturb"},
           {"metric = \"auc\"\nunder = \"noise\"\nafter = \"1d\"\nat_least = 0\n", "has both"},
           {"metric = \"auc\"\nafter = \"sixty\"\nat_least = 0\n", "sixty"},
           {"metric = \"decision_flip_rate\"\nat_most = 0.1\n", "when inputs are disturbed"},
           {"metric = \"decision_flip_rate\"\nafter = \"1d\"\nat_most = 0.1\n",
            "when inputs are disturbed"},
           {"metric = \"decision_flip_rate\"\nunder = \"noise\"\nnot_worse_by = 0.1\n",
            "not measured on the same rows"},
           {"metric = \"membership_advantage\"\nunder = \"noise\"\nat_most = 0.1\n", "not for"},
           {"metric = \"latency_ms_p99\"\nunder = \"noise\"\nat_most = 1\n", "not for"},
           {"metric = \"auc\"\nslice = \"found\"\nunder = \"noise\"\nat_least = 0\n",
            "slices that are found"},
           {"metric = \"auc_gap\"\nby = \"a\"\nunder = \"noise\"\nat_most = 1\n", "not for"}}) {
    const auto refused = read(toml);
    ASSERT_FALSE(refused.ok()) << toml;
    EXPECT_THAT(refused.error().what, HasSubstr(words)) << toml;
    EXPECT_FALSE(refused.error().hint.empty()) << toml;
  }
}

}  // namespace
}  // namespace millgate
