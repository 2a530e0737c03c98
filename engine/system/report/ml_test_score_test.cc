#include "system/report/ml_test_score.h"

#include <gmock/gmock.h>

#include "ground/test_folder.h"
#include "model/release/drill.h"
#include "model/release/practice.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

class MlTestScoreTest : public ::testing::Test {
 protected:
  MlTestScoreTest() { project_.rules.emplace_back(); }

  ScoredTest scored(ScoreSection section, int number) {
    const auto score = ml_test_score(*repository_, project_);
    EXPECT_TRUE(score.ok()) << score.error().what;
    for (const ScoredTest& one : score->tests) {
      if (one.section == section && one.number == number) return one;
    }
    ADD_FAILURE() << "there is no such test";
    return {};
  }
  /// At a time of its own; in an empty project the newest commit is none.
  void checked(bool passed, bool automated, const std::string& subject = "") {
    clock_.set(Time{clock_.now().micros + 1'000'000});
    ASSERT_TRUE(record_practice(repository_->ledger(),
                                {.name = "check",
                                 .subject = subject,
                                 .passed = passed,
                                 .detail = "6 rules",
                                 .automated = automated},
                                "ann")
                    .ok());
  }
  void drilled(int64_t failed) {
    ASSERT_TRUE(record_drill(repository_->ledger(),
                             {.from = hash_of("a"),
                              .to = hash_of("b"),
                              .seconds = 0.1,
                              .request_count = 100,
                              .failed_count = failed},
                             "ann")
                    .ok());
  }

  TestFolder folder_;
  ManualClock clock_{Time{1'357'034'400'000'000}};
  std::shared_ptr<Repository> repository_ = *Repository::init(folder_.path(), clock_);
  Project project_;
};

TEST_F(MlTestScoreTest, NothingDoneEarnsNothingAndSaysWhatWould) {
  const auto score = ml_test_score(*repository_, project_);
  ASSERT_TRUE(score.ok()) << score.error().what;
  ASSERT_EQ(score->tests.size(), 28U);
  for (const ScoredTest& one : score->tests) {
    EXPECT_EQ(one.points, 0) << one.name;
    EXPECT_EQ(one.evidence, "") << one.name;
    EXPECT_NE(one.next, "") << one.name;
  }
  EXPECT_EQ(score->score(), 0);
  EXPECT_THAT(score->meaning(), HasSubstr("research project"));
  EXPECT_EQ(score->tests[27].number, 7);
}

TEST_F(MlTestScoreTest, HalfAPointByHandAWholeOneByAMachineAgainAndAgain) {
  checked(true, false);
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 0.5);
  EXPECT_THAT(scored(ScoreSection::data, 1).evidence, HasSubstr("6 rules (event 2)"));
  checked(true, true);
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 0.5);
  checked(true, true);
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 1);
  EXPECT_EQ(scored(ScoreSection::data, 1).next, "");
  // Nothing else was done.
  const auto score = ml_test_score(*repository_, project_);
  EXPECT_EQ(score->points(ScoreSection::data), 1);
  EXPECT_EQ(score->points(ScoreSection::model), 0);
  EXPECT_EQ(score->score(), 0);
}

TEST_F(MlTestScoreTest, WhatFailedOrIsNotOfTodayEarnsNothing) {
  checked(true, true);
  checked(true, true);
  checked(false, true);
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 0);
  EXPECT_THAT(scored(ScoreSection::data, 1).next, HasSubstr("it failed"));
  checked(true, true, hash_of("an older commit").hex());
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 0);
  EXPECT_THAT(scored(ScoreSection::data, 1).next, HasSubstr("not of today"));
  checked(true, false);
  project_.rules.clear();  // Rules that are there no more hold of nothing.
  EXPECT_EQ(scored(ScoreSection::data, 1).points, 0);
}

TEST_F(MlTestScoreTest, ADrillCountsUnlessRequestsFailed) {
  drilled(0);
  EXPECT_EQ(scored(ScoreSection::infrastructure, 7).points, 0.5);
  EXPECT_THAT(scored(ScoreSection::infrastructure, 7).evidence, HasSubstr("0 of 100"));
  drilled(0);
  drilled(0);
  EXPECT_EQ(scored(ScoreSection::infrastructure, 7).points, 1);
  drilled(3);
  EXPECT_EQ(scored(ScoreSection::infrastructure, 7).points, 0);
}

}  // namespace
}  // namespace millgate
