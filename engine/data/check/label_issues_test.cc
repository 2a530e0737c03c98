#include "data/check/label_issues.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/query/test_project.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kRows =
    "id,kind,p_cat,p_dog,p_owl,site\n"
    "a,cat,0.9,0.05,0.05,north\n"
    "b,cat,0.8,0.1,0.1,north\n"
    "c,cat,0.05,0.9,0.05,south\n"
    "d,dog,0.1,0.8,0.1,south\n"
    "e,,0.1,0.8,0.1,south\n"
    "f,dog,0.05,0.85,0.1,north\n"
    "g,owl,0.1,0.1,0.8,south\n";

class LabelIssuesTest : public testing::Test {
 protected:
  LabelIssuesTest() { project_.commit({{"pets", kRows, {"id"}}}); }

  Result<LabelIssues> issues(const std::string& rows, LabelIssueOptions options) {
    database_ = *Database::open({.user_sql = true});
    MILLGATE_ASSIGN(rows_, open_rows(*database_, project_.repository(), {rows}, "main"));
    return label_issues(*database_, rows_[0], options);
  }

  LabelIssueOptions options_ = {
      .label = "kind",
      .probabilities = {{"cat", "p_cat"}, {"dog", "p_dog"}, {"owl", "1 - p_cat - p_dog"}},
      .by = {"site", "p_cat > 0.5"},
      .shown = {"id"}};
  TestProject project_;
  std::unique_ptr<Database> database_;
  std::vector<AskedRows> rows_;
};

TEST_F(LabelIssuesTest, NamesTheRowAndWhatItSeems) {
  const auto found = issues("pets", options_);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->labelled, 6);
  EXPECT_EQ(found->unlabelled, 1);
  ASSERT_EQ(found->found.issues.size(), 1U);
  EXPECT_EQ(found->classes[found->found.issues[0].suggested], "dog");
  EXPECT_THAT(found->row_numbers, ElementsAre(3));
  EXPECT_THAT(found->shown[0], ElementsAre("c"));
  // cat: mean(0.9, 0.8, 0.05) - mean(0.1, 0.05, 0.1); dog and owl likewise, by hand.
  const double cat = 1.75 / 3 - 0.25 / 3;
  const double dog = 1.65 / 2 - 1.15 / 4;
  const double owl = 0.8 - 0.4 / 5;
  EXPECT_NEAR(found->discrimination, (cat + dog + owl) / 3, 1e-12);
  ASSERT_EQ(found->groups.size(), 2U);
  EXPECT_EQ(found->groups[0].second[0].group, "south");
  EXPECT_EQ(found->groups[0].second[0].issue_count, 1);
  EXPECT_EQ(found->groups[0].second[0].row_count, 3);
  EXPECT_EQ(found->groups[0].second[1].row_count, 3);
}

TEST_F(LabelIssuesTest, LabelsThatContradictTheRuleComeFirst) {
  // By the rule b is a dog and g says nothing; the model speaks against c alone.
  options_.rule = "case id when 'b' then 'dog' when 'g' then null else kind end";
  const auto found = issues("pets", options_);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->ruled, 5);
  EXPECT_EQ(found->contradicted, 1);
  EXPECT_THAT(found->row_numbers, ElementsAre(2, 3));
  EXPECT_THAT(found->causes, ElementsAre(LabelIssueCause::rule, LabelIssueCause::model));
  EXPECT_EQ(found->classes[found->found.issues[0].suggested], "dog");
  EXPECT_DOUBLE_EQ(found->found.issues[0].self_confidence, 0.8);
  EXPECT_DOUBLE_EQ(found->found.issues[0].probability, 0.1);
  options_.rule = "if(id = 'c', 'owl', kind)";
  const auto both = issues("pets", options_);
  ASSERT_TRUE(both.ok()) << both.error().what;
  EXPECT_THAT(both->causes, ElementsAre(LabelIssueCause::rule_and_model));
  EXPECT_EQ(both->classes[both->found.issues[0].suggested], "owl");
  options_.rule = "'bird'";
  EXPECT_THAT(issues("pets", options_).error().what, HasSubstr("by the rule the label `bird`"));
}

