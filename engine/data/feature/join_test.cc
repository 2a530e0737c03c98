#include "data/feature/join.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "data/feature/test_plan.h"
#include "data/query/database.h"
#include "ground/random.h"

namespace millgate {
namespace {

constexpr const char* kProject = R"([[source]]
name = "flights"
path = "f"
key = ["id"]
happened = "moment"

[[source]]
name = "weather"
path = "w"
key = ["origin", "moment", "reported"]
happened = "moment"
known = "reported"

[[source]]
name = "airports"
path = "a"
key = ["origin"]

[task]
table = "flights"
label = "delay > 15"
label_known = "moment + interval '1 day'"

[[view]]
name = "then"
entity = ["origin"]
sql = "select origin, moment, reported, wind from weather"
max_age = "3h"

[[view]]
name = "airport"
entity = ["origin"]
sql = "select origin, altitude from airports"
)";

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  const size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), with);
}

class JoinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open({.threads = 2});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    database_ = std::move(*opened);
  }

  void run(const std::string& sql) {
    const Status status = database_->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what << "\n" << sql.substr(0, 2000);
  }

  /// Small tables in which everything is known by heart.
  void make_flights() {
    run("create table flights(id bigint, origin varchar, moment timestamptz, delay double)");
    run("insert into flights values (3, 'JFK', '2013-01-01 10:00:00Z', 20), "
        "(1, 'JFK', '2013-01-01 09:00:00Z', 15), (2, 'EWR', '2013-01-01 09:00:00Z', null), "
        "(4, null, '2013-01-01 10:00:00Z', 99)");
    run("create table weather(origin varchar, moment timestamptz, reported timestamptz, wind "
        "double)");
    run("insert into weather values ('JFK', '2013-01-01 08:00:00Z', '2013-01-01 08:30:00Z', 1), "
        "('JFK', '2013-01-01 09:00:00Z', '2013-01-01 09:30:00Z', 2), "
        "('JFK', '2013-01-01 08:00:00Z', '2013-01-01 09:45:00Z', 3), "
        "(null, '2013-01-01 08:00:00Z', '2013-01-01 08:00:00Z', 4), "
        "('EWR', '2013-01-01 05:59:00Z', '2013-01-01 06:00:00Z', 5)");
    run("create table airports(origin varchar, altitude bigint)");
    run("insert into airports values ('JFK', 13), ('LGA', 21), (null, 7)");
  }

  std::shared_ptr<arrow::Table> joined(const std::string& project,
                                       const std::vector<std::string>& columns,
                                       const std::string& where = {}) {
    const auto plan = test_plan(project);
    EXPECT_TRUE(plan.ok()) << plan.error().what;
    const auto table = join_as_of(*database_, *plan, columns, where);
    EXPECT_TRUE(table.ok()) << table.error().what
                            << (table.error().because.empty() ? "" : table.error().because[0]);
    return table.ok() ? *table : nullptr;
  }

  Error join_error(const std::string& project, const std::vector<std::string>& columns) {
    const auto plan = test_plan(project);
    EXPECT_TRUE(plan.ok()) << plan.error().what;
    const auto table = join_as_of(*database_, *plan, columns);
    EXPECT_FALSE(table.ok());
    return table.ok() ? Error() : table.error();
  }

  std::unique_ptr<Database> database_;
};

std::vector<std::optional<double>> numbers(const arrow::Table& table, const std::string& name) {
  std::vector<std::optional<double>> values;
  const auto block = block_from(table, {{name, ValueType::number}});
  EXPECT_TRUE(block.ok()) << block.error().what;
  const Vector& column = block->columns[0];
  for (size_t i = 0; i < column.size(); ++i) {
    values.push_back(column.valid[i] != 0 ? std::optional(column.numbers[i]) : std::nullopt);
  }
  return values;
}

using Numbers = std::vector<std::optional<double>>;

