#include "data/check/row_authors.h"

#include <gmock/gmock.h>

#include "data/check/asked_rows.h"
#include "data/query/test_project.h"
#include "data/table/writer.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class RowAuthorsTest : public testing::Test {
 protected:
  void commit(const std::string& csv, const std::string& author,
              const std::string& branch = "main") {
    NewCommit change;
    const std::string path = project_.folder().path("t.csv");
    ASSERT_TRUE(write_file(path, csv).ok());
    change.tables["t"] = project_.write(path, {"id"});
    change.author = author;
    change.message = author;
    ASSERT_TRUE(project_.repository().commit(branch, change).ok());
    project_.clock().set({project_.clock().now().micros + 1'000'000});
  }
  /// "a ann;b bob;": the rows with who brought them.
  std::string authors(int commit_count_max = 50) {
    const auto database = *Database::open({.user_sql = true});
    const auto sql = rows_with_authors(project_.repository(), "t", "main", commit_count_max);
    if (!sql.ok()) return sql.error().what;
    const auto rows = open_rows(*database, project_.repository(), {*sql}, "main");
    if (!rows.ok()) return rows.error().what;
    const auto reader =
        database->stream("select id, _author from " + (*rows)[0].name + " order by id");
    std::string text;
    if (!reader.ok() || !write_csv_text(**reader, text).ok()) return "fault";
    return text;
  }
  TestProject project_;
};

TEST_F(RowAuthorsTest, AreThoseOfTheOldestCommitWithTheRow) {
  commit("id,x\na,1\nb,\n", "ann");
  commit("id,x\na,1\nb,\nc,3\n", "bob");
  EXPECT_EQ(authors(), "id,_author\na,ann\nb,ann\nc,bob\n");
  commit("id,x\na,2\nb,\nc,3\n", "cem");
  EXPECT_EQ(authors(), "id,_author\na,cem\nb,ann\nc,bob\n");
  // Of the two newest versions alone, the older one's author stands for all before.
  EXPECT_EQ(authors(2), "id,_author\na,cem\nb,bob\nc,bob\n");
}

TEST_F(RowAuthorsTest, GoThroughMerges) {
  commit("id,x\na,1\n", "ann");
  ASSERT_TRUE(project_.repository().make_branch("side", "main", "ann").ok());
  commit("id,x\na,1\nb,2\n", "bob", "side");
  NewCommit merge;
  merge.tables["t"] = project_.repository().resolve("side")->tables.at("t");
  merge.merged_parents = {project_.repository().resolve("side")->id};
  merge.author = "cem";
  merge.message = "merge";
  ASSERT_TRUE(project_.repository().commit("main", merge).ok());
  EXPECT_EQ(authors(), "id,_author\na,ann\nb,bob\n");
}

TEST_F(RowAuthorsTest, FaultsAreNamed) {
  commit("id,x\na,1\n", "ann");
  const auto missing = rows_with_authors(project_.repository(), "tt", "main", 50);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().hint, HasSubstr("`t`"));
  commit("id,_author\na,1\n", "ann");
  EXPECT_THAT(authors(), HasSubstr("of its own"));
}

}  // namespace
}  // namespace millgate
