#include "data/online/redis_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "data/online/redis_connection.h"
#include "data/online/test_redis.h"
#include "data/online/test_store.h"

namespace millgate {
namespace {

std::shared_ptr<OnlineStore> store_of(const RedisServer& server,
                                      const std::string& prefix = "test") {
  return open_redis_store({.address = server.address(), .prefix = prefix});
}

/// What the server answers to `command`.
RedisReply asked(const RedisServer& server, const RedisCommand& command) {
  auto connection = RedisConnection::open(server.address(), std::chrono::seconds(5));
  EXPECT_TRUE(connection.ok()) << connection.error().what;
  auto reply = connection->ask(command);
  EXPECT_TRUE(reply.ok()) << reply.error().what;
  return reply.ok() ? *reply : RedisReply();
}

std::vector<TestRow> many_rows(int count, double wind) {
  std::vector<TestRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back(at("airport " + std::to_string(i), wind, 1));
  return rows;
}

TEST(RedisStoreTest, ManyRowsComeWholeAndChangeWhole) {
  const RedisServer server;
  const auto store = store_of(server);
  const OnlineView view = test_view();
  auto counts = update(*store, view, many_rows(2500, 1));
  ASSERT_TRUE(counts.ok()) << counts.error().what;
  EXPECT_EQ(counts->front().rows.added, 2500);
  EXPECT_EQ(counts->front().entity_count, 2500);
  std::vector<TestRow> next = many_rows(2400, 2);
  for (size_t i = 0; i < 1100; ++i) next[i].wind = 1;
  counts = update(*store, view, next);
  ASSERT_TRUE(counts.ok()) << counts.error().what;
  EXPECT_EQ(counts->front().rows.unchanged, 1100);
  EXPECT_EQ(counts->front().rows.written, 1300);
  EXPECT_EQ(counts->front().rows.removed, 100);
  EXPECT_EQ(stored(*store, view)->entity_count, 2400);
  EXPECT_EQ(wind_of(*store, view, "airport 1099"), 1);
  EXPECT_EQ(wind_of(*store, view, "airport 2399"), 2);
  EXPECT_EQ(wind_of(*store, view, "airport 2400"), std::nullopt);
  EXPECT_EQ(asked(server, {"DBSIZE"}).integer, 3) << "views, counts and the rows of one view";
}

TEST(RedisStoreTest, TimesBeyondTheRangeOfDoublesKeepTheirOrder) {
  const RedisServer server;
  const auto store = store_of(server);
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store, view, {}).ok());
  const int64_t late = (int64_t{1} << 62) + 1;
  ASSERT_TRUE(push(*store, view, {at("JFK", 1, late)}).ok());
  ASSERT_TRUE(push(*store, view, {at("JFK", 2, late - 1)}).ok());
  EXPECT_EQ(wind_of(*store, view, "JFK"), 1);
  ASSERT_TRUE(push(*store, view, {at("LGA", 1, -1)}).ok());
  ASSERT_TRUE(push(*store, view, {at("LGA", 2, 0)}).ok());
  ASSERT_TRUE(push(*store, view, {at("LGA", 3, -late)}).ok());
  EXPECT_EQ(wind_of(*store, view, "LGA"), 2);
}

TEST(RedisStoreTest, AServerThatComesBackIsFoundAgain) {
  RedisServer server;
  const auto store = store_of(server);
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store, view, {at("JFK", 1, 1)}).ok());
  server.stop();
  const std::string key = keyed(view, at("JFK", 1, 1)).key;
  const auto read = [&] {
    return store->read(std::vector{key},
                       [](size_t, std::optional<std::string_view>) { return Status(); });
  };
  const Status away = read();
  ASSERT_FALSE(away.ok());
  EXPECT_EQ(away.error().code, ErrorCode::outside);
  EXPECT_NE(away.error().what.find("cannot connect"), std::string::npos) << away.error().what;
  EXPECT_FALSE(update(*store, view, {at("JFK", 2, 2)}).ok());
  server.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  // It kept nothing: that is no entity without features.
  const Status lost = read();
  ASSERT_FALSE(lost.ok());
  EXPECT_NE(lost.error().what.find("does not have the view's rows"), std::string::npos)
      << lost.error().what;
  EXPECT_FALSE(stored(*store, view));
  EXPECT_FALSE(push(*store, view, {at("JFK", 2, 2)}).ok());
  ASSERT_TRUE(update(*store, view, {at("JFK", 3, 3)}).ok());
  EXPECT_EQ(wind_of(*store, view, "JFK"), 3);
  EXPECT_TRUE(read().ok());
}