TEST_F(JoinTest, JoinsWhatCouldBeKnown) {
  make_flights();
  const auto table = joined(kProject, {"origin", "then.wind", "airport.altitude"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->ColumnNames(),
            (std::vector<std::string>{"id", "origin", "moment", "delay", "then.wind",
                                      "airport.altitude", "row_time", "label", "label_known"}));
  EXPECT_EQ(numbers(*table, "id"), (Numbers{1, 2, 3, 4}));
  // Row 1: at 9:00 only the report of 8:30 is known. Row 2: too old by a minute. Row 3: the
  // correction of 8:00 came after 9:00 was known. Row 4: null is nobody.
  EXPECT_EQ(numbers(*table, "then.wind"), (Numbers{1, std::nullopt, 2, std::nullopt}));
  EXPECT_EQ(numbers(*table, "airport.altitude"), (Numbers{13, std::nullopt, 13, std::nullopt}));
  EXPECT_EQ(numbers(*table, "label"), (Numbers{0, std::nullopt, 1, 1}));
  EXPECT_TRUE(table->GetColumnByName("row_time")
                  ->type()
                  ->Equals(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  const auto times =
      block_from(*table, {{"row_time", ValueType::time}, {"label_known", ValueType::time}});
  ASSERT_TRUE(times.ok());
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(times->columns[1].integers[i] - times->columns[0].integers[i], 86'400'000'000);
  }
  EXPECT_EQ(times->columns[0].integers[0], 1'357'030'800'000'000);  // date -d 2013-01-01T09Z +%s
}

/// "at" and "order" are words of SQL: as names of columns, SQL wants them in quotes.
TEST_F(JoinTest, ATimeMayBeInAColumnWithANameOfSql) {
  make_flights();
  run("alter table flights rename moment to \"at\"");
  run("alter table weather rename reported to \"order\"");
  std::string project = replaced(kProject, "happened = \"moment\"", "happened = \"at\"");
  project = replaced(project, "label_known = \"moment + ", "label_known = \"\\\"at\\\" + ");
  project = replaced(project, "known = \"reported\"", "known = \"order\"");
  project = replaced(project, "moment, reported, wind", "moment, \\\"order\\\", wind");
  const auto table = joined(project, {"then.wind"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "then.wind"), (Numbers{1, std::nullopt, 2, std::nullopt}));
}

TEST_F(JoinTest, TwoViewsInOneJoin) {
  make_flights();
  const std::string project =
      std::string(kProject) +
      "[[view]]\nname = \"before\"\nentity = [\"origin\"]\n"
      "sql = \"select origin, moment, delay from flights\"\nknown = \"moment + interval '1 day'\"\n"
      "[[view]]\nname = \"again\"\nentity = [\"origin\"]\n"
      "sql = \"select origin, moment, wind from weather\"\nknown = \"moment\"\n";
  const auto table = joined(project, {"then.wind", "before.delay", "again.wind"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "then.wind"), (Numbers{1, std::nullopt, 2, std::nullopt}));
  EXPECT_EQ(numbers(*table, "before.delay"), Numbers(4));
  // Of the two rows of 8:00 that with the greater wind.
  EXPECT_EQ(numbers(*table, "again.wind"), (Numbers{2, 5, 2, std::nullopt}));
}

TEST_F(JoinTest, LimitsRowsByWhere) {
  make_flights();
  const auto table = joined(kProject, {"then.wind"}, "delay is not null -- only known labels");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "id"), (Numbers{1, 3, 4}));
}

TEST_F(JoinTest, MaxAgeIncludesItsBound) {
  make_flights();
  const std::string project = replaced(kProject, "max_age = \"3h\"", "max_age = \"181m\"");
  const auto table = joined(project, {"then.wind"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "then.wind"), (Numbers{1, 5, 2, std::nullopt}));
}

TEST_F(JoinTest, ViewsNobodyReadsAreNotJoined) {
  make_flights();
  const auto table = joined(kProject, {"delay"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_columns(), 7);
}

TEST_F(JoinTest, TellsWhatCanBeJoined) {
  make_flights();
  const auto plan = test_plan(kProject);
  ASSERT_TRUE(plan.ok());
  const auto fields = joinable_fields(*database_, *plan);
  ASSERT_TRUE(fields.ok()) << fields.error().what;
  const std::vector<Field> expected = {
      {"id", ValueType::integer},          {"origin", ValueType::text},
      {"moment", ValueType::time},         {"delay", ValueType::number},
      {"then.origin", ValueType::text},    {"then.moment", ValueType::time},
      {"then.reported", ValueType::time},  {"then.wind", ValueType::number},
      {"airport.origin", ValueType::text}, {"airport.altitude", ValueType::integer}};
  EXPECT_EQ(*fields, expected);
}

TEST_F(JoinTest, AColumnNamedLabelIsReplacedByTheLabel) {
  run("create table flights(id bigint, moment timestamp, label varchar)");
  run("insert into flights values (1, '2013-01-01', 'yes'), (2, '2013-01-02', 'no')");
  const auto table = joined(
      "[[source]]\nname = \"flights\"\npath = \"f\"\nhappened = \"moment\"\n"
      "[task]\ntable = \"flights\"\nlabel = \"label = 'yes'\"\n",
      {});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "label"), (Numbers{1, 0}));
  EXPECT_EQ(table->num_columns(), 5);
}

TEST_F(JoinTest, ATableWithoutTimeHasNoRowTime) {
  run("create table people(id bigint, age bigint, bought boolean)");
  run("insert into people values (2, 30, true), (1, 40, false)");
  const auto table = joined(
      "[[source]]\nname = \"people\"\npath = \"p\"\nkey = [\"id\"]\n"
      "[task]\ntable = \"people\"\nlabel = \"bought\"\n",
      {"age"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(numbers(*table, "label"), (Numbers{0, 1}));
  EXPECT_EQ(table->GetColumnByName("row_time")->null_count(), 2);
}

TEST_F(JoinTest, RowsWithoutAKeyStayInTheirOrder) {
  run("create table flights as select (i * 7919) % 5000 as id, timestamptz '2013-01-01 00:00:00Z' "
      "as moment, "
      "1.0::double as delay, 'JFK' as origin from range(5000) t(i)");
  run("create table weather(origin varchar, moment timestamptz, reported timestamptz, wind "
      "double)");
  run("create table airports(origin varchar, altitude bigint)");
  const std::string project = replaced(kProject, "key = [\"id\"]\n", "");
  const auto table = joined(project, {"then.wind", "airport.altitude"});
  ASSERT_NE(table, nullptr);
  const Numbers ids = numbers(*table, "id");
  ASSERT_EQ(ids.size(), 5000u);
  for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], (i * 7919) % 5000);
}

TEST_F(JoinTest, AnEmptyTableGivesNoRows) {
  make_flights();
  run("delete from flights");
  const auto table = joined(kProject, {"then.wind", "airport.altitude"});
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->num_columns(), 9);
}

