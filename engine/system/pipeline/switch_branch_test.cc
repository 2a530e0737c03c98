#include "system/pipeline/switch_branch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "system/pipeline/commit_changes.h"
#include "system/pipeline/source_status.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSettings = R"([project]
name = "shop"

[[source]]
name = "people"
path = "people.csv"
key = ["id"]

[[source]]
name = "pictures"
kind = "folder"
path = "pictures"
)";

class SwitchBranch : public testing::Test {
 protected:
  SwitchBranch() {
    project_.write("millgate.toml", kSettings);
    project_.write("people.csv", "id,age\n1,41\n2,32\n");
    project_.write("pictures/a.png", "one");
    good(project_.commit());
  }

  Repository& repository() { return project_.repository(); }
  Result<BranchSwitch> switch_to(const std::string& branch, const std::string& made_at = "") {
    return switch_branch(repository(), project_.read(),
                         {.branch = branch, .made_at = made_at, .author = "tester"});
  }
  std::string current() { return good(repository().branch_name(kCurrentBranch)); }
  Id tip(const std::string& branch) { return good(repository().branches()).at(branch); }
  /// "people unchanged, pictures carried"
  std::string status(const std::string& branch = kCurrentBranch) {
    std::string text;
    for (const SourceStatus& source :
         good(project_status(repository(), project_.read(), branch)).sources) {
      const std::string state = source.carried                           ? "carried"
                                : source.state == SourceState::unchanged ? "unchanged"
                                : source.state == SourceState::changed   ? "changed"
                                                                         : "new";
      text += (text.empty() ? "" : ", ") + source.name + " " + state;
    }
    return text;
  }
  void change_rows(const std::string& branch, const std::string& rows) {
    project_.write("changes.csv", rows);
    good(commit_changes(repository(), project_.read(),
                        {.path = project_.path("changes.csv"), .table = "people"},
                        {.branch = branch, .author = "tester"}));
  }

  PipelineProject project_;
};

TEST_F(SwitchBranch, WhatNamesNoBranchMeansTheCurrentOne) {
  const Id first = tip("main");
  EXPECT_EQ(current(), "main");
  EXPECT_THAT(good(switch_to("trial", "@")).carried_tables, IsEmpty());
  EXPECT_EQ(current(), "trial");
  project_.write("people.csv", "id,age\n1,42\n2,32\n");
  good(project_.commit());
  EXPECT_EQ(tip("main"), first);
  EXPECT_EQ(good(repository().resolve("@")).id, tip("trial"));
  EXPECT_EQ(good(repository().resolve("~1")).id, first);
  EXPECT_EQ(good(repository().resolve("@~1")).id, first);
  // Another working copy of the ledger, here the same one, has nothing of it in its events.
  for (const Event& event : good(repository().ledger().events(0))) {
    EXPECT_NE(event.kind, "switch");
  }
}

TEST_F(SwitchBranch, CommittedFilesAreCarriedAndNeverPutOverTheOtherBranch) {
  good(switch_to("relabelled", "@"));
  change_rows(kCurrentBranch, "id,age\n1,99\n");
  good(switch_to("main"));
  project_.write("people.csv", "id,age\n1,41\n2,33\n");
  project_.write("pictures/b.png", "two");
  good(project_.commit());
  const Id relabelled = tip("relabelled");

  const BranchSwitch done = good(switch_to("relabelled"));
  EXPECT_THAT(done.carried_tables, ElementsAre("people"));
  EXPECT_THAT(done.carried_folders, ElementsAre("pictures"));
  EXPECT_EQ(status(), "people carried, pictures carried");
  EXPECT_EQ(status("relabelled"), "people changed, pictures changed");
  // Without the memory of the switch this would put main's rows over those of the branch.
  EXPECT_FALSE(good(project_.commit()).changed);
  EXPECT_EQ(tip("relabelled"), relabelled);

  // Edits of the other branch's rows would undo this branch's.
  project_.write("people.csv", "id,age\n1,41\n2,34\n");
  EXPECT_EQ(status(), "people changed, pictures carried");
  EXPECT_THAT(error_of(project_.commit()).what, HasSubstr("2 rows, first id = 1"));
  EXPECT_EQ(tip("relabelled"), relabelled);
  // Edits of its own are welcome; only what is new is committed.
  project_.write("people.csv", "id,age\n1,99\n2,32\n3,5\n");
  const CommitReport report = good(project_.commit());
  EXPECT_TRUE(report.tables[0].changed);
  EXPECT_FALSE(report.folders[0].stored.changed);
  EXPECT_EQ(report.commit.trees, good(repository().resolve(relabelled.hex())).trees);
  EXPECT_EQ(status(), "people unchanged, pictures carried");

  // Back on main both are as the other branch left them.
  good(switch_to("main"));
  EXPECT_EQ(status(), "people carried, pictures unchanged");
  EXPECT_FALSE(good(project_.commit()).changed);
}

