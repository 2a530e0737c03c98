#include "system/pipeline/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ground/json.h"
#include "ground/random.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSettings = R"([project]
name = "shop"
description = "Will they buy?"

[[source]]
name = "visits"
path = "visits.csv"
key = ["visit"]
happened = "asked"

[[source]]
name = "weather"
path = "weather.csv"
key = ["asked"]
happened = "asked"

[[source]]
name = "unused"
path = "unused.csv"

[task]
table = "visits"
label = "bought = 1"

[[view]]
name = "weather_then"
entity = ["town"]
sql = "select town, asked, warmth from weather"

[features]
minutes = "minutes"
warmth = "weather_then.warmth"

[train]
learner = "linear"
split = { by = "time", valid = "5d", test = "5d" }

[[requirement]]
metric = "auc"
at_least = 0.5
)";

/// Hourly visits; longer ones on warm days buy more often. Always the same.
std::string visits(int count) {
  Random random(20260301);
  std::string text = "visit,asked,town,minutes,pages,bought\n";
  for (int i = 0; i < count; ++i) {
    const Time at{1'767'225'600'000'000 + i * 3'600'000'000LL};
    const double minutes = random.uniform() * 30;
    const bool bought = random.uniform() * 30 < minutes;
    text += std::to_string(i) + "," + to_string(at) + ",Oslo," + std::to_string(minutes) + "," +
            std::to_string(random.below(9)) + "," + (bought ? "1" : "0") + "\n";
  }
  return text;
}

class RunPipeline : public testing::Test {
 protected:
  RunPipeline() {
    project_.write("millgate.toml", kSettings);
    project_.write("visits.csv", visits(24 * 30));
    std::string weather = "asked,town,warmth\n";
    for (int day = 1; day <= 30; ++day) {
      weather += "2026-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + ",Oslo," +
                 std::to_string(day % 7) + "\n";
    }
    project_.write("weather.csv", weather);
    project_.write("unused.csv", "a\n1\n");
    (void)good(project_.commit());
  }

  Repository& repository() { return project_.repository(); }

  RunReport run(const std::vector<std::string>& overrides = {}, RunOptions options = {}) {
    options.author = "tester";
    return good(run_pipeline(repository(), project_.read(overrides), options));
  }

  Error run_error(const std::vector<std::string>& overrides, RunOptions options = {}) {
    return error_of(run_pipeline(repository(), project_.read(overrides), options));
  }

  void rewrite(const std::string& before, const std::string& after) {
    project_.write("millgate.toml",
                   replaced(good(read_file(project_.path("millgate.toml"))), before, after));
  }

  int64_t run_count() { return static_cast<int64_t>(good(read_runs(repository())).size()); }

  std::vector<std::string> joined_files() {
    return expand_glob(project_.path(".millgate/cache/join-*.parquet"));
  }

  PipelineProject project_;
};

/// What the two steps did, as "join reused: why" or "join: why".
std::vector<std::string> told(const RunReport& report) {
  std::vector<std::string> lines;
  for (const StepReport& step : report.steps) {
    lines.push_back(step.name + (step.reused ? " reused: " : ": ") + step.why);
  }
  return lines;
}

constexpr const char* kJoinedAlready = "join reused: the joined rows are there already";

TEST_F(RunPipeline, TheFirstRunIsRecordedOnce) {
  const RunReport report = run();
  EXPECT_THAT(told(report), ElementsAre("join: first run", "train: first run"));
  EXPECT_TRUE(report.recorded);
  EXPECT_EQ(report.learner, "linear");
  EXPECT_EQ(report.data_commit, good(repository().resolve("main")).id.hex());
  EXPECT_EQ(report.configuration_hash, project_.read().configuration_hash.hex());
  // 30 days of hourly rows: the newest 5 days test, the 5 before them validate.
  EXPECT_EQ(report.train_rows, 480);
  EXPECT_EQ(report.valid_rows, 120);
  EXPECT_EQ(report.test_rows, 120);
  EXPECT_EQ(to_string(report.test_to), "2026-01-30T23:00:00Z");
  EXPECT_FALSE(report.evidence.empty());
  EXPECT_TRUE(repository().objects().has(report.model));

  const auto event = good(repository().ledger().newest("run"));
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->number, report.event_number);
  EXPECT_EQ(event->subject, report.model.hex());
  EXPECT_EQ(event->author, "tester");
  EXPECT_EQ(run_count(), 1);
}

