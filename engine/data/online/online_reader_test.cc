#include "data/online/online_reader.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "data/feature/join.h"
#include "data/feature/test_plan.h"
#include "data/online/lmdb_store.h"
#include "data/online/online_row.h"
#include "data/online/pushed_row.h"
#include "data/online/test_store.h"
#include "data/online/view_rows.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

constexpr int64_t kMinute = 60'000'000;
constexpr const char* kProject = R"([[source]]
name = "asks"
path = "f"
key = ["id"]
happened = "moment"
[[source]]
name = "facts"
path = "w"
key = ["n"]
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
sql = "select person, shop, amount, note, happened, known from facts"
max_age = "40m"
[view.windows]
total = "sum(amount) over 1h"
visits = "count() over 3h"
fading = "decayed_sum(amount, 20m) over 2h"
[[view]]
name = "habits"
entity = ["person"]
sql = "select n % 150 as number, person, shop, amount, happened, known from facts"
key = ["number"]
[view.windows]
shops = "distinct(shop) over 2h"
most = "max(amount) over 1h"
usual = "mean(amount) over 3h"
paid = "count(amount) over 90m"
one_before = "last(amount, 2) over 3h"
lately = "sum(amount) over last 5"
[[view]]
name = "last_visit"
entity = ["person"]
sql = "select person, amount, happened, known from facts"
max_age = "20m"
[[view]]
name = "home"
entity = ["person"]
sql = "select person, age from people"
)";

std::string bits(const Vector& column, size_t row) {
  if (column.valid[row] == 0) return "null";
  if (column.type == ValueType::text) return column.texts[row];
  if (column.type != ValueType::number) return std::to_string(column.integers[row]);
  uint64_t raw = 0;
  std::memcpy(&raw, &column.numbers[row], sizeof(raw));
  return std::to_string(raw);
}

