#include "system/pipeline/run_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ground/file_store.h"
#include "ground/json.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSettings = R"([project]
name = "shop"

[[source]]
name = "visits"
path = "data/visits.csv"
key = ["visit"]

[[source]]
name = "other"
path = "other.csv"

[[step]]
name = "visits"
command = "sh prepare.sh data/raw.txt > data/visits.csv"
reads = ["data/raw.txt"]
writes = ["data/visits.csv"]
parameters = { head = "visit,pages" }

[[step]]
name = "raw"
command = "sort numbers.txt > data/raw.txt; echo ran >> raw.log"
reads = ["numbers.txt"]
writes = ["data/raw.txt"]
)";

class RunSteps : public testing::Test {
 protected:
  RunSteps() {
    project_.write("millgate.toml", kSettings);
    project_.write("numbers.txt", "3\n1\n2\n");
    project_.write("other.csv", "a\n1\n");
    project_.write("prepare.sh",
                   "echo $MILLGATE_PARAMETER_HEAD; while read n; do echo $n,$n; done < $1\n");
  }

  std::string file(const std::string& name) { return good(read_file(project_.path(name))); }

  /// "raw: first run", "visits reused: nothing changed".
  std::vector<std::string> told(const std::vector<StepReport>& reports) {
    std::vector<std::string> lines;
    for (const StepReport& report : reports) {
      lines.push_back(report.name + (report.reused ? " reused: " : ": ") + report.why);
    }
    return lines;
  }

  std::vector<std::string> run(const StepOptions& options = {}) {
    return told(good(run_steps(project_.repository(), project_.read(), options)));
  }

  std::vector<std::string> plan(const StepOptions& options = {}) {
    return told(good(plan_steps(project_.repository(), project_.read(), options)));
  }

  Error run_error(const StepOptions& options = {}) {
    return error_of(run_steps(project_.repository(), project_.read(), options));
  }

  void rewrite(const std::string& before, const std::string& after) {
    project_.write("millgate.toml", replaced(file("millgate.toml"), before, after));
  }

  PipelineProject project_;
};

TEST_F(RunSteps, RunInTheirOrderAndOnlyOnce) {
  EXPECT_THAT(plan(), ElementsAre("raw: first run", "visits: waits for `raw`"));
  EXPECT_FALSE(std::filesystem::exists(project_.path("data/raw.txt")));
  EXPECT_THAT(run(), ElementsAre("raw: first run", "visits: first run"));
  EXPECT_EQ(file("data/visits.csv"), "visit,pages\n1,1\n2,2\n3,3\n");
  EXPECT_THAT(run(), ElementsAre("raw reused: nothing changed", "visits reused: nothing changed"));
  EXPECT_EQ(plan(), run());
  EXPECT_EQ(file("raw.log"), "ran\n");
}

TEST_F(RunSteps, RunAgainForWhatTheyReadAlone) {
  (void)run();
  project_.write("prepare.sh", file("prepare.sh") + "# a word\n");
  EXPECT_THAT(run(),
              ElementsAre("raw reused: nothing changed", "visits: file `prepare.sh` changed"));
  rewrite("head = \"visit,pages\"", "head = \"visit,count\"");
  EXPECT_THAT(run(),
              ElementsAre("raw reused: nothing changed", "visits: parameter `head` changed"));
  EXPECT_EQ(file("data/visits.csv").substr(0, 12), "visit,count\n");
  project_.write("other.csv", "a\n2\n");
  EXPECT_THAT(run(), ElementsAre("raw reused: nothing changed", "visits reused: nothing changed"));
}

TEST_F(RunSteps, EndEarlyWhereAStepMadeTheSame) {
  (void)run();
  project_.write("numbers.txt", "2\n3\n1\n");
  EXPECT_THAT(plan(), ElementsAre("raw: file `numbers.txt` changed", "visits: waits for `raw`"));
  EXPECT_THAT(run(),
              ElementsAre("raw: file `numbers.txt` changed", "visits reused: nothing changed"));
}

TEST_F(RunSteps, BringBackWhatWasMadeBefore) {
  (void)run();
  const std::string first = file("data/visits.csv");
  project_.write("numbers.txt", "9\n");
  (void)run();
  EXPECT_NE(file("data/visits.csv"), first);
  project_.write("numbers.txt", "3\n1\n2\n");
  EXPECT_THAT(run(), ElementsAre("raw reused: file `numbers.txt` changed",
                                 "visits reused: file `data/raw.txt` changed"));
  EXPECT_EQ(file("data/visits.csv"), first);
  EXPECT_EQ(file("raw.log"), "ran\nran\n");
  std::filesystem::remove(project_.path("data/visits.csv"));
  EXPECT_THAT(run(), ElementsAre("raw reused: nothing changed",
                                 "visits reused: `data/visits.csv` is gone"));
  project_.write("data/visits.csv", "edited\n");
  EXPECT_THAT(run(), ElementsAre("raw reused: nothing changed",
                                 "visits reused: `data/visits.csv` was changed"));
  EXPECT_EQ(file("data/visits.csv"), first);
}

