#include "data/feature/entity_rows.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <span>

#include "data/feature/test_plan.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

constexpr const char* kProject = R"([[source]]
name = "asks"
path = "f"
key = ["id"]
happened = "moment"
[[source]]
name = "facts"
path = "w"
key = ["person", "shop", "n"]
happened = "happened"
known = "known"
[[source]]
name = "people"
path = "p"
key = ["person"]
[task]
table = "asks"
label = "1"
label_known = "moment"
[[view]]
name = "spent"
entity = ["person", "shop"]
sql = "select person, shop, n, amount, note, happened, known from facts"
max_age = "40m"
[view.windows]
total = "sum(amount) over 1h"
visits = "count() over 3h"
two_ago = "last(amount, 2) over 1d"
fading = "decayed_sum(amount, 20m) over 2h"
[[view]]
name = "home"
entity = ["person"]
sql = "select person, age from people"
)";

constexpr int64_t kMinute = 60'000'000;

class EntityRowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = *Database::open({.threads = 2});
    plan_ = *test_plan(kProject);
  }
  void run(const std::string& sql) {
    const Status status = database_->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what << "\n" << sql.substr(0, 500);
  }
  void make_facts(uint64_t seed, int count) {
    Random random(seed);
    run("create or replace table facts(person bigint, shop varchar, n bigint, amount double, note "
        "varchar, happened timestamptz, known timestamptz)");
    std::string rows;
    for (int i = 0; i < count; ++i) {
      const auto minute = static_cast<int64_t>(random.below(300));
      const auto late = static_cast<int64_t>(random.below(60));
      const std::string person = random.below(15) == 0 ? "null" : std::to_string(random.below(6));
      rows += (rows.empty() ? "(" : ", (") + person + ", 'shop " + std::to_string(random.below(3)) +
              "', " + std::to_string(random.below(9)) + ", " +
              (random.below(8) == 0 ? "null" : std::to_string(random.uniform() * 100)) + ", " +
              (random.below(4) == 0 ? "null" : "'n" + std::to_string(random.below(3)) + "'") +
              ", make_timestamptz(" + std::to_string(minute * kMinute) + "), make_timestamptz(" +
              std::to_string((minute + late) * kMinute) + "))";
    }
    run("insert into facts values " + rows);
    run("create or replace table people(person bigint, age bigint)");
    run("insert into people values (0, 30), (1, null), (2, 5), (null, 7)");
  }
  /// Every pair, also those that no fact is about, asks at `minute`.
  void make_asks(int64_t minute) {
    run("create or replace table asks as select row_number() over () as id, p as person, 'shop ' "
        "|| s as shop, make_timestamptz(" +
        std::to_string(minute * kMinute) + ") as moment from range(8) a(p), range(4) b(s)");
  }

  std::unique_ptr<Database> database_;
  JoinPlan plan_;
};

/// A value as text that tells all bits.
std::string bits(const Vector& column, size_t row) {
  if (column.valid[row] == 0) return "null";
  if (column.type == ValueType::text) return column.texts[row];
  if (column.type != ValueType::number) return std::to_string(column.integers[row]);
  uint64_t raw = 0;
  std::memcpy(&raw, &column.numbers[row], sizeof(raw));
  return std::to_string(raw);
}