/// A whole way from tables into the store and out of it.
class OnlineReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = *Database::open({.threads = 2});
    plan_ = *test_plan(kProject);
    store_ = *open_lmdb_store({.folder = folder_.path() + "/online"});
    run("create table facts as select i as n, case when hash(i) % 13 = 0 then null else (hash(i) % "
        "6)::bigint end as person, 'shop ' || hash(i + 1000) % 3 as shop, case when hash(i + 2000) "
        "% 8 = 0 then null else (hash(i + 2000) % 1000003) / 977.0 end as amount, case when "
        "hash(i) % 4 > 0 then 'note ' || i end as note, make_timestamptz(((hash(i + 3000) % "
        "300) * 60000000)::bigint) as happened, make_timestamptz(((hash(i + 3000) % 300 + hash(i "
        "+ 4000) % 60) * 60000000)::bigint) as known from range(400) t(i)");
    run("create table people(person bigint, age bigint)");
    run("insert into people values (0, 30), (1, null), (2, 5), (null, 7)");
  }
  void run(const std::string& sql) {
    const Status status = database_->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what;
  }
  /// Every pair asks at `minute`, also those that no fact is about, and null.
  void make_asks(int64_t minute) {
    run("create or replace table asks as select row_number() over () as id, nullif(p, 8) as "
        "person, 'shop ' || s as shop, make_timestamptz(" +
        std::to_string(minute * kMinute) + ") as moment from range(9) a(p), range(4) b(s)");
  }
  void bring(int64_t minute) {
    make_asks(minute);
    plans_.clear();
    std::vector<ViewUpdate> updates;
    const auto stored = store_->views();
    for (const View& view : plan_.views) {
      const auto definition = view_definition(*database_, plan_, view);
      ASSERT_TRUE(definition.ok()) << definition.error().what;
      ViewUpdate update;
      OnlineView& now = update.view;
      now.name = view.name;
      now.version = definition->version;
      now.entity = definition->entity;
      now.fields = definition->fields;
      now.has_time = definition->has_time;
      now.max_age_micros = view.max_age_micros;
      now.window_count = view.windows.size();
      now.windows = view.windows;
      now.key = definition->key;
      now.as_of = Time{minute * kMinute};
      for (const OnlineView& one : *stored) {
        if (one.version == now.version) update.before = one;
      }
      const auto rows = entity_rows(*database_, plan_, view, now.as_of);
      ASSERT_TRUE(rows.ok()) << rows.error().what;
      update.rows = keyed_rows(now, *rows);
      plans_.push_back({.view = now, .columns = {}});
      updates.push_back(std::move(update));
    }
    const auto counts = store_->update(std::move(updates));
    ASSERT_TRUE(counts.ok()) << counts.error().what;
  }

  /// Pushes what became known after minute `since` until minute `until`, in no order of time.
  void push_to(const OnlineView& view, const std::string& sql, int64_t since, int64_t until) {
    const auto table = database_->query(
        "select *, epoch_us(happened) as h, epoch_us(known) as k from (" + sql +
        ") v where person is not null and k > " + std::to_string(since * kMinute) +
        " and k <= " + std::to_string(until * kMinute) + " order by hash(h, k), v");
    ASSERT_TRUE(table.ok()) << table.error().what;
    ASSERT_TRUE(check_pushable(view).ok());
    const Block values = *block_from(**table, pushed_fields(view));
    const Block entity = *block_from(**table, view.entity);
    const Block times =
        *block_from(**table, {{"h", ValueType::integer}, {"k", ValueType::integer}});
    for (size_t row = 0; row < values.rows; ++row) {
      const RowStamp stamp{.has_time = true,
                           .is_pushed = true,
                           .happened = times.columns[0].integers[row],
                           .known = times.columns[1].integers[row]};
      const auto counts =
          store_->push({{entity_key(view, entity, row),
                         write_pushed_row(view, stamp, values, row, Time{until * kMinute})}});
      ASSERT_TRUE(counts.ok()) << counts.error().what;
      ++pushed_count_;
    }
  }
  /// Reads every field of views with windows for every pair as of `minute`, beside the join.
  void expect_training(int64_t minute, bool columns_too) {
    make_asks(minute);
    std::vector<Field> fields;
    std::vector<std::string> names;
    std::vector<OnlinePlan> plans;
    for (const OnlinePlan& one : plans_) {
      if (one.view.windows.empty()) continue;
      OnlinePlan& plan = plans.emplace_back(OnlinePlan{.view = one.view, .columns = {}});
      for (size_t i = 0; i < one.view.fields.size(); ++i) {
        const Field& field = one.view.fields[i];
        plan.columns.emplace_back();
        if (!columns_too && i < one.view.column_count()) continue;
        plan.columns.back() = fields.size();
        fields.push_back({one.view.name + "." + field.name, field.type});
        names.push_back(fields.back().name);
      }
    }
    const auto joined = join_as_of(*database_, plan_, names);
    ASSERT_TRUE(joined.ok()) << joined.error().what;
    const Block expected = *block_from(**joined, fields);
    std::vector<Block> entities;
    for (const OnlinePlan& plan : plans) {
      entities.push_back(*block_from(**joined, plan.view.entity));
    }
    Block out{.rows = expected.rows, .columns = {}};
    for (const Field& field : fields) out.columns.emplace_back().reset(field.type, out.rows);
    const std::vector<int64_t> at(out.rows, minute * kMinute);
    std::vector<OnlineRead> reads;
    const Status status =
        read_online(*store_, {.plans = plans, .entities = entities, .at = at}, out, reads);
    ASSERT_TRUE(status.ok()) << status.error().what;
    for (size_t row = 0; row < out.rows; ++row) {
      for (size_t i = 0; i < fields.size(); ++i) {
        ASSERT_EQ(bits(out.columns[i], row), bits(expected.columns[i], row))
            << fields[i].name << " row " << row << " minute " << minute;
      }
    }
  }

  int pushed_count_ = 0;
  TestFolder folder_;
  std::unique_ptr<Database> database_;
  JoinPlan plan_;
  std::shared_ptr<OnlineStore> store_;
  std::vector<OnlinePlan> plans_;
};