TEST_F(JoinTest, AViewOfTheTasksOwnTableKnowsNoLabelBeforeItsTime) {
  run("create table flights(id bigint, origin varchar, moment timestamptz, delay double)");
  run("insert into flights select i, 'JFK', timestamptz '2013-01-01 00:00:00Z' + to_hours(i::int), "
      "i "
      "from range(40) t(i)");
  const std::string project = std::string(R"(
[[source]]
name = "flights"
path = "f"
key = ["id"]
happened = "moment"
[task]
table = "flights"
label = "delay > 15"
label_known = "moment + interval '1 day'"
[[view]]
name = "last"
entity = ["origin"]
sql = "select origin, moment, delay from flights"
)");
  const auto table = joined(project, {"last.delay"});
  ASSERT_NE(table, nullptr);
  const Numbers last = numbers(*table, "last.delay");
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(last[i], i < 24 ? std::nullopt : std::optional<double>(i - 24.0)) << i;
  }
  const Error refused = join_error(
      replaced(project, "label_known = \"moment + interval '1 day'\"\n", ""), {"last.delay"});
  EXPECT_NE(refused.what.find("see its own label"), std::string::npos) << refused.what;
  EXPECT_EQ(refused.where, "millgate.toml:13:7");
}

TEST_F(JoinTest, ErrorsPointIntoTheProjectFile) {
  make_flights();
  struct Case {
    const char* old;
    const char* with;
    const char* where;
    const char* what;
  };
  const std::vector<Case> cases = {
      {"table = \"flights\"", "table = \"flight\"", "millgate.toml:20:9",
       "there is no source `flight`"},
      {"delay > 15", "delai > 15", "millgate.toml:21:10", "unknown column `delai`"},
      {"delay > 15", "delay", "millgate.toml:21:9",
       "the label of a binary task is 15.000000 in a row"},
      {"moment + interval '1 day'", "moment + intervall '1 day'",
       "millgate.toml:22:", "`label_known` is not a time of the rows of `flights`"},
      {"moment + interval '1 day'", "delay",
       "millgate.toml:22:", "`label_known` is not a time of the rows of `flights`"},
      {"select origin, moment, reported, wind from weather",
       "select origin, moment, wnd from weather", "millgate.toml:27:31",
       "the SQL of view `then` is wrong"},
      {"select origin, moment, reported, wind from weather", "selec 1",
       "millgate.toml:27:", "the SQL of view `then` is wrong"},
      {"select origin, moment, reported, wind from weather", "select origin, wind from weathr",
       "millgate.toml:27:", "view `then` reads `weathr`, which is no source"},
      {"select origin, moment, reported, wind from weather",
       "select origin, moment, wind from weather", "millgate.toml:27:",
       "view `then` does not give the columns of `reported`, which says when its source's rows "
       "could be known"},
      {"select origin, moment, reported, wind from weather",
       "select origin, reported, wind from weather", "millgate.toml:27:",
       "view `then` does not give the columns of `moment`, which says when its source's rows "
       "happened"},
      {"select origin, moment, reported, wind from weather",
       "select w.origin, w.moment, w.wind from weather w join airports a on a.origin = w.origin",
       "millgate.toml:27:",
       "view `then` reads several sources, so it must say when a row could be known"},
      {"select origin, moment, reported, wind from weather",
       "select origin, moment, reported, wind, wind from weather",
       "millgate.toml:27:", "view `then` gives column `wind` twice"},
      {"entity = [\"origin\"]", "entity = [\"orgin\"]", "millgate.toml:26:10",
       "the SQL of view `then` gives no column `orgin`"},
      {"entity = [\"origin\"]", "entity = [\"wind\"]", "millgate.toml:26:10",
       "table `flights` has no column `wind`"},
      {"max_age = \"3h\"", "known = \"wind\"",
       "millgate.toml:28:", "`known` of view `then` is not a time of its rows"},
      {"happened = \"moment\"", "happened = \"delay\"", "millgate.toml:5:12",
       "`happened` of source `flights` is not a time of its rows"},
      {"name = \"airport\"", "name = \"then\"", "millgate.toml:31:8", "two views are named `then`"},
      {"key = [\"id\"]\nhappened = \"moment\"", "key = [\"id\"]",
       "millgate.toml:", "view `then` has times, but the rows of `flights` have none"},
      {"select origin, altitude from airports\"",
       "select origin, altitude from airports\"\n"
       "max_age = \"1h\"",
       "millgate.toml:34:",
       "view `airport` has no times, so its rows have no "
       "age"},
      {"select origin, altitude from airports",
       "select origin, altitude from airports union all from airports",
       "millgate.toml:32:", "view `airport` has 2 rows for origin = JFK"},
  };
  for (const Case& wrong : cases) {
    const Error error =
        join_error(replaced(kProject, wrong.old, wrong.with), {"then.wind", "airport.altitude"});
    EXPECT_EQ(error.code, ErrorCode::invalid_input) << wrong.with;
    EXPECT_EQ(error.where.substr(0, std::string(wrong.where).size()), wrong.where)
        << wrong.with << ": " << error.where;
    if (wrong.what != nullptr) {
      EXPECT_EQ(error.what, wrong.what) << wrong.with;
    }
  }
}

