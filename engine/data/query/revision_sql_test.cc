#include "data/query/revision_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "data/query/test_project.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class RevisionSql : public testing::Test {
 protected:
  void SetUp() override {
    first_ = project_.commit(
        {{"flights", "id,dest\n1,BOS\n2,SJU\n", {"id"}}, {"we ird", "a\n1\n", {"a"}}});
    second_ = project_.commit({{"flights", "id,dest\n1,BOS\n2,SJU\n3,ATL\n", {"id"}}});
    third_ = project_.commit({{"flights", "id,dest\n1,BOS\n2,SJU\n3,ATL\n4,MIA\n", {"id"}},
                              {"weather", "at,temp\n2013-01-01T00:00:00Z,1.5\n", {"at"}}});
    ASSERT_TRUE(project_.repository().make_tag("v1.0", first_.id.hex(), "tester").ok());
  }

  /// Prepares and counts on a new database; `prepared_` is the SQL that was run.
  Result<int64_t> count(const std::string& sql, const std::string& revision = "main") {
    MILLGATE_ASSIGN(const auto database, Database::open({.threads = 1, .user_sql = true}));
    MILLGATE_ASSIGN(prepared_,
                    prepare_revision_sql(*database, project_.repository(), sql, revision));
    return database->count(prepared_);
  }

  void expect_count(const std::string& sql, int64_t expected,
                    const std::string& revision = "main") {
    const auto counted = count(sql, revision);
    ASSERT_TRUE(counted.ok()) << sql << ": " << counted.error().what;
    EXPECT_EQ(*counted, expected) << sql;
  }

  Error error_of(const std::string& sql) {
    const auto counted = count(sql);
    EXPECT_FALSE(counted.ok()) << sql;
    return counted.ok() ? Error{} : counted.error();
  }

  TestProject project_;
  Commit first_;
  Commit second_;
  Commit third_;
  std::string prepared_;
};

TEST_F(RevisionSql, ReadsTablesAtRevisions) {
  expect_count("select count(*) from flights", 4);
  expect_count("select count(*) from flights", 2, "main~2");
  expect_count("select count(*) from flights@main~1", 3);
  expect_count("select count(*) from flights@main~1-- comment", 3);
  expect_count("select count(*) from (select * from flights@main~2)", 2);
  expect_count("select count(*) from FLIGHTS@main~2", 2);
  expect_count("select count(*) from flights@v1.0", 2);
  expect_count("select count(*) from flights@" + second_.id.brief() + ";", 3);
  expect_count("select count(*) from \"flights@main~1\" f where f.dest = 'ATL'", 1);
  expect_count("select count(*) from \"we ird\"@main~1", 1);
  expect_count("select count(*) from flights@v1.0 as flights where flights.id = 2", 1);
  EXPECT_EQ(prepared_, "select count(*) from \"flights@v1.0\" as flights where flights.id = 2");
}

TEST_F(RevisionSql, ComparesTwoRevisionsInOneQuery) {
  expect_count("select count(*) from (from flights except from flights@main~2)", 2);
  expect_count("select (select count(*) from flights) * 10 + (select count(*) from flights@main~1)",
               43);
}

TEST_F(RevisionSql, ReadsTablesAtTimes) {
  // Commits were made at 00:00, 01:00 and 02:00.
  expect_count("select count(*) from flights@{2013-06-01 00:30}", 2);
  expect_count("select count(*) from flights@{2013-06-01T01:30:00Z}", 3);
  expect_count("select count(*) from flights@main@{2013-06-01 01:30} where id > 1", 2);
  expect_count("select count(*) from \"flights@main@{2013-06-01 01:30}\"", 3);
  expect_count("select count(*) from \"flights@{2013-06-01 01:30}\"", 3);
}

TEST_F(RevisionSql, LeavesStringsNamesAndCommentsAlone) {
  const std::string sql =
      "select count(*) from flights /* flights@nowhere */ where dest <> 'flights@nowhere' "
      "and dest <> $$weather@x$$ -- flights@nowhere";
  expect_count(sql, 4);
  EXPECT_EQ(prepared_, sql);
  expect_count("select @ -4", 4);
  expect_count("select count(*) from (select 1 as \"a@b\") where \"a@b\" = 1", 1);
}

TEST_F(RevisionSql, QuotesInNamesStayQuoted) {
  const Error error = error_of("select count(*) from \"a\"\"; drop view x; --\"@main");
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("table `a\"; drop view x; --` is not in commit"));
}

TEST_F(RevisionSql, UnknownTablesHaveTheNearestNameAndThePlace) {
  const Error plain = error_of("select count(*)\nfrom fligths where id = 1");
  EXPECT_EQ(plain.code, ErrorCode::not_found);
  EXPECT_EQ(plain.what, "table `fligths` is not in commit " + third_.id.brief());
  EXPECT_EQ(plain.hint, "did you mean `flights`?");
  EXPECT_EQ(plain.excerpt, "2 | from fligths where id = 1\n  |      ^^^^^^^");
  const Error old = error_of("select count(*) from weather@main~1");
  EXPECT_EQ(old.what, "table `weather` is not in commit " + second_.id.brief());
  EXPECT_EQ(old.excerpt,
            "1 | select count(*) from weather@main~1\n  |                      ^^^^^^^^^^^^^^");
}

TEST_F(RevisionSql, UnknownRevisionsHaveThePlace) {
  const Error error = error_of("select count(*) from flights@mian");
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("mian"));
  EXPECT_THAT(error.hint, HasSubstr("main"));
  EXPECT_EQ(error.where, "SQL:1:22");
  const Error brace = error_of("select count(*) from flights@{2013-06-01");
  EXPECT_THAT(brace.what, HasSubstr("never closed"));
  EXPECT_EQ(brace.where, "SQL:1:22");
}