TEST_F(RunPipeline, WhenNothingChangedTheEarlierRunIsGivenBack) {
  const RunReport first = run();
  const int64_t head = good(repository().ledger().head());
  const RunReport again = run();
  EXPECT_THAT(told(again),
              ElementsAre("join reused: nothing changed", "train reused: nothing changed"));
  EXPECT_FALSE(again.recorded);
  EXPECT_EQ(again.model, first.model);
  EXPECT_EQ(again.event_number, first.event_number);
  EXPECT_EQ(good(repository().ledger().head()), head) << "something was appended";
}

TEST_F(RunPipeline, WhatItDoesNotReadIsNoReasonToRun) {
  const RunReport first = run();
  rewrite("Will they buy?", "Will they come back?");
  rewrite("at_least = 0.5", "at_least = 0.6");
  project_.write("unused.csv", "a\n2\n");
  (void)good(project_.commit());
  const RunReport again = run();
  EXPECT_FALSE(again.recorded);
  EXPECT_EQ(again.model, first.model);
}

TEST_F(RunPipeline, ChangedRowsRunBothStepsAgain) {
  (void)run();
  const std::string rows = good(read_file(project_.path("visits.csv")));
  project_.write("visits.csv", rows.substr(0, rows.rfind("\n7")) + "\n");
  (void)good(project_.commit());
  EXPECT_THAT(told(run()),
              ElementsAre("join: rows of `visits` changed", "train: rows of `visits` changed"));
  project_.write("weather.csv", "asked,town,warmth\n2026-01-01,Oslo,3\n");
  (void)good(project_.commit());
  EXPECT_THAT(told(run()),
              ElementsAre("join: rows of `weather` changed", "train: rows of `weather` changed"));
}

TEST_F(RunPipeline, AChangedFeatureTrainsAgainOnTheSameRows) {
  const RunReport first = run();
  const RunReport squared = run({"features.minutes=minutes * minutes"});
  EXPECT_THAT(told(squared), ElementsAre(kJoinedAlready, "train: feature `minutes` changed"));
  EXPECT_NE(squared.model, first.model);
  EXPECT_THAT(told(run({"features.minutes=minutes * minutes", "features.long=minutes > 20"})),
              ElementsAre(kJoinedAlready, "train: feature `long` added"));
}

TEST_F(RunPipeline, AFeatureThatReadsAnotherColumnJoinsAgain) {
  (void)run();
  const RunReport report = run({"features.pages=pages"});
  ASSERT_EQ(report.steps.size(), 2U);
  EXPECT_THAT(report.steps[0].why, HasSubstr("columns that features read"));
  EXPECT_FALSE(report.steps[0].reused);
  EXPECT_THAT(report.steps[1].why, HasSubstr("feature `pages` added"));
}

/// One setting that the training reads, and what `why` calls it.
struct Setting {
  const char* setting;
  const char* why;
};

class TrainSettingChanged : public RunPipeline, public testing::WithParamInterface<Setting> {};

TEST_P(TrainSettingChanged, TrainsAgainOnTheSameRowsAndSaysWhy) {
  (void)run();
  const RunReport report = run({GetParam().setting});
  EXPECT_THAT(told(report), ElementsAre(kJoinedAlready, std::string("train: ") + GetParam().why));
  EXPECT_TRUE(report.recorded);
  EXPECT_EQ(run_count(), 2);
}

INSTANTIATE_TEST_SUITE_P(All, TrainSettingChanged,
                         testing::Values(Setting{"train.seed=2", "seed changed"},
                                         Setting{"train.learner=constant", "learner changed"},
                                         Setting{"train.parameters.l2=3", "parameter `l2` added"},
                                         Setting{"train.rounds_max=40", "rounds changed"},
                                         Setting{"train.split.test=4d", "split changed"},
                                         Setting{"task.slices=[\"town\"]", "slices changed"},
                                         Setting{"task.threshold=0.3", "threshold added"},
                                         Setting{"task.kind=regression", "kind of task changed"},
                                         Setting{"metric.utility.true_positive=3",
                                                 "utility added"}));

TEST_F(RunPipeline, AChangedLabelOrViewJoinsAgain) {
  (void)run();
  EXPECT_THAT(told(run({"task.label=bought = 0"})),
              ElementsAre("join: label changed", "train: label changed"));
  EXPECT_THAT(
      told(run({"task.label=bought = 0", "view.0.max_age=2d"})),
      ElementsAre("join: view `weather_then` changed", "train: view `weather_then` changed"));
}

