#include "data/store/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class WorkspaceTest : public testing::Test {
 protected:
  WorkspaceTest() { EXPECT_TRUE(make_folders(project() + "/.millgate").ok()); }
  [[nodiscard]] std::string project() const { return folder_.path("project"); }
  [[nodiscard]] std::string file() const { return project() + "/.millgate/workspace.json"; }

 private:
  TestFolder folder_;
};

TEST_F(WorkspaceTest, BeginsOnMainAndKeepsWhatItIsGiven) {
  const auto fresh = read_workspace(project());
  ASSERT_TRUE(fresh.ok());
  EXPECT_EQ(fresh->branch, "main");
  EXPECT_THAT(fresh->carried_files, IsEmpty());
  ASSERT_TRUE(change_workspace(project(), [](Workspace& workspace) -> Status {
                workspace.branch = "trial/x";
                workspace.carried_files["flights"] = R"({"files":["ä \" \n"]})";
                return {};
              }).ok());
  const auto kept = read_workspace(project());
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->branch, "trial/x");
  EXPECT_EQ(kept->carried_files.at("flights"), R"({"files":["ä \" \n"]})");
}

TEST_F(WorkspaceTest, AChangeThatFailsChangesNothing) {
  const Status failed = change_workspace(project(), [](Workspace& workspace) -> Status {
    workspace.branch = "lost";
    return invalid_input("no", "");
  });
  EXPECT_EQ(failed.error().what, "no");
  EXPECT_EQ(read_workspace(project())->branch, "main");
}

TEST_F(WorkspaceTest, AFileOfAnotherKindIsToldWithTheWayOut) {
  for (const char* text : {"", "{", "[]", R"({"format":"x","version":1})",
                           R"({"format":"millgate workspace","version":1,"branch":7})"}) {
    ASSERT_TRUE(write_file(file(), text).ok());
    const auto read = read_workspace(project());
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::damaged) << text;
    EXPECT_THAT(read.error().hint, HasSubstr("remove the file")) << text;
  }
  ASSERT_TRUE(write_file(file(), R"({"format":"millgate workspace","version":2})").ok());
  EXPECT_EQ(read_workspace(project()).error().code, ErrorCode::invalid_input);
}

TEST_F(WorkspaceTest, NoChangeOfSeveralProcessesIsLost) {
  constexpr int kProcesses = 4;
  constexpr int kChanges = 50;
  std::vector<pid_t> children;
  children.reserve(kProcesses);
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      bool good = true;
      for (int i = 0; i < kChanges && good; ++i) {
        const std::string name = std::to_string(process) + "-" + std::to_string(i);
        good = change_workspace(project(), [&](Workspace& workspace) -> Status {
                 workspace.carried_files[name] = name;
                 return {};
               }).ok();
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_workspace(project())->carried_files.size(),
            static_cast<size_t>(kProcesses) * kChanges);
}

}  // namespace
}  // namespace millgate
