#include "system/pipeline/quarantine.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ground/random.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHeader = "id,amount,size,label\n";

/// `count` rows whose label can be told from size, but for noise.
std::string rows_of(const std::string& name, int count, uint64_t seed, double flipped = 0) {
  Random random(seed);
  std::string csv;
  for (int i = 0; i < count; ++i) {
    const double size = random.normal();
    bool is_good = 2 * size + random.normal() > 0;
    if (random.uniform() < flipped) is_good = !is_good;
    csv += name + std::to_string(1000 + i) + ',' + std::to_string(random.below(500)) + ".25," +
           std::to_string(size) + ',' + (is_good ? "1" : "0") + '\n';
  }
  return csv;
}

class QuarantineTest : public testing::Test {
 protected:
  void SetUp() override {
    project_.write("millgate.toml",
                   "[project]\nname = \"p\"\n"
                   "[[source]]\nname = \"t\"\npath = \"t.csv\"\nkey = [\"id\"]\n"
                   "[[check]]\ntable = \"t\"\nrule = \"amount >= 0\"\n"
                   "[[check]]\ntable = \"t\"\nrule = \"amount < 100000\"\nat_least = 0.5\n"
                   "[quarantine]\nlabel = \"label\"\n");
    trusted_ = rows_of("t", 1000, 1);
    project_.write("t.csv", kHeader + trusted_);
    before_ = good(project_.commit()).commit;
    ASSERT_TRUE(project_.repository().make_branch("quarantine/acme", "main", "tester").ok());
  }

  /// What is judged when `csv` arrives beside the trusted rows, or in the place of some.
  ArrivedTable judge(const std::string& csv, const std::string& settings = "") {
    if (!settings.empty()) {
      const std::string text = *read_file(project_.path("millgate.toml"));
      project_.write("millgate.toml", text + settings);
    }
    arrive(csv);
    const Arrivals arrivals = good(judge_all());
    EXPECT_EQ(arrivals.tables.size(), 1U);
    return arrivals.tables.at(0);
  }
  void arrive(const std::string& csv) {
    project_.write("t.csv", kHeader + csv);
    CommitOptions options;
    options.branch = "quarantine/acme";
    after_ = good(project_.commit(options)).commit;
  }
  Result<Arrivals> judge_all() {
    Project project = project_.read();
    const QuarantineSettings settings = good(read_quarantine_settings(project.root));
    ArrivalQuestion question;
    question.before = before_;
    question.after = after_.tables;
    question.held = held_;
    question.earlier = earlier_;
    return judge_arrivals(project_.repository(), project, settings, question);
  }
  std::vector<std::string> origins(const Id& theirs, const QuarantineSettings& settings = {}) {
    MergeRequest request;
    request.branch = "main";
    request.ours = before_.id;
    request.changes = {{.base = before_.id, .theirs = theirs}};
    return good(mistrusted_origins(project_.repository(), request, settings)).origins;
  }

  PipelineProject project_;
  std::string trusted_;
  Commit before_, after_;
  /// What arrives now comes into `main` as by a merge from quarantine.
  void come_in() {
    NewCommit merged;
    merged.tables = after_.tables;
    merged.based_on = before_.id;
    merged.author = "tester";
    merged.message = "merge";
    merged.event_note_json = dump_json(let_in_note({"branch `quarantine/acme`"}));
    before_ = good(project_.repository().commit("main", merged));
  }
  /// What mistrusted_origins says of the branch as it is.
  Mistrust mistrust() {
    MergeRequest request;
    request.branch = "main";
    request.ours = before_.id;
    request.changes = {{.base = before_.id, .theirs = after_.id}};
    return good(mistrusted_origins(project_.repository(), request, {}));
  }

  std::optional<Commit> held_;
  std::vector<Commit> earlier_;
};