TEST_F(JoinTest, NamesTheNearestColumn) {
  make_flights();
  const Error error = join_error(kProject, {"then.wnd"});
  EXPECT_EQ(error.what, "unknown column `then.wnd`");
  EXPECT_EQ(error.hint, "did you mean `then.wind`?");
  EXPECT_EQ(join_error(kProject, {"other.x"}).what, "unknown column `other.x`");
}

TEST_F(JoinTest, ATimelessViewMayNotBeNamedBySeveralRows) {
  make_flights();
  run("insert into airports values ('LGA', 22), (null, 8)");
  const Error error = join_error(kProject, {"airport.altitude"});
  EXPECT_EQ(error.what, "view `airport` has 2 rows for origin = LGA");
}

// -- the slow, obvious model

/// A row of the task, in hours.
struct Asked {
  int id;
  std::optional<int> entity;
  std::optional<int> group;
  std::optional<int> at;
};

/// A row of the view.
struct Fact {
  std::optional<int> entity;
  std::optional<int> group;
  std::optional<int> happened;
  std::optional<int> known;
  int value;
};

std::optional<int> maybe(Random& random, int bound) {
  if (random.below(12) == 0) return std::nullopt;
  return static_cast<int>(random.below(static_cast<uint64_t>(bound)));
}