TEST_F(EntityRowsTest, EqualsTheTrainingJoinBitByBit) {
  int compared = 0;
  int with_a_row = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    make_facts(seed, 120);
    const auto minute = static_cast<int64_t>(30 + seed * 45);
    make_asks(minute);
    for (const View& view : plan_.views) {
      const auto definition = view_definition(*database_, plan_, view);
      ASSERT_TRUE(definition.ok()) << definition.error().what;
      const auto rows = entity_rows(*database_, plan_, view, Time{minute * kMinute});
      ASSERT_TRUE(rows.ok()) << rows.error().what;
      std::vector<Field> fields;
      std::vector<std::string> names;
      // Windows are of who reads: data/online/online_reader_test.cc.
      const size_t column_count = definition->fields.size() - view.windows.size();
      for (const Field& field : std::span(definition->fields).first(column_count)) {
        fields.push_back({view.name + "." + field.name, field.type});
        names.push_back(fields.back().name);
      }
      const auto joined = join_as_of(*database_, plan_, names);
      ASSERT_TRUE(joined.ok()) << joined.error().what;
      const Block expected = *block_from(**joined, fields);
      const Block entities = *block_from(**joined, definition->entity);
      std::map<std::string, size_t> by_entity;
      for (size_t row = 0; row < rows->entity.rows; ++row) {
        std::string key;
        for (const Vector& column : rows->entity.columns) key += bits(column, row) + "|";
        EXPECT_TRUE(by_entity.emplace(key, row).second) << key;
      }
      for (size_t row = 0; row < expected.rows; ++row) {
        std::string key;
        for (const Vector& column : entities.columns) key += bits(column, row) + "|";
        const auto found = by_entity.find(key);
        const bool is_seen = found != by_entity.end();
        const size_t at = is_seen ? found->second : 0;
        const bool is_old = is_seen && view.max_age_micros &&
                            minute * kMinute - rows->happened[at] > *view.max_age_micros;
        with_a_row += is_seen ? 1 : 0;
        for (size_t i = 0; i < fields.size(); ++i) {
          const std::string ours = !is_seen || is_old ? "null" : bits(rows->values.columns[i], at);
          ASSERT_EQ(ours, bits(expected.columns[i], row))
              << fields[i].name << " of " << key << " seed " << seed;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 1000);
  EXPECT_GT(with_a_row, 50);
}

TEST_F(EntityRowsTest, SinceATimeGivesWhatBecameKnownAfterIt) {
  make_facts(3, 120);
  make_asks(200);
  const View& view = plan_.views[0];
  const auto all = entity_rows(*database_, plan_, view, Time{200 * kMinute});
  const auto some = entity_rows(*database_, plan_, view, Time{200 * kMinute}, Time{190 * kMinute});
  ASSERT_TRUE(all.ok() && some.ok());
  const auto expected = database_->count(
      "select count(*) from (select distinct person, shop from facts where person is not null and "
      "known > make_timestamptz(11400000000) and known <= make_timestamptz(12000000000))");
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(static_cast<int64_t>(some->entity.rows), *expected);
  EXPECT_GT(*expected, 0);
  EXPECT_LT(some->entity.rows, all->entity.rows);
}

/// Rows of a file are read twice instead of being kept; those of a table here are kept.
TEST_F(EntityRowsTest, AFileGivesTheSameAsATable) {
  make_facts(4, 120);
  make_asks(200);
  const View& view = plan_.views[0];
  const auto kept = entity_rows(*database_, plan_, view, Time{200 * kMinute});
  ASSERT_TRUE(kept.ok()) << kept.error().what;
  const TestFolder folder;
  const std::string file = folder.path("facts.parquet");
  run("copy facts to '" + file + "' (format parquet)");
  run("drop table facts");
  ASSERT_TRUE(database_->add_parquet("facts", {file}, {}).ok());
  const auto read = entity_rows(*database_, plan_, view, Time{200 * kMinute});
  ASSERT_TRUE(read.ok()) << read.error().what;
  ASSERT_GT(kept->entity.rows, 5U);
  ASSERT_EQ(kept->entity.rows, read->entity.rows);
  EXPECT_EQ(kept->happened, read->happened);
  EXPECT_EQ(kept->known, read->known);
  EXPECT_EQ(kept->kept_from, read->kept_from);
  for (size_t row = 0; row < kept->entity.rows; ++row) {
    for (size_t i = 0; i < kept->values.columns.size(); ++i) {
      EXPECT_EQ(bits(kept->values.columns[i], row), bits(read->values.columns[i], row));
    }
    const EntityFacts::Place one = kept->facts.places[row];
    const EntityFacts::Place other = read->facts.places[row];
    ASSERT_EQ(one.end - one.begin, other.end - other.begin);
    for (size_t fact = 0; fact < one.end - one.begin; ++fact) {
      EXPECT_EQ(bits(kept->facts.values.columns[0], one.begin + fact),
                bits(read->facts.values.columns[0], other.begin + fact));
    }
  }
}

TEST_F(EntityRowsTest, TheVersionNamesTheDefinitionAndNotTheRows) {
  make_facts(1, 20);
  make_asks(10);
  const auto version = [&](const JoinPlan& plan) {
    const auto definition = view_definition(*database_, plan, plan.views[0]);
    EXPECT_TRUE(definition.ok()) << definition.error().what;
    return definition->version;
  };
  const std::string first = version(plan_);
  make_facts(2, 40);
  EXPECT_EQ(version(plan_), first);
  const std::vector<std::pair<std::string, std::string>> edits = {
      {"max_age = \"40m\"", "max_age = \"41m\""},
      {"over 1h", "over 2h"},
      {"n, amount, note", "n, amount * 1 as amount, note"},
      {"known = \"known\"", "known = \"known + interval '1 second'\""},
      {"name = \"spent\"\nentity = [\"person\", \"shop\"]",
       "name = \"spent\"\nentity = [\"person\"]"}};
  for (const auto& [from, to] : edits) {
    std::string text = kProject;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    EXPECT_NE(version(*test_plan(text.replace(at, from.size(), to))), first) << to;
  }
}

}  // namespace
}  // namespace millgate