TEST_F(QuarantineTest, ARowIsHeldForWhatItBreaksAndTheOthersAreLetIn) {
  const ArrivedTable judged = judge(trusted_ + "x1,-5,0,1\nx2,5,0,1\nx3,200000,0,1\n");
  ASSERT_EQ(judged.reasons.size(), 3U);
  EXPECT_EQ(judged.reasons[0], "breaks `amount >= 0`");
  // A rule that only a share must meet is no reason against one row.
  EXPECT_EQ(judged.reasons[1] + judged.reasons[2], "");
  EXPECT_THAT(judged.notes, ElementsAre(HasSubstr("too few to compare")));

  Arrivals arrivals;
  arrivals.tables.push_back(judged);
  const auto versions = good(let_in(project_.repository(), arrivals));
  const TableVersion in =
      good(read_table_version(project_.repository().objects(), versions.at("t")));
  EXPECT_EQ(in.row_count, 1002);
}

TEST_F(QuarantineTest, WhatIsTakenOutIsHeldAndWhatChangesIsJudged) {
  std::string changed = trusted_.substr(trusted_.find('\n') + 1);  // Without the first row.
  const std::string second = changed.substr(0, changed.find('\n'));
  const size_t comma = second.find(',');
  changed.replace(0, second.size(),
                  second.substr(0, comma) + ",-1" + second.substr(second.find(',', comma + 1)));
  const ArrivedTable judged = judge(changed);
  ASSERT_EQ(judged.reasons.size(), 2U);
  EXPECT_THAT(judged.reasons[0], HasSubstr("takes a row out"));
  EXPECT_EQ(judged.reasons[1], "breaks `amount >= 0`");
  Arrivals arrivals;
  arrivals.tables.push_back(judged);
  EXPECT_THAT(good(let_in(project_.repository(), arrivals)), IsEmpty());
}

TEST_F(QuarantineTest, RowsWithATriggerAreHeldAndCleanOnesComeIn) {
  std::string arriving = rows_of("x", 300, 2);
  for (int i = 0; i < 40; ++i) {
    arriving +=
        "y" + std::to_string(100 + i) + ",777.25," + std::to_string((i - 20) / 10.0) + ",1\n";
  }
  const ArrivedTable judged = judge(trusted_ + arriving);
  EXPECT_EQ(judged.reasons.size(), 340U);
  EXPECT_EQ(judged.held_count(), 40);
  ASSERT_FALSE(judged.reason_counts().empty());
  EXPECT_THAT(judged.reason_counts()[0].first, HasSubstr("777.25"));
  for (size_t i = 0; i < 300; ++i) EXPECT_EQ(judged.reasons[i], "");  // x before y.
}

TEST_F(QuarantineTest, WhatWasHeldStaysHeldWhenItIsTooLittleToJudge) {
  std::string few;
  for (int i = 0; i < 12; ++i) few += "y" + std::to_string(100 + i) + ",777.25,-2,1\n";
  EXPECT_EQ(judge(trusted_ + few).held_count(), 0);
  // As when a merge left these rows there; one of them is changed since, and one is new.
  NewCommit rest;
  rest.tables = after_.tables;
  rest.merged_parents = {before_.id};
  rest.event_note_json = kHeldNote;
  rest.author = "tester";
  rest.message = "held";
  ASSERT_TRUE(project_.repository().commit("quarantine/acme", rest).ok());
  few.replace(0, few.find('\n'), "y100,10,-2,0");
  arrive(trusted_ + few + "z1,10,-2,0\n");
  MergeRequest request;
  request.ours = before_.id;
  request.changes = {{.base = before_.id, .theirs = after_.id}};
  held_ = good(mistrusted_origins(project_.repository(), request, {})).held;
  ASSERT_TRUE(held_.has_value());
  const Arrivals arrivals = good(judge_all());
  EXPECT_EQ(arrivals.tables[0].changes.row_count(), 13);
  EXPECT_EQ(arrivals.tables[0].held_count(), 11);
  EXPECT_EQ(arrivals.tables[0].reasons.front(), "");
  EXPECT_EQ(arrivals.tables[0].reasons.back(), "");
}