TEST(RedisStoreTest, AServerThatDoesNotAnswerIsAnErrorInASecond) {
  const RedisServer server;
  const auto store = store_of(server);
  ASSERT_TRUE(store->views().ok());
  server.freeze();
  const auto silent = store->views();
  server.thaw();
  ASSERT_FALSE(silent.ok());
  EXPECT_NE(silent.error().what.find("no answer within"), std::string::npos) << silent.error().what;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(store->views().ok());
}

TEST(RedisStoreTest, AFullServerKeepsWhatItHad) {
  const RedisServer server({"--maxmemory", "3mb"});
  const auto store = store_of(server);
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store, view, {at("JFK", 1, 1)}).ok());
  for (const char* kind : {"changes", "first time"}) {
    SCOPED_TRACE(kind);
    const OnlineView of = kind == std::string("changes") ? view : test_view("other");
    const auto full = update(*store, of, many_rows(60'000, 2));
    ASSERT_FALSE(full.ok());
    EXPECT_NE(full.error().what.find("OOM"), std::string::npos) << full.error().what;
    EXPECT_NE(full.error().hint.find("maxmemory"), std::string::npos);
    EXPECT_EQ(wind_of(*store, view, "JFK"), 1);
    EXPECT_EQ(stored(*store, view)->entity_count, 1);
    EXPECT_EQ(asked(server, {"DBSIZE"}).integer, 3) << "what was written beside is gone";
  }
  ASSERT_TRUE(update(*store, view, {at("JFK", 2, 2)}).ok());
}

TEST(RedisStoreTest, AServerThatWouldForgetRowsIsRefused) {
  const RedisServer server({"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"});
  const auto refused = update(*store_of(server), test_view(), {at("JFK", 1, 1)});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("allkeys-lru"), std::string::npos) << refused.error().what;
}

/// Another view that is materialised at the same time is nobody's conflict.
TEST(RedisStoreTest, ManyWhoMaterialiseDifferentViewsAtOnceAllSucceed) {
  const RedisServer server;
  std::vector<std::thread> writers;
  std::atomic<int> failures = 0;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      const auto store = store_of(server);
      const OnlineView view = test_view("view " + std::to_string(writer));
      for (int round = 0; round < 10; ++round) {
        const auto done = update(*store, view, {at("JFK", round, round)});
        if (!done.ok()) ++failures;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store_of(server)->views()->size(), 4);
}

TEST(RedisStoreTest, ProjectsDoNotSeeEachOther) {
  const RedisServer server;
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store_of(server, "one"), view, {at("JFK", 1, 1)}).ok());
  const auto other = store_of(server, "two");
  EXPECT_TRUE(other->views()->empty());
  ASSERT_TRUE(update(*other, view, {at("JFK", 2, 1)}).ok());
  EXPECT_EQ(wind_of(*store_of(server, "one"), view, "JFK"), 1);
}

TEST(RedisStoreTest, APasswordComesFromTheEnvironment) {
  const RedisServer server({"--requirepass", "s3cret"});
  const auto without = store_of(server)->views();
  ASSERT_FALSE(without.ok());
  EXPECT_NE(without.error().hint.find("REDISCLI_AUTH"), std::string::npos) << without.error().what;
  ::setenv("REDISCLI_AUTH", "wrong", 1);
  const auto wrong = store_of(server)->views();
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().what.find("WRONGPASS"), std::string::npos) << wrong.error().what;
  EXPECT_EQ(wrong.error().what.find("wrong"), std::string::npos) << "shows the password";
  ::setenv("REDISCLI_AUTH", "s3cret", 1);
  const auto with = store_of(server)->views();
  ::unsetenv("REDISCLI_AUTH");
  EXPECT_TRUE(with.ok());
}

TEST(RedisStoreTest, SomethingElseUnderItsKeysIsSaid) {
  const RedisServer server;
  asked(server, {"SET", "millgate:{test}:views", "not a hash"});
  const auto views = store_of(server)->views();
  ASSERT_FALSE(views.ok());
  EXPECT_NE(views.error().what.find("WRONGTYPE"), std::string::npos) << views.error().what;
}

}  // namespace
}  // namespace millgate
