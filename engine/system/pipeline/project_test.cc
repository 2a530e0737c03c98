#include "system/pipeline/project.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "ground/file_store.h"
#include "ground/test_folder.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

/// Every section and every key that a project may have.
constexpr const char* kWhole = R"toml([project]
name = "flights"
description = "Will it be late?"

[[source]]
name = "flights"
path = "raw/*.csv"
key = ["carrier", "flight"]
happened = "time_hour"
known = "time_hour + interval '1 day'"
null_texts = ["", "NA", "-"]
about = { from = "US BTS", licence = "CC0" }

[[source]]
name = "weather"
path = "weather.parquet"
key = "origin"
happened = "at"

[[check]]
table = "flights"
rule = "origin in ('EWR', 'JFK')"
where = "carrier = 'UA'"
at_least = 0.9
severity = "warning"

[task]
table = "flights"
kind = "binary"
label = "arr_delay > 15"
label_known = "time_hour + interval '2 days'"
slices = ["origin"]
threshold = 0.25

[[view]]
name = "weather_then"
entity = ["origin"]
sql = "select origin, at, temp from weather"
happened = "at"
known = "at + interval '10 minutes'"
max_age = "3h"

[features]
zulu = "sched / 100"
alpha = "category(carrier)"

[train]
learner = "gbdt"
split = { by = "time", valid = "10d", test = "15d" }
seed = 7
rounds_max = 90
early_stopping_rounds = 4
parameters = { num_leaves = 15, learning_rate = 0.05 }

[metric.utility]
true_positive = 100
false_positive = -25.5

[[stakeholder]]
name = "operations"
wants = "utility"

[[requirement]]
metric = "auc"
at_least = 0.64
slice = "dest=BOS"
because = "operations asked"

[[requirement]]
metric = "recall_gap"
by = "carrier"
at_most = 0.2
)toml";

constexpr int64_t kHour = 3'600'000'000;

class ProjectFile : public testing::Test {
 protected:
  Result<Project> read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    EXPECT_TRUE(write_file(folder_.path("millgate.toml"), text).ok());
    return read_project(folder_.path(), overrides);
  }

  Project read_good(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return good(read(text, overrides));
  }

  /// The error of kWhole with `before` written as `after`.
  Error error_after(const std::string& before, const std::string& after) {
    return error_of(read(replaced(kWhole, before, after)));
  }

  TestFolder folder_;
};

