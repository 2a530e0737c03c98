#include "system/pipeline/commit_sources.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "data/query/database.h"
#include "data/query/revision_sql.h"
#include "data/store/table_version.h"
#include "ground/json.h"
#include "ground/random.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSettings = R"([project]
name = "shop"

[[source]]
name = "people"
path = "people/*.csv"
key = ["id"]
about = { from = "the counter" }

[[source]]
name = "prices"
path = "prices.csv"
key = ["item"]
)";

std::string rows_of(const std::string& value, int count) {
  std::string text = "id,age,town\n";
  for (int i = 0; i < count; ++i) {
    text += std::to_string(i) + "," + std::to_string(20 + i % 50) + "," + value + "\n";
  }
  return text;
}

class CommitSources : public testing::Test {
 protected:
  CommitSources() {
    project_.write("millgate.toml", kSettings);
    project_.write("people/a.csv", "id,age,town\n1,41,Oslo\n2,32,Bergen\n");
    project_.write("prices.csv", "item,price\ntea,2.5\n");
  }

  Repository& repository() { return project_.repository(); }

  /// The rows of a table at `revision` as CSV-like lines, by SQL.
  std::vector<std::string> rows(const std::string& table, const std::string& revision = "main") {
    auto database = good(Database::open({}));
    const Commit commit = good(repository().resolve(revision));
    EXPECT_TRUE(add_commit(*database, repository(), commit).ok());
    const auto found =
        good(database->query("select t::varchar as line from " + table + " t order by 1"));
    std::vector<std::string> lines;
    const auto column = found->GetColumnByName("line");
    for (int64_t i = 0; i < found->num_rows(); ++i) {
      lines.push_back(column->GetScalar(i).ValueOrDie()->ToString());
    }
    return lines;
  }

  int64_t commit_count() {
    return static_cast<int64_t>(good(repository().ledger().events(0, "commit")).size());
  }

  /// Paths in scratch/ and temporary files anywhere in `.millgate`.
  std::vector<std::string> left_overs() {
    std::vector<std::string> found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(project_.path(".millgate"))) {
      const std::string path = entry.path().string();
      if (path.find("/scratch/") != std::string::npos) found.push_back(path);
      if (path.find("/.tmp/") != std::string::npos) found.push_back(path);
    }
    return found;
  }

  PipelineProject project_;
};

TEST_F(CommitSources, TheFirstCommitHoldsEverySource) {
  std::vector<std::string> told;
  CommitOptions options{.message = "first", .author = "ada"};
  options.progress = [&](const std::string& table, double share) {
    told.push_back(table);
    EXPECT_TRUE(share >= 0 && share <= 1);
  };
  const CommitReport report = good(project_.commit(options));
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(report.commit.message, "first");
  EXPECT_EQ(report.commit.author, "ada");
  EXPECT_THAT(report.commit.parents, IsEmpty());
  ASSERT_EQ(report.tables.size(), 2U);
  EXPECT_EQ(report.tables[0].name, "people");
  EXPECT_EQ(report.tables[0].row_count, 2);
  EXPECT_EQ(report.tables[0].row_count_before, 0);
  EXPECT_EQ(report.tables[0].file_count, 1);
  EXPECT_GT(report.tables[0].new_bytes, 0);
  EXPECT_TRUE(report.tables[1].changed);
  EXPECT_THAT(told, testing::ElementsAre("people", "prices", "prices"));
  EXPECT_EQ(good(repository().resolve("main")).id, report.commit.id);
  EXPECT_THAT(rows("people"), testing::ElementsAre(AllOf(HasSubstr("41"), HasSubstr("Oslo")),
                                                   AllOf(HasSubstr("32"), HasSubstr("Bergen"))));
  EXPECT_THAT(left_overs(), IsEmpty());
}

