#include <arrow/api.h>
#include <gmock/gmock.h>

#include <string>

#include "data/query/database.h"
#include "data/store/version_update.h"
#include "data/table/test_table.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

/// The same table three times: edited a little each time, in the end with a new column, without
/// one that was, and with a wider one. All are read from text.
class VersionFunctionTest : public testing::Test {
 protected:
  TableVersion write(const std::string& csv, const TableVersion* parent) {
    must(write_file(folder_.path("t.csv"), csv));
    auto rows = must(read_table_files({folder_.path("t.csv")}, {}));
    if (parent == nullptr) return must(write_table_version(objects_, *rows, {"id"}));
    return must(write_next_version(objects_, *parent, *rows, {"id"}));
  }
  static std::string rows_csv(const std::string& header, int64_t step) {
    std::string csv = "id," + header + "\n";
    for (int64_t id = 0; id < 60'000; ++id) {
      if (step > 0 && id % 1'000 == 7 * step) continue;
      const bool changed = step > 0 && id % 2'000 == 11;
      csv += std::to_string(id) + ",2013-01-01T00:00:0" + std::to_string(id % 10) + "Z," +
             (id % 5 == 0 ? "" : std::to_string(id * 7919 % 10'007) + (step == 2 ? ".0" : "")) +
             "," +
             (changed ? "step" + std::to_string(step)
                      : "text " + std::to_string(id * 48'271 % 2'147'483'647)) +
             "\n";
    }
    return csv;
  }
  std::string by_sql(const TableVersion& version, const std::string& sql) {
    auto database = must(Database::open({.threads = 2, .user_sql = true}));
    must(database->add_table("t", objects_, version));
    const std::string csv = csv_of(*must(database->stream(sql)));
    // The same version once more, after the first query.
    must(database->add_table("t", objects_, version));
    return csv;
  }
  std::string by_store(const TableVersion& version) {
    return csv_of(*must(read_rows(objects_, version)));
  }

  TestFolder folder_;
  ObjectStore objects_{*open_local_file_store(folder_.path())};
};

TEST_F(VersionFunctionTest, SqlReadsWhatTheStoreReadsInKeyOrder) {
  const TableVersion first = write(rows_csv("at,n,s", 0), nullptr);
  const TableVersion second = write(rows_csv("at,n,s", 1), &first);
  const TableVersion third = write(rows_csv("at,n,note", 2), &second);
  ASSERT_EQ(second.deltas.size(), 1U);
  ASSERT_EQ(third.widened_names.size(), 1U);
  ASSERT_FALSE(third.segments[0].added.empty());
  for (const TableVersion* version : {&first, &second, &third}) {
    SCOPED_TRACE(version->deltas.size());
    EXPECT_EQ(by_sql(*version, "select * from t"), by_store(*version));
    const std::string count = std::to_string(version->row_count);
    EXPECT_EQ(by_sql(*version, "select count(*) as c from t"), "c\n" + count + "\n");
    EXPECT_EQ(by_sql(*version, "select count(distinct id) as c from t"), "c\n" + count + "\n");
  }
  EXPECT_EQ(by_sql(second, "select s, count(*) as c from t where s = 'step1' group by s"),
            "s,c\nstep1,30\n");
  EXPECT_EQ(by_sql(third, "select count(*) as c from t where n is null and note is not null"),
            by_sql(third, "select count(*) filter (where n is null) as c from t"));
  EXPECT_EQ(by_sql(third, "select t.id from t join t u on t.id = u.id where t.id = 12"),
            "id\n12\n");
}

TEST_F(VersionFunctionTest, AStreamOutlivesTheDatabase) {
  const TableVersion first = write(rows_csv("at,n,s", 0), nullptr);
  const TableVersion second = write(rows_csv("at,n,s", 1), &first);
  auto database = must(Database::open({.threads = 2}));
  must(database->add_table("t", objects_, second));
  const auto rows = must(database->stream("select * from t"));
  database.reset();
  EXPECT_EQ(csv_of(*rows), by_store(second));
}

TEST_F(VersionFunctionTest, DamageIsAnErrorOfTheQuery) {
  const TableVersion first = write(rows_csv("at,n,s", 0), nullptr);
  const TableVersion second = write(rows_csv("at,n,s", 1), &first);
  must(write_file(must(objects_.local_path(second.segments[1].object)), "not Parquet"));
  auto database = must(Database::open({.threads = 2}));
  must(database->add_table("t", objects_, second));
  const auto answer = database->query("select sum(n) from t");
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().what, testing::HasSubstr(second.segments[1].object.brief()));
}

}  // namespace
}  // namespace millgate
