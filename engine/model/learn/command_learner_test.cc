#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>

#include "data/table/reader.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/source_folder.h"
#include "ground/test_folder.h"
#include "model/learn/command_job.h"
#include "model/learn/dependencies.h"
#include "model/learn/learner.h"
#include "model/learn/made_rows.h"
#include "model/learn/program_record.h"

namespace millgate {
namespace {

/// A program that is a script of the shell, and a model for it to leave.
class CommandLearner : public testing::Test {
 protected:
  CommandLearner() {
    settings_.learner = "gbdt";
    settings_.rounds_max = 5;
    ours_ = *fit_learner(input());
    write("model.txt", ours_.text);
    settings_.learner = "command";
    settings_.command.folder = folder_.path();
    settings_.command.scratch = folder_.path("scratch");
    settings_.command.seconds_max = 60;
  }

  LearnerInput input() {
    LearnerInput given;
    given.feature_names = {"first", "second", "third", "group"};
    given.is_category = {false, false, false, true};
    given.train = &train_;
    given.valid = &valid_;
    given.settings = &settings_;
    given.keep_record = [this](const std::string& record) {
      record_ = *program_record_from_json(*parse_json(record, "record"));
    };
    return given;
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path(name), std::ios::binary) << text;
  }

  /// `script` finds the model folder as $out.
  Result<Fitted> fit(const std::string& script) {
    write(
        "train.sh",
        "out=$(sed -n 's/.*\"model_folder\": \"\\(.*\\)\".*/\\1/p' \"$MILLGATE_JOB\")\n" + script);
    settings_.command.command = {"sh", "train.sh"};
    return fit_command(input());
  }
  Error fails(const std::string& script) {
    auto fitted = fit(script);
    EXPECT_FALSE(fitted.ok());
    return fitted.ok() ? Error{} : fitted.error();
  }

  /// Nothing of a run is left.
  [[nodiscard]] bool scratch_is_empty() const {
    return std::filesystem::is_empty(folder_.path("scratch"));
  }

