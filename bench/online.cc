/// Brings two views of 1,000,000 rows for 50,000 entities into the online store, then reads twenty
/// features of one entity at a time.
///
///   bench_online [FOLDER]
///
/// Beside the first, in turns: DuckDB's own newest row of each entity from the same Parquet files,
/// put into SQLite by one transaction, which is the least that a store like Feast's does. Medians.
/// Then the same in a Redis server on a socket, beside PING, which is the least that a read of it
/// costs.
#include <arrow/api.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "data/feature/entity_rows.h"
#include "data/feature/test_plan.h"
#include "data/online/lmdb_store.h"
#include "data/online/online_reader.h"
#include "data/online/pushed_row.h"
#include "data/online/redis_connection.h"
#include "data/online/redis_store.h"
#include "data/online/test_redis.h"
#include "data/online/view_rows.h"
#include "data/query/database.h"
#include "ground/random.h"
#include "ground/settings.h"

namespace millgate {

namespace {

constexpr int kRounds = 3;
constexpr int kReads = 200'000;
constexpr int kWindowReads = 2000;
constexpr int kRedisReads = 20'000;
constexpr int64_t kEntities = 50'000;

constexpr const char* kProject = R"([[source]]
name = "asked"
path = "a"
key = ["id"]
happened = "moment"
[[source]]
name = "one"
path = "b"
happened = "occurred"
[[source]]
name = "two"
path = "c"
happened = "occurred"
[task]
table = "asked"
label = "id > 3"
[[view]]
name = "first"
entity = ["user"]
sql = "select * from one"
[[view]]
name = "second"
entity = ["user"]
sql = "select * from two"
)";

/// Ten numbers, so that two views give twenty features.
Status make_files(Database& database, const std::string& folder) {
  const auto write = [&](const std::string& name, const std::string& sql) {
    return database.execute("copy (" + sql + ") to '" + folder + "/" + name +
                            ".parquet' (format parquet)");
  };
  std::string numbers;
  for (int i = 0; i < 10; ++i) numbers += ", random() as x" + std::to_string(i);
  MILLGATE_TRY(write("asked",
                     "select i as id, i as \"user\", timestamptz '2024-01-01 00:00:00Z' as moment "
                     "from range(10) t(i)"));
  for (const char* name : {"one", "two"}) {
    MILLGATE_TRY(
        write(name, "select (hash(i + " + std::string(name == std::string("one") ? "2" : "3") +
                        ") % 50000)::bigint as \"user\", timestamptz '2024-01-01 "
                        "00:00:00Z' + to_milliseconds((i * 8)::bigint * 1000) as occurred" +
                        numbers + " from range(1000000) t(i)"));
  }
  return {};
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
  return values[values.size() / 2];
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The rows of all views, as `materialise` computes them.
Result<std::vector<ViewUpdate>> updates_of(Database& database, const JoinPlan& plan) {
  MILLGATE_ASSIGN(const auto at, parse_time("2025-01-01"));
  std::vector<ViewUpdate> updates;
  for (const View& view : plan.views) {
    MILLGATE_ASSIGN(const ViewDefinition definition, view_definition(database, plan, view));
    ViewUpdate update;
    update.view.name = view.name;
    update.view.version = definition.version;
    update.view.entity = definition.entity;
    update.view.fields = definition.fields;
    update.view.has_time = definition.has_time;
    update.view.as_of = at;
    MILLGATE_ASSIGN(const EntityRows rows, entity_rows(database, plan, view, at));
    update.rows = keyed_rows(update.view, rows);
    updates.push_back(std::move(update));
  }
  return updates;
}

/// What `materialise` does after it has opened the project.
Result<std::vector<OnlineView>> bring(Database& database, const JoinPlan& plan,
                                      OnlineStore& store) {
  MILLGATE_ASSIGN(std::vector<ViewUpdate> updates, updates_of(database, plan));
  std::vector<OnlineView> views;
  for (const ViewUpdate& update : updates) views.push_back(update.view);
  const auto counts = store.update(std::move(updates));
  if (!counts.ok()) return counts.error();
  return views;
}

/// DuckDB's newest rows, stored as a key and a text of all values.
Status bring_by_hand(Database& database, const std::string& path) {
  sqlite3* file = nullptr;
  if (sqlite3_open(path.c_str(), &file) != SQLITE_OK) return outside_failure("no SQLite file");
  sqlite3_exec(file, "create table rows(key text primary key, value text); begin", nullptr, nullptr,
               nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(file, "insert into rows values (?, ?)", -1, &insert, nullptr);
  Status status;
  for (const char* table : {"one", "two"}) {
    const auto rows = database.query("select '" + std::string(table) +
                                     "/' || \"user\" as key, newest::varchar as value from (select "
                                     "\"user\", arg_max(t, occurred) as newest from " +
                                     table + " t group by \"user\")");
    if (!rows.ok()) status = rows.error();
    if (!rows.ok()) break;
    const auto block = block_from(**rows, {{"key", ValueType::text}, {"value", ValueType::text}});
    if (!block.ok()) status = block.error();
    if (!block.ok()) break;
    for (size_t i = 0; i < block->rows; ++i) {
      const std::string& key = block->columns[0].texts[i];
      const std::string& value = block->columns[1].texts[i];
      sqlite3_bind_text(insert, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      sqlite3_bind_text(insert, 2, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
  }
  sqlite3_finalize(insert);
  sqlite3_exec(file, "commit", nullptr, nullptr, nullptr);
  sqlite3_close(file);
  return status;
}

/// Nanoseconds of each of many reads of twenty features, in order.
Result<std::vector<double>> read_many(const OnlineStore& store,
                                      const std::vector<OnlineView>& views, int count) {
  std::vector<OnlinePlan> plans;
  Block out{.rows = 1, .columns = {}};
  for (const OnlineView& view : views) {
    OnlinePlan plan{.view = view, .columns = {}};
    for (const Field& field : view.fields) {
      const bool is_wanted = field.name.starts_with("x");
      plan.columns.push_back(is_wanted ? std::optional(out.columns.size()) : std::nullopt);
      if (is_wanted) out.columns.emplace_back().reset(field.type, 1);
    }
    plans.push_back(std::move(plan));
  }
  std::vector<Block> entities(2, Block{.rows = 1, .columns = std::vector<Vector>(1)});
  for (Block& entity : entities) {
    entity.columns[0].reset(ValueType::integer, 1);
    entity.columns[0].valid[0] = 1;
  }
  const std::vector<int64_t> at = {1'767'225'600'000'000};
  std::vector<OnlineRead> reads;
  std::vector<double> nanos;
  Random random(5);
  for (int i = 0; i < count; ++i) {
    const auto user = static_cast<int64_t>(random.below(kEntities));
    for (Block& entity : entities) entity.columns[0].integers[0] = user;
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(read_online(store, {.plans = plans, .entities = entities, .at = at}, out, reads));
    nanos.push_back(seconds_since(begin) * 1e9);
    if (reads[0].state != OnlineState::present) return bug("an entity is missing");
  }
  std::sort(nanos.begin(), nanos.end());
  std::cout << "one entity, " << out.columns.size() << " features, in process: median "
            << std::round(nanos[nanos.size() / 2]) << " ns, p99 "
            << std::round(nanos[nanos.size() * 99 / 100]) << " ns\n";
  return nanos;
}

/// Reads of three windows whose facts are so many, each half of the longest span old at most.
Status read_windows_of(OnlineStore& store, size_t fact_count, int count) {
  OnlineView view;
  view.name = "windows";
  view.version = hash_of("windows " + std::to_string(fact_count)).hex();
  view.entity = {{"user", ValueType::integer}};
  view.fields = {{"amount", ValueType::number},
                 {"visits", ValueType::integer},
                 {"spent", ValueType::number},
                 {"most", ValueType::number}};
  view.has_time = true;
  for (const auto& [name, line] :
       {std::pair("visits", "count() over 1d"), std::pair("spent", "sum(amount) over 7d"),
        std::pair("most", "max(amount) over 30d")}) {
    MILLGATE_ASSIGN(Window window, parse_window(name, line));
    view.windows.push_back(std::move(window));
  }
  view.window_count = view.windows.size();
  const int64_t now = 1'767'225'600'000'000;
  Block entity{.rows = 1, .columns = std::vector<Vector>(1)};
  entity.columns[0].reset(ValueType::integer, 1);
  entity.columns[0].valid[0] = 1;
  Block amount{.rows = 1, .columns = std::vector<Vector>(1)};
  amount.columns[0].reset(ValueType::number, 1);
  amount.columns[0].valid[0] = 1;
  MILLGATE_TRY(store.update({ViewUpdate{.view = view, .before = std::nullopt, .rows = {}}}));
  Random random(6);
  std::vector<KeyedRow> pushed;
  for (size_t i = 0; i < fact_count; ++i) {
    amount.columns[0].numbers[0] = random.uniform();
    const int64_t then = now - static_cast<int64_t>(random.below(15LL * 86'400'000'000));
    const RowStamp stamp{.has_time = true, .is_pushed = true, .happened = then, .known = then};
    pushed.push_back(
        {entity_key(view, entity, 0), write_pushed_row(view, stamp, amount, 0, Time{now})});
  }
  MILLGATE_TRY(store.push(std::move(pushed)));
  OnlinePlan plan{.view = view, .columns = {std::nullopt, size_t{0}, size_t{1}, size_t{2}}};
  Block out{.rows = 1, .columns = std::vector<Vector>(3)};
  for (size_t i = 0; i < 3; ++i) out.columns[i].reset(view.fields[i + 1].type, 1);
  std::vector<OnlineRead> reads;
  std::vector<double> nanos;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(read_online(
        store, {.plans = {&plan, 1}, .entities = {&entity, 1}, .at = {&now, 1}}, out, reads));
    nanos.push_back(seconds_since(begin) * 1e9);
  }
  if (out.columns[2].valid[0] == 0) return bug("a window has no facts");
  std::sort(nanos.begin(), nanos.end());
  std::cout << "one entity, 3 windows over " << fact_count << " facts, in process: median "
            << std::round(nanos[nanos.size() / 2]) << " ns, p99 "
            << std::round(nanos[nanos.size() * 99 / 100]) << " ns\n";
  return {};
}

/// First load, then every row changed at once, then reads.
Status run_redis(Database& database, const JoinPlan& plan) {
  const RedisServer server;
  const auto store = open_redis_store({.address = server.address(), .prefix = "bench"});
  MILLGATE_ASSIGN(std::vector<ViewUpdate> updates, updates_of(database, plan));
  const auto timed = [&](const std::string& what) -> Status {
    size_t row_count = 0;
    for (const ViewUpdate& update : updates) row_count += update.rows.size();
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(store->update(updates));
    const double seconds = seconds_since(begin);
    std::cout << "Redis, " << row_count << " rows, " << what << ": " << std::round(seconds * 1000)
              << " ms, " << std::round(seconds / static_cast<double>(row_count) * 1e7) / 10
              << " microseconds a row\n";
    return {};
  };
  MILLGATE_TRY(timed("first time"));
  MILLGATE_ASSIGN(const std::vector<OnlineView> views, store->views());
  for (ViewUpdate& update : updates) {
    for (const OnlineView& view : views) {
      if (view.version == update.view.version) update.before = view;
    }
    for (KeyedRow& row : update.rows) row.row.back() = static_cast<char>(row.row.back() ^ 1);
  }
  MILLGATE_TRY(timed("each one changed"));
  MILLGATE_TRY(read_many(*store, views, kRedisReads));
  MILLGATE_ASSIGN(auto connection,
                  RedisConnection::open(server.address(), std::chrono::seconds(5)));
  std::vector<double> nanos;
  for (int i = 0; i < kRedisReads; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(connection.ask({"PING"}));
    nanos.push_back(seconds_since(begin) * 1e9);
  }
  std::cout << "  PING: median " << std::round(median(nanos)) << " ns\n";
  return {};
}

Status run(const std::string& folder) {
  MILLGATE_ASSIGN(const auto database, Database::open({.threads = 2}));
  MILLGATE_TRY(make_files(*database, folder));
  for (const char* name : {"asked", "one", "two"}) {
    MILLGATE_TRY(database->add_parquet(name, {folder + "/" + name + ".parquet"}, {}));
  }
  MILLGATE_ASSIGN(const JoinPlan plan, test_plan(kProject));
  std::vector<double> own;
  std::vector<double> peer;
  std::vector<OnlineView> views;
  std::shared_ptr<OnlineStore> store;
  for (int round = 0; round < kRounds; ++round) {
    store.reset();
    const std::string place = folder + "/store" + std::to_string(round);
    MILLGATE_ASSIGN(store, open_lmdb_store({.folder = place}));
    auto begin = std::chrono::steady_clock::now();
    MILLGATE_ASSIGN(views, bring(*database, plan, *store));
    own.push_back(seconds_since(begin));
    begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(bring_by_hand(*database, folder + "/peer" + std::to_string(round) + ".sqlite"));
    peer.push_back(seconds_since(begin));
  }
  std::cout << "two views of 1,000,000 rows for 50,000 entities: " << std::round(median(own) * 1000)
            << " ms, " << std::round(2000 / median(own)) << " thousand rows a second\n"
            << "  by hand with DuckDB and SQLite " << std::round(median(peer) * 1000)
            << " ms: " << std::round(median(own) / median(peer) * 100) / 100 << " of it\n";
  MILLGATE_TRY(read_many(*store, views, kReads));
  for (const size_t fact_count : {size_t{10}, size_t{100}, size_t{1000}}) {
    MILLGATE_TRY(read_windows_of(*store, fact_count, kWindowReads));
  }
  return run_redis(*database, plan);
}

}  // namespace

}  // namespace millgate

int main(int count, char** arguments) {
  const std::string folder =
      count > 1 ? arguments[1] : std::filesystem::temp_directory_path() / "millgate_bench_online";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto status = millgate::run(folder);
  if (count <= 1) std::filesystem::remove_all(folder, failed);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "error: " << status.error().what << '\n';
  return EXIT_FAILURE;
}
