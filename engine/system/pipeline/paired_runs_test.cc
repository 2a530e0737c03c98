#include "system/pipeline/paired_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ground/random.h"
#include "system/pipeline/run.h"
#include "system/pipeline/run_difference.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* kSettings = R"([project]
name = "calls"
[[source]]
name = "calls"
path = "calls.csv"
key = ["call"]
happened = "called"
[task]
table = "calls"
label = "sold = 1"
slices = ["desk"]
[features]
length = "length"
[train]
learner = "linear"
split = { by = "time", valid = "4d", test = "6d" }
)";

/// Calls an hour apart; longer ones sell more often. `noted` is the column that a newer file mends.
std::string calls(int count, double noted) {
  Random random(11);
  std::string text = "call,called,desk,length,noted,sold\n";
  for (int i = 0; i < count; ++i) {
    const Time at{1'767'225'600'000'000 + i * 3'600'000'000LL};
    const double length = random.uniform() * 20;
    text += std::to_string(i) + "," + to_string(at) + (i % 3 == 0 ? ",north," : ",south,") +
            std::to_string(length) + "," + std::to_string(i < 5 ? noted : 1) +
            (random.uniform() * 20 < length ? ",1\n" : ",0\n");
  }
  return text;
}

class ComparedRuns : public testing::Test {
 protected:
  ComparedRuns() {
    project_.write("millgate.toml", kSettings);
    project_.write("calls.csv", calls(720, 1));
    (void)good(project_.commit());
  }

  Id train(const std::vector<std::string>& overrides = {}) {
    RunOptions options;
    options.author = "tester";
    return good(run_pipeline(project_.repository(), project_.read(overrides), options)).model;
  }

  PairedRuns paired(const Id& base, const Id& other) {
    return good(
        pair_runs(project_.repository(), project_.read(), base, other, {.slices = {"desk"}}));
  }

  PipelineProject project_;
};

TEST_F(ComparedRuns, AModelEqualsItself) {
  const Id model = train();
  EXPECT_FALSE(good(compare_runs(project_.repository(), model, model)).any());
  const PairedRuns same = paired(model, model);
  EXPECT_EQ(same.row_count, 144);
  ASSERT_EQ(same.values.size(), 5U);  // Three metrics, and two slices of the first.
  for (const PairedValue& one : same.values) {
    EXPECT_EQ(one.change, 0);
    EXPECT_EQ(one.lower, 0);
    EXPECT_EQ(one.upper, 0);
    EXPECT_FALSE(one.is_better || one.is_worse);
  }
}

TEST_F(ComparedRuns, AWorthlessModelIsWorseBeyondChanceAndTheOtherWayBetter) {
  const Id linear = train();
  const Id constant = train({"train.learner=constant"});
  const PairedRuns down = paired(linear, constant);
  const PairedRuns up = paired(constant, linear);
  ASSERT_EQ(down.values.size(), up.values.size());
  EXPECT_EQ(down.values[1].metric, "auc");
  EXPECT_EQ(down.values[1].other, 0.5);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(down.values[i].is_worse) << down.values[i].metric;
    EXPECT_TRUE(up.values[i].is_better) << up.values[i].metric;
    EXPECT_DOUBLE_EQ(down.values[i].change, -up.values[i].change);
    EXPECT_LE(down.values[i].lower, down.values[i].change);
    EXPECT_GE(down.values[i].upper, down.values[i].change);
  }
  const RunComparison read = good(compare_runs(project_.repository(), linear, constant));
  EXPECT_EQ(read.differences.front().what, "learner");
  EXPECT_EQ(read.differences.front().before, "linear");
  EXPECT_EQ(read.differences.front().after, "constant");
}

TEST_F(ComparedRuns, ChangedRowsAndCellsAreCounted) {
  const Id before = train();
  project_.write("calls.csv", calls(770, 2));
  (void)good(project_.commit());
  const Id after = train();
  const RunComparison read = good(compare_runs(project_.repository(), before, after));
  ASSERT_EQ(read.tables.size(), 1U);
  EXPECT_EQ(read.tables[0].inserted_count, 50);
  EXPECT_EQ(read.tables[0].removed_count, 0);
  EXPECT_EQ(read.tables[0].updated_count, 5);
  EXPECT_THAT(read.tables[0].changed_cells, ElementsAre(Pair("noted", 5)));
  EXPECT_EQ(read.differences.front().what, "data commit");
  // Rows from when the test rows of the newer had begun: none that taught either.
  const PairedRuns both = paired(before, after);
  EXPECT_EQ(both.row_count, 144);
  EXPECT_EQ(both.data_commit, good(read_run(project_.repository(), after)).data_commit);
  EXPECT_EQ(paired(after, before).row_count, 144);
}

TEST_F(ComparedRuns, SettingsAreToldInWords) {
  const Id base = train();
  const Id other = train({"train.split.test=5d", "train.parameters.l2=2", "features.more=noted"});
  const RunComparison read = good(compare_runs(project_.repository(), base, other));
  std::vector<std::string> lines;
  for (const RunDifference& one : read.differences) {
    lines.push_back(one.what + ": " + one.before + " > " + one.after);
  }
  EXPECT_THAT(lines,
              ElementsAre("columns that features read: [\"length\"] > [\"length\",\"noted\"]",
                          "split: by time, valid 4d, test 6d > by time, valid 4d, test 5d",
                          "feature `more`:  > noted", "parameter `l2`:  > 2"));
  EXPECT_EQ(paired(base, other).row_count, 120);
}

TEST_F(ComparedRuns, WhatCannotBePairedIsToldWhy) {
  const Id base = train();
  const Id label = train({"task.label=sold = 0"});
  EXPECT_THAT(paired(base, label).why_not, HasSubstr("do not predict the same"));
  const std::string by_random = "train.split={ by = \"random\", share = 0.2 }";
  const Id shuffled = train({by_random});
  EXPECT_THAT(paired(base, shuffled).why_not, HasSubstr("at random"));
  EXPECT_THAT(paired(shuffled, train({by_random, "train.seed=2"})).why_not, HasSubstr("own way"));
  const PairedRuns alike = paired(shuffled, train({by_random, "train.parameters.l2=9"}));
  EXPECT_EQ(alike.why_not, "");
  EXPECT_EQ(alike.row_count, 144);
  EXPECT_TRUE(paired(base, label).values.empty());
}

TEST_F(ComparedRuns, AModelWithoutARunIsNotFound) {
  const Id base = train();
  const Id nothing = hash_of("nothing");
  EXPECT_EQ(error_of(compare_runs(project_.repository(), base, nothing)).code,
            ErrorCode::not_found);
  EXPECT_EQ(error_of(pair_runs(project_.repository(), project_.read(), nothing, base, {})).code,
            ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
