#include "data/personal/guarded_cells.h"

#include <gmock/gmock.h>

#include "data/personal/answer_policy.h"
#include "data/query/test_project.h"
#include "data/table/test_table.h"
#include "ground/settings.h"

namespace millgate {
namespace {

using testing::ElementsAre;

GuardedCells cells() {
  const auto key = std::make_shared<const PersonalKey>("0123456789abcdef0123456789abcdef");
  GuardedCells cells;
  cells.guard("mail", PersonalExit::hashed, key, true);
  cells.guard("born", PersonalExit::hashed, key, false);
  cells.guard("Plan", PersonalExit::masked, nullptr, true);
  cells.guard("past.n", PersonalExit::masked, nullptr, true);
  cells.guard("free", PersonalExit::as_they_are, nullptr, true);
  return cells;
}

TEST(GuardedCells, ShowsPseudonymsOfPlainValuesAndMasksOthers) {
  EXPECT_EQ(cells().shown("mail", "a@x.org"),
            PersonalKey("0123456789abcdef0123456789abcdef").pseudonym("a@x.org"));
  EXPECT_EQ(cells().shown("\"mail\"", "a@x.org"), cells().shown("mail", "a@x.org"));
  EXPECT_EQ(cells().shown("born", "2001-02-03"), "***");
  EXPECT_EQ(cells().shown("plan", "gold"), "***");
  EXPECT_EQ(cells().shown("past.n", "3"), "***");
  EXPECT_EQ(cells().shown("lower(mail)", "a@x.org"), "***");
  EXPECT_EQ(cells().shown("people.mail = 'a'", "true"), "***");
}

TEST(GuardedCells, ShowsTheRestAsItIs) {
  EXPECT_EQ(cells().shown("free", "x"), "x");
  EXPECT_EQ(cells().shown("n", "3"), "3");
  EXPECT_EQ(cells().shown("other.n", "3"), "3");
  EXPECT_EQ(cells().shown("note = 'mail'", "true"), "true");
  EXPECT_EQ(cells().shown("plan", "null"), "null");
  EXPECT_EQ(GuardedCells().shown("mail", "a@x.org"), "a@x.org");
}

TEST(GuardedCells, ConditionsKeepTheirFormAndLoseTheirConstants) {
  EXPECT_EQ(cells().condition("plan = 'gold' and age > 40"), "plan = '***' and age > '***'");
  EXPECT_EQ(cells().condition("age > 40"), "age > 40");
}

TEST(GuardedCells, ClassesStayApart) {
  std::vector<std::string> classes = {"gold", "null", "silver"};
  cells().name_apart("plan", classes);
  EXPECT_THAT(classes, ElementsAre("*** 1", "null", "*** 3"));
  std::vector<std::string> free = {"a"};
  cells().name_apart("free", free);
  EXPECT_THAT(free, ElementsAre("a"));
}

class CellsOfRows : public testing::Test {
 protected:
  CellsOfRows() {
    project_.commit({{"people", "mail,plan,age\na@x.org,gold,41\n", {"mail"}}});
    Section root = must(parse_settings(
        "[personal]\nmail = [\"forbid\", \"hash\"]\nplan = \"mask\"\nage = \"allow\"\n",
        "millgate.toml"));
    policies_.push_back(must(read_personal_policy(root, "people")));
  }
  GuardedCells of(const std::string& rows) {
    return must(cells_of_rows(project_.repository(), policies_, rows, "main"));
  }

  TestProject project_;
  PersonalPolicies policies_;
};

TEST_F(CellsOfRows, FollowColumnsThroughSelects) {
  EXPECT_THAT(of("people").names(), ElementsAre("mail", "plan"));
  EXPECT_THAT(of("people@main").names(), ElementsAre("mail", "plan"));
  const GuardedCells made =
      of("with p as (select mail as m, upper(plan) as q, age from people@main) select * from p");
  EXPECT_THAT(made.names(), ElementsAre("m", "q"));
  EXPECT_EQ(made.shown("m", "a@x.org").size(), 64U);
  EXPECT_EQ(made.shown("q", "GOLD"), "***");
  EXPECT_EQ(made.shown("age", "41"), "41");
  EXPECT_TRUE(of("select age, count(*) as n from people group by age").empty());
}

TEST_F(CellsOfRows, WhatCannotBeFollowedIsGuarded) {
  EXPECT_EQ(of("select * from predictions").shown("anything", "x"), "***");
  EXPECT_TRUE(of("select * from feedback").empty());
}

}  // namespace
}  // namespace millgate