TEST_F(ProjectFile, HoldsEverySectionAsItIsWritten) {
  const Project project = read_good(kWhole);
  EXPECT_EQ(project.folder, folder_.path());
  EXPECT_EQ(project.name, "flights");
  EXPECT_EQ(project.description, "Will it be late?");

  ASSERT_EQ(project.sources.size(), 2U);
  const Source& flights = project.sources[0];
  EXPECT_EQ(flights.name, "flights");
  EXPECT_EQ(flights.path, "raw/*.csv");
  EXPECT_THAT(flights.key, ElementsAre("carrier", "flight"));
  EXPECT_EQ(flights.happened, "time_hour");
  EXPECT_EQ(flights.known, "time_hour + interval '1 day'");
  EXPECT_THAT(flights.null_texts, ElementsAre("", "NA", "-"));
  EXPECT_THAT(flights.about.texts, ElementsAre(Pair("from", "US BTS"), Pair("licence", "CC0")));
  EXPECT_THAT(project.sources[1].key, ElementsAre("origin"));
  EXPECT_THAT(project.sources[1].null_texts, ElementsAre("", "NA"));

  ASSERT_EQ(project.rules.size(), 1U);
  EXPECT_EQ(project.rules[0].rule, "origin in ('EWR', 'JFK')");
  EXPECT_EQ(project.rules[0].where, "carrier = 'UA'");
  EXPECT_EQ(project.rules[0].at_least, 0.9);
  EXPECT_EQ(project.rules[0].severity, Severity::warning);

  ASSERT_TRUE(project.task.has_value());
  EXPECT_EQ(project.task->table, "flights");
  EXPECT_EQ(project.task->kind, TaskKind::binary);
  EXPECT_EQ(project.task->label, "arr_delay > 15");
  EXPECT_EQ(project.task->label_known, "time_hour + interval '2 days'");
  EXPECT_EQ(project.threshold, 0.25);

  ASSERT_EQ(project.views.size(), 1U);
  EXPECT_EQ(project.views[0].name, "weather_then");
  EXPECT_THAT(project.views[0].entity, ElementsAre("origin"));
  EXPECT_EQ(project.views[0].max_age_micros, 3 * kHour);

  // The order of the file is the order of the features; here it is not the alphabet's.
  ASSERT_EQ(project.features.size(), 2U);
  EXPECT_EQ(project.features[0].name, "zulu");
  EXPECT_EQ(project.features[1].name, "alpha");
  EXPECT_EQ(project.features[1].expression, "category(carrier)");

  EXPECT_EQ(project.train.learner, "gbdt");
  EXPECT_EQ(project.train.valid_micros, 10 * 24 * kHour);
  EXPECT_EQ(project.train.test_micros, 15 * 24 * kHour);
  EXPECT_EQ(project.train.seed, 7U);
  EXPECT_EQ(project.train.rounds_max, 90);
  EXPECT_EQ(project.train.early_stopping_rounds, 4);
  EXPECT_THAT(project.train.parameters,
              ElementsAre(Pair("learning_rate", "0.05"), Pair("num_leaves", "15")));

  ASSERT_TRUE(project.utility.has_value());
  EXPECT_EQ(project.utility->true_positive, 100);
  EXPECT_EQ(project.utility->false_positive, -25.5);
  EXPECT_EQ(project.utility->true_negative, 0);
  ASSERT_EQ(project.stakeholders.size(), 1U);
  EXPECT_EQ(project.stakeholders[0].name, "operations");
  EXPECT_EQ(project.stakeholders[0].wants, "utility");

  ASSERT_EQ(project.environments.back().requirements.size(), 2U);
  EXPECT_EQ(project.environments.back().requirements[0].metric, "auc");
  EXPECT_EQ(project.environments.back().requirements[0].bound, Bound::at_least);
  EXPECT_EQ(project.environments.back().requirements[0].limit, 0.64);
  EXPECT_EQ(project.environments.back().requirements[0].slice, "dest=BOS");
  EXPECT_EQ(project.environments.back().requirements[0].because, "operations asked");
  EXPECT_EQ(project.environments.back().requirements[1].bound, Bound::at_most);
  EXPECT_EQ(project.environments.back().requirements[1].slice, "by carrier");
}

TEST_F(ProjectFile, SlicesOfRequirementsAreMeasuredToo) {
  EXPECT_THAT(read_good(kWhole).task->slices, ElementsAre("origin", "dest", "carrier"));
}

TEST_F(ProjectFile, NeedsNoMoreThanAName) {
  const Project project = read_good("[project]\nname = \"small\"\n");
  EXPECT_THAT(project.sources, IsEmpty());
  EXPECT_FALSE(project.task.has_value());
  EXPECT_THAT(project.features, IsEmpty());
  EXPECT_FALSE(project.utility.has_value());
  EXPECT_EQ(project.train.learner, "gbdt");
  EXPECT_THAT(error_of(read("")).what, HasSubstr("name"));
  EXPECT_THAT(error_of(read("[project]\nname = ''\n")).what, HasSubstr("name is empty"));
}

/// One slip in a section: what is written instead of what, where it is told, and the hint.
struct Slip {
  const char* before;
  const char* after;
  const char* where;
  const char* hint;
};

class UnknownKey : public ProjectFile, public testing::WithParamInterface<Slip> {};