/// Training equals serving: every entity, every field, read from the store and joined.
TEST_F(OnlineReaderTest, EqualsTheTrainingJoinBitByBit) {
  size_t state_counts[kOnlineStateCount] = {};
  for (const int64_t minute : {40, 90, 150, 230, 320}) {
    bring(minute);
    std::vector<Field> fields;
    std::vector<std::string> names;
    for (OnlinePlan& plan : plans_) {
      for (const Field& field : plan.view.fields) {
        plan.columns.emplace_back(fields.size());
        fields.push_back({plan.view.name + "." + field.name, field.type});
        names.push_back(fields.back().name);
      }
    }
    const auto joined = join_as_of(*database_, plan_, names);
    ASSERT_TRUE(joined.ok()) << joined.error().what;
    const Block expected = *block_from(**joined, fields);
    std::vector<Block> entities;
    for (const OnlinePlan& plan : plans_) {
      entities.push_back(*block_from(**joined, plan.view.entity));
    }
    Block out{.rows = expected.rows, .columns = {}};
    for (const Field& field : fields) out.columns.emplace_back().reset(field.type, out.rows);
    const std::vector<int64_t> at(out.rows, minute * kMinute);
    std::vector<OnlineRead> reads;
    const Status status =
        read_online(*store_, {.plans = plans_, .entities = entities, .at = at}, out, reads);
    ASSERT_TRUE(status.ok()) << status.error().what;
    for (size_t row = 0; row < out.rows; ++row) {
      for (size_t i = 0; i < fields.size(); ++i) {
        ASSERT_EQ(bits(out.columns[i], row), bits(expected.columns[i], row))
            << fields[i].name << " row " << row << " minute " << minute;
      }
    }
    for (const OnlineRead& read : reads) ++state_counts[static_cast<size_t>(read.state)];
  }
  for (const OnlineState state :
       {OnlineState::present, OnlineState::missing, OnlineState::expired, OnlineState::no_entity}) {
    EXPECT_GT(state_counts[static_cast<size_t>(state)], 5U) << to_string(state);
  }
}

/// Windows move with the time that is asked for and with what is pushed, as in a training set of
/// that time; also a little back.
TEST_F(OnlineReaderTest, WindowsAreThoseOfTheAskedTime) {
  for (const int64_t minute : {60, 150, 230, 300}) {
    bring(minute);
    expect_training(minute, true);
    expect_training(minute - 30, false);
    for (const int64_t later : {minute + 10, minute + 25}) {
      push_to(plans_[0].view, plan_.views[0].sql, minute, later);
      push_to(plans_[1].view, plan_.views[1].sql, minute, later);
      expect_training(later, true);
    }
  }
  // Nothing comes any more, and facts grow old.
  bring(360);
  for (const int64_t minute : {370, 450, 550}) expect_training(minute, true);
  EXPECT_GT(pushed_count_, 100);
}

TEST_F(OnlineReaderTest, AWindowWhoseFactsAreGoneIsNull) {
  bring(900);
  Block entity{.rows = 1, .columns = std::vector<Vector>(2)};
  entity.columns[0].reset(ValueType::integer, 1);
  entity.columns[0].valid[0] = 1;
  entity.columns[0].integers[0] = 2;
  entity.columns[1].reset(ValueType::text, 1);
  entity.columns[1].valid[0] = 1;
  entity.columns[1].texts[0] = "shop 1";
  Block out{.rows = 1, .columns = std::vector<Vector>(1)};
  out.columns[0].reset(ValueType::integer, 1);
  OnlinePlan plan{.view = plans_[0].view, .columns = {}};
  for (const Field& field : plan.view.fields) {
    plan.columns.emplace_back();
    if (field.name == "visits") plan.columns.back() = 0;
  }
  std::vector<OnlineRead> reads;
  for (const auto& [minute, is_there] : {std::pair<int64_t, int>{900, 1}, {721, 1}, {500, 0}}) {
    const int64_t at = minute * kMinute;
    ASSERT_TRUE(read_online(*store_,
                            {.plans = {&plan, 1}, .entities = {&entity, 1}, .at = {&at, 1}}, out,
                            reads)
                    .ok());
    EXPECT_EQ(out.columns[0].valid[0], is_there) << minute;
  }
}