TEST_F(QuarantineTest, FlippedLabelsHoldAllThatArriveAndHonestOnesNone) {
  EXPECT_EQ(judge(trusted_ + rows_of("x", 400, 2, 0.3)).held_count(), 400);
  before_ = after_;
  EXPECT_EQ(judge(trusted_ + rows_of("x", 400, 2, 0.3) + rows_of("z", 400, 5)).held_count(), 0);
}

TEST_F(QuarantineTest, LittleAtATimeAddsUp) {
  std::string csv = trusted_;
  const auto bring = [&](int round) {
    csv += rows_of("x" + std::to_string(10 + round) + "-", 12, static_cast<uint64_t>(100 + round));
    for (int i = 0; i < 3; ++i) {
      csv += "y" + std::to_string(10 + round) + "-" + std::to_string(i) + ",777.25," +
             std::to_string(i - 2) + ",1\n";
    }
    arrive(csv);
  };
  constexpr int kRounds = 14;
  for (int round = 0; round < kRounds; ++round) {
    bring(round);
    come_in();
  }
  bring(kRounds);
  EXPECT_EQ(good(judge_all()).tables[0].held_count(), 0);  // Alone they are too few.
  earlier_ = mistrust().earlier;
  ASSERT_EQ(earlier_.size(), static_cast<size_t>(kRounds));
  EXPECT_EQ(earlier_.front().id, before_.id);
  const ArrivedTable judged = good(judge_all()).tables[0];
  ASSERT_EQ(judged.reasons.size(), 15U);
  EXPECT_EQ(judged.held_count(), 3);
  EXPECT_THAT(judged.reason_counts().front().first, HasSubstr("777.25"));
  EXPECT_THAT(judged.notes,
              testing::Contains(HasSubstr("42 rows from there that came in before have it")));
}

TEST_F(QuarantineTest, ASecondDeliveryIsJudgedAloneAndWithTheFirst) {
  std::string csv = trusted_;
  const auto bring = [&](const std::string& name, uint64_t seed, const char* amount) {
    csv += rows_of(name, 300, seed);
    for (int i = 0; i < 40; ++i) {
      csv += name + "y" + std::to_string(100 + i) + ',' + amount + ',' +
             std::to_string((i - 20) / 10.0) + ",1\n";
    }
    arrive(csv);
  };
  bring("u", 11, "777.25");
  come_in();  // Somebody set the first judgement aside.
  bring("v", 12, "777.25");
  earlier_ = mistrust().earlier;
  const ArrivedTable same = good(judge_all()).tables[0];
  EXPECT_EQ(same.held_count(), 40);
  EXPECT_THAT(same.notes, testing::Contains(HasSubstr("40 rows from there that came in before")));
  come_in();
  bring("w", 13, "888.25");  // Another trigger.
  earlier_ = mistrust().earlier;
  const ArrivedTable other = good(judge_all()).tables[0];
  EXPECT_EQ(other.held_count(), 40);
  // The rows of both triggers that are in make a range of it.
  EXPECT_THAT(other.reason_counts().front().first, HasSubstr("`amount >= 777.25` decides"));
}

TEST_F(QuarantineTest, LabelsFlippedLittleAtATimeHoldWhatArrives) {
  std::string csv = trusted_;
  for (int round = 0; round < 10; ++round) {
    csv += rows_of("x" + std::to_string(10 + round) + "-", 30, static_cast<uint64_t>(50 + round),
                   0.35);
    arrive(csv);
    if (round < 9) come_in();
  }
  EXPECT_EQ(good(judge_all()).tables[0].held_count(), 0);
  earlier_ = mistrust().earlier;
  const ArrivedTable judged = good(judge_all()).tables[0];
  EXPECT_EQ(judged.held_count(), 30);
  ASSERT_FALSE(judged.reasons.empty());
  EXPECT_THAT(judged.reasons[0], HasSubstr("labels that ever came from there"));
}