TEST_P(UnknownKey, IsAnErrorAtItsPlaceWithTheNearestName) {
  const Slip& slip = GetParam();
  const Error error = error_after(slip.before, slip.after);
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_THAT(error.where, HasSubstr(std::string("millgate.toml:") + slip.where)) << error.what;
  EXPECT_THAT(error.hint, HasSubstr(std::string("`") + slip.hint + "`")) << error.what;
  EXPECT_THAT(error.excerpt, HasSubstr("^")) << error.what;
}

INSTANTIATE_TEST_SUITE_P(
    InEverySection, UnknownKey,
    testing::Values(Slip{"description =", "descripton =", "3:1", "description"},
                    Slip{"[[check]]", "[[chek]]", "20:", "check"},
                    Slip{"happened = \"at\"\n\n[[check]]", "hapened = \"at\"\n\n[[check]]", "18:1",
                         "happened"},
                    Slip{"at_least = 0.9\n", "at_last = 0.9\n", "24:1", "at_least"},
                    Slip{"\nlabel =", "\nlable =", "30:1", "label"},
                    Slip{"label_known =", "label_know =", "31:1", "label_known"},
                    Slip{"max_age", "max_aeg", "41:1", "max_age"},
                    Slip{"\nseed", "\nsead", "50:1", "seed"},
                    Slip{"num_leaves", "num_leafs", "53:", "num_leaves"},
                    Slip{"by = \"time\"", "bye = \"time\"", "49:", "by"},
                    Slip{"[metric.utility]", "[metric.utilty]", "55:", "utility"},
                    Slip{"\nfalse_positive", "\nfalse_postive", "57:1", "false_positive"},
                    Slip{"\nwants", "\nwnats", "61:1", "wants"},
                    Slip{"because", "becuase", "67:1", "because"}));

TEST_F(ProjectFile, WrongValuesNameThePlaceAndWhatIsValid) {
  Error error = error_after("\"binary\"", "\"binry\"");
  EXPECT_THAT(error.hint, HasSubstr("`binary`"));
  error = error_after("learner = \"gbdt\"", "learner = \"gdbt\"");
  EXPECT_THAT(error.hint, HasSubstr("`gbdt`"));
  error = error_after("severity = \"warning\"", "severity = \"warnin\"");
  EXPECT_THAT(error.hint, HasSubstr("`warning`"));
  error = error_after("seed = 7", "seed = \"seven\"");
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:50:8"));
  error = error_after("max_age = \"3h\"", "max_age = \"3 fortnights\"");
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:41:11"));
  error = error_after("threshold = 0.25", "threshold = 1.25");
  EXPECT_THAT(error.what, HasSubstr("between 0 and 1"));
  EXPECT_THAT(error_after("threshold = 0.25", "threshold = nan").what, HasSubstr("threshold"));
  EXPECT_THAT(error_after("at_least = 0.64", "at_least = inf").what, HasSubstr("at_least"));
  EXPECT_THAT(error_after("true_positive = 100", "true_positive = nan").what,
              HasSubstr("true_positive"));
}

TEST_F(ProjectFile, NamesThatOtherSectionsGiveMustBeThere) {
  Error error = error_after("[[check]]\ntable = \"flights\"", "[[check]]\ntable = \"flihgts\"");
  EXPECT_THAT(error.what, HasSubstr("unknown table `flihgts`"));
  EXPECT_THAT(error.hint, HasSubstr("`flights`"));
  EXPECT_THAT(error.where, HasSubstr(":21:9"));
  error = error_after("[task]\ntable = \"flights\"", "[task]\ntable = \"flighs\"");
  EXPECT_THAT(error.hint, HasSubstr("`flights`"));
  error = error_after("wants = \"utility\"", "wants = \"utilty\"");
  EXPECT_THAT(error.hint, HasSubstr("`utility`"));
  error = error_after("metric = \"auc\"", "metric = \"acu\"");
  EXPECT_THAT(error.hint, HasSubstr("`auc`"));
  error = error_after("name = \"weather\"", "name = \"flights\"");
  EXPECT_THAT(error.what, HasSubstr("source `flights` is there twice"));
  error = error_after("name = \"weather_then\"", "name = \"weather\"");
  EXPECT_THAT(error.what, HasSubstr("view `weather`"));
}