TEST_F(RunPipeline, AnEarlierRunCountsAlsoWhenOthersCameBetween) {
  const RunReport first = run();
  const RunReport other = run({"train.seed=2"});
  const RunReport back = run();
  EXPECT_FALSE(back.recorded);
  EXPECT_EQ(back.model, first.model);
  EXPECT_EQ(back.event_number, first.event_number);
  EXPECT_NE(back.event_number, other.event_number);
}

TEST_F(RunPipeline, AnOlderRevisionIsRunByItsOwnRows) {
  const RunReport first = run();
  project_.write("visits.csv", visits(24 * 40));
  (void)good(project_.commit());
  const RunReport newer = run();
  EXPECT_GT(newer.train_rows, first.train_rows);
  const RunReport older = run({}, {.revision = "main~1"});
  EXPECT_EQ(older.model, first.model);
  EXPECT_FALSE(older.recorded);
}

TEST_F(RunPipeline, ForceRunsEveryStepAgainToTheSameModel) {
  const RunReport first = run();
  const RunReport forced = run({}, {.force = true});
  EXPECT_THAT(told(forced), ElementsAre("join: forced", "train: forced"));
  EXPECT_EQ(forced.model, first.model) << "same inputs, same bytes";
  EXPECT_TRUE(forced.recorded);
  EXPECT_EQ(run_count(), 2);
}

TEST_F(RunPipeline, BoostedTreesTooGiveTheSameModelAgain) {
  const std::vector<std::string> gbdt = {"train.learner=gbdt", "train.rounds_max=20"};
  const RunReport first = run(gbdt);
  EXPECT_EQ(run(gbdt, {.force = true}).model, first.model);
  EXPECT_EQ(first.valid_loss.empty(), false);
}

TEST_F(RunPipeline, ARemovedResultIsMadeAgain) {
  const RunReport first = run();
  for (const std::string& path : joined_files()) std::filesystem::remove(path);
  EXPECT_FALSE(run().recorded) << "the model is there, so the joined rows are not needed";
  EXPECT_THAT(told(run({"train.seed=2"})),
              ElementsAre("join: the stored result was removed", "train: seed changed"));

  std::filesystem::remove(project_.path(".millgate/objects/" + first.model.hex().substr(0, 2) +
                                        "/" + first.model.hex().substr(2)));
  ASSERT_FALSE(repository().objects().has(first.model));
  const RunReport again = run();
  EXPECT_EQ(again.steps[0].reused, true);
  EXPECT_EQ(again.model, first.model);
  EXPECT_TRUE(repository().objects().has(first.model));
}

TEST_F(RunPipeline, DamagedJoinedRowsAreMadeAgain) {
  const RunReport first = run();
  ASSERT_EQ(joined_files().size(), 1U);
  const std::string path = joined_files()[0];
  const std::string whole = good(read_file(path));
  for (const size_t kept : {size_t{0}, size_t{4}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, kept);
    const RunReport report = run({"train.seed=" + std::to_string(kept + 2)});
    EXPECT_THAT(told(report),
                ElementsAre("join: the stored result was damaged", "train: seed changed"))
        << kept;
    EXPECT_EQ(good(read_file(path)), whole) << kept;
    EXPECT_EQ(report.train_rows, first.train_rows);
  }
}

/// A run in a process of its own that ends itself by SIGKILL at its `last`-th call of progress.
int run_killed_at(const std::string& folder, int last) {
  return wait_for(start_process([=] {
    auto repository = Repository::open(folder, system_clock());
    auto project = read_project(folder);
    if (!repository.ok() || !project.ok()) return 10;
    RunOptions options{.author = "child"};
    int calls = 0;
    options.progress = [&](const std::string&, double) {
      if (++calls == last) ::kill(::getpid(), SIGKILL);
    };
    return run_pipeline(**repository, *project, options).ok() ? 0 : 11;
  }));
}