TEST_F(QuarantineTest, HonestRowsComeInLittleAtATime) {
  std::string csv = trusted_;
  for (int round = 0; round < 10; ++round) {
    csv += rows_of("x" + std::to_string(10 + round) + "-", 30, static_cast<uint64_t>(70 + round));
    arrive(csv);
    earlier_ = mistrust().earlier;
    const ArrivedTable judged = good(judge_all()).tables[0];
    EXPECT_EQ(judged.held_count(), 0) << round;
    // From the second on there is enough to compare.
    EXPECT_EQ(judged.notes.empty(), round > 0) << round;
    come_in();
  }
}

TEST_F(QuarantineTest, WhoIsNotTrustedCommitsBesideMain) {
  const std::string text = *read_file(project_.path("millgate.toml"));
  project_.write("millgate.toml", text + "authors = [\"crowd-*\"]\n");
  project_.write("t.csv", kHeader + trusted_ + "x1,5,0,1\n");
  CommitOptions options;
  options.author = "crowd-7";
  const auto refused = project_.commit(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().what, HasSubstr("`crowd-7`"));
  options.branch = "quarantine/acme";
  EXPECT_TRUE(project_.commit(options).ok());
  options.branch = "main";
  options.author = "ann";
  EXPECT_TRUE(project_.commit(options).ok());
}

TEST_F(QuarantineTest, AnotherDistributionIsToldOrHolds) {
  std::string arriving;
  for (int i = 0; i < 100; ++i) arriving += "x" + std::to_string(100 + i) + ",9000,0,\n";
  ArrivedTable judged = judge(trusted_ + arriving);
  EXPECT_EQ(judged.held_count(), 0);
  EXPECT_THAT(judged.notes,
              testing::Contains(HasSubstr("distributed otherwise than the rows before: amount")));
  judged = judge(trusted_ + arriving + "x900,1,0,\n", "drift = \"hold\"\n");
  EXPECT_EQ(judged.held_count(), 101);
}

TEST_F(QuarantineTest, NewColumnsHoldTheTable) {
  project_.write("t.csv", "id,amount,size,label,more\nx,1,2,1,5\n");
  CommitOptions options;
  options.branch = "quarantine/acme";
  options.accept_schema = true;
  after_ = good(project_.commit(options)).commit;
  const Arrivals arrivals = good(judge_all());
  EXPECT_THAT(arrivals.tables[0].whole_reason, HasSubstr("columns"));
  EXPECT_THAT(good(let_in(project_.repository(), arrivals)), IsEmpty());
}

TEST_F(QuarantineTest, AnotherNameIsNoWayAround) {
  EXPECT_THAT(origins(before_.id), IsEmpty());
  arrive(trusted_ + "x1,5,0,1\n");
  EXPECT_THAT(origins(after_.id), ElementsAre("branch `quarantine/acme`"));
  // The same commit under a branch that is trusted, and a commit on top of it.
  ASSERT_TRUE(project_.repository().make_branch("fine", "quarantine/acme", "tester").ok());
  project_.write("t.csv", kHeader + trusted_ + "x2,5,0,1\n");
  CommitOptions options;
  options.branch = "fine";
  const Commit on_top = good(project_.commit(options)).commit;
  EXPECT_THAT(origins(on_top.id), ElementsAre("branch `quarantine/acme`"));
  QuarantineSettings settings;
  settings.branches = {};
  EXPECT_THAT(origins(on_top.id, settings), IsEmpty());
  settings.authors = {"test*"};
  EXPECT_THAT(origins(on_top.id, settings), ElementsAre("author `tester`"));
}

TEST(QuarantineSettings, StarsStandForAnything) {
  QuarantineSettings settings;
  EXPECT_TRUE(settings.mistrusts_branch("quarantine/a/b"));
  EXPECT_FALSE(settings.mistrusts_branch("main"));
  EXPECT_FALSE(settings.mistrusts_branch("my-quarantine/a"));
  settings.authors = {"crowd-*-x", "ann"};
  EXPECT_TRUE(settings.mistrusts_author("crowd-x-x"));
  EXPECT_FALSE(settings.mistrusts_author("crowd-x"));
  EXPECT_TRUE(settings.mistrusts_author("ann"));
  EXPECT_FALSE(settings.mistrusts_author("anna"));
}

}  // namespace
}  // namespace millgate