TEST_F(ProjectFile, WhatCannotBeMeasuredCannotBeAskedFor) {
  const std::string without =
      replaced(kWhole, "[metric.utility]\ntrue_positive = 100\nfalse_positive = -25.5\n", "");
  Error error = error_of(read(without));
  EXPECT_THAT(error.what, HasSubstr("no [metric.utility]"));
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:"));
  error = error_of(read(replaced(without, "wants = \"utility\"", "wants = \"auc\"") +
                        "[[requirement]]\nmetric = \"utility\"\nat_least = 1\n"));
  EXPECT_THAT(error.what, HasSubstr("no [metric.utility]"));
}

TEST_F(ProjectFile, WhatDecisionsForClassesEarnIsATable) {
  constexpr const char* kClasses = R"toml([project]
name = "post"
[[source]]
name = "letters"
path = "letters.csv"
key = ["id"]
[task]
table = "letters"
kind = "multiclass"
label = "kind"
classes = ["bill", "junk", "love letter"]
[features]
weight = "weight"
[metric.utility]
bill = { bill = 2, "love letter" = -10.5 }
"love letter" = { junk = -1, "love letter" = 5 }
[[requirement]]
metric = "utility"
at_least = 1
)toml";
  const Project project = read_good(kClasses);
  ASSERT_TRUE(project.utility.has_value());
  EXPECT_EQ(project.utility->of_classes, (std::vector<double>{2, 0, -10.5, 0, 0, 0, 0, -1, 5}));
  const auto error = [&](const char* before, const char* after) {
    return error_of(read(replaced(kClasses, before, after)));
  };
  EXPECT_THAT(error("bill = { bill", "bil = { bill").hint, HasSubstr("`bill`"));
  EXPECT_THAT(error("{ junk", "{ jnk").hint, HasSubstr("`junk`"));
  EXPECT_THAT(error("{ junk", "{ jnk").where, HasSubstr("millgate.toml:16:"));
  EXPECT_THAT(error("bill = { bill = 2, ", "true_positive = 3\nbill = { ").what,
              HasSubstr("true_positive"));
  EXPECT_THAT(error("bill = { bill = 2, \"love letter\" = -10.5 }\n\"love letter\" = { junk = -1, "
                    "\"love letter\" = 5 }\n",
                    "")
                  .what,
              HasSubstr("says of no decision"));
  EXPECT_THAT(error("[metric.utility]\nbill = { bill = 2, \"love letter\" = -10.5 }\n"
                    "\"love letter\" = { junk = -1, \"love letter\" = 5 }\n",
                    "")
                  .hint,
              HasSubstr("`\"bill\" = { \"bill\" = 1 }`"));
}

TEST_F(ProjectFile, TheSameRequirementTwiceIsRefusedButTwoBoundsAreNot) {
  const std::string again = "[[requirement]]\nmetric = \"brier\"\nat_most = 0.3\n";
  EXPECT_THAT(error_of(read(kWhole + again + again)).what,
              HasSubstr("requirement `brier` is there twice"));
  (void)read_good(kWhole + again + "[[requirement]]\nmetric = \"brier\"\nat_least = 0.1\n");
  (void)read_good(kWhole + again + replaced(again, "0.3", "0.4\nslice = \"a=b\""));
}

TEST_F(ProjectFile, OverridesComeOnTop) {
  const Project project =
      read_good(kWhole, {"train.seed=9", "project.name=other", "requirement.0.at_least=0.7",
                         "features.zulu=sched % 100", "features.more=sched"});
  EXPECT_EQ(project.train.seed, 9U);
  EXPECT_EQ(project.name, "other");
  EXPECT_EQ(project.environments.back().requirements[0].limit, 0.7);
  ASSERT_EQ(project.features.size(), 3U);
  EXPECT_EQ(project.features[0].expression, "sched % 100");
  EXPECT_EQ(project.features[2].name, "more");
  EXPECT_EQ(read_good(kWhole, {"train.seed=8", "train.seed=9"}).train.seed, 9U);
}