TEST_F(RunSteps, RunAgainWhereTheCacheIsGoneOrDamaged) {
  (void)run();
  std::filesystem::remove_all(project_.path(".millgate/cache"));
  EXPECT_THAT(run(), ElementsAre("raw reused: nothing changed", "visits reused: nothing changed"));
  std::filesystem::remove(project_.path("data/raw.txt"));
  EXPECT_THAT(run(), ElementsAre("raw: `data/raw.txt` is gone", "visits reused: nothing changed"));
  for (const std::string& kept : expand_glob(project_.path(".millgate/cache/step-files/*/*"))) {
    ASSERT_TRUE(write_file(kept, "damaged").ok());
  }
  std::filesystem::remove(project_.path("data/raw.txt"));
  EXPECT_THAT(run_error().what, HasSubstr("was damaged and is removed"));
  EXPECT_THAT(run(), ElementsAre("raw: `data/raw.txt` is gone", "visits reused: nothing changed"));
}

TEST_F(RunSteps, AFailedStepLeavesWhatWasThere) {
  (void)run();
  const std::string first = file("data/visits.csv");
  rewrite("sh prepare.sh data/raw.txt > data/visits.csv",
          "echo half > data/visits.csv; echo broken pipe >&2; exit 7");
  const Error error = run_error();
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(error.what, "step `visits` ended with exit code 7");
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:"));
  EXPECT_THAT(error.because, ElementsAre("broken pipe"));
  EXPECT_THAT(error.hint, HasSubstr(".millgate/steps/visits/log"));
  EXPECT_EQ(file("data/visits.csv"), first);
  EXPECT_EQ(file(".millgate/steps/visits/failed/data/visits.csv"), "half\n");
  EXPECT_EQ(file(".millgate/steps/visits/log"), "broken pipe\n");
}

TEST_F(RunSteps, FilesThatNoStepMadeAreKept) {
  project_.write("data/raw.txt", "precious\n");
  (void)run();
  EXPECT_EQ(file("data/raw.txt"), "1\n2\n3\n");
  EXPECT_EQ(file(".millgate/steps/raw/replaced/data/raw.txt"), "precious\n");
  project_.write("numbers.txt", "8\n");
  (void)run();  // What it replaces now it made itself.
  EXPECT_EQ(file(".millgate/steps/raw/replaced/data/raw.txt"), "precious\n");
}

TEST_F(RunSteps, AStepThatWritesNothingOrTakesTooLongFails) {
  rewrite("sh prepare.sh data/raw.txt > data/visits.csv", "true");
  EXPECT_EQ(run_error().what, "step `visits` ended well and did not write `data/visits.csv`");
  rewrite("command = \"true\"", "command = \"sleep 60\"\nat_most = \"1s\"");
  EXPECT_THAT(run_error().what,
              HasSubstr("step `visits` took longer than 1 s, its limit, and was ended"));
  rewrite("command = \"sleep 60\"", "command = [\"no-such-program\", \"a\"]");
  EXPECT_THAT(run_error().what, HasSubstr("step `visits` could not run: "));
  rewrite("reads = [\"numbers.txt\"]", "reads = [\"letters.txt\"]");
  EXPECT_THAT(run_error().what, HasSubstr("reads `letters.txt`, and there is no such file"));
}

TEST_F(RunSteps, FilesThatChangeMeanwhileAreNotTaken) {
  rewrite("sort numbers.txt > data/raw.txt;",
          "sort numbers.txt > data/raw.txt; echo 4 >> numbers.txt;");
  EXPECT_THAT(run_error().what, HasSubstr("read files that changed while it ran: `numbers.txt`"));
  EXPECT_FALSE(std::filesystem::exists(project_.path("data/raw.txt")));
}

TEST_F(RunSteps, AKilledRunGoesOnWhereItStopped) {
  (void)run();
  const std::string first = file("data/visits.csv");
  project_.write("numbers.txt", "7\n");
  rewrite("sh prepare.sh data/raw.txt > data/visits.csv", "echo half > data/visits.csv; sleep 60");
  const pid_t other = ::fork();
  if (other == 0) {
    const auto never = run_steps(project_.repository(), project_.read(), {});
    ::_exit(never.ok() ? 0 : 1);
  }
  for (int i = 0; i < 500; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto text = read_file(project_.path("data/visits.csv"));
    if (text.ok() && *text == "half\n") break;
  }
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  ASSERT_EQ(file("data/visits.csv"), "half\n");
  project_.write("millgate.toml", kSettings);
  EXPECT_THAT(run(),
              ElementsAre("raw reused: nothing changed", "visits: file `data/raw.txt` changed"));
  EXPECT_EQ(file("data/visits.csv"), "visit,pages\n7,7\n");
}