TEST_F(LabelIssuesTest, TheRuleAloneIsTheComparisonOfEveryRow) {
  std::string csv = "id,delay,late\n";
  std::vector<int64_t> wrong;
  int64_t ruled = 0;
  for (int64_t i = 1; i <= 500; ++i) {
    const int64_t delay = i * 37 % 60;
    const bool has_delay = i % 11 != 0;
    const bool is_flipped = i % 13 == 0;
    const bool has_label = i % 17 != 0;
    const bool late = (delay > 15) != is_flipped;
    csv += std::to_string(i) + "," + (has_delay ? std::to_string(delay) : "") + "," +
           (has_label ? (late ? "1" : "0") : "") + "\n";
    if (has_label && has_delay) ++ruled;
    if (has_label && has_delay && is_flipped) wrong.push_back(i);
  }
  project_.commit({{"flights", csv, {"id"}}});
  const auto found = issues("flights", {.label = "late", .rule = "delay > 15", .shown = {"id"}});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->row_numbers, wrong);
  EXPECT_EQ(found->ruled, ruled);
  EXPECT_THAT(found->classes, ElementsAre("0", "1"));
  EXPECT_FALSE(found->is_weak());
  EXPECT_NEAR(found->found.wrong_share,
              static_cast<double>(wrong.size()) / static_cast<double>(ruled), 1e-15);
  EXPECT_FALSE(issues("flights", {.label = "late"}).ok());
  EXPECT_THAT(issues("flights", {.label = "late", .rule = "id + 1000"}).error().what,
              HasSubstr("more than 100"));
}

TEST_F(LabelIssuesTest, TheReviewHoldsTheLabelToBeCorrected) {
  const auto found = issues("pets", options_);
  ASSERT_TRUE(found.ok()) << found.error().what;
  const auto reader = review_rows(*database_, rows_[0], *found, {"id"}, "kind");
  ASSERT_TRUE(reader.ok()) << reader.error().what;
  const auto table = (*reader)->ToTable().ValueOrDie();
  ASSERT_EQ(table->num_rows(), 1);
  EXPECT_EQ(table->schema()->field_names(),
            (std::vector<std::string>{"id", "kind", "_note_given", "_note_suggested",
                                      "_note_self_confidence", "_note_why"}));
  EXPECT_EQ(table->column(0)->GetScalar(0).ValueOrDie()->ToString(), "c");
  EXPECT_EQ(table->column(3)->GetScalar(0).ValueOrDie()->ToString(), "dog");
}

TEST_F(LabelIssuesTest, BadQuestionsSaySo) {
  const auto problem = [&](const std::string& rows, const LabelIssueOptions& options) {
    const auto found = issues(rows, options);
    return found.ok() ? std::string() : found.error().what;
  };
  LabelIssueOptions two = options_;
  two.probabilities = {{"cat", "p_cat"}, {"dog", "p_dog + p_owl"}};
  EXPECT_THAT(problem("pets", two), HasSubstr("row 7 of `pets` has the label `owl`"));
  LabelIssueOptions wrong = options_;
  wrong.probabilities[2].second = "p_owl + 1";
  const auto beyond = issues("pets", wrong);
  ASSERT_FALSE(beyond.ok());
  EXPECT_THAT(beyond.error().because, ElementsAre(HasSubstr("row 1: 1.05 is no probability")));
  wrong.probabilities[2].second = "nullif(p_owl, 0.8)";
  EXPECT_THAT(problem("pets", wrong), HasSubstr("row 7 of `pets` has a label and no probability"));
  wrong.probabilities[2].second = "p_owls";
  EXPECT_THAT(problem("pets", wrong), HasSubstr("p_owls"));
  EXPECT_THAT(problem("from pets where false", options_), HasSubstr("no row with a label"));
}

}  // namespace
}  // namespace millgate
