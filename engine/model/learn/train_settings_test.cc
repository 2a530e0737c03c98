#include "model/learn/train_settings.h"

#include <gtest/gtest.h>

#include <set>

namespace millgate {
namespace {

Result<TrainSettings> read(const std::string& text) {
  auto root = parse_settings(text, "millgate.toml");
  if (!root.ok()) return root.error();
  auto section = root->section("train");
  if (!section.ok()) return section.error();
  return read_train_settings(*section);
}

TEST(TrainSettings, ReadsEveryKey) {
  const auto settings = read(R"(
[train]
learner = "gbdt"
split = { by = "time", valid = "15d", test = "12h" }
seed = 7
rounds_max = 100
early_stopping_rounds = 5
[train.parameters]
learning_rate = 0.05
num_leaves = 31
extra_trees = true
monotone_constraints = "1,0,-1"
)");
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->split_by, "time");
  EXPECT_EQ(settings->valid_micros, 15 * 86'400'000'000LL);
  EXPECT_EQ(settings->test_micros, 12 * 3'600'000'000LL);
  EXPECT_EQ(settings->seed, 7U);
  EXPECT_EQ(settings->rounds_max, 100);
  EXPECT_EQ(settings->early_stopping_rounds, 5);
  const std::map<std::string, std::string> expected{{"learning_rate", "0.05"},
                                                    {"num_leaves", "31"},
                                                    {"extra_trees", "true"},
                                                    {"monotone_constraints", "1,0,-1"}};
  EXPECT_EQ(settings->parameters, expected);
}

TEST(TrainSettings, CalibrationAndUncertaintyAreAsked) {
  const auto settings = read(R"(
[train]
split = { by = "time", valid = "15d", test = "15d", calibrate_share = 0.4 }
calibrate = "isotonic"
uncertainty = { coverage = 0.8, method = "lac_by_class" }
)");
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->calibrate, CalibrationMethod::isotonic);
  ASSERT_TRUE(settings->uncertainty.has_value());
  EXPECT_EQ(settings->uncertainty->coverage, 0.8);
  EXPECT_EQ(settings->uncertainty->method, UncertaintyMethod::lac_by_class);
  EXPECT_EQ(settings->calibrate_share, 0.4);
  EXPECT_TRUE(settings->needs_calibration_rows());
  EXPECT_FALSE(read("[train]\ncalibrate = \"none\"\n")->needs_calibration_rows());
}

TEST(TrainSettings, AnEmptySectionGivesTheDefaults) {
  const auto settings = read("");
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->learner, "gbdt");
  EXPECT_EQ(settings->test_micros, 0);
  EXPECT_DOUBLE_EQ(settings->share, 0.2);
  EXPECT_EQ(settings->rounds_max, 500);
}

struct BadCase {
  const char* text;
  const char* where;
  const char* what;
  const char* hint;
};

class BadTrainSettings : public testing::TestWithParam<BadCase> {};

TEST_P(BadTrainSettings, AreRefusedAtTheirPlace) {
  const auto settings = read(GetParam().text);
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(settings.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(settings.error().where, GetParam().where);
  EXPECT_NE(settings.error().what.find(GetParam().what), std::string::npos)
      << settings.error().what;
  EXPECT_NE(settings.error().hint.find(GetParam().hint), std::string::npos)
      << settings.error().hint;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTrainSettings,
    testing::Values(
        BadCase{"[train]\nlearner = \"gbtd\"\n", "millgate.toml:2:11", "gbtd", "gbdt"},
        BadCase{"[train]\nseeds = 1\n", "millgate.toml:2:1", "seeds", "seed"},
        BadCase{"[train]\nseed = -1\n", "millgate.toml:2:8", "between 0 and", ""},
        BadCase{"[train]\nrounds_max = 0\n", "millgate.toml:2:14", "between 1 and", ""},
        BadCase{"[train.parameters]\nlearning_rat = 0.1\n", "millgate.toml:2:16",
                "unknown parameter `learning_rat`", "learning_rate"},
        BadCase{"[train.parameters]\nnum_threads = 3\n", "millgate.toml:2:15", "unknown parameter",
                ""},
        BadCase{"[train]\nlearner=\"linear\"\n[train.parameters]\nnum_leaves = 3\n",
                "millgate.toml:4:14", "of learner `linear`", "l2"},
        BadCase{"[train]\nlearner=\"constant\"\n[train.parameters]\nl2 = 3\n", "millgate.toml:4:6",
                "of learner `constant`", "no parameters"},
        BadCase{"[train.parameters]\ncat_l2 = \"1 2\"\n", "millgate.toml:2:10", "blank", ""},
        BadCase{"[train.parameters]\ncat_l2 = [1]\n", "millgate.toml:2:10", "must be a number", ""},
        BadCase{"[train]\nsplit = { test = \"3d\" }\n", "millgate.toml:2:18", "window `valid`",
                "give both"},
        BadCase{"[train]\nsplit = { valid = \"0d\", test = \"3d\" }\n", "millgate.toml:2:19",
                "no length", "15d"},
        BadCase{"[train]\nsplit = { by = \"random\", share = 0.5 }\n", "millgate.toml:2:34",
                "between 0 and 0.5", ""},
        BadCase{"[train]\nsplit = { by = \"random\", test = \"3d\", valid = \"3d\" }\n",
                "millgate.toml:2:47", "split by time", "share"},
        BadCase{"[train]\ncalibrate = \"isotone\"\n", "millgate.toml:2:13", "`isotone`",
                "isotonic"},
        BadCase{"[train]\nuncertainty = { coverage = 1 }\n", "millgate.toml:2:28",
                "between 0 and 1", "nine rows"},
        BadCase{"[train]\nuncertainty = { method = \"aps\" }\n", "millgate.toml:2:26", "`aps`",
                "lac"},
        BadCase{"[train]\nuncertainty = { cover = 0.9 }\n", "millgate.toml:2:17",
                "unknown key `cover`", "coverage"},
        BadCase{"[train]\nsplit = { calibrate_share = 0.5 }\n", "millgate.toml:2:29",
                "nothing is learned", "uncertainty"},
        BadCase{"[train]\nsplit = { calibrate_share = 1 }\ncalibrate = \"platt\"\n",
                "millgate.toml:2:29", "between 0 and 1", ""},
        BadCase{"[train]\ntune = { trails = 3 }\n", "millgate.toml:2:10", "unknown key `trails`",
                "trials"},
        BadCase{"[train]\ntune = { trials = 0 }\n", "millgate.toml:2:19", "between 1 and", ""},
        BadCase{"[train]\ntune = { metric = \"recall\" }\n", "millgate.toml:2:19",
                "`recall` cannot be searched by", "log_loss"},
        BadCase{"[train]\ntune = { metric = \"model_size_bytes\" }\n", "millgate.toml:2:19",
                "the smallest model is none", "before"},
        BadCase{"[train]\ntune = { metric = [\"auc\", \"auc\"] }\n", "millgate.toml:2:19", "twice",
                ""},
        BadCase{"[train]\ntune = { sampler = \"grid\" }\n", "millgate.toml:2:20", "`grid`", "tpe"},
        BadCase{"[train.search]\nnum_leaves = { from = 2, to = 9 }\n", "millgate.toml:1:1",
                "nothing asks for it", "tune"},
        BadCase{"[train]\ntune = { trials = 3 }\n[train.parameters]\nnum_leaves = 7\n"
                "[train.search]\nnum_leaves = { from = 2, to = 9 }\n",
                "millgate.toml:6:14", "has a value in [train.parameters]", "remove one"},
        BadCase{"[train]\nlearner = \"constant\"\ntune = { trials = 3 }\n", "millgate.toml:3:8",
                "nothing left to search", ""}));

TEST(TuneSettings, TheUsualSpaceLeavesOutWhatIsSet) {
  const auto settings = read(
      "[train]\ntune = { trials = 3, budget = \"10m\", metric = \"auc\" }\n"
      "[train.parameters]\nnum_leaves = 7\n");
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  ASSERT_TRUE(settings->tune);
  EXPECT_EQ(settings->tune->trials, 3);
  EXPECT_EQ(settings->tune->budget_micros, 600'000'000);
  EXPECT_EQ(settings->tune->metrics, std::vector<std::string>{"auc"});
  std::set<std::string> names;
  for (const SearchParameter& one : settings->tune->space.parameters) names.insert(one.name);
  EXPECT_TRUE(names.contains("learning_rate"));
  EXPECT_FALSE(names.contains("num_leaves"));
  EXPECT_FALSE(read("")->tune);
}

TEST(TrainSettings, MembersOfAnEnsembleSayWhatDiffers) {
  const auto settings = read(R"(
[train]
learner = "ensemble"
combine = "stack"
folds = 4
seed = 7
rounds_max = 50
parameters = { l2 = 3 }
[[train.member]]
name = "trees"
parameters = { num_leaves = 7 }
seed = 8
[[train.member]]
learner = "command"
command = ["sh", "train.sh"]
limits = { time = "2m" }
)");
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->ensemble.combine, "stack");
  EXPECT_EQ(settings->ensemble.folds, 4);
  EXPECT_EQ(settings->parameters.at("l2"), "3");
  ASSERT_EQ(settings->ensemble.members.size(), 2U);
  const EnsembleMember& trees = settings->ensemble.members[0];
  EXPECT_EQ(trees.name, "trees");
  EXPECT_EQ(trees.settings.learner, "gbdt");
  EXPECT_EQ(trees.settings.seed, 8U);
  EXPECT_EQ(trees.settings.rounds_max, 50);
  EXPECT_EQ(trees.settings.parameters, (std::map<std::string, std::string>{{"num_leaves", "7"}}));
  const EnsembleMember& program = settings->ensemble.members[1];
  EXPECT_EQ(program.name, "command");
  EXPECT_EQ(program.settings.seed, 7U);
  EXPECT_EQ(program.settings.command.seconds_max, 120);
  EXPECT_TRUE(runs_program(*settings));
}

TEST(TrainSettings, EnsemblesThatMakeNoSenseAreToldWhere) {
  const std::string head = "[train]\nlearner = \"ensemble\"\n";
  const std::string two = "[[train.member]]\nname = \"a\"\n[[train.member]]\nname = \"b\"\n";
  const std::string program = "[[train.member]]\nlearner = \"command\"\ncommand = [\"x\"]\nname = ";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {head, "2 to 64 members, not 0"},
      {head + "[[train.member]]\n", "2 to 64 members, not 1"},
      {head + "[[train.member]]\n[[train.member]]\n", "two members are called `gbdt`"},
      {head + two + "learner = \"ensemble\"\n", "ensemble"},
      {head + two + "parameters = { nonsense = 1 }\n", "unknown parameter `nonsense`"},
      {head + two + "weight = 0\n", "between 0"},
      {head + "folds = 5\n" + two, "combine = \"stack\""},
      {head + "parameters = { l2 = 1 }\n" + two, "`average` takes no parameters"},
      {head + "combine = \"greedy\"\n" + two + "weight = 2\n", "combine = \"average\""},
      {head + "tune = { trials = 3 }\n" + two, "not searched as a whole"},
      {head + program + "\"a\"\n" + program + "\"b\"\n", "two members are programs"},
      {"[train]\n" + two, "belongs to the learner `ensemble`"},
      {head + "[[train.member]]\nname = \"a b\"\n" + two, "no name of a member"}};
  for (const auto& [text, what] : wrong) {
    const auto settings = read(text);
    ASSERT_FALSE(settings.ok()) << text;
    EXPECT_NE(settings.error().what.find(what), std::string::npos) << text << settings.error().what;
    EXPECT_FALSE(settings.error().where.empty()) << text;
  }
}

TEST(LearnerParameters, HaveOneMeaningEach) {
  std::set<std::string_view> names;
  for (const LearnerParameter& one : learner_parameters()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_TRUE(one.definition.ends_with('.')) << one.name;
    EXPECT_TRUE(one.learner == "gbdt" || one.learner == "linear") << one.name;
  }
}

}  // namespace
}  // namespace millgate