/// A reader that looked at the view before an upgrade must not take facts for values.
TEST_F(OnlineReaderTest, AnotherFormOfRowsIsAnError) {
  bring(200);
  OnlinePlan plan{.view = plans_[1].view, .columns = {}};
  plan.columns.resize(plan.view.fields.size());
  plan.view.windows.clear();
  Block entity{.rows = 1, .columns = std::vector<Vector>(1)};
  entity.columns[0].reset(ValueType::integer, 1);
  entity.columns[0].valid[0] = 1;
  entity.columns[0].integers[0] = 2;
  Block out{.rows = 1, .columns = {}};
  const int64_t at = 200 * kMinute;
  std::vector<OnlineRead> reads;
  const Status status = read_online(
      *store_, {.plans = {&plan, 1}, .entities = {&entity, 1}, .at = {&at, 1}}, out, reads);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::outside);
}

TEST_F(OnlineReaderTest, TheReaderAsksForAge) {
  const OnlineView view = [] {
    OnlineView made = test_view();
    made.max_age_micros = 100;
    return made;
  }();
  const TestRow row{
      .origin = "JFK",
      .wind = 4,
      .stamp = {.has_time = true, .is_pushed = false, .happened = 1000, .known = 1050}};
  ASSERT_TRUE(store_->push({keyed(view, row)}).ok());
  Block entity{.rows = 4, .columns = std::vector<Vector>(1)};
  entity.columns[0].reset(ValueType::text, 4);
  for (size_t i = 0; i < 4; ++i) {
    entity.columns[0].valid[i] = 1;
    entity.columns[0].texts[i] = i < 3 ? "JFK" : "LGA";
  }
  Block out{.rows = 4, .columns = std::vector<Vector>(1)};
  out.columns[0].reset(ValueType::number, 4);
  const std::vector<OnlinePlan> plans = {{.view = view, .columns = {size_t{0}, std::nullopt}}};
  const std::vector<int64_t> at = {1049, 1100, 1101, 1100};
  std::vector<OnlineRead> reads;
  ASSERT_TRUE(
      read_online(*store_, {.plans = plans, .entities = {&entity, 1}, .at = at}, out, reads).ok());
  EXPECT_EQ(reads[0].state, OnlineState::later);  // Known at 1050: a row of 1049 must not see it.
  EXPECT_EQ(reads[1].state, OnlineState::present);
  EXPECT_EQ(reads[2].state, OnlineState::expired);
  EXPECT_EQ(reads[3].state, OnlineState::missing);
  EXPECT_EQ(out.columns[0].valid, (std::vector<uint8_t>{0, 1, 0, 0}));
  EXPECT_EQ(reads[2].happened, 1000);
}

TEST(LatestView, IsTheOneAsOfTheLatestTimeAndThenTheOneWrittenLast) {
  std::vector<OnlineView> views(4, test_view());
  views[0].as_of = views[1].as_of = views[2].as_of = Time{5};
  views[1].written = Time{9};
  views[2].written = Time{8};
  views[3].name = "other";
  EXPECT_EQ(latest_view(views, "weather"), &views[1]);
  views[2].as_of = Time{6};
  EXPECT_EQ(latest_view(views, "weather"), &views[2]);
  EXPECT_EQ(latest_view(views, "none"), nullptr);
}

}  // namespace
}  // namespace millgate