TEST_F(CommitSources, ItsOriginNamesTheFilesByTheirHashAndTheirStory) {
  const CommitReport report = good(project_.commit());
  const Json origin = good(parse_json(report.commit.origin_json, "origin"));
  const Json& people = origin.at("people");
  ASSERT_EQ(people.at("files").size(), 1U);
  EXPECT_EQ(people.at("files")[0].at("path"), "people/a.csv");
  // printf 'id,age,town\n1,41,Oslo\n2,32,Bergen\n' | sha256sum
  EXPECT_EQ(people.at("files")[0].at("sha256"),
            "21a79fe06fcfca363e68a2a435c5a97492b28e37a737a717e2713ab73b0b16b9");
  EXPECT_EQ(people.at("files")[0].at("size_bytes"), 34);
  EXPECT_EQ(people.at("about").at("from"), "the counter");
  EXPECT_EQ(people.at("key"), Json::array({"id"}));
  EXPECT_TRUE(origin.contains("prices"));
}

TEST_F(CommitSources, NothingNewGivesTheTipAndAppendsNothing) {
  const CommitReport first = good(project_.commit());
  const CommitReport again = good(project_.commit());
  EXPECT_FALSE(again.changed);
  EXPECT_EQ(again.commit.id, first.commit.id);
  EXPECT_EQ(again.tables[0].row_count, 2);
  EXPECT_EQ(again.tables[0].row_count_before, 2);
  EXPECT_EQ(again.tables[0].new_bytes, 0);
  EXPECT_EQ(commit_count(), 1);
}

TEST_F(CommitSources, UnchangedFilesAreNotRead) {
  std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  (void)good(project_.commit());
  // Other rows, and a cache that knows the file with its new times but with its old hash: who
  // reads the file sees rows that are new.
  const std::string path = project_.path("people/a.csv");
  project_.write("people/a.csv", "id,age,town\n1,99,Oslo\n2,99,Bergen\n");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  const std::string cache_path = ".millgate/cache/files.json";
  Json cache = good(parse_json(good(read_file(project_.path(cache_path))), "cache"));
  ASSERT_TRUE(cache.contains(path));
  cache[path]["fingerprint"] = {status.st_ino,         status.st_size,
                                status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
  project_.write(cache_path, dump_json(cache));
  EXPECT_FALSE(good(project_.commit()).changed);
  // And without the cache they are seen.
  std::filesystem::remove(project_.path(cache_path));
  EXPECT_TRUE(good(project_.commit()).changed);
}

TEST_F(CommitSources, OnlyTheChangedTableIsNew) {
  const CommitReport first = good(project_.commit());
  project_.write("people/a.csv", "id,age,town\n1,42,Oslo\n2,32,Bergen\n3,7,Moss\n");
  const CommitReport second = good(project_.commit());
  EXPECT_TRUE(second.changed);
  EXPECT_TRUE(second.tables[0].changed);
  EXPECT_EQ(second.tables[0].row_count, 3);
  EXPECT_EQ(second.tables[0].row_count_before, 2);
  EXPECT_FALSE(second.tables[1].changed);
  EXPECT_EQ(second.tables[1].new_bytes, 0);
  EXPECT_EQ(second.commit.message, "news of people");
  EXPECT_EQ(second.commit.tables.at("prices"), first.commit.tables.at("prices"));
  EXPECT_NE(second.commit.tables.at("people"), first.commit.tables.at("people"));
  EXPECT_EQ(second.commit.parents, std::vector<Id>{first.commit.id});
  EXPECT_EQ(rows("people").size(), 3U);
  EXPECT_EQ(rows("people", "main~1").size(), 2U);
}

TEST_F(CommitSources, ANewFileOfAGlobAddsItsRowsAndAGoneOneTakesThemAway) {
  (void)good(project_.commit());
  project_.write("people/b.csv", "id,age,town\n3,7,Moss\n");
  const CommitReport more = good(project_.commit());
  EXPECT_EQ(more.tables[0].file_count, 2);
  EXPECT_EQ(more.tables[0].row_count, 3);
  std::filesystem::remove(project_.path("people/a.csv"));
  EXPECT_EQ(good(project_.commit()).tables[0].row_count, 1);
}

TEST_F(CommitSources, TheSameRowsInOtherFilesAreNoChange) {
  const CommitReport first = good(project_.commit());
  project_.write("people/a.csv", "id,age,town\n2,32,Bergen\n");
  project_.write("people/b.csv", "id,age,town\n1,41,Oslo\n");
  const CommitReport again = good(project_.commit());
  EXPECT_FALSE(again.changed);
  EXPECT_EQ(again.commit.id, first.commit.id);
}

TEST_F(CommitSources, AGlobWithoutFilesIsNotFoundAndChangesNothing) {
  (void)good(project_.commit());
  std::filesystem::remove(project_.path("people/a.csv"));
  project_.write("prices.csv", "item,price\ntea,3\n");
  const Error error = error_of(project_.commit());
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("people/*.csv"));
  EXPECT_THAT(error.where, HasSubstr("millgate.toml:6:8"));
  EXPECT_EQ(commit_count(), 1) << "the other table must not be committed alone";
}