TEST_F(SwitchBranch, ANamedBranchTakesTheFilesAsTheyAre) {
  good(switch_to("other", "@"));
  project_.write("people.csv", "id,age\n1,50\n2,32\n");
  good(project_.commit());
  good(switch_to("main"));
  EXPECT_EQ(status(), "people carried, pictures unchanged");
  const CommitReport report = good(project_.commit({.branch = "main"}));
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(status(), "people unchanged, pictures unchanged");
}

TEST_F(SwitchBranch, UncommittedFilesComeAlongOnlyWhereNothingIsOverwritten) {
  ASSERT_TRUE(repository().make_branch("same", "main", "tester").ok());
  ASSERT_TRUE(repository().make_branch("other", "main", "tester").ok());
  change_rows("other", "id,age\n2,77\n");
  project_.write("people.csv", "id,age\n1,41\n2,33\n");

  const Error refused = error_of(switch_to("other"));
  EXPECT_EQ(refused.code, ErrorCode::conflict);
  EXPECT_THAT(refused.what, HasSubstr("table `people`"));
  EXPECT_THAT(refused.what, HasSubstr("branch `other`"));
  EXPECT_THAT(refused.hint, HasSubstr("millgate commit -b other"));
  EXPECT_EQ(current(), "main");

  good(switch_to("same"));
  EXPECT_EQ(status(), "people changed, pictures unchanged");
  EXPECT_TRUE(good(project_.commit()).changed);
  good(switch_to("other"));
  EXPECT_EQ(current(), "other");
}

TEST_F(SwitchBranch, ARefusedSwitchMakesNoBranch) {
  project_.write("people.csv", "id,age\n1,41\n2,77\n");
  good(project_.commit());
  project_.write("people.csv", "id,age\n1,41\n2,33\n");
  EXPECT_EQ(error_of(switch_to("late", "main~1")).code, ErrorCode::conflict);
  EXPECT_EQ(good(repository().branches()).count("late"), 0U);
  EXPECT_EQ(error_of(switch_to("mian")).hint, "did you mean `main`?");
  EXPECT_EQ(error_of(switch_to("main", "@")).code, ErrorCode::conflict);
  EXPECT_EQ(current(), "main");
}

TEST_F(SwitchBranch, EditsMayBeCommittedWhereTheirFileWasTakenFromAndThenMerged) {
  const Id first = tip("main");
  change_rows("main", "id,age\n2,77\n");
  project_.write("people.csv", "id,age\n1,41\n2,32\n3,5\n");
  const Error refused = error_of(project_.commit());
  EXPECT_THAT(refused.what, HasSubstr("1 row, first id = 2"));
  EXPECT_THAT(refused.hint, HasSubstr("millgate switch -c mine " + first.brief()));
  good(switch_to("mine", first.hex()));
  EXPECT_EQ(good(project_.commit()).tables[0].row_count, 3);
}

TEST_F(SwitchBranch, ATableThatIsMadeByCommandsHasNoFilesToLose) {
  project_.write("millgate.toml",
                 std::string(kSettings) + "\n[[source]]\nname = \"made\"\nkey = [\"id\"]\n");
  ASSERT_TRUE(repository().make_branch("other", "main", "tester").ok());
  good(switch_to("other"));
  EXPECT_EQ(current(), "other");
}

TEST_F(SwitchBranch, MissingFilesAndAMissingCurrentBranchAreNoDeadEnd) {
  ASSERT_TRUE(repository().make_branch("other", "main", "tester").ok());
  change_rows("other", "id,age\n2,77\n");
  std::filesystem::remove(project_.path("people.csv"));
  good(switch_to("other"));
  ASSERT_TRUE(change_workspace(project_.path(), [](Workspace& workspace) -> Status {
                workspace.branch = "gone";
                return {};
              }).ok());
  const Error gone = error_of(repository().resolve("@"));
  EXPECT_EQ(gone.code, ErrorCode::not_found);
  EXPECT_THAT(gone.what, HasSubstr("`gone`"));
  EXPECT_THAT(gone.hint, HasSubstr("millgate switch"));
  EXPECT_EQ(error_of(project_.commit()).code, ErrorCode::not_found);
  good(switch_to("main"));
  EXPECT_EQ(current(), "main");
}

}  // namespace
}  // namespace millgate