TEST_F(RunSteps, RunSideBySideWhereNoneWaits) {
  // Each waits until the other has begun.
  std::string text = "[project]\nname = \"shop\"\n";
  for (const auto& [name, other] : {std::pair{"a", "b"}, std::pair{"b", "a"}}) {
    text += std::string("[[step]]\nname = \"") + name + "\"\ncommand = \"touch begun." + name +
            "; while [ ! -e begun." + other + " ]; do sleep 0.02; done; touch out." + name +
            "\"\nwrites = \"out." + name + "\"\nat_most = \"20s\"\n";
  }
  project_.write("millgate.toml", text);
  EXPECT_THAT(run({.author = "", .only = {}, .force = false, .workers = 2, .progress = {}}),
              ElementsAre("a: first run", "b: first run"));
}

TEST_F(RunSteps, OnlyThoseThatAreAskedForAndBefore) {
  StepOptions raw;
  raw.only = {"raw"};
  EXPECT_THAT(run(raw), ElementsAre("raw: first run"));
  raw.only = {"visits"};
  EXPECT_THAT(run(raw), ElementsAre("raw reused: nothing changed", "visits: first run"));
  raw.only = {"visit"};
  EXPECT_EQ(run_error(raw).code, ErrorCode::not_found);
  EXPECT_THAT(run_error(raw).hint, HasSubstr("visits"));
  raw.only = {"raw"};
  raw.force = true;
  EXPECT_THAT(run(raw), ElementsAre("raw: forced"));
}

TEST_F(RunSteps, AVariableThatIsNamedCounts) {
  rewrite("writes = [\"data/raw.txt\"]",
          "writes = [\"data/raw.txt\"]\nenvironment = [\"MILLGATE_TEST_STEP\"]");
  ::setenv("MILLGATE_TEST_STEP", "secret-word", 1);
  (void)run();
  ::setenv("MILLGATE_TEST_STEP", "other", 1);
  EXPECT_EQ(run()[0], "raw: variable `MILLGATE_TEST_STEP` changed");
  ::unsetenv("MILLGATE_TEST_STEP");
  const auto events = good(project_.repository().ledger().events(0, "step"));
  for (const Event& event : events) EXPECT_THAT(event.body, Not(HasSubstr("secret-word")));
}

TEST_F(RunSteps, AFolderIsItsFiles) {
  rewrite("command = \"sort numbers.txt > data/raw.txt; echo ran >> raw.log\"",
          "command = \"mkdir data/raw.txt && split -l 1 numbers.txt data/raw.txt/\"");
  rewrite("sh prepare.sh data/raw.txt > data/visits.csv",
          "(echo visit; cat data/raw.txt/* | sort) > data/visits.csv");
  (void)run();
  EXPECT_EQ(file("data/visits.csv"), "visit\n1\n2\n3\n");
  project_.write("data/raw.txt/zz", "8\n");
  EXPECT_THAT(plan(), ElementsAre("raw reused: `data/raw.txt/zz` was added",
                                  "visits: file `data/raw.txt/zz` added"));
  (void)run();
  EXPECT_FALSE(std::filesystem::exists(project_.path("data/raw.txt/zz")));
  EXPECT_EQ(file("data/visits.csv"), "visit\n1\n2\n3\n");
}

TEST_F(RunSteps, WhatTheyMadeIsCommittedAlone) {
  (void)run();
  const Project project = project_.read();
  const auto first = good(commit_step_files(project_.repository(), project, "tester"));
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->changed);
  EXPECT_EQ(first->commit.message, "made by visits");
  EXPECT_TRUE(first->commit.tables.contains("visits"));
  EXPECT_FALSE(first->commit.tables.contains("other"));
  (void)good(project_.commit());
  project_.write("numbers.txt", "5\n");
  project_.write("other.csv", "a\n9\n");
  (void)run();
  const auto second = good(commit_step_files(project_.repository(), project, "tester"));
  const Commit before = good(project_.repository().resolve("main~1"));
  EXPECT_EQ(second->commit.tables.at("other"), before.tables.at("other"));
  EXPECT_NE(second->commit.tables.at("visits"), before.tables.at("visits"));
  EXPECT_FALSE(good(commit_step_files(project_.repository(), project, "tester"))->changed);
}

}  // namespace
}  // namespace millgate