TEST_F(CommitSources, ColumnsAreKeptUnlessTheChangeIsAccepted) {
  (void)good(project_.commit());
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"id,age,town,note\n1,41,Oslo,x\n", "note"},
      {"id,age\n1,41\n", "town"},
      {"id,age,town\n1,old,Oslo\n", "old"},
  };
  for (const auto& [text, named] : changes) {
    project_.write("people/a.csv", text);
    const Error error = error_of(project_.commit());
    EXPECT_EQ(error.code, ErrorCode::invalid_input);
    EXPECT_THAT(error.what, HasSubstr("`people` does not fit")) << text;
    EXPECT_THAT(error.hint, HasSubstr("--accept-schema")) << text;
    ASSERT_FALSE(error.because.empty());
    EXPECT_THAT(error.because.front(), HasSubstr(named)) << text;
    EXPECT_EQ(commit_count(), 1);
  }
  for (const auto& [text, named] : changes) {
    project_.write("people/a.csv", text);
    EXPECT_EQ(good(project_.commit({.accept_schema = true})).tables[0].row_count, 1) << text;
  }
  const Commit tip = good(repository().resolve("main"));
  const TableVersion version =
      good(read_table_version(repository().objects(), tip.tables.at("people")));
  EXPECT_EQ(version.schema->GetFieldByName("age")->type()->id(), arrow::Type::STRING);
  EXPECT_EQ(version.schema->GetFieldByName("note"), nullptr);
}

TEST_F(CommitSources, AFileThatIsBadByItselfIsNotBlamedOnTheColumns) {
  (void)good(project_.commit());
  project_.write("people/a.csv", "id,age,town\n1,41,Oslo,more\n");
  const Error error = error_of(project_.commit());
  EXPECT_THAT(error.what, HasSubstr("cannot commit table `people`"));
  EXPECT_THAT(error.hint, testing::Not(HasSubstr("--accept-schema")));
}

TEST_F(CommitSources, WithoutASourceThereIsNothingToCommit) {
  project_.write("millgate.toml", "[project]\nname = \"empty\"\n");
  EXPECT_THAT(error_of(project_.commit()).what, HasSubstr("[[source]]"));
}

TEST_F(CommitSources, AnUnknownBranchIsNotFound) {
  (void)good(project_.commit());
  project_.write("prices.csv", "item,price\ntea,3\n");
  EXPECT_EQ(error_of(project_.commit({.branch = "mian"})).code, ErrorCode::not_found);
}

