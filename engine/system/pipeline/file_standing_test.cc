#include "system/pipeline/file_standing.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "data/store/commit_merge.h"
#include "data/store/table_version.h"
#include "ground/json.h"
#include "ground/random.h"
#include "system/pipeline/checkout_table.h"
#include "system/pipeline/commit_changes.h"
#include "system/pipeline/source_status.h"
#include "system/pipeline/switch_branch.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

using Cells = std::vector<int64_t>;
using Rows = std::map<int64_t, Cells>;             ///< By id: a, b.
using About = std::map<std::string, std::string>;  ///< `from`, `licence`.

constexpr int64_t kIds = 4;
constexpr uint64_t kValues = 3;

std::string text_of(const Rows& rows) {
  std::string text = "id,a,b\n";
  for (const auto& [id, cells] : rows) {
    text +=
        std::to_string(id) + "," + std::to_string(cells[0]) + "," + std::to_string(cells[1]) + "\n";
  }
  return text;
}

uint64_t first_seed() {
  const char* given = std::getenv("MILLGATE_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

/// Random work on one table, and beside it what the rules say must come out.
class Work {
 public:
  explicit Work(uint64_t seed) : random_(seed) {
    for (int64_t id = 0; id < kIds; ++id) file_[id] = {0, 0};
    about_ = {{"from", "the till"}, {"licence", "0"}};
    write();
    good(project_.commit());
    noted_ = file_;
    noted_about_ = about_;
  }

  void step() {
    switch (random_.below(13)) {
      case 0:
      case 1:
      case 2:
        return edit_file();
      case 3:
        return edit_about();
      case 4:
      case 5:
      case 6:
        return commit();
      case 7:
        return change_rows();
      case 8:
        return merge();
      case 9:
        return revert();
      case 10:
        return switch_branch();
      case 11:
        return take_over();
      default:
        return check_out();
    }
  }

  void check_status() {
    const ProjectStatus status = good(project_status(repository(), project_.read(), "@"));
    const SourceStatus& source = status.sources[0];
    const Commit tip = good(repository().resolve("@"));
    if (source.state == SourceState::unchanged && !source.carried && !source.behind) {
      EXPECT_EQ(rows_of(tip), file_) << "a file that is said to be the branch's is not";
    }
    if (file_ == noted_) {
      EXPECT_EQ(source.state, SourceState::unchanged);
    }
    if (about_ == noted_about_) {
      EXPECT_TRUE(source.about.empty());
    }
    if (source.about.empty() && source.about_behind.empty()) {
      EXPECT_EQ(about_of(tip), about_);
    }
  }

  [[nodiscard]] int refusals() const { return refusals_; }
  [[nodiscard]] int commits_beside_news() const { return commits_beside_news_; }
  [[nodiscard]] int left_alone() const { return left_alone_; }

 private:
  Repository& repository() { return project_.repository(); }

  void write() {
    project_.write("t.csv", text_of(file_));
    project_.write("millgate.toml",
                   "[project]\nname = \"shop\"\n[[source]]\nname = \"t\"\npath = \"t.csv\"\n"
                   "key = [\"id\"]\nabout = { from = \"" +
                       about_["from"] + "\", licence = \"" + about_["licence"] + "\" }\n");
  }

  Rows rows_of(const Commit& commit) {
    const TableVersion version =
        good(read_table_version(repository().objects(), commit.tables.at("t")));
    const auto reader = good(read_rows(repository().objects(), version));
    Rows rows;
    std::shared_ptr<arrow::RecordBatch> batch;
    while (reader->ReadNext(&batch).ok() && batch != nullptr) {
      const auto cell = [&](int column, int64_t row) {
        return static_cast<const arrow::Int64Array&>(*batch->column(column)).Value(row);
      };
      for (int64_t i = 0; i < batch->num_rows(); ++i) rows[cell(0, i)] = {cell(1, i), cell(2, i)};
    }
    return rows;
  }

  About about_of(const Commit& commit) {
    const Json json = good(about_in(commit, "t"));
    return {{"from", json.value("from", "")}, {"licence", json.value("licence", "")}};
  }

  void edit_file() {
    const auto id = static_cast<int64_t>(random_.below(kIds + 2));
    if (file_.size() > 1 && random_.below(5) == 0) {
      file_.erase(id);
    } else {
      file_.try_emplace(id, Cells{0, 0});
      file_[id][random_.below(2)] = static_cast<int64_t>(random_.below(kValues));
    }
    write();
  }

  /// By hand: what came is written into the file.
  void take_over() {
    file_ = rows_of(good(repository().resolve("@")));
    edit_file();
    commit();
  }

  void edit_about() {
    about_[random_.below(2) == 0 ? "from" : "licence"] = std::to_string(random_.below(kValues));
    write();
  }

  /// Whether `tip` went another way than the file in a cell, since the file was what was noted.
  [[nodiscard]] bool would_undo(const Rows& tip) const {
    for (int64_t id = 0; id < kIds + 2; ++id) {
      const auto of = [&](const Rows& rows) {
        const auto found = rows.find(id);
        return found == rows.end() ? Cells() : found->second;
      };
      const Cells was = of(noted_);
      const Cells theirs = of(tip);
      const Cells ours = of(file_);
      if (was.empty() || theirs.empty() || ours.empty()) {
        if (theirs != was && ours != theirs) return true;
        continue;
      }
      for (size_t i = 0; i < 2; ++i) {
        if (theirs[i] != was[i] && ours[i] != theirs[i]) return true;
      }
    }
    return false;
  }

  void commit() {
    const Commit before = good(repository().resolve("@"));
    const Rows tip = rows_of(before);
    About said = about_of(before);
    bool overtaken = false;
    for (const auto& [member, text] : about_) {
      if (text == said[member] || text == noted_about_[member]) continue;
      overtaken |= said[member] != noted_about_[member];
      said[member] = text;
    }
    const Json origin = good(parse_json(before.origin_json, "origin"));
    const std::string committed = origin.at("t").at("files")[0].at("sha256");
    // Files that are what the commit itself says it came from are no news, whatever was noted.
    const bool edited = file_ != noted_ && committed != hash_of(text_of(file_)).hex();
    const auto report = project_.commit();
    const Commit after = good(repository().resolve("@"));
    if (overtaken || (edited && would_undo(tip))) {
      EXPECT_EQ(error_of(report).code, ErrorCode::conflict);
      EXPECT_EQ(after.id, before.id);
      ++refusals_;
      return;
    }
    ASSERT_TRUE(report.ok()) << report.error().what;
    EXPECT_EQ(rows_of(after), edited ? file_ : tip);
    EXPECT_EQ(about_of(after), said);
    left_alone_ += static_cast<int>(!edited && tip != file_);
    commits_beside_news_ += static_cast<int>(edited && tip != noted_);
    noted_ = file_;
    noted_about_ = about_;
  }

  void change_rows() {
    const Commit before = good(repository().resolve("@"));
    project_.write("changes.csv", "id,b\n" + std::to_string(rows_of(before).begin()->first) + "," +
                                      std::to_string(random_.below(kValues)) + "\n");
    good(commit_changes(repository(), project_.read(),
                        {.path = project_.path("changes.csv"), .table = "t"},
                        {.author = "tester"}));
  }

  void merge_change(const MergedChange& change, bool joins_history) {
    MergeRequest request;
    request.branch = good(repository().branch_name("@"));
    request.ours = good(repository().resolve("@")).id;
    request.changes = {change};
    request.joins_history = joins_history;
    request.message = "merged";
    request.policies = {"theirs"};
    const CommitMerge merge = good(merge_commits(repository(), request));
    good(commit_merge(repository(), request, merge, "tester"));
  }

  void merge() {
    const Commit ours = good(repository().resolve("@"));
    for (const auto& [branch, tip] : good(repository().branches())) {
      const auto changes = changes_to_merge(repository(), ours.id, {branch});
      if (tip == ours.id || !changes.ok() || changes->empty()) continue;
      if (changes->front().base == ours.id) {
        const std::string here = good(repository().branch_name("@"));
        ASSERT_TRUE(repository().fast_forward(here, ours.id, tip, "tester").ok());
      } else {
        merge_change(changes->front(), true);
      }
      return;
    }
  }

  void revert() {
    const Commit tip = good(repository().resolve("@"));
    if (!tip.parents.empty()) merge_change({.base = tip.id, .theirs = tip.parents[0]}, false);
  }

  void switch_branch() {
    const auto branches = good(repository().branches());
    const std::string here = good(repository().branch_name("@"));
    const std::string name = "b" + std::to_string(random_.below(2));
    SwitchRequest request{.branch = name == here ? "main" : name};
    if (!branches.contains(request.branch)) request.made_at = "@";
    const auto done = millgate::switch_branch(repository(), project_.read(), request);
    if (!done.ok()) {
      EXPECT_EQ(done.error().code, ErrorCode::conflict);
      EXPECT_NE(file_, noted_) << "refused for a file that is committed";
      EXPECT_EQ(good(repository().branch_name("@")), here);
    }
  }

  void check_out() {
    const auto done = checkout_table(repository(), project_.read(), {.table = "t"});
    if (!done.ok()) {
      EXPECT_EQ(done.error().code, ErrorCode::conflict) << done.error().what;
      EXPECT_NE(file_, noted_) << "refused to write over a file that is committed";
      return;
    }
    file_ = rows_of(good(repository().resolve("@")));
    noted_ = file_;
    EXPECT_EQ(good(read_file(project_.path("t.csv"))), text_of(file_));
  }

  PipelineProject project_;
  Random random_;
  Rows file_;
  Rows noted_;  ///< What the file was when it last agreed with a commit.
  About about_;
  About noted_about_;
  int refusals_ = 0;
  int commits_beside_news_ = 0;
  int left_alone_ = 0;
};

TEST(FileStanding, NoCommitUndoesWhatCameToTheBranch) {
  constexpr int kSteps = 60;
  int refusals = 0;
  int beside = 0;
  int left_alone = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + 5; ++seed) {
    SCOPED_TRACE("MILLGATE_SEED=" + std::to_string(seed));
    Work work(seed);
    for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      work.step();
      work.check_status();
    }
    refusals += work.refusals();
    beside += work.commits_beside_news();
    left_alone += work.left_alone();
  }
  // The work met what it is for.
  EXPECT_GT(refusals, 10);
  EXPECT_GT(beside, 3);
  EXPECT_GT(left_alone, 3);
}

