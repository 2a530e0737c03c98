#include "system/serve/feature_answer.h"

#include <gmock/gmock.h>

#include "data/online/lmdb_store.h"
#include "ground/json.h"
#include "system/serve/routes.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

/// A store with one view of two fields, to which rows are pushed.
class FeatureAnswerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = *open_lmdb_store({.folder = project_.folder.path("online")});
    view_.name = "sky";
    view_.version = std::string(64, 'a');
    view_.entity = {{"zone", ValueType::text}, {"floor", ValueType::integer}};
    view_.fields = {{"zone", ValueType::text},
                    {"rain", ValueType::number},
                    {"seen", ValueType::time},
                    {"wet", ValueType::boolean}};
    view_.has_time = true;
    view_.max_age_micros = 86'400'000'000;
    ASSERT_TRUE(store_->update({{.view = view_, .before = std::nullopt, .rows = {}}}).ok());
    routes_ = std::make_unique<Routes>(RouteContext{.models = models_,
                                                    .telemetry = telemetry_,
                                                    .clock = clock_,
                                                    .log = nullptr,
                                                    .online = store_,
                                                    .feedback_folder = "",
                                                    .rows_max = 10});
  }
  HttpResponse post(const std::string& target, const std::string& body) {
    return routes_->answer({.method = "POST", .target = target, .body = body});
  }
  HttpResponse get(const std::string& target) {
    return routes_->answer({.method = "GET", .target = target});
  }
  static Json json(const HttpResponse& response) { return *parse_json(response.body, "answer"); }

  ServedProject project_;
  ManualClock clock_{*parse_time("2024-01-10T12:00:00Z")};
  ModelSlot models_;
  Telemetry telemetry_;
  std::shared_ptr<OnlineStore> store_;
  OnlineView view_;
  std::unique_ptr<Routes> routes_;
};

constexpr const char* kPush =
    R"({"view": "sky", "rows": [{"zone": "north", "floor": 1, "rain": 1.5, "wet": true,
        "seen": "2024-01-10T10:00:00Z", "happened": "2024-01-10T10:00:00Z"},
       {"zone": "south side", "floor": 2, "rain": null, "happened": "2024-01-08T10:00:00Z"}]})";

TEST_F(FeatureAnswerTest, WhatWasPushedIsRead) {
  const HttpResponse pushed = post("/push", kPush);
  ASSERT_EQ(pushed.status, 200) << pushed.body;
  EXPECT_EQ(pushed.body, R"({"rows":2,"written":2,"kept":0})");
  const HttpResponse read = post("/features", R"({"features": ["sky.rain", "sky.wet", "sky.seen"],
      "entities": [{"zone": "north", "floor": 1}, {"zone": "south side", "floor": 2},
                   {"zone": "north", "floor": 9}, {"zone": null, "floor": 1}]})");
  ASSERT_EQ(read.status, 200) << read.body;
  const Json rows = json(read)["rows"];
  EXPECT_EQ(dump_json(rows[0]["values"]),
            R"({"sky.rain":1.5,"sky.wet":true,"sky.seen":"2024-01-10T10:00:00Z"})");
  EXPECT_EQ(rows[0]["views"]["sky"]["state"], "present");
  EXPECT_EQ(rows[0]["views"]["sky"]["known"], "2024-01-10T12:00:00Z");
  EXPECT_EQ(rows[1]["views"]["sky"]["state"], "expired");
  EXPECT_EQ(rows[2]["views"]["sky"]["state"], "missing");
  EXPECT_EQ(rows[3]["views"]["sky"]["state"], "no_entity");
  const HttpResponse one = get("/features/sky?zone=south+side&floor=2");
  ASSERT_EQ(one.status, 200) << one.body;
  EXPECT_EQ(json(one)["rows"][0]["views"]["sky"]["state"], "expired");
  const HttpResponse back =
      post("/features", R"({"features": ["sky@aaaa"], "at": "2024-01-10T09:00:00Z",
      "entities": [{"zone": "north", "floor": 1}]})");
  ASSERT_EQ(back.status, 200) << back.body;
  EXPECT_EQ(json(back)["rows"][0]["views"]["sky"]["state"], "later");
}

TEST_F(FeatureAnswerTest, ARowThatComesLateDoesNotReplaceANewer) {
  ASSERT_EQ(post("/push", kPush).status, 200);
  const HttpResponse late = post("/push", R"({"view": "sky", "rows": [
      {"zone": "north", "floor": 1, "rain": 9, "happened": "2024-01-10T09:00:00Z"}]})");
  EXPECT_EQ(late.body, R"({"rows":1,"written":0,"kept":1})");
  EXPECT_EQ(json(get("/features/sky?zone=north&floor=1"))["rows"][0]["values"]["sky.rain"], 1.5);
  const HttpResponse metrics = get("/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("millgate_online_pushed_rows_total 3"));
}

