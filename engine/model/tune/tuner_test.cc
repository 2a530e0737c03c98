#include "model/tune/tuner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ground/clock.h"
#include "ground/json.h"
#include "ground/random.h"
#include "ground/test_folder.h"
#include "model/tune/halving.h"

namespace millgate {
namespace {

SearchSpace two_numbers() {
  SearchParameter x, y;
  x.name = "x";
  y.name = "y";
  return {{x, y}};
}

double value_at(const std::map<std::string, std::string>& parameters) {
  if (parameters.empty()) return 1;
  const double x = std::stod(parameters.at("x")), y = std::stod(parameters.at("y"));
  return (x - 0.3) * (x - 0.3) + (y - 0.7) * (y - 0.7);
}

/// A ledger, a study and what it is measured by.
class TunerTest : public testing::Test {
 protected:
  TunerTest() : clock_(*parse_time("2026-03-01T00:00:00Z")) {
    study_.id = hash_of("study");
    study_.space = two_numbers();
    study_.objectives = {{.metric = "log_loss"}};
    study_.rungs = {10, 30};
    options_.trials = 24;
    options_.claims_folder = folder_.path("claims");
    ledger_ = open("ledger.sqlite");
  }

  std::shared_ptr<Ledger> open(const std::string& name) {
    auto ledger = open_ledger(folder_.path(name), clock_);
    if (!ledger.ok()) std::abort();
    return *ledger;
  }

  /// Waits as long as it likes, so that trials end in another order than they began.
  Evaluate measured() {
    return [this](const Assignment& assignment) -> Result<TrialOutcome> {
      ++evaluated_;
      Random random = Random::stream(static_cast<uint64_t>(evaluated_), "wait");
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(3000)));
      TrialOutcome outcome;
      const double value = value_at(assignment.parameters);
      for (size_t rung = 0; rung < 2; ++rung) {
        outcome.rung_losses.push_back(value + 1.0 / static_cast<double>(rung + 1));
        if (assignment.goes_on(rung, outcome.rung_losses.back())) continue;
        outcome.is_pruned = true;
        return outcome;
      }
      outcome.values = {value};
      return outcome;
    };
  }

  /// What does not depend on the machine.
  static std::string text_of(const std::vector<Trial>& trials) {
    std::string text;
    for (Trial trial : trials) {
      trial.seconds = 0;
      text += dump_json(to_json(trial)) + "\n";
    }
    return text;
  }

  std::string run_on(Ledger& ledger, int workers) {
    options_.workers = workers;
    const auto trials = run_study(ledger, study_, measured(), options_);
    EXPECT_TRUE(trials.ok()) << trials.error().what;
    return trials.ok() ? text_of(*trials) : "";
  }

  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Ledger> ledger_;
  Study study_;
  TunerOptions options_;
  std::atomic<int> evaluated_ = 0;
};

TEST_F(TunerTest, OneWorkerAndFourMakeTheSameTrials) {
  const std::string one = run_on(*ledger_, 1);
  EXPECT_EQ(evaluated_, 25);
  EXPECT_NE(one.find("\"pruned\""), std::string::npos);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(run_on(*open("other" + std::to_string(round)), 4), one);
  }
}

TEST_F(TunerTest, WhatIsRecordedIsNotRunAgain) {
  const std::string whole = run_on(*ledger_, 2);
  // A ledger in which a process was broken off: some trials are there, in another order.
  const auto broken = open("broken");
  int64_t after = 0;
  const auto trials = *read_trials(*ledger_, study_.id, after);
  for (const Trial& trial : trials) {
    if (trial.number < 9 || trial.number == 10) {
      ASSERT_TRUE(*record_trial(*broken, study_, trial, 0, "ada"));
    }
  }
  evaluated_ = 0;
  EXPECT_EQ(run_on(*broken, 3), whole);
  EXPECT_EQ(evaluated_, 15);
  EXPECT_EQ(run_on(*broken, 3), whole);
  EXPECT_EQ(evaluated_, 15);
  options_.trials = 30;  // More of the same study.
  const std::string more = run_on(*broken, 1);
  EXPECT_EQ(more.substr(0, whole.size()), whole);
  EXPECT_EQ(evaluated_, 21);
}

TEST_F(TunerTest, TwoTunersShareAStudy) {
  options_.workers = 2;
  std::vector<std::string> texts(2);
  std::vector<std::thread> tuners;
  std::vector<std::shared_ptr<Ledger>> ledgers{open("shared"), open("shared")};
  for (size_t i = 0; i < 2; ++i) {
    tuners.emplace_back([&, i] {
      const auto trials = run_study(*ledgers[i], study_, measured(), options_);
      if (trials.ok()) texts[i] = text_of(*trials);
    });
  }
  for (std::thread& tuner : tuners) tuner.join();
  EXPECT_EQ(evaluated_, 25);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(run_on(*ledger_, 1), texts[0]);
}

