#include "data/query/database.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "data/query/sql_type.h"
#include "ground/file_store.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::unique_ptr<Database> open_database(bool user_sql = false) {
  auto database = Database::open({.threads = 2, .user_sql = user_sql});
  EXPECT_TRUE(database.ok()) << database.error().what;
  return std::move(database).value();
}

/// A file of `count` rows: x = 0, 1, ... and a text that is null for every third row.
std::string write_rows(
    const TestFolder& folder, const std::string& name, int64_t count,
    const std::string& select = "x, case when x % 3 = 0 then null else 'v' || x end as t") {
  const std::string path = folder.path(name);
  const auto database = open_database();
  const Status done =
      database->execute("copy (select " + select + " from range(" + std::to_string(count) +
                        ") r(x)) to " + quote_text(path) + " (format parquet)");
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().what);
  return path;
}

Error error_of(Database& database, const std::string& sql) {
  const auto result = database.query(sql);
  EXPECT_FALSE(result.ok()) << sql;
  return result.ok() ? Error{} : result.error();
}

int64_t count_of(Database& database, const std::string& sql) {
  const auto count = database.count(sql);
  EXPECT_TRUE(count.ok()) << sql << ": " << (count.ok() ? "" : count.error().what);
  return count.ok() ? *count : -1;
}

TEST(Database, GivesRowsAsArrow) {
  const auto database = open_database();
  const auto table = database->query(
      "select 1::bigint as a, 'é' as b, timestamptz '2013-01-01 10:00:00+02' as c, date "
      "'2013-02-03' "
      "as d, 1.5::double as e, null::integer as f, [1, 2] as g, sum(x) as h from range(4) r(x)");
  ASSERT_TRUE(table.ok()) << table.error().what;
  EXPECT_TRUE((*table)->Validate().ok());
  EXPECT_EQ((*table)->schema()->field(2)->type()->ToString(), "timestamp[us, tz=UTC]");
  const std::vector<std::string> expected = {
      "1",   "é",    "2013-01-01 08:00:00.000000Z", "2013-02-03",
      "1.5", "null", "list<l: int32>[1, 2]",        "6"};
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ((*table)->column(i)->GetScalar(0).ValueOrDie()->ToString(), expected[i]) << i;
  }
}

TEST(Database, LivesInUtcWhateverTheMachine) {
  ::setenv("TZ", "America/New_York", 1);
  const auto database = open_database();
  EXPECT_EQ(count_of(*database, "select hour(timestamptz '2013-07-01 00:30:00+00')"), 0);
  const auto stream = database->stream("select hour(timestamptz '2013-07-01 00:30:00+00') as h");
  ASSERT_TRUE(stream.ok());
  const auto table = (*stream)->ToTable();
  ASSERT_TRUE(table.ok());
  EXPECT_EQ((*table)->column(0)->GetScalar(0).ValueOrDie()->ToString(), "0");
  ::unsetenv("TZ");
}

TEST(Database, CountsOnlyOneInteger) {
  const auto database = open_database();
  EXPECT_EQ(count_of(*database, "select count(*) from range(70000)"), 70000);
  EXPECT_EQ(count_of(*database, "select sum(x) from range(10) r(x)"), 45);
  for (const std::string sql : {"select 'x'", "select 1, 2", "select x from range(2) r(x)",
                                "select sum(x) from range(0) r(x)", "select 1.5"}) {
    EXPECT_FALSE(database->count(sql).ok()) << sql;
  }
}