TEST_F(CommitSources, ACommitThatOvertookUsIsNotOverwritten) {
  (void)good(project_.commit({.message = "first"}));
  project_.write("people/a.csv", rows_of("ours", 3));
  CommitOptions ours{.message = "ours"};
  bool overtaken = false;
  ours.progress = [&](const std::string&, double) {
    if (overtaken) return;
    overtaken = true;
    // While we read, another process commits other rows of the same table.
    const std::string mine = good(read_file(project_.path("people/a.csv")));
    project_.write("people/a.csv", rows_of("theirs", 2));
    (void)good(project_.commit({.message = "theirs", .author = "bob"}));
    project_.write("people/a.csv", mine);
  };
  const Error error = error_of(project_.commit(ours));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_THAT(error.what, AllOf(HasSubstr("`people`"), HasSubstr("bob")));
  EXPECT_EQ(good(repository().resolve("main")).message, "theirs");
}

TEST_F(CommitSources, TheFirstCommitDoesNotOverwriteAnotherFirstCommit) {
  CommitOptions ours{.message = "ours"};
  bool overtaken = false;
  ours.progress = [&](const std::string&, double) {
    if (overtaken) return;
    overtaken = true;
    project_.write("people/a.csv", rows_of("theirs", 2));
    (void)good(project_.commit({.message = "theirs", .author = "bob"}));
    project_.write("people/a.csv", rows_of("ours", 3));
  };
  EXPECT_EQ(error_of(project_.commit(ours)).code, ErrorCode::conflict);
  EXPECT_EQ(good(repository().resolve("main")).message, "theirs");
}

TEST_F(CommitSources, ACommitOfAnotherTableIsNoConflictAndItsOriginStays) {
  (void)good(project_.commit({.message = "first"}));
  project_.write("people/a.csv", rows_of("ours", 3));
  CommitOptions ours{.message = "ours"};
  bool overtaken = false;
  ours.progress = [&](const std::string& table, double share) {
    if (overtaken || table != "prices" || share >= 1) return;
    overtaken = true;
    const std::string before = good(read_file(project_.path("prices.csv")));
    const std::string mine = good(read_file(project_.path("people/a.csv")));
    project_.write("people/a.csv", "id,age,town\n1,41,Oslo\n2,32,Bergen\n");
    project_.write("prices.csv", "item,price\ntea,3\ncoffee,4\n");
    (void)good(project_.commit({.message = "theirs", .author = "bob"}));
    project_.write("prices.csv", before);
    project_.write("people/a.csv", mine);
  };
  const CommitReport report = good(project_.commit(ours));
  ASSERT_TRUE(overtaken);
  EXPECT_EQ(rows("people").size(), 3U);
  EXPECT_EQ(rows("prices").size(), 2U) << "the other commit's table is lost";
  const Commit theirs = good(repository().resolve("main~1"));
  EXPECT_EQ(theirs.message, "theirs");
  const Json before = good(parse_json(theirs.origin_json, "origin"));
  const Json after = good(parse_json(report.commit.origin_json, "origin"));
  EXPECT_EQ(after.at("prices"), before.at("prices")) << "it names files that the rows are not from";
}

/// A commit in a process of its own; its exit code says how it went.
pid_t start_commit(const std::string& folder, const std::string& source_path,
                   const std::string& message) {
  return start_process([=] {
    auto repository = Repository::open(folder, system_clock());
    if (!repository.ok()) return 10;
    auto project = read_project(folder, {"source.0.path=" + source_path});
    if (!project.ok()) return 11;
    const auto report =
        commit_sources(**repository, *project, {.message = message, .author = message});
    if (report.ok()) return 0;
    return report.error().code == ErrorCode::conflict ? 1 : 12;
  });
}