std::vector<Asked> random_rows(Random& random, int count) {
  std::vector<Asked> rows;
  for (int id = 0; id < count; ++id) {
    rows.push_back({id, maybe(random, 4), maybe(random, 2), maybe(random, 60)});
  }
  return rows;
}

/// Facts that come in late, are corrected, come at once and come twice.
std::vector<Fact> random_facts(Random& random, int count) {
  std::vector<Fact> facts;
  for (int i = 0; i < count; ++i) {
    Fact fact{maybe(random, 4), maybe(random, 2), maybe(random, 60), std::nullopt,
              static_cast<int>(random.below(1000))};
    if (fact.happened && random.below(15) != 0) {
      // Forecasts are known before they happen, corrections long after.
      fact.known = *fact.happened - 3 + static_cast<int>(random.below(12));
    }
    facts.push_back(fact);
    if (random.below(4) == 0) facts.push_back(facts[random.below(facts.size())]);
    facts.back().value = static_cast<int>(random.below(1000));
  }
  return facts;
}

std::optional<double> obvious_answer(const Asked& row, const std::vector<Fact>& facts,
                                     std::optional<int> max_age) {
  const Fact* best = nullptr;
  for (const Fact& fact : facts) {
    const bool is_ours =
        row.entity && row.group && fact.entity == row.entity && fact.group == row.group;
    if (!is_ours || !row.at || !fact.known || !fact.happened || *fact.known > *row.at) continue;
    const auto order = [](const Fact& f) { return std::tuple(*f.happened, *f.known, f.value); };
    if (best == nullptr || order(fact) > order(*best)) best = &fact;
  }
  if (best == nullptr || (max_age && *row.at - *best->happened > *max_age)) return std::nullopt;
  return best->value;
}

std::string sql_of(std::optional<int> value) { return value ? std::to_string(*value) : "null"; }
std::string sql_of_hour(std::optional<int> value) {
  if (!value) return "null";
  return "timestamptz '2013-03-30 00:00:00Z' + to_hours(" + std::to_string(*value) + ")";
}

constexpr const char* kRandomProject = R"([[source]]
name = "asked"
path = "a"
key = ["id"]
happened = "moment"
[[source]]
name = "facts"
path = "f"
happened = "happened"
known = "known"
[task]
table = "asked"
kind = "regression"
label = "id"
[[view]]
name = "then"
entity = ["entity", "grp"]
sql = "select entity, grp, happened, known, value from facts; "
)";

class RandomJoinTest : public JoinTest {
 protected:
  void make(const std::vector<Asked>& rows, const std::vector<Fact>& facts) {
    std::string sql =
        "create or replace table asked(id bigint, entity bigint, grp bigint, moment timestamptz);"
        "create or replace table facts(entity bigint, grp bigint, happened timestamptz, "
        "known timestamptz, value bigint);";
    for (const Asked& row : rows) {
      sql += "insert into asked values (" + std::to_string(row.id) + "," + sql_of(row.entity) +
             "," + sql_of(row.group) + "," + sql_of_hour(row.at) + ");";
    }
    for (const Fact& fact : facts) {
      sql += "insert into facts values (" + sql_of(fact.entity) + "," + sql_of(fact.group) + "," +
             sql_of_hour(fact.happened) + "," + sql_of_hour(fact.known) + "," +
             std::to_string(fact.value) + ");";
    }
    run(sql);
  }