TEST_F(FeatureAnswerTest, SaysWhatIsWrong) {
  const auto refused = [&](const std::string& target, const std::string& body, int status,
                           const std::string& words) {
    const HttpResponse response = post(target, body);
    EXPECT_EQ(response.status, status) << body;
    EXPECT_THAT(response.body, HasSubstr(words)) << body;
  };
  refused("/push", "[]", 400, "not an object");
  refused("/push", R"({"view": "skye", "rows": []})", 404, "did you mean `sky`");
  refused("/push", R"({"view": "sky", "rows": [{"zone": "n"}]})", 400, "row 0: `floor` is missing");
  refused("/push", R"({"view": "sky", "rows": [{"zone": "n", "floor": 1, "rainn": 1}]})", 400,
          "did you mean `rain`");
  refused("/push", R"({"view": "sky", "rows": [{"zone": "n", "floor": 1, "rain": "x"}]})", 400,
          "rain");
  refused("/push", R"({"view": "sky", "rows": [1,1,1,1,1,1,1,1,1,1,1]})", 413, "at most 10");
  refused("/features", R"({"features": ["sky.rian"], "entities": []})", 404, "did you mean `rain`");
  refused("/features", R"({"features": ["sky.rain"], "entities": [{"zone": "n"}]})", 400,
          "`floor` is missing");
  refused("/features", R"({"features": [], "entities": []})", 400, "`features` is empty");
  refused("/get-online-features", R"({"features": ["sky:rain"], "entities": {"zone": ["a"],
          "floor": [1, 2]}})",
          400, "differ in length");
  refused("/get-online-features", R"({"feature_service": "x"})", 400, "no feature services");
  // All rows of a push or none.
  refused("/push",
          R"({"view": "sky", "rows": [{"zone": "z", "floor": 1}, {"zone": 5, "floor": 1}]})", 400,
          "row 1: ");
  EXPECT_EQ(json(get("/features/sky?zone=z&floor=1"))["rows"][0]["views"]["sky"]["state"],
            "missing");
}

/// Facts are pushed, and the window is what it is at the moment of the read.
TEST_F(FeatureAnswerTest, AWindowMovesWithWhatIsPushed) {
  OnlineView view = view_;
  view.name = "windows";
  view.version = std::string(64, 'b');
  view.fields.push_back({"drops", ValueType::number});
  view.window_count = 1;
  ASSERT_TRUE(store_->update({{.view = view, .before = std::nullopt, .rows = {}}}).ok());
  HttpResponse refused = post("/push", R"({"view": "windows", "rows": []})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("materialised by an older program"));

  const auto with_window = [&](const std::string& definition) {
    const OnlineView before = view;
    view.windows = {*parse_window("drops", definition)};
    ASSERT_TRUE(store_->update({{.view = view, .before = before, .rows = {}}}).ok());
  };
  with_window("sum(rain * 2) over 1h");
  refused = post("/push", R"({"view": "windows", "rows": []})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("`rain * 2`, which is no column"));

  with_window("sum(rain) over 1h");
  EXPECT_THAT(
      post("/push", R"({"view": "windows", "rows": [{"zone": "n", "floor": 1, "drops": 2}]})").body,
      HasSubstr("`drops` is a window"));
  const HttpResponse pushed = post("/push", R"({"view": "windows", "rows": [
      {"zone": "n", "floor": 1, "rain": 1.5, "known": "2024-01-10T08:30:00Z"},
      {"zone": "n", "floor": 1, "rain": 4, "known": "2024-01-10T09:10:00Z"},
      {"zone": "n", "floor": 1, "rain": 1.5, "known": "2024-01-10T08:30:00Z"}]})");
  EXPECT_EQ(pushed.body, R"({"rows":3,"written":2,"kept":0})");
  const auto drops_at =
      [&](const std::string& time) {
        return json(post("/features", R"({"features": ["windows.drops"], "entities": [{"zone": "n",
        "floor": 1}], "at": ")" + time + "\"}"))["rows"][0]["values"]["windows.drops"];
      };
  EXPECT_EQ(drops_at("2024-01-10T09:00:00Z"), 1.5);
  EXPECT_EQ(drops_at("2024-01-10T09:20:00Z"), 5.5);
  EXPECT_EQ(drops_at("2024-01-10T09:30:00Z"), 4);
  EXPECT_TRUE(drops_at("2024-01-10T10:10:00Z").is_null());
}

/// The answer as the server of Feast gives it: entities first, then features, by column.
TEST_F(FeatureAnswerTest, SpeaksFeastsJson) {
  ASSERT_EQ(post("/push", kPush).status, 200);
  const HttpResponse answer = post("/get-online-features", R"({"features": ["sky:rain", "sky:wet"],
      "entities": {"zone": ["north", "south side", "east"], "floor": [1, 2, 3]},
      "full_feature_names": true})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body,
            R"({"metadata":{"feature_names":["zone","floor","sky__rain","sky__wet"]},"results":[)"
            R"({"values":["north","south side","east"],"statuses":["PRESENT","PRESENT","PRESENT"],)"
            R"("event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z",)"
            R"("1970-01-01T00:00:00Z"]},)"
            R"({"values":[1,2,3],"statuses":["PRESENT","PRESENT","PRESENT"],"event_timestamps":)"
            R"(["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},)"
            R"({"values":[1.5,null,null],"statuses":["PRESENT","OUTSIDE_MAX_AGE","NOT_FOUND"],)"
            R"("event_timestamps":["2024-01-10T10:00:00Z","2024-01-08T10:00:00Z",)"
            R"("1970-01-01T00:00:00Z"]},)"
            R"({"values":[true,null,null],"statuses":["PRESENT","OUTSIDE_MAX_AGE","NOT_FOUND"],)"
            R"("event_timestamps":["2024-01-10T10:00:00Z","2024-01-08T10:00:00Z",)"
            R"("1970-01-01T00:00:00Z"]}]})");
}

}  // namespace
}  // namespace millgate