  TestFolder folder_;
  Examples train_ = made_examples(0, 600);
  Examples valid_ = made_examples(600, 800);
  TrainSettings settings_;
  Fitted ours_;
  std::optional<ProgramRecord> record_;
};

TEST_F(CommandLearner, GivesTheModelThatTheProgramLeaves) {
  std::vector<double> shares;
  LearnerInput given = input();
  settings_.parameters = {{"depth", "3"}};
  write("train.sh",
        "out=$(sed -n 's/.*\"model_folder\": \"\\(.*\\)\".*/\\1/p' \"$MILLGATE_JOB\")\n"
        "echo hello\necho '{\"progress\": 0.5}'\n"
        "echo '{\"metrics\": {\"valid_loss\": 0.7, \"auc\": 0.6}, \"step\": 1}'\n"
        "echo '{\"metrics\": {\"valid_loss\": 0.6}, \"step\": 2}'\n"
        "echo '{\"other\": \"json\"}'\necho careful >&2\ncp model.txt \"$out/m.txt\"\n");
  settings_.command.command = {"sh", "train.sh"};
  given.progress = [&](double share) { shares.push_back(share); };
  const auto fitted = fit_command(given);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  EXPECT_EQ(fitted->format, "lightgbm");
  EXPECT_EQ(fitted->text, ours_.text);
  EXPECT_EQ(fitted->valid_loss, (std::vector<double>{0.7, 0.6}));
  EXPECT_EQ(fitted->best_round, 2);
  EXPECT_EQ(fitted->parameters.at("depth"), "3");
  EXPECT_EQ(shares, std::vector<double>{0.5});
  ASSERT_TRUE(record_);
  EXPECT_EQ(record_->ended, "exited with code 0");
  EXPECT_EQ(record_->output, "hello\n{\"other\": \"json\"}\n");
  EXPECT_EQ(record_->errors, "careful\n");
  EXPECT_EQ(record_->metrics.at("auc"), (LoggedMetric{{1}, {0.6}}));
  EXPECT_TRUE(scratch_is_empty());
}

TEST_F(CommandLearner, FindsRowsParametersSeedAndLimits) {
  settings_.parameters = {{"depth", "3"}, {"eta", "0.5"}, {"name", "two words"}, {"on", "true"}};
  settings_.seed = 9;
  settings_.command.memory_bytes_max = 4'000'000'000;
  ASSERT_TRUE(fit("cp \"$MILLGATE_JOB\" job.json; cp \"$(dirname \"$MILLGATE_JOB\")\"/*.parquet "
                  "\"$(dirname \"$MILLGATE_JOB\")\"/*.arrow .; cp model.txt \"$out\"")
                  .ok());
  const Json job = *parse_json(*read_file(folder_.path("job.json")), "job");
  EXPECT_EQ(dump_json(job["parameters"]), R"({"depth":3,"eta":0.5,"name":"two words","on":true})");
  EXPECT_EQ(job["seed"], 9);
  EXPECT_EQ(job["task"], "binary");
  EXPECT_EQ(job["limits"]["memory_bytes"], 4'000'000'000);
  EXPECT_EQ(dump_json(job["features"][3]), R"({"name":"group","category":true})");
  EXPECT_FALSE(job.contains("test"));
  for (const char* name : {"train.parquet", "train.arrow", "valid.parquet"}) {
    const Examples& rows = std::string(name).starts_with("train") ? train_ : valid_;
    auto reader = read_table_files({folder_.path(name)}, {});
    ASSERT_TRUE(reader.ok()) << reader.error().what;
    const auto table = (*reader)->ToTable().ValueOrDie();
    ASSERT_EQ(table->num_rows(), static_cast<int64_t>(rows.rows()));
    ASSERT_EQ(table->num_columns(), 5);
    EXPECT_TRUE(arrow::is_integer(table->field(3)->type()->id()));
    EXPECT_EQ(table->field(4)->name(), "label");
    for (int64_t row = 0; row < 100; ++row) {
      const auto second = *table->column(1)->GetScalar(row);
      const double expected = rows.features[static_cast<size_t>(row) * 4 + 1];
      ASSERT_EQ(second->is_valid, !std::isnan(expected));
      if (!second->is_valid) continue;
      ASSERT_EQ(static_cast<const arrow::DoubleScalar&>(*second).value, expected);
    }
  }
}

TEST_F(CommandLearner, ACrashIsToldWithItsLastWordsAndKept) {
  const Error error = fails("echo starting; echo 'Traceback: no' >&2; exit 7");
  EXPECT_EQ(error.what, "learner `sh train.sh` exited with code 7");
  EXPECT_EQ(error.because, std::vector<std::string>{"its last words: Traceback: no"});
  ASSERT_TRUE(record_);
  EXPECT_EQ(record_->ended, "exited with code 7");
  EXPECT_EQ(record_->output, "starting\n");
  EXPECT_TRUE(scratch_is_empty());
  EXPECT_EQ(fails("kill -s SEGV $$").what.substr(0, 43),
            "learner `sh train.sh` was ended by signal 1");
}

TEST_F(CommandLearner, AHangEndsAtItsLimit) {
  settings_.command.seconds_max = 0.3;
  const Error error = fails("sleep 100");
  EXPECT_NE(error.what.find("was stopped: it ran longer than"), std::string::npos) << error.what;
  EXPECT_NE(error.hint.find("`time`"), std::string::npos);
}

TEST_F(CommandLearner, AMetricThatIsNoNumberStopsIt) {
  Error error = fails("echo '{\"metrics\": {\"valid_loss\": NaN}, \"step\": 3}'; sleep 100");
  EXPECT_EQ(error.what,
            "learner `sh train.sh`: the program's report: metric `valid_loss` at step 3 is not a "
            "finite number");
  EXPECT_EQ(error.where, "line 1 of its output");
  error = fails("echo '{\"metrics\": {\"a\": -Infinity}}'; sleep 100");
  EXPECT_NE(error.what.find("`a` is not a finite number"), std::string::npos);
  error = fails("echo '{\"metrics\": {\"a\": }'; sleep 100");
  EXPECT_NE(error.what.find("it is no JSON"), std::string::npos);
  error = fails("echo '{\"progress\": \"half\"}'; sleep 100");
  EXPECT_NE(error.what.find("`progress`"), std::string::npos);
}

TEST_F(CommandLearner, WhatIsNoModelIsRefused) {
  EXPECT_NE(fails("true").what.find("wrote no model"), std::string::npos);
  EXPECT_NE(
      fails("cp model.txt \"$out/a\"; cp model.txt \"$out/b\"").what.find("several files: a, b"),
      std::string::npos);
  EXPECT_NE(fails("printf '\\200\\004\\225' > \"$out/model.pkl\"").what.find("a pickle"),
            std::string::npos);
  EXPECT_NE(fails("echo garbage > \"$out/m\"").what.find("no model that is known"),
            std::string::npos);
  EXPECT_NE(fails(": > \"$out/m\"").what.find("is empty"), std::string::npos);
  EXPECT_NE(fails("ln -s \"$PWD/model.txt\" \"$out/m\"").what.find("not a plain file"),
            std::string::npos);
  EXPECT_NE(fails("rmdir \"$out\"").what.find("folder is gone"), std::string::npos);
  const Error cut = fails("head -n 20 model.txt > \"$out/m\"");
  EXPECT_EQ(cut.code, ErrorCode::invalid_input);
  EXPECT_TRUE(scratch_is_empty());
}

TEST_F(CommandLearner, AModelThatDoesNotFitIsRefused) {
  const Error order = fails(
      "sed 's/^feature_names=first second/feature_names=second first/' "
      "model.txt > \"$out/m\"");
  EXPECT_NE(order.what.find("feature 1 is `second`, that of the training set `first`"),
            std::string::npos)
      << order.what;
  const Error output = fails("sed 's/^objective=.*/objective=regression/' model.txt > \"$out/m\"");
  EXPECT_NE(output.what.find("a prediction is a probability"), std::string::npos) << output.what;
  const Error count = fails(
      "sed -e 's/^max_feature_idx=.*/max_feature_idx=4/' -e "
      "'s/^feature_names=.*/& fifth/' model.txt > \"$out/m\"");
  EXPECT_NE(count.what.find("takes 5 features, the training set has 4"), std::string::npos)
      << count.what;
}

TEST_F(CommandLearner, AFeatureMayNotBeCalledLikeTheLabel) {
  settings_.command.command = {"true"};
  LearnerInput given = input();
  given.feature_names[0] = "label";
  const auto fitted = fit_command(given);
  ASSERT_FALSE(fitted.ok());
  EXPECT_NE(fitted.error().hint.find("another name"), std::string::npos);
}

TEST_F(CommandLearner, ItsFilesAreThoseOfTheArgumentsAndOfWhatItReads) {
  CommandSettings& settings = settings_.command;
  std::filesystem::create_directories(folder_.path("lib/__pycache__"));
  write("train.py", "1");
  write("lib/a.py", "2");
  write("lib/__pycache__/a.pyc", "3");
  settings.command = {"python", "train.py", "--fast"};
  settings.reads = {"lib"};
  const auto files = program_files(settings);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].first, "lib/a.py");
  EXPECT_EQ((*files)[1], (std::pair<std::string, std::string>("train.py", hash_of("1").hex())));
  settings.reads = {"missing"};
  EXPECT_NE(program_files(settings).error().what.find("there is no `missing`"), std::string::npos);
}