TEST_F(CommitSources, OfProcessesAtOnceEachIsInTheLogOrWasToldWhoWon) {
  (void)good(project_.commit({.message = "first"}));
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const std::string name = "other/" + std::to_string(i) + ".csv";
    project_.write(name, rows_of("town" + std::to_string(i), 2000 + i));
    children.push_back(start_commit(project_.path(), name, std::to_string(i)));
  }
  std::set<std::string> done = {"first"};
  for (int i = 0; i < 6; ++i) {
    const int code = wait_for(children[static_cast<size_t>(i)]);
    EXPECT_TRUE(code == 0 || code == 1) << "process " << i << " ended with " << code;
    if (code == 0) done.insert(std::to_string(i));
  }
  EXPECT_GE(done.size(), 2U) << "nobody could commit";
  std::set<std::string> logged;
  for (const Commit& commit : good(repository().log("main", 100))) {
    logged.insert(commit.message);
    const TableVersion version =
        good(read_table_version(repository().objects(), commit.tables.at("people")));
    const int64_t expected = commit.message == "first" ? 2 : 2000 + std::stoi(commit.message);
    EXPECT_EQ(version.row_count, expected);
  }
  EXPECT_EQ(logged, done);
  EXPECT_TRUE(repository().ledger().verify().ok());
}

/// A clock that is asked for the time of a commit just before it is made.
class CommitMoment final : public Clock {
 public:
  explicit CommitMoment(std::function<void()> act) : act_(std::move(act)) {}
  [[nodiscard]] Time now() const override {
    act_();
    return *parse_time("2026-03-01T00:00:01Z");
  }

 private:
  std::function<void()> act_;
};

TEST_F(CommitSources, FilesOfACommitThatDiedBeforeItsNoteAreNoEditsOfTheOneBefore) {
  const std::string lock = project_.path(".millgate/workspace.lock");
  const auto cut_off = [&] {
    std::filesystem::remove_all(lock);
    std::filesystem::create_directory(lock);
  };
  project_.write("images/a.txt", "one");
  project_.write("millgate.toml", std::string(kSettings) +
                                      "[[source]]\nname = \"images\"\npath = \"images\"\n"
                                      "kind = \"folder\"\n");
  (void)good(project_.commit({.message = "first"}));
  project_.write("people/a.csv", rows_of("second", 3));
  project_.write("images/a.txt", "two");
  {
    const CommitMoment moment(cut_off);
    const auto dying = good(Repository::open(project_.path(), moment));
    (void)good(commit_sources(*dying, project_.read(), {.message = "second"}));
  }
  std::filesystem::remove(lock);
  EXPECT_EQ(good(repository().resolve("main")).message, "second");
  project_.write("people/a.csv", rows_of("third", 3));
  project_.write("images/a.txt", "three");
  const CommitReport report = good(project_.commit({.message = "third"}));
  EXPECT_TRUE(report.tables[0].changed);
  EXPECT_TRUE(report.folders[0].stored.changed);
}

TEST_F(CommitSources, KilledAtAnyMomentLeavesTheOldStateOrTheNew) {
  const uint64_t seed = static_cast<uint64_t>(::getpid());
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  (void)good(project_.commit({.message = "first"}));
  std::string tip_message = "first";
  int cut_off = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string message = "number " + std::to_string(i);
    project_.write("other/rows.csv", rows_of(message, 20000 + i));
    const pid_t child = start_commit(project_.path(), "other/rows.csv", message);
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(120'000)));
    ::kill(child, SIGKILL);
    const bool was_killed = wait_for(child) == 1000 + SIGKILL;
    cut_off += was_killed ? 1 : 0;
    ASSERT_TRUE(repository().ledger().verify().ok());
    const Commit tip = good(repository().resolve("main"));
    if (!was_killed) {
      EXPECT_EQ(tip.message, message);
    }
    EXPECT_TRUE(tip.message == message || tip.message == tip_message) << tip.message;
    tip_message = tip.message;
    // Whatever the tip is, all of it can be read and every object is what its name says.
    for (const auto& [table, id] : tip.tables) {
      const TableVersion version = good(read_table_version(repository().objects(), id));
      for (const Segment& segment : version.segments) {
        EXPECT_TRUE(repository().objects().verify(segment.object).ok());
      }
    }
  }
  EXPECT_GT(cut_off, 0) << "no process was killed in the middle";
  // Afterwards the same command works.
  project_.write("people/a.csv", rows_of("after", 5));
  EXPECT_EQ(good(project_.commit()).tables[0].row_count, 5);
}

}  // namespace
}  // namespace millgate