constexpr const char* kSettings = R"([project]
name = "shop"
[[source]]
name = "people"
path = "people.csv"
key = ["id"]
about = { licence = "CC0" }
[[source]]
name = "pictures"
kind = "folder"
path = "pictures"
)";

class Behind : public testing::Test {
 protected:
  Behind() {
    project_.write("millgate.toml", kSettings);
    project_.write("people.csv", "id,age\n1,41\n2,32\n");
    project_.write("pictures/a.png", "one");
    project_.write("pictures/b.png", "one");
    good(project_.commit());
  }
  Repository& repository() { return project_.repository(); }
  SourceStatus status(size_t source) {
    return good(project_status(repository(), project_.read(), "@")).sources[source];
  }
  /// As a pull does: what another working copy committed, with its files.
  void go_on_elsewhere(const std::string& file, const std::string& text) {
    const std::string was = good(read_file(project_.path(file)));
    const std::string notes = good(read_file(project_.path(".millgate/workspace.json")));
    project_.write(file, text);
    good(project_.commit());
    project_.write(file, was);
    project_.write(".millgate/workspace.json", notes);
  }
  PipelineProject project_;
};

TEST_F(Behind, AFileOfAnOlderCommitIsKnownWithoutANote) {
  go_on_elsewhere("people.csv", "id,age\n1,41\n2,33\n");
  ASSERT_TRUE(change_workspace(project_.path(), [](Workspace& workspace) -> Status {
                workspace.carried_files.clear();
                return {};
              }).ok());
  EXPECT_TRUE(status(0).behind);
  EXPECT_FALSE(good(project_.commit()).changed);
  // With the note that this wrote, the same file is edited once it has gone another way.
  project_.write("people.csv", "id,age\n1,42\n2,32\n");
  EXPECT_THAT(error_of(project_.commit()).what, HasSubstr("1 row, first id = 2"));
  project_.write("people.csv", "id,age\n1,42\n2,33\n");
  EXPECT_TRUE(good(project_.commit()).changed);
  EXPECT_FALSE(status(0).behind);
}