  /// With and without a maximum age.
  void expect_obvious(Random& random, const std::vector<Asked>& rows,
                      const std::vector<Fact>& facts, const std::string& project, uint64_t seed) {
    make(rows, facts);
    const std::optional<int> max_age =
        seed % 3 == 0 ? std::nullopt : std::optional(static_cast<int>(random.below(20)));
    const auto table = joined(
        project + (max_age ? "max_age = \"" + std::to_string(*max_age) + "h\"\n" : std::string()),
        {"then.value"});
    ASSERT_NE(table, nullptr);
    const Numbers values = numbers(*table, "then.value");
    ASSERT_EQ(values.size(), rows.size());
    size_t found = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      found += values[i].has_value() ? 1 : 0;
      ASSERT_EQ(values[i], obvious_answer(rows[i], facts, max_age))
          << "seed " << seed << ", row " << i;
    }
    EXPECT_TRUE(found > 0 || facts.size() <= 50) << "seed " << seed;
  }
};

TEST_F(RandomJoinTest, EqualsTheObviousAnswer) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    const std::vector<Asked> rows = random_rows(random, 80);
    const std::vector<Fact> facts = random_facts(random, static_cast<int>(random.below(150)));
    expect_obvious(random, rows, facts, kRandomProject, seed);
  }
}

/// Facts that all become known as late: `delay` hours. Some have the same entity and time, but in
/// every other round none.
std::vector<Fact> punctual_facts(Random& random, int count, int delay, bool with_ties) {
  std::vector<Fact> facts = random_facts(random, count);
  for (Fact& fact : facts) {
    if (fact.happened) fact.known = *fact.happened + delay;
  }
  if (with_ties) return facts;
  std::vector<Fact> different;
  for (const Fact& fact : facts) {
    const auto same = [&](const Fact& other) {
      return std::tie(other.entity, other.group, other.happened) ==
             std::tie(fact.entity, fact.group, fact.happened);
    };
    if (std::none_of(different.begin(), different.end(), same)) different.push_back(fact);
  }
  return different;
}

TEST_F(RandomJoinTest, EqualsTheObviousAnswerWhereAllIsKnownAsLate) {
  for (uint64_t seed = 201; seed <= 212; ++seed) {
    Random random(seed);
    const std::vector<Asked> rows = random_rows(random, 80);
    const int delay = static_cast<int>(random.below(3));
    const auto facts = punctual_facts(random, 100, delay, seed % 2 == 0);
    const std::string project = delay == 0 && seed % 4 < 2
                                    ? replaced(kRandomProject, "known = \"known\"\n", "")
                                    : std::string(kRandomProject);
    expect_obvious(random, rows, facts, project, seed);
  }
}

TEST_F(RandomJoinTest, WhatIsKnownLaterNeverChangesAnEarlierRow) {
  for (uint64_t seed = 101; seed <= 104; ++seed) {
    Random random(seed);
    const std::vector<Asked> rows = random_rows(random, 60);
    const std::vector<Fact> facts = random_facts(random, 120);
    make(rows, facts);
    const auto whole = joined(kRandomProject, {"then.value"});
    ASSERT_NE(whole, nullptr);
    const Numbers later = numbers(*whole, "then.value");
    for (const int now : {10, 30, 50}) {
      std::vector<Fact> known;
      for (const Fact& fact : facts) {
        if (fact.known && *fact.known <= now) known.push_back(fact);
      }
      make(rows, known);
      const auto table = joined(kRandomProject, {"then.value"});
      ASSERT_NE(table, nullptr);
      const Numbers then = numbers(*table, "then.value");
      for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].at && *rows[i].at <= now) {
          ASSERT_EQ(then[i], later[i]) << "seed " << seed << ", row " << i << ", at " << now;
        }
      }
    }
  }
}

}  // namespace
}  // namespace millgate