TEST_F(CommandLearner, PackagesOfPythonAndHashesOfProgramsAreDependencies) {
  settings_.command.command = {std::string(kSourceFolder) + "/.deps/venv/bin/python", "x.py"};
  const auto python = dependencies_of(settings_);
  ASSERT_TRUE(python.ok()) << python.error().what;
  EXPECT_EQ(python->at("python").substr(0, 9), "CPython 3");
  EXPECT_EQ(python->at("xgboost-cpu (python)"), "3.2.0");
  write("learner", "#!/bin/sh\n");
  settings_.command.command = {"./learner"};
  EXPECT_EQ(dependencies_of(settings_)->at("program `learner`"), hash_of("#!/bin/sh\n").hex());
}

TEST(ProgramRecord, IsReadBackAsItWasWritten) {
  ProgramRecord record;
  record.command = {"a", "b"};
  record.ended = "exited with code 0";
  record.seconds = 1.5;
  record.metrics["m"] = {{1, 2}, {0.5, 1e-300}};
  record.errors = "x\n";
  const auto again = program_record_from_json(*parse_json(dump_json(to_json(record)), "record"));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(dump_json(to_json(*again)), dump_json(to_json(record)));
  EXPECT_FALSE(program_record_from_json(Json{{"format", "millgate-program-record"}}).ok());
}

}  // namespace
}  // namespace millgate