TEST_F(Behind, AnEditedFolderUndoesNoFileThatCame) {
  go_on_elsewhere("pictures/a.png", "two");
  EXPECT_TRUE(status(1).behind);
  EXPECT_FALSE(good(project_.commit()).changed);
  project_.write("pictures/b.png", "edited");
  const Error refused = error_of(project_.commit());
  EXPECT_EQ(refused.code, ErrorCode::conflict);
  EXPECT_THAT(refused.what, HasSubstr("file `a.png`"));
  EXPECT_THAT(refused.hint, HasSubstr("millgate checkout pictures/a.png"));
  project_.write("pictures/a.png", "two");
  const CommitReport report = good(project_.commit());
  EXPECT_EQ(report.folders[0].stored.modified, 1);
}

TEST_F(Behind, AnOldNoteWithoutItsCommitRefusesEditsOnly) {
  const Id first = good(repository().resolve("@")).id;
  go_on_elsewhere("people.csv", "id,age\n1,41\n2,33\n");
  ASSERT_TRUE(change_workspace(project_.path(), [&](Workspace& workspace) -> Status {
                FileNote note = FileNote::parse(workspace.carried_files.at("people"));
                EXPECT_EQ(note.commit, first);
                note.commit.reset();
                workspace.carried_files["people"] = note.text();
                return {};
              }).ok());
  EXPECT_TRUE(status(0).carried);
  EXPECT_FALSE(good(project_.commit()).changed);
  project_.write("people.csv", "id,age\n1,42\n2,32\n");
  EXPECT_THAT(error_of(project_.commit()).hint, HasSubstr("millgate commit -b main"));
  EXPECT_TRUE(good(project_.commit({.branch = "main"})).changed);
}