TEST_F(RevisionSql, WrongSqlKeepsItsCaret) {
  const Error error = error_of("select count(*) fromm flights");
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(error.excerpt, "1 | select count(*) fromm flights\n  |                       ^");
  EXPECT_EQ(error_of("select count(*) from flights where desst = 'x'").hint,
            "did you mean `dest`?");
}

TEST_F(RevisionSql, DoesNotTakeOwnNamesOfTheQueryForTables) {
  expect_count("with recent as (select * from flights where id > 2) select count(*) from recent",
               2);
  expect_count("select count(*) from range(5)", 5);
  expect_count("select count(*) from information_schema.tables where table_name = 'flights'", 0);
}

TEST_F(RevisionSql, LogsAreEmptyAtFirstAndThenGrow) {
  expect_count("select count(*) from predictions", 0);
  expect_count(
      "select count(*) from predictions p join feedback f using (prediction_id) "
      "where p.probability > 0.5 and f.label = 1 and p.answered_at < f.received_at",
      0);
  const std::string folder = project_.repository().folder("predictions");
  std::filesystem::create_directories(folder + "/2013-06-01");
  const auto writer = Database::open({});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)
                  ->execute("copy (select 'p1' as prediction_id, 0.7::double as probability) to " +
                            quote_text(folder + "/2013-06-01/a.parquet") + " (format parquet)")
                  .ok());
  ASSERT_TRUE(
      (*writer)
          ->execute(
              "copy (select 'p2' as prediction_id, 0.2::double as probability, 'm' as model) to " +
              quote_text(folder + "/b.parquet") + " (format parquet)")
          .ok());
  std::filesystem::copy_file(folder + "/b.parquet", folder + "/.c.parquet");
  std::filesystem::copy_file(folder + "/b.parquet", folder + "/d.parquet.part");
  expect_count("select count(*) from predictions", 2);
  expect_count("select count(*) from predictions where model is null", 1);
  const auto guarded = Database::open({.user_sql = true});
  const auto statement =
      prepare_revision_sql(**guarded, project_.repository(), "select * from predictions", "main",
                           nullptr, {.left_out = {"probability", "nobody"}});
  ASSERT_TRUE(statement.ok());
  const auto columns = (*guarded)->describe(*statement);
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ(columns->size(), 2U);
  const Error error = error_of("select count(*) from predictions@main~1");
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(error.what, "`predictions` is a log and has no revisions");
}

TEST_F(RevisionSql, ReadsNothingElseFromDisk) {
  const std::string path = project_.folder().path("secret.csv");
  ASSERT_TRUE(write_file(path, "a\n1\n").ok());
  for (const std::string& sql :
       {"select count(*) from " + quote_text(path), "select count(*) from \"" + path + "\"",
        "select count(*) from read_csv(" + quote_text(path) + ")"}) {
    EXPECT_FALSE(count(sql).ok()) << sql;
  }
}

TEST_F(RevisionSql, AddsAWholeCommit) {
  const auto database = Database::open({});
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(add_commit(**database, project_.repository(), third_).ok());
  EXPECT_EQ(*(*database)->count("select count(*) from flights, weather, \"we ird\""), 4);
}

TEST(RevisionSqlEmpty, LogsCanBeReadBeforeTheFirstCommit) {
  TestProject project;
  const auto database = Database::open({.threads = 1, .user_sql = true});
  ASSERT_TRUE(database.ok());
  const auto sql = prepare_revision_sql(**database, project.repository(),
                                        "select count(*) from predictions", "main");
  ASSERT_TRUE(sql.ok()) << sql.error().what;
  EXPECT_EQ(*(*database)->count(*sql), 0);
  const auto other = prepare_revision_sql(**database, project.repository(),
                                          "select count(*) from flights", "main");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::not_found);
}

TEST(DatabaseTables, EmptyVersionsHaveTheirColumns) {
  TestProject project;
  const Commit commit = project.commit({{"empty", "a,b\n", {}}, {"full", "a,b\n1,x\n", {}}});
  const auto database = Database::open({});
  ASSERT_TRUE(add_commit(**database, project.repository(), commit).ok());
  EXPECT_EQ(*(*database)->count("select count(*) from empty where a is null and b is null"), 0);
  EXPECT_EQ((*database)->describe("from empty")->size(), 2U);
}

TEST(DatabaseTables, ManySegmentsKeepTheOrderOfTheKey) {
  TestProject project;
  std::string csv = "id,v\n";
  for (int i = 0; i < 200'000; ++i)
    csv += std::to_string(i) + ",text " + std::to_string(i % 97) + "\n";
  const Commit commit = project.commit({{"t", csv, {"id"}}});
  const auto version = read_table_version(project.repository().objects(), commit.tables.at("t"));
  ASSERT_TRUE(version.ok());
  EXPECT_GT(version->segments.size(), 2U);
  const auto database = Database::open({});
  ASSERT_TRUE(add_commit(**database, project.repository(), commit).ok());
  const auto table = (*database)->query("select id from t");
  ASSERT_TRUE(table.ok());
  const auto& ids = static_cast<const arrow::Int64Array&>(*(*table)->column(0)->chunk(0));
  ASSERT_EQ(ids.length(), 200'000);
  for (int64_t i = 0; i < ids.length(); ++i) ASSERT_EQ(ids.Value(i), i);
}

}  // namespace
}  // namespace millgate