TEST_F(TunerTest, AFailedTrialIsRecordedAndTheStudyGoesOn) {
  const auto fails = [&](const Assignment& assignment) -> Result<TrialOutcome> {
    if (assignment.number == 3) return invalid_input("the learner refused");
    if (assignment.number == 4) return TrialOutcome{.values = {std::nan("")}};
    if (assignment.number == 5) return TrialOutcome{};
    return TrialOutcome{.values = {value_at(assignment.parameters)}};
  };
  const auto trials = run_study(*ledger_, study_, fails, options_);
  ASSERT_TRUE(trials.ok()) << trials.error().what;
  EXPECT_EQ((*trials)[3].state, TrialState::failed);
  EXPECT_EQ((*trials)[3].error, "the learner refused");
  EXPECT_EQ((*trials)[4].error, "the trial measured no number");
  EXPECT_EQ((*trials)[5].state, TrialState::failed);
  EXPECT_EQ((*trials)[6].state, TrialState::complete);
  ASSERT_TRUE(best_trial(study_, *trials));
}

TEST_F(TunerTest, AFullDiskEndsTheTunerAndIsNoResult) {
  std::atomic<bool> full = true;
  const auto fails = [&](const Assignment& assignment) -> Result<TrialOutcome> {
    if (assignment.number == 7 && full) {
      return Error{.code = ErrorCode::outside, .what = "no space left"};
    }
    return TrialOutcome{.values = {value_at(assignment.parameters)}};
  };
  const auto trials = run_study(*ledger_, study_, fails, options_);
  ASSERT_FALSE(trials.ok());
  EXPECT_EQ(trials.error().what, "no space left");
  full = false;
  const auto again = run_study(*ledger_, study_, fails, options_);
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_EQ((*again)[7].state, TrialState::complete);
}

TEST_F(TunerTest, ATrialThatEndsTheProcessFiveTimesIsGivenUp) {
  const auto begun = [&](int number, const std::string& starts) {
    std::filesystem::create_directories(options_.claims_folder);
    std::ofstream(options_.claims_folder + "/trial-" + std::to_string(number)) << starts;
  };
  begun(2, "xxxxx");
  begun(5, "xxxx");
  options_.workers = 3;
  const auto trials = run_study(*ledger_, study_, measured(), options_);
  ASSERT_TRUE(trials.ok()) << trials.error().what;
  EXPECT_EQ((*trials)[2].state, TrialState::failed);
  EXPECT_EQ((*trials)[2].error, "the whole process ended during this trial, five times");
  EXPECT_NE((*trials)[5].state, TrialState::failed);
  EXPECT_FALSE(std::filesystem::exists(options_.claims_folder));
}

TEST_F(TunerTest, TheBudgetInSecondsCountsTheTimeOfTrials) {
  options_.trials = 1000;
  options_.seconds = 0.05;
  const auto sleeps = [&](const Assignment& assignment) -> Result<TrialOutcome> {
    ++evaluated_;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return TrialOutcome{.values = {value_at(assignment.parameters)}};
  };
  options_.workers = 2;
  const auto trials = run_study(*ledger_, study_, sleeps, options_);
  ASSERT_TRUE(trials.ok()) << trials.error().what;
  EXPECT_LE(trials->size(), 15U);
  EXPECT_GE(trials->size(), 4U);
  const int before = evaluated_;
  const auto again = run_study(*ledger_, study_, sleeps, options_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->size(), trials->size());
  EXPECT_EQ(evaluated_, before);
}

TEST_F(TunerTest, FirstPointsComeFirst) {
  study_.first = {{0.25, 0.75}};
  const auto trials = run_study(*ledger_, study_, measured(), options_);
  ASSERT_TRUE(trials.ok());
  EXPECT_EQ((*trials)[0].parameters.size(), 0U);
  EXPECT_EQ((*trials)[1].parameters.at("x"), "0.25");
  EXPECT_EQ((*trials)[1].parameters.at("y"), "0.75");
}

TEST_F(TunerTest, TheFrontOfTwoObjectives) {
  study_.objectives = {{.metric = "auc", .higher_is_better = true}, {.metric = "log_loss"}};
  study_.rungs = {};
  const auto two = [](const Assignment& assignment) -> Result<TrialOutcome> {
    if (assignment.parameters.empty()) return TrialOutcome{.values = {0, 1}};
    const double x = std::stod(assignment.parameters.at("x"));
    const double y = std::stod(assignment.parameters.at("y"));
    return TrialOutcome{.values = {x, x * x + std::abs(y - 0.5)}};
  };
  options_.trials = 60;
  const auto trials = run_study(*ledger_, study_, two, options_);
  ASSERT_TRUE(trials.ok());
  const auto front = pareto_front(study_, *trials);
  EXPECT_GE(front.size(), 4U);
  for (size_t i = 1; i < front.size(); ++i) {
    EXPECT_LT((*trials)[front[i]].outcome.values[0], (*trials)[front[i - 1]].outcome.values[0]);
    EXPECT_LT((*trials)[front[i]].outcome.values[1], (*trials)[front[i - 1]].outcome.values[1]);
  }
}

}  // namespace
}  // namespace millgate