TEST_F(Behind, RowsOfAnotherVersionArePutThereOnPurpose) {
  project_.write("people.csv", "id,age\n1,41\n2,33\n");
  good(project_.commit());
  EXPECT_EQ(
      good(checkout_table(repository(), project_.read(), {.table = "people", .revision = "@~1"}))
          .row_count,
      2);
  EXPECT_EQ(status(0).state, SourceState::changed);
  EXPECT_EQ(error_of(checkout_table(repository(), project_.read(), {.table = "people"})).code,
            ErrorCode::conflict);
  const CommitReport report = good(project_.commit());
  EXPECT_EQ(report.commit.tables, good(repository().resolve("@~2")).tables);
}

TEST_F(Behind, AFileThatWouldNotGiveTheRowsBackIsNotWritten) {
  project_.write("millgate.toml",
                 replaced(kSettings, "key = [\"id\"]", "key = [\"id\"]\nnull_texts = [\"-\"]"));
  project_.write("people.csv", "id,age\n1,-\n2,32\n");
  good(project_.commit({.branch = "main", .accept_schema = true}));
  project_.write("millgate.toml", kSettings);
  project_.write("people.csv", "id,age\n1,\n2,32\n");
  good(checkout_table(repository(), project_.read(), {.table = "people", .force = true}));
  project_.write("millgate.toml",
                 replaced(kSettings, "key = [\"id\"]", "key = [\"id\"]\nnull_texts = [\"-\"]"));
  const Error refused =
      error_of(checkout_table(repository(), project_.read(), {.table = "people", .force = true}));
  EXPECT_EQ(refused.code, ErrorCode::invalid_input);
  EXPECT_THAT(refused.hint, HasSubstr(".parquet"));
}

}  // namespace
}  // namespace millgate