TEST(Database, StreamsInBatchesAndOutlivesTheNextQuery) {
  TestFolder folder;
  auto database = open_database();
  ASSERT_TRUE(database->add_parquet("rows", {write_rows(folder, "r.parquet", 200'000)}, {}).ok());
  auto stream = database->stream("select x from rows");
  ASSERT_TRUE(stream.ok()) << stream.error().what;
  EXPECT_EQ(count_of(*database, "select count(*) from rows"), 200'000);
  database.reset();
  int64_t expected = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ASSERT_TRUE((*stream)->ReadNext(&batch).ok());
    if (batch == nullptr) break;
    EXPECT_LE(batch->num_rows(), 70'000);
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < values.length(); ++i) ASSERT_EQ(values.Value(i), expected++);
  }
  EXPECT_EQ(expected, 200'000);
}

TEST(Database, StreamTellsErrorsOfLaterRows) {
  const auto database = open_database();
  const auto stream = database->stream(
      "select cast(case when x = 150000 then 'bad' else '1' end as integer) from range(200000) "
      "r(x)");
  if (!stream.ok()) {
    EXPECT_THAT(stream.error().what, HasSubstr("bad"));
    return;
  }
  const auto table = (*stream)->ToTable();
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.status().ToString(), HasSubstr("bad"));
}

TEST(Database, ParquetFilesKeepTheirOrderAndMayBeNone) {
  TestFolder folder;
  const auto database = open_database();
  ASSERT_TRUE(database->add_parquet("none", {}, {{"a", "VARCHAR"}, {"odd name", "DOUBLE"}}).ok());
  EXPECT_EQ(count_of(*database, "select count(*) from none where \"odd name\" is null"), 0);
  EXPECT_THAT(*database->describe("select * from none"),
              ElementsAre(Pair("a", "VARCHAR"), Pair("odd name", "DOUBLE")));
  // Columns are matched by name; a file without one gives nulls.
  const auto first = write_rows(folder, "1.parquet", 3, "x, 'a' as t");
  const auto second = write_rows(folder, "2.parquet", 2, "'b' as t, x + 10 as x, true as more");
  ASSERT_TRUE(database->add_parquet("two", {first, second}, {}).ok());
  const auto table = database->query("select x, t, more from two");
  ASSERT_TRUE(table.ok()) << table.error().what;
  std::string text;
  for (int i = 0; i < 5; ++i) {
    for (int c = 0; c < 3; ++c) {
      text += (*table)->column(c)->GetScalar(i).ValueOrDie()->ToString() + (c < 2 ? "," : ";");
    }
  }
  EXPECT_EQ(text, "0,a,null;1,a,null;2,a,null;10,b,true;11,b,true;");
}

TEST(Database, PathsAreNoPatterns) {
  TestFolder folder;
  std::filesystem::create_directories(folder.path("a=1"));
  const auto odd = write_rows(folder, "a=1/we[i]rd *?'s.parquet", 4);
  write_rows(folder, "a=1/weird xy's.parquet", 100);
  const auto database = open_database(true);
  ASSERT_TRUE(database->add_parquet("t", {odd}, {}).ok());
  const auto table = database->query("select * from t");
  ASSERT_TRUE(table.ok()) << table.error().what;
  EXPECT_EQ((*table)->num_rows(), 4);
  EXPECT_EQ((*table)->num_columns(), 2);  // No column `a` from the folder's name.
}

TEST(Database, HoldsNamesThatLookLikeSql) {
  TestFolder folder;
  const auto path = write_rows(folder, "r.parquet", 5, "x as \"a\"\"; drop view t; --\"");
  const auto database = open_database(true);
  for (const std::string name :
       {"we ird", "a\"; drop view t; --", "select", "flights@main~1", "ünï", "'x'"}) {
    const Status added = database->add_parquet(name, {path}, {});
    ASSERT_TRUE(added.ok()) << name << ": " << added.error().what;
  }
  for (const std::string name :
       {"we ird", "a\"; drop view t; --", "select", "flights@main~1", "ünï", "'x'"}) {
    EXPECT_EQ(count_of(*database, "select count(*) from " + quote_name(name)), 5) << name;
    EXPECT_TRUE(*database->has_table(name)) << name;
    EXPECT_THAT(*database->tables_of("select * from " + quote_name(name)), ElementsAre(name));
  }
  EXPECT_FALSE(*database->has_table("x' or 'a' = 'a"));
}

TEST(Database, RefusesNamesThatSqlCannotTellApart) {
  const auto database = open_database();
  ASSERT_TRUE(database->add_parquet("flights", {}, {{"a", "VARCHAR"}}).ok());
  ASSERT_TRUE(database->add_parquet("flights", {}, {{"b", "VARCHAR"}}).ok());  // Replaced.
  EXPECT_EQ(database->describe("from flights")->front().first, "b");
  const Status other = database->add_parquet("Flights", {}, {{"a", "VARCHAR"}});
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().what, HasSubstr("`flights` and `Flights` differ in the case"));
  // Nor columns: of two it would read one twice.
  const auto schema =
      arrow::schema({arrow::field("ID", arrow::int64()), arrow::field("id", arrow::int64())});
  const Status columns = database->add_arrow("t", arrow::Table::MakeEmpty(schema).ValueOrDie());
  ASSERT_FALSE(columns.ok());
  EXPECT_EQ(columns.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(columns.error().because,
              testing::Contains(HasSubstr("`ID` and `id` differ in the case")));
}

TEST(Database, SyntaxErrorsHaveAPlace) {
  const auto database = open_database();
  const Error error = error_of(*database, "select 1\n from range(3) whree x = 2");
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  EXPECT_EQ(error.what, "SQL: syntax error at or near \"x\"");
  EXPECT_EQ(error.where, "SQL:2:22");
  EXPECT_EQ(error.excerpt, "2 |  from range(3) whree x = 2\n  |                      ^");
  EXPECT_EQ(database->error_offset(), 30U);
  EXPECT_EQ(count_of(*database, "select 1"), 1);
  EXPECT_FALSE(database->error_offset().has_value());
}

TEST(Database, UnknownNamesHaveThePlaceAndTheNearestName) {
  const auto database = open_database();
  ASSERT_TRUE(
      database->add_parquet("flights", {}, {{"dest", "VARCHAR"}, {"größe", "DOUBLE"}}).ok());
  const Error column = error_of(*database, "select \"größe\", desst from flights");
  EXPECT_THAT(column.what, HasSubstr("Referenced column \"desst\" not found in FROM clause"));
  EXPECT_EQ(column.where, "SQL:1:17");  // Columns are characters, not bytes.
  EXPECT_EQ(column.excerpt, "1 | select \"größe\", desst from flights\n  |                 ^^^^^");
  EXPECT_EQ(column.hint, "did you mean `dest`?");
  const Error table = error_of(*database, "select * from flihgts");
  EXPECT_EQ(table.hint, "did you mean `flights`?");
  const Error function = error_of(*database, "select weekdy(date '2013-01-01')");
  EXPECT_EQ(function.hint, "did you mean `weekday`?");
  EXPECT_EQ(function.excerpt, "1 | select weekdy(date '2013-01-01')\n  |        ^^^^^^");
  EXPECT_FALSE(database->describe("select desst from flights").ok());
  EXPECT_EQ(database->error_offset(), 7U);
  // A long list of candidates stays out of the message.
  EXPECT_EQ(error_of(*database, "select dest + 1 from flights").what.find('\n'), std::string::npos);
}

TEST(Database, OtherWrongRequests) {
  const auto database = open_database();
  for (const std::string sql :
       {"", "  -- nothing", ";", "select 'abc", "select (1", "\"", "select cast('x' as int)"}) {
    const Error error = error_of(*database, sql);
    EXPECT_EQ(error.code, ErrorCode::invalid_input) << sql;
    EXPECT_THAT(error.what, testing::StartsWith("SQL: ")) << sql;
  }
  EXPECT_EQ(error_of(*database, std::string("select 1\0, 2", 12)).what,
            "SQL: it holds a zero byte");
}

TEST(Database, RunsSeveralStatementsAndGivesTheLast) {
  const auto database = open_database();
  EXPECT_EQ(
      count_of(*database,
               "create table t as select 7 as x; insert into t select 8; select sum(x) from t;"),
      15);
  const Error second = error_of(*database, "select 1; selec 2");
  EXPECT_EQ(second.where, "SQL:1:11");
}

TEST(Database, DescribesWithoutRunning) {
  const auto database = open_database();
  const auto columns = database->describe(
      "select 1 as a, error('never run') as b, timestamptz '2013-01-01 00:00:00+00' as \"c d\" -- "
      "x");
  ASSERT_TRUE(columns.ok()) << columns.error().what;
  EXPECT_EQ(columns->at(0), (std::pair<std::string, std::string>{"a", "INTEGER"}));
  EXPECT_EQ(columns->at(2),
            (std::pair<std::string, std::string>{"c d", "TIMESTAMP WITH TIME ZONE"}));
  EXPECT_FALSE(database->describe("select 1; select 2").ok());
}

TEST(Database, FindsTheTablesOfAQuery) {
  const auto database = open_database();
  const auto tables = database->tables_of(
      "with own as (select * from a), more as (from own) "
      "select *, (select max(x) from B) from more join \"we ird\" using (x), lateral (select * "
      "from d) "
      "where x in (from e) and y = 'from f' -- from g\n union all select * from main.h, A, "
      "information_schema.tables");
  ASSERT_TRUE(tables.ok()) << tables.error().what;
  EXPECT_THAT(*tables, testing::UnorderedElementsAre("a", "B", "we ird", "d", "e", "h"));
  EXPECT_THAT(*database->tables_of(
                  "with recursive r as (select 1 as n union all select n + 1 from r, z) from r"),
              ElementsAre("z"));
  EXPECT_THAT(*database->tables_of("summarize flights"), ElementsAre("flights"));
  EXPECT_FALSE(database->tables_of("selec 1").ok());
  EXPECT_FALSE(database->tables_of("create table t (x int)").ok());
}

/// The model for random tables: each value as text, or nothing.
TEST(Database, TakesArrowTablesOfAnyShape) {
  const uint64_t seed = 20131;
  Random random(seed);
  const auto database = open_database();
  for (int round = 0; round < 20; ++round) {
    const int64_t row_count = static_cast<int64_t>(random.below(6000));
    arrow::Int64Builder numbers;
    arrow::StringBuilder texts;
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                  arrow::default_memory_pool());
    arrow::BooleanBuilder flags;
    for (int64_t i = 0; i < row_count; ++i) {
      const bool null = random.below(4) == 0;
      ASSERT_TRUE(numbers.Append(i).ok());
      ASSERT_TRUE(
          (null ? texts.AppendNull() : texts.Append("text " + std::to_string(random.below(50))))
              .ok());
      ASSERT_TRUE(
          (null ? times.AppendNull() : times.Append(static_cast<int64_t>(random.below(1ULL << 50))))
              .ok());
      ASSERT_TRUE(
          (random.below(3) == 0 ? flags.AppendNull() : flags.Append(random.below(2) == 0)).ok());
    }
    const auto schema =
        arrow::schema({arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8()),
                       arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                       arrow::field("f", arrow::boolean())});
    const auto whole = arrow::Table::Make(
        schema, {*numbers.Finish(), *texts.Finish(), *times.Finish(), *flags.Finish()});
    // Slices and several chunks: offsets that are no multiples of eight.
    const int64_t cut = static_cast<int64_t>(random.below(static_cast<uint64_t>(row_count) + 1));
    const auto table = *arrow::ConcatenateTables({whole->Slice(cut), whole->Slice(0, cut)});
    ASSERT_TRUE(database->add_arrow("t", table).ok()) << "seed " << seed;
    const auto back = database->query("select * from t");
    ASSERT_TRUE(back.ok()) << back.error().what;
    const auto expected = *table->CombineChunks();
    ASSERT_TRUE((*back)->schema()->Equals(*schema)) << (*back)->schema()->ToString();
    ASSERT_TRUE((*back)->Equals(*expected)) << "seed " << seed << ", round " << round;
  }
}

TEST(Database, TakesEveryArrowTypeThatSqlHas) {
  const auto database = open_database();
  const auto types = {arrow::int8(),
                      arrow::uint64(),
                      arrow::float32(),
                      arrow::float64(),
                      arrow::utf8(),
                      arrow::large_utf8(),
                      arrow::binary(),
                      arrow::date32(),
                      arrow::time64(arrow::TimeUnit::MICRO),
                      arrow::timestamp(arrow::TimeUnit::SECOND),
                      arrow::timestamp(arrow::TimeUnit::NANO),
                      arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"),
                      arrow::decimal128(10, 2),
                      arrow::dictionary(arrow::int32(), arrow::utf8()),
                      arrow::list(arrow::int32()),
                      arrow::struct_({arrow::field("a \"b\"", arrow::int32())}),
                      arrow::boolean()};
  for (const auto& type : types) {
    const auto table = arrow::Table::Make(arrow::schema({arrow::field("c", type)}),
                                          {*arrow::MakeArrayOfNull(type, 3)});
    const Status added = database->add_arrow("t", table);
    ASSERT_TRUE(added.ok()) << type->ToString() << ": " << added.error().what;
    EXPECT_EQ(count_of(*database, "select count(*) from t where c is null"), 3) << type->ToString();
    EXPECT_EQ(database->describe("from t")->front().second, *sql_type(*type)) << type->ToString();
  }
  const auto odd = arrow::Table::Make(
      arrow::schema({arrow::field("c", arrow::sparse_union(arrow::FieldVector{}))}),
      {*arrow::MakeArrayOfNull(arrow::null(), 0)});
  const Status refused = database->add_arrow("t", odd);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what, "table `t`");
  EXPECT_THAT(refused.error().because.front(), HasSubstr("column `c`"));
}

/// What a person's SQL must not reach.
class UserSql : public testing::Test {
 protected:
  void SetUp() override {
    path_ = write_rows(folder_, "r.parquet", 10);
    secret_ = write_rows(folder_, "secret.parquet", 3);
    std::ofstream(folder_.path("secret.csv")) << "a\n1\n";
    bytes_ = *read_file(path_);
    database_ = open_database(true);
    ASSERT_TRUE(database_->add_parquet("t", {path_}, {}).ok());
  }

  TestFolder folder_;
  std::string path_;
  std::string secret_;
  std::string bytes_;
  std::unique_ptr<Database> database_;
};

TEST_F(UserSql, ReadsItsTables) {
  EXPECT_EQ(count_of(*database_, "select count(*) from t"), 10);
  EXPECT_EQ(count_of(*database_, "select sum(x) from (with a as (from t) select * from a)"), 45);
  for (const std::string sql :
       {"describe t", "summarize t", "show tables", "explain select * from t",
        "explain analyze select * from t", "explain (format json) from t", "explain (select 1)",
        "pivot t on t using count(*)", "create temp table s as from t; from s"}) {
    const auto table = database_->query(sql);
    EXPECT_TRUE(table.ok()) << sql << ": " << (table.ok() ? "" : table.error().what);
  }
}

TEST_F(UserSql, ReachesNoFileAndNoNetwork) {
  const std::string secret = quote_text(secret_);
  const std::string csv = quote_text(folder_.path("secret.csv"));
  const std::string target = quote_text(folder_.path("out"));
  const std::string own = quote_text(path_);
  const std::vector<std::string> attempts = {
      "select * from " + secret,
      "select * from " + csv,
      "select * from read_parquet(" + secret + ")",
      "select * from read_csv(" + csv + ")",
      "select * from read_text('/etc/passwd')",
      "select * from read_blob('/etc/passwd')",
      "select * from glob('/*')",
      "select * from sniff_csv(" + csv + ")",
      "select * from parquet_metadata(" + secret + ")",
      "select * from read_parquet('https://example.org/x.parquet')",
      "select * from read_parquet('s3://bucket/x.parquet')",
      "create table s as select * from read_text('/etc/passwd')",
      "create view s as select * from read_text('/etc/passwd'); select * from s",
      "copy t to " + target,
      "copy t to " + own + " (format parquet)",
      "copy t to " + own + " (format parquet, use_tmp_file false)",
      "explain analyze copy t to " + own + " (format parquet, use_tmp_file false)",
      "explain (analyze) copy t to " + own + " (format parquet, use_tmp_file false)",
      "prepare p as copy t to " + own + " (format parquet, use_tmp_file false)",
      "copy t from " + csv,
      "export database " + target,
      "import database " + target,
      "attach " + target,
      "attach ':memory:' as other",
      "install httpfs",
      "load httpfs",
      "create persistent secret s (type http)",
      "set enable_external_access = true",
      "set lock_configuration = false",
      "set allowed_directories = ['/']",
      "reset allowed_paths",
      "pragma enable_profiling = 'json'",
      "set profiling_output = " + target,
      "call enable_logging(storage = 'file', storage_path = " + target + ")",
      "select * from enable_logging('QueryLog', storage = 'file', storage_path = " + target + ")",
      "select * from \"Enable_Logging\" /* x */ ('QueryLog')",
      "select * from query('select 1')",
      "create macro m(x) as table from query(x); from m('select 1')",
      "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
      "pragma json_execute_serialized_sql('{}')",
      "select * from arrow_scan(1, 2, 3)",
      "pragma enable_profiling",
      "pragma disable_optimizer",
      "select 1; copy t to " + own + " (format parquet, use_tmp_file false)",
      "update t set x = 1",
      "drop view t",
      "delete from t"};
  for (const std::string& sql : attempts) {
    EXPECT_FALSE(database_->execute(sql).ok()) << sql;
    auto stream = database_->stream(sql);
    EXPECT_FALSE(stream.ok() && (*stream)->ToTable().ok()) << sql;
    EXPECT_FALSE(std::filesystem::exists(folder_.path("out"))) << sql;
    ASSERT_EQ(*read_file(path_), bytes_) << sql;
  }
  EXPECT_EQ(count_of(*database_, "select count(*) from t"), 10);
}

TEST_F(UserSql, SaysWhatIsForbidden) {
  const Error read = error_of(*database_, "select * from read_text('/etc/passwd')");
  EXPECT_EQ(read.code, ErrorCode::refused);
  EXPECT_EQ(read.hint, "this SQL may read the tables of the project only");
  const Error write = error_of(*database_, "set threads = 1");
  EXPECT_EQ(write.code, ErrorCode::refused);
  EXPECT_EQ(write.what, "SQL: SET is not allowed here, SQL only reads");
}

TEST_F(UserSql, DescribeLocksToo) {
  EXPECT_FALSE(
      database_->describe("select * from read_csv(" + quote_text(folder_.path("secret.csv")) + ")")
          .ok());
}

TEST_F(UserSql, TablesComeBeforeTheFirstQuery) {
  EXPECT_EQ(count_of(*database_, "select 1"), 1);
  EXPECT_TRUE(database_->add_parquet("t", {path_}, {}).ok());  // Known already.
  const Status late = database_->add_parquet("late", {secret_}, {});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::bug);
}

TEST(DatabaseMemory, SpillsInsteadOfFailing) {
  TestFolder folder;
  const std::string sql = "select x, md5(x::varchar) as m from range(1500000) r(x) order by m";
  auto database = Database::open({.threads = 1,
                                  .memory_bytes_max = 48 << 20,
                                  .spill_folder = folder.path("spill"),
                                  .user_sql = true});
  ASSERT_TRUE(database.ok()) << database.error().what;
  const auto rows = (*database)->stream(sql);
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  std::shared_ptr<arrow::RecordBatch> batch;
  int64_t row_count = 0;
  do {
    const auto read = (*rows)->ReadNext(&batch);
    ASSERT_TRUE(read.ok()) << read.ToString();
    row_count += batch == nullptr ? 0 : batch->num_rows();
  } while (batch != nullptr);
  EXPECT_EQ(row_count, 1'500'000);

  auto tight = Database::open({.threads = 1, .memory_bytes_max = 48 << 20});
  ASSERT_TRUE(tight.ok());
  const auto failed = (*tight)->query(sql);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::outside);
}

}  // namespace
}  // namespace millgate