TEST_F(RunPipeline, KilledBetweenStepsLeavesNoEventAndTheNextRunGoesOn) {
  const int64_t head = good(repository().ledger().head());
  int killed = 0;
  for (int last = 1; last < 1000; ++last) {
    const int code = run_killed_at(project_.path(), last);
    if (code == 0) break;
    ASSERT_EQ(code, 1000 + SIGKILL);
    ++killed;
    EXPECT_EQ(good(repository().ledger().head()), head) << "killed at call " << last;
    ASSERT_TRUE(repository().ledger().verify().ok());
  }
  EXPECT_GE(killed, 4) << "join, features, train and measure tell their progress";
  ASSERT_EQ(run_count(), 1);
  const RunReport survived = good(read_runs(repository())).front();
  // The join of a killed run was used.
  EXPECT_TRUE(survived.steps[0].reused);
  EXPECT_EQ(run({}, {.force = true}).model, survived.model) << "as if nobody had been killed";
}

TEST_F(RunPipeline, TwoProcessesThatRunTheSameRecordItOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_process([this] {
      auto repository = Repository::open(project_.path(), system_clock());
      auto project = read_project(project_.path());
      if (!repository.ok() || !project.ok()) return 10;
      const auto report = run_pipeline(**repository, *project, {.author = "child"});
      if (!report.ok()) return 11;
      return report->recorded ? 1 : 0;
    }));
  }
  int recorded = 0;
  for (const pid_t child : children) {
    const int code = wait_for(child);
    EXPECT_LE(code, 1);
    recorded += code;
  }
  EXPECT_EQ(recorded, 1);
  EXPECT_EQ(run_count(), 1);
}

TEST_F(RunPipeline, WhatIsMissingIsSaidWithTheNextStep) {
  EXPECT_EQ(run_error({}, {.revision = "mian"}).code, ErrorCode::not_found);
  EXPECT_THAT(run_error({"features.minutes=minuts"}).hint, HasSubstr("`minutes`"));
  EXPECT_THAT(run_error({"view.0.sql=select town, asked, warmt from weather"}).where,
              HasSubstr("view.0.sql"));
  EXPECT_THAT(run_error({"view.0.sql=select town, asked, warmth from wether"}).what,
              HasSubstr("wether"));
  rewrite("[features]\nminutes = \"minutes\"\nwarmth = \"weather_then.warmth\"\n", "");
  EXPECT_THAT(run_error({}).what, HasSubstr("[features]"));
  rewrite("[task]\ntable = \"visits\"\nlabel = \"bought = 1\"\n", "");
  EXPECT_THAT(run_error({}).what, HasSubstr("[task]"));
  EXPECT_EQ(run_count(), 0);
}

TEST_F(RunPipeline, ATableThatWasNeverCommittedIsNotFound) {
  rewrite("name = \"visits\"", "name = \"calls\"");
  rewrite("table = \"visits\"", "table = \"calls\"");
  const Error error = run_error({});
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("`calls`"));
  EXPECT_THAT(error.hint, HasSubstr("millgate commit"));
}

TEST_F(RunPipeline, ARunComesBackFromTheLedgerAsItWas) {
  const RunReport report = run({"metric.utility.true_positive=3", "task.slices=[\"town\"]"});
  const RunReport back = good(read_run(repository(), report.model));
  EXPECT_EQ(dump_json(run_report_to_json(back)), dump_json(run_report_to_json(report)));
  EXPECT_EQ(back.event_number, report.event_number);
  EXPECT_EQ(error_of(read_run(repository(), Id{})).code, ErrorCode::not_found);
}

TEST_F(RunPipeline, ADamagedReportIsAnErrorWhateverIsWrong) {
  const Json whole = run_report_to_json(run());
  for (const auto& item : whole.items()) {
    Json without = whole;
    without.erase(item.key());
    const auto missing = run_report_from_json(without);
    if (item.key() == "study" || item.key() == "joined_rows") {
      // The first runs lack them.
      EXPECT_EQ(good(missing).study, item.key() == "study" ? "" : whole.at("study"));
    } else {
      ASSERT_FALSE(missing.ok()) << item.key();
      EXPECT_EQ(missing.error().code, ErrorCode::damaged) << item.key();
    }
    Json wrong = whole;
    wrong[item.key()] = Json::array({Json::array({1})});
    EXPECT_FALSE(run_report_from_json(wrong).ok()) << item.key();
  }
  for (const char* text : {"null", "[]", "3", "\"run\"", "{}"}) {
    EXPECT_FALSE(run_report_from_json(good(parse_json(text, "test"))).ok()) << text;
  }
}

}  // namespace
}  // namespace millgate
