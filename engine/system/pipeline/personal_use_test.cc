#include "system/pipeline/personal_use.h"

#include <gmock/gmock.h>

#include "system/pipeline/commit_rows.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr const char* kSettings = R"([project]
name = "shop"
[[source]]
name = "people"
path = "people.csv"
key = ["mail"]
happened = "seen"
[source.personal]
mail = ["forbid", "hash"]
sex = "forbid"
[[source]]
name = "orders"
path = "orders.csv"
key = ["n"]
happened = "seen"
[source.personal]
who = "mask"
[task]
table = "people"
label = "left = 1"
slices = ["sex"]
[[view]]
name = "orders_then"
entity = ["mail"]
sql = "select who as mail, seen, count(*) over (partition by who order by seen) as n from orders"
happened = "seen"
[features]
age = "age"
n = "orders_then.n"
[train]
learner = "constant"
split = { by = "random", share = 0.3 }
)";

class PersonalUseTest : public testing::Test {
 protected:
  PersonalUseTest() {
    project_.write("people.csv",
                   "mail,sex,age,left,seen\na@x.org,f,41,1,2026-01-01\n"
                   "b@x.org,m,30,0,2026-01-02\n");
    project_.write("orders.csv", "n,who,seen\n1,a@x.org,2026-01-01\n");
    settings(kSettings);
    good(project_.commit());
  }
  void settings(const std::string& text) { project_.write("millgate.toml", text); }
  void change(const std::string& before, const std::string& after) {
    settings(replaced(kSettings, before, after));
  }
  Error refusal() {
    Project project = project_.read();
    return error_of(open_features(project_.repository(), project, "main"));
  }

  PipelineProject project_;
};

TEST_F(PersonalUseTest, EntitiesJoinsAndSlicesNeedNoValues) {
  EXPECT_TRUE(open_features(project_.repository(), project_.read(), "main").ok());
}

TEST_F(PersonalUseTest, AFeatureThatReadsTheColumnIsRefused) {
  change("age = \"age\"", "is_f = \"sex == 'f'\"");
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::refused);
  EXPECT_EQ(error.what, "feature `is_f` reads `people.sex`, which [source.personal] forbids");
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:28"));
  EXPECT_THAT(error.hint, HasSubstr("line 10"));
}

TEST_F(PersonalUseTest, AViewHidesNothing) {
  change(
      "sql = \"select who as mail, seen, count(*) over (partition by who order by seen) as n from "
      "orders\"",
      "sql = \"with p as (select mail as m, length(mail) as n, seen from people) "
      "select m as mail, n, seen from p\"");
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::refused);
  EXPECT_EQ(error.what,
            "feature `n` reads, by view `orders_then`, `people.mail`, which "
            "[source.personal] forbids");
}

TEST_F(PersonalUseTest, RowsThatTheColumnChoosesAreRefused) {
  change("from orders\"", "from orders where who in (select mail from people where sex = 'f')\"");
  EXPECT_EQ(refusal().what,
            "the rows of view `orders_then` are chosen by `people.sex`, which "
            "[source.personal] forbids");
}

TEST_F(PersonalUseTest, AWindowIsLookedInto) {
  settings(replaced(replaced(kSettings, "happened = \"seen\"\n[features]",
                             "happened = \"seen\"\n[view.windows]\nw = \"sum(length(mail)) over "
                             "3d\"\n[features]"),
                    "[source.personal]\nwho = \"mask\"", "[source.personal]\nwho = \"forbid\""));
  EXPECT_EQ(refusal().what,
            "window `w` of view `orders_then` is made from `orders.who`, which "
            "[source.personal] forbids");
}

TEST_F(PersonalUseTest, TheLabelIsRefusedToo) {
  change("label = \"left = 1\"", "label = \"sex = 'f'\"");
  EXPECT_EQ(refusal().what, "the label reads `people.sex`, which [source.personal] forbids");
}

TEST_F(PersonalUseTest, ATextIsNoColumn) {
  change("age = \"age\"",
         "age = \"if(age > 40, 1, 0)\"\nx = \"category(if(age > 3, 'sex', 'mail'))\"");
  EXPECT_TRUE(open_features(project_.repository(), project_.read(), "main").ok());
}

TEST_F(PersonalUseTest, APolicyOfNoColumnIsAnErrorAlsoAtTheCommit) {
  change("sex = \"forbid\"", "sexx = \"forbid\"");
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_THAT(error.hint, HasSubstr("`sex`"));
  project_.write("orders.csv", "n,who,seen\n1,a@x.org,2026-01-01\n2,b@x.org,2026-01-02\n");
  EXPECT_THAT(error_of(project_.commit()).what, HasSubstr("no column `sexx`"));
}

TEST_F(PersonalUseTest, NothingIsCommittedThatTheFeaturesMayNotRead) {
  change("age = \"age\"", "is_f = \"sex == 'f'\"");
  project_.write("orders.csv", "n,who,seen\n1,a@x.org,2026-01-01\n2,b@x.org,2026-01-02\n");
  const auto before = good(project_.repository().resolve("main")).id;
  EXPECT_EQ(error_of(project_.commit()).code, ErrorCode::refused);
  EXPECT_EQ(good(project_.repository().resolve("main")).id, before);
}

TEST_F(PersonalUseTest, AQueryHandsNothingOnUnnoticed) {
  const Project project = project_.read();
  const auto rows = [&](const std::string& sql) {
    return rows_of_query(project_.repository(), project, "summary", sql, "main");
  };
  EXPECT_TRUE(rows("select count(*) as n, avg(age) as a from people").ok());
  const Error error = error_of(rows("select upper(mail) as contact from people"));
  EXPECT_EQ(error.code, ErrorCode::refused);
  EXPECT_THAT(error.what, HasSubstr("`contact`"));
  EXPECT_THAT(error.what, HasSubstr("`people.mail`"));
  EXPECT_EQ(error_of(rows("select who from orders@main")).code, ErrorCode::refused);
  settings(std::string(kSettings) +
           "[[source]]\nname = \"summary\"\n[source.personal]\ncontact = \"hash\"\n");
  EXPECT_TRUE(rows_of_query(project_.repository(), project_.read(), "summary",
                            "select upper(mail) as contact from people", "main")
                  .ok());
}

TEST_F(PersonalUseTest, NoOverrideSetsThePolicyAside) {
  const auto read = read_project(project_.path(), {"source.0.personal.sex=allow"});
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().what, HasSubstr("cannot be overridden"));
}

}  // namespace
}  // namespace millgate