TEST_F(ProjectFile, AWrongOverrideIsToldByItsOwnText) {
  Error error = error_of(read(kWhole, {"train.sead=9"}));
  EXPECT_THAT(error.where + error.what, HasSubstr("train.sead=9"));
  EXPECT_THAT(error.hint, HasSubstr("`seed`"));
  error = error_of(read(kWhole, {"train.seed=two"}));
  EXPECT_THAT(error.where, HasSubstr("train.seed=two"));
  EXPECT_THAT(error_of(read(kWhole, {"train.seed"})).what, HasSubstr("train.seed"));
  EXPECT_FALSE(read(kWhole, {"requirement.9.at_least=1"}).ok());
  EXPECT_FALSE(read(kWhole, {"=1"}).ok());
  EXPECT_FALSE(read(kWhole, {"project.name.deeper=1"}).ok());
}

/// A variable of the environment for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST_F(ProjectFile, TheEnvironmentOverridesAndTheCommandLineOverridesIt) {
  const Variable seed("MILLGATE__TRAIN__SEED", "11");
  const Variable limit("MILLGATE__REQUIREMENT__0__AT_LEAST", "0.8");
  const Variable single("MILLGATE_TRAIN_SEED", "12");  // One underscore: not ours.
  const Project project = read_good(kWhole);
  EXPECT_EQ(project.train.seed, 11U);
  EXPECT_EQ(project.environments.back().requirements[0].limit, 0.8);
  EXPECT_EQ(read_good(kWhole, {"train.seed=13"}).train.seed, 13U);
}

TEST_F(ProjectFile, AWrongVariableIsAnErrorWithTheNearestName) {
  const Variable seed("MILLGATE__TRAIN__SEDE", "11");
  const Error error = error_of(read(kWhole));
  EXPECT_THAT(error.where + error.what, HasSubstr("train.sede=11"));
  EXPECT_THAT(error.hint, HasSubstr("`seed`"));
}

TEST_F(ProjectFile, ItsHashFollowsTheTextAndTheOverrides) {
  const Id plain = read_good(kWhole).configuration_hash;
  EXPECT_EQ(read_good(kWhole).configuration_hash, plain);
  EXPECT_NE(read_good(std::string(kWhole) + "# a word\n").configuration_hash, plain);
  const Id over = read_good(kWhole, {"train.seed=9"}).configuration_hash;
  EXPECT_NE(over, plain);
  EXPECT_NE(read_good(kWhole, {"train.seed=10"}).configuration_hash, over);
  const Variable seed("MILLGATE__TRAIN__SEED", "9");
  EXPECT_EQ(read_good(kWhole).configuration_hash, over);
}

TEST_F(ProjectFile, MissingOrUnreadableIsSaid) {
  const Error error = error_of(read_project(folder_.path()));
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.hint, HasSubstr("millgate init"));
  EXPECT_THAT(error_of(read("[project\nname = 1")).where, HasSubstr("millgate.toml:1:"));
  EXPECT_EQ(error_of(read(std::string("[project]\nname = \"a\xff\"\n"))).code,
            ErrorCode::invalid_input);
}

TEST_F(ProjectFile, IsFoundInTheFolderAboveAndNowhereElse) {
  EXPECT_EQ(error_of(find_project_folder(folder_.path())).code, ErrorCode::not_found);
  (void)read_good(kWhole);
  EXPECT_EQ(good(find_project_folder(folder_.path())), folder_.path());
  EXPECT_EQ(good(find_project_folder(folder_.path("not/yet/there/.."))), folder_.path());
  EXPECT_EQ(error_of(find_project_folder("/")).code, ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
