// Roll-outs through real servers: who answers, what is counted, what follows.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <thread>

#include "ground/file_store.h"
#include "ground/json.h"
#include "model/release/rollout.h"
#include "system/serve/client.h"
#include "system/serve/feedback_store.h"
#include "system/serve/live_rollout.h"
#include "system/serve/rollout_report.h"
#include "system/serve/server.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr const char* kRow =
    R"({"carrier":"AA","distance":500,"flight":7,"rainy":true,"time_hour":"2013-06-01T10:00:00Z"})";
/// Without what the challenger of some tests must have.
constexpr const char* kShortRow =
    R"({"carrier":"AA","flight":7,"rainy":true,"time_hour":"2013-06-01T10:00:00Z"})";

class RolloutServerTest : public ::testing::Test {
 protected:
  RolloutServerTest() {
    champion_ = project_.model({.intercept = -0.25, .has_unknown_distances = true})->id();
    challenger_ = project_.model({.intercept = 0.5})->id();
    project_.release_model(champion_);
  }

  /// One that is judged after each answer, and tolerates the noise of a busy machine.
  static RolloutPlan quick_plan() {
    RolloutPlan plan;
    plan.shares = {20, 50};
    plan.hold_micros = 0;
    plan.answers_min = 30;
    plan.slow_ms = 5'000;
    plan.error_margin = 0.2;
    plan.slow_margin = 0.2;
    plan.sticky = "header:X-User";
    return plan;
  }
  Rollout roll_out(const RolloutPlan& plan) {
    project_.judge_model(challenger_);
    auto started = start_rollout(ledger(), {.challenger = challenger_, .plan = plan}, "ann", {});
    EXPECT_TRUE(started.ok()) << started.error().what;
    return *std::move(started);
  }
  std::unique_ptr<Server> serve() {
    ServerOptions options;
    options.threads = 2;
    options.reload_every = milliseconds(5);
    options.judge_every = milliseconds(20);
    return *Server::start(project_.repository, options);
  }
  Ledger& ledger() { return project_.repository->ledger(); }
  Rollout last() { return rollouts(ledger())->back(); }
  RolloutReport report() {
    return *saved_report(project_.repository->folder("rollouts"), last(),
                         project_.repository->clock().now());
  }
  static std::string user(int number) { return "user-" + std::to_string(number); }
  /// Brief id of the model that answers a user; the status where none does.
  static std::string model_for(HttpClient& client, const std::string& name,
                               const char* row = kRow) {
    const auto answer = client.post("/predict", row, {{"X-User", name}});
    EXPECT_TRUE(answer.ok());
    if (answer->status != 200) return std::to_string(answer->status);
    return Json::parse(answer->body)["model"].get<std::string>();
  }
  template <typename Wanted>
  static bool wait_until(const Wanted& wanted) {
    for (int i = 0; i < 2'000; ++i) {
      if (wanted()) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  ServedProject project_;
  Id champion_, challenger_;
};

TEST_F(RolloutServerTest, AUserKeepsItsModelOnEveryServerAndAfterARestart) {
  RolloutPlan plan = quick_plan();
  plan.shares = {30};
  plan.by_hand = true;
  roll_out(plan);
  std::map<std::string, std::string> seen;
  int challenged = 0;
  {
    const auto one = serve();
    const auto two = serve();
    HttpClient first = *HttpClient::open(one->url());
    HttpClient second = *HttpClient::open(two->url());
    for (int i = 0; i < 300; ++i) {
      const std::string model = model_for(first, user(i));
      challenged += model == challenger_.brief() ? 1 : 0;
      EXPECT_EQ(model_for(second, user(i)), model);
      seen[user(i)] = model;
    }
  }
  // 90 are expected; 5 standard deviations are 40.
  EXPECT_NEAR(challenged, 90, 40);
  const auto again = serve();
  HttpClient client = *HttpClient::open(again->url());
  for (int i = 0; i < 300; ++i) EXPECT_EQ(model_for(client, user(i)), seen[user(i)]);
  const auto counted = [&](const char* arm, const Id& model, int count) {
    return "\nmillgate_rollout_answers_total{rollout=\"" + last().id.brief() + "\",arm=\"" + arm +
           "\",model=\"" + model.brief() + "\"} " + std::to_string(count) + "\n";
  };
  EXPECT_TRUE(wait_until([&] {
    const std::string metrics = client.get("/metrics")->body;
    return metrics.find(counted("challenger", challenger_, challenged)) != std::string::npos &&
           metrics.find(counted("champion", champion_, 300 - challenged)) != std::string::npos &&
           metrics.find("millgate_rollout_share_ratio") != std::string::npos;
  })) << client.get("/metrics")->body;
  ASSERT_TRUE(wait_until([&] {
    const StepTotals total = report().steps[0];
    return total.answers[0] + total.answers[1] == 900;
  })) << "the three servers' counts are added up";
  EXPECT_EQ(report().steps[0].answers[1], 3 * challenged);
}

TEST_F(RolloutServerTest, AGrowingShareTakesNobodysModelAway) {
  const Id id = hash_of("a roll-out");
  int in_tenth = 0;
  for (int i = 0; i < 2'000; ++i) {
    if (!is_in_share(id, user(i), 10)) continue;
    ++in_tenth;
    EXPECT_TRUE(is_in_share(id, user(i), 50));
    EXPECT_TRUE(is_in_share(id, user(i), 100));
  }
  EXPECT_NEAR(in_tenth, 200, 70);
  EXPECT_FALSE(is_in_share(id, "x", 0));
}

TEST_F(RolloutServerTest, AGoodChallengerIsPromotedByItself) {
  const auto server = serve();
  roll_out(quick_plan());
  HttpClient client = *HttpClient::open(server->url());
  int sent = 0;
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string model = model_for(client, user(sent++ % 500));
      EXPECT_TRUE(model == champion_.brief() || model == challenger_.brief()) << model;
    }
    return !last().is_running();
  }));
  EXPECT_EQ(last().state, RolloutState::promoted);
  EXPECT_EQ(last().step, 1U);
  EXPECT_THAT(last().reason, HasSubstr("no worse: error_rate 0 of"));
  EXPECT_THAT(last().ended_by, HasSubstr("of ann"));
  EXPECT_EQ((*serving(ledger()))->model, challenger_);
  EXPECT_TRUE(wait_until([&] { return model_for(client, "anybody") == challenger_.brief(); }));
}

TEST_F(RolloutServerTest, ABadChallengerIsRolledBackByItself) {
  const auto server = serve();
  RolloutPlan plan = quick_plan();
  plan.hold_micros = 3'600'000'000;
  plan.error_margin = 0.01;
  roll_out(plan);
  HttpClient client = *HttpClient::open(server->url());
  int failed = 0;
  int sent = 0;
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 20; ++i) {
      failed += model_for(client, user(sent++ % 500), kShortRow) == "400" ? 1 : 0;
    }
    return !last().is_running();
  }));
  EXPECT_EQ(last().state, RolloutState::rolled_back);
  EXPECT_THAT(last().reason, HasSubstr("worse: error_rate 1 of"));
  EXPECT_EQ((*serving(ledger()))->model, champion_);
  EXPECT_GT(failed, 0);
  EXPECT_LT(failed, 60) << "a few failures are enough to see it";
  ASSERT_TRUE(wait_until(
      [&] { return client.get("/rollout")->body.find("rolled back") != std::string::npos; }));
  std::this_thread::sleep_for(milliseconds(50));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(model_for(client, user(i), kShortRow), champion_.brief());
  }
}

TEST_F(RolloutServerTest, AShadowAnswersUnseenAndItsLossIsMeasured) {
  RolloutPlan plan = quick_plan();
  plan.mode = RolloutMode::shadow;
  plan.shares = {100};
  plan.by_hand = true;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  std::vector<Feedback> labels;
  double loss = 0;
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.post("/predict", kRow, {{"X-User", user(i)}});
    const Json json = Json::parse(answer->body);
    ASSERT_EQ(json["model"], champion_.brief());
    const double label = i % 3 == 0 ? 1 : 0;
    const double miss = json["probability"].get<double>() - label;
    loss += miss * miss;
    labels.push_back({json["prediction_id"], label});
  }
  // One that the challenger cannot answer is its error, and nobody notices.
  EXPECT_EQ(model_for(client, "short", kShortRow), champion_.brief());
  ASSERT_TRUE(write_feedback(project_.repository->folder("feedback"), labels,
                             project_.repository->clock().now())
                  .ok());
  // A label that comes later changes nothing that was counted.
  labels.resize(10);
  for (Feedback& label : labels) label.label = 1 - label.label;
  ASSERT_TRUE(write_feedback(project_.repository->folder("feedback"), labels,
                             project_.repository->clock().now())
                  .ok());
  const auto loss_of = [&] {
    for (const Comparison& one : report().comparisons) {
      if (one.name == "mean_loss") return one;
    }
    return Comparison();
  };
  ASSERT_TRUE(wait_until([&] { return loss_of().challenger.count == 50; }));
  EXPECT_EQ(loss_of().champion.count, 50);
  EXPECT_NEAR(loss_of().champion.sum, loss, 1e-9);
  const double other = project_.model({.intercept = 0.5}) ? loss_of().challenger.sum : 0;
  EXPECT_GT(std::abs(other - loss), 0.1) << "another model has another loss";
  ASSERT_TRUE(wait_until([&] { return report().steps[0].answers[1] == 51; }));
  EXPECT_EQ(report().steps[0].errors[1], 1);
  EXPECT_EQ(report().steps[0].errors[0], 0);
}

/// Champion and challenger are regressions, `off` apart.
class RegressionRolloutTest : public RolloutServerTest {
 protected:
  void predict_numbers(double off) {
    champion_ = project_.model({.intercept = -0.25, .task_kind = "regression"})->id();
    challenger_ = project_.model({.intercept = -0.25 + off, .task_kind = "regression"})->id();
    project_.release_model(champion_);
  }
  /// What is predicted for a user, and of what prediction that is.
  static std::pair<double, std::string> predicted(HttpClient& client, const std::string& name) {
    const Json json = Json::parse(client.post("/predict", kRow, {{"X-User", name}})->body);
    return {json["value"].get<double>(), json["prediction_id"].get<std::string>()};
  }
  void label(const std::vector<Feedback>& labels) {
    ASSERT_TRUE(write_feedback(project_.repository->folder("feedback"), labels,
                               project_.repository->clock().now())
                    .ok());
  }
};

TEST_F(RegressionRolloutTest, AMissCountsUpToItsCap) {
  predict_numbers(0.5);
  RolloutPlan plan = quick_plan();
  plan.mode = RolloutMode::shadow;
  plan.shares = {100};
  plan.loss_cap = 2;
  plan.by_hand = true;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  std::vector<Feedback> labels;
  double champion = 0;
  double challenger = 0;
  for (int i = 0; i < 40; ++i) {
    const auto [value, id] = predicted(client, user(i));
    const double label = value + (i - 20) * 0.3;
    champion += std::min(std::abs(value - label), 2.0) / 2;
    challenger += std::min(std::abs(value + 0.5 - label), 2.0) / 2;
    labels.push_back({id, label});
  }
  label(labels);
  const auto loss = [&] { return report().comparisons.back(); };
  ASSERT_TRUE(wait_until([&] { return loss().challenger.count == 40; }));
  EXPECT_EQ(loss().name, "mean_loss");
  EXPECT_EQ(loss().champion.count, 40);
  EXPECT_NEAR(loss().champion.sum, champion, 1e-9);
  EXPECT_NEAR(loss().challenger.sum, challenger, 1e-9);
}

TEST_F(RegressionRolloutTest, WhoMissesByMoreIsRolledBackByItself) {
  predict_numbers(1.5);
  RolloutPlan plan = quick_plan();
  plan.shares = {50};
  plan.hold_micros = 3'600'000'000;
  plan.loss_cap = 2;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  const Json first = Json::parse(client.post("/predict", kRow)->body);
  const double truth = first["value"].get<double>() -
                       (first["model"] == challenger_.brief() ? 1.5 : 0);  // The champion is right.
  int sent = 0;
  ASSERT_TRUE(wait_until([&] {
    std::vector<Feedback> labels;
    for (int i = 0; i < 20; ++i) {
      labels.push_back({predicted(client, user(sent++)).second, truth + (i % 2 == 0 ? 0.1 : -0.1)});
    }
    label(labels);
    return !last().is_running();
  }));
  EXPECT_EQ(last().state, RolloutState::rolled_back);
  EXPECT_THAT(last().reason, HasSubstr("worse: mean_loss"));
  EXPECT_EQ((*serving(ledger()))->model, champion_);
}

TEST_F(RolloutServerTest, OfSeveralClassesHalfTheBrierScoreIsTheLoss) {
  champion_ = project_.model({.intercept = -0.25, .task_kind = "multiclass"})->id();
  challenger_ = project_.model({.intercept = 0.5, .task_kind = "multiclass"})->id();
  project_.release_model(champion_);
  RolloutPlan plan = quick_plan();
  plan.shares = {50};
  plan.by_hand = true;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  const char* const names[] = {"late", "punctual", "early"};
  std::map<std::string, double> loss;
  std::map<std::string, int> count;
  for (int i = 0; i < 40; ++i) {
    const Json json = Json::parse(client.post("/predict", kRow, {{"X-User", user(i)}})->body);
    const std::string label = names[i % 3];
    for (const char* name : names) {
      const double miss = json["probabilities"][name].get<double>() - (name == label ? 1 : 0);
      loss[json["model"]] += miss * miss / 2;
    }
    ++count[json["model"]];
    const Json told = {{"prediction_id", json["prediction_id"]}, {"label", label}};
    ASSERT_EQ(client.post("/feedback", dump_json(told))->status, 200);
  }
  const auto compared = [&] { return report().comparisons.back(); };
  ASSERT_TRUE(
      wait_until([&] { return compared().champion.count + compared().challenger.count == 40; }));
  EXPECT_EQ(compared().challenger.count, count[challenger_.brief()]);
  EXPECT_GT(compared().challenger.count, 0);
  EXPECT_NEAR(compared().champion.sum, loss[champion_.brief()], 1e-9);
  EXPECT_NEAR(compared().challenger.sum, loss[challenger_.brief()], 1e-9);
}

TEST_F(RolloutServerTest, WhatAnswersEarnIsComparedOnceTheyAreOldEnough) {
  RolloutPlan plan = quick_plan();
  plan.shares = {50};
  plan.by_hand = true;
  plan.earned_cap = 10;
  plan.earned_floor = -10;
  plan.earned_margin = 1;
  plan.earned_within_micros = 1'500'000;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  std::map<std::string, double> earned;  // By model, within the cap.
  std::map<std::string, int> answers;
  std::string late;
  for (int i = 0; i < 60; ++i) {
    const Json json = Json::parse(client.post("/predict", kRow, {{"X-User", user(i)}})->body);
    const std::string model = json["model"];
    ++answers[model];
    Json told = {{"prediction_id", json["prediction_id"]}, {"earned", 1}};
    const auto tell = [&] { return client.post("/feedback", dump_json(told))->body; };
    if (i % 3 == 0) continue;  // Nothing is told: it earned nothing.
    EXPECT_EQ(tell(), R"({"labels":0,"outcomes":1})");
    told["earned"] = i % 3 == 1 ? 4 : -25;
    tell();  // Tells the whole again, with more.
    tell();
    earned[model] += i % 3 == 1 ? 4 : -10;
    late = told["prediction_id"].get<std::string>();
  }
  const auto compared = [&] { return report().comparisons.back(); };
  const auto all = [&] { return compared().champion.count + compared().challenger.count; };
  ASSERT_TRUE(wait_until([&] { return all() == 60; }));
  const auto sum_of = [](double mean, const ArmTotal& total) {
    return mean * static_cast<double>(total.count);
  };
  const auto sum = [&] {
    const Comparison now = compared();
    return sum_of(now.champion_mean, now.champion) + sum_of(now.challenger_mean, now.challenger);
  };
  const double before = sum();
  EXPECT_NEAR(before, earned[champion_.brief()] + earned[challenger_.brief()], 1e-6);
  EXPECT_NEAR(sum_of(compared().challenger_mean, compared().challenger),
              earned[challenger_.brief()], 1e-6);
  EXPECT_EQ(compared().challenger.count, answers[challenger_.brief()]);
  // It is too late for that one.
  const Json told = {{"prediction_id", late}, {"earned", 1'000}};
  EXPECT_EQ(client.post("/feedback", dump_json(told))->status, 200);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_NEAR(sum(), before, 1e-6);
}

TEST_F(RolloutServerTest, OnlyWhoTookPartIsComparedByTheirLabels) {
  RolloutPlan plan = quick_plan();
  plan.shares = {50};
  plan.only = "header:X-Beta=yes";
  plan.by_hand = true;
  roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  std::vector<Feedback> labels;
  std::map<std::string, double> loss;
  std::map<std::string, int> count;
  for (int i = 0; i < 60; ++i) {
    const bool is_in = i % 2 == 0;
    const Json json = Json::parse(
        client.post("/predict", kRow, {{"X-User", user(i)}, {"X-Beta", is_in ? "yes" : "no"}})
            ->body);
    const double label = i % 3 == 0 ? 1 : 0;
    labels.push_back({json["prediction_id"], label});
    if (!is_in) continue;
    const double miss = json["probability"].get<double>() - label;
    loss[json["model"]] += miss * miss;
    ++count[json["model"]];
  }
  ASSERT_TRUE(write_feedback(project_.repository->folder("feedback"), labels,
                             project_.repository->clock().now())
                  .ok());
  const auto compared = [&] { return report().comparisons.back(); };
  ASSERT_TRUE(
      wait_until([&] { return compared().champion.count + compared().challenger.count == 30; }));
  EXPECT_EQ(compared().champion.count, count[champion_.brief()]);
  EXPECT_NEAR(compared().champion.sum, loss[champion_.brief()], 1e-9);
  EXPECT_NEAR(compared().challenger.sum, loss[challenger_.brief()], 1e-9);
  EXPECT_GT(count[challenger_.brief()], 0);
}

TEST_F(RolloutServerTest, RowsAreSentByTheirColumnAndMixedOnesTakeNoPart) {
  RolloutPlan plan = quick_plan();
  plan.shares = {50};
  plan.sticky = "column:tail";
  plan.by_hand = true;
  const Rollout rollout = roll_out(plan);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  const auto row = [](const std::string& tail) {
    Json json = Json::parse(kRow);
    json["tail"] = tail;
    return json;
  };
  for (int i = 0; i < 40; ++i) {
    const Json rows = {{"rows", {row(user(i)), row(user(i))}}};
    const auto answer = client.post("/predict", dump_json(rows));
    const bool is_in = is_in_share(rollout.id, user(i), 50);
    EXPECT_EQ(Json::parse(answer->body)["model"], (is_in ? challenger_ : champion_).brief());
  }
  const Json mixed = {{"rows", {row("a"), row("b")}}};
  EXPECT_EQ(Json::parse(client.post("/predict", dump_json(mixed))->body)["model"],
            champion_.brief());
  EXPECT_EQ(Json::parse(client.post("/predict", kRow)->body)["model"], champion_.brief());
  ASSERT_TRUE(wait_until([&] { return report().steps[0].left_out == 2; }));
  EXPECT_EQ(report().steps[0].answers[0] + report().steps[0].answers[1], 40);
}

TEST_F(RolloutServerTest, OnlyASegmentTakesPart) {
  RolloutPlan plan = quick_plan();
  plan.shares = {99.999};
  plan.only = "header:X-Beta=yes";
  plan.sticky = "";
  plan.by_hand = true;
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  EXPECT_EQ(client.get("/rollout")->status, 404);
  roll_out(plan);
  const auto beta = [&](const HttpClient::Headers& headers) {
    return Json::parse(client.post("/predict", kRow, headers)->body)["model"].get<std::string>();
  };
  ASSERT_TRUE(wait_until([&] { return beta({{"x-beta", "yes"}}) == challenger_.brief(); }));
  EXPECT_EQ(beta({{"X-Beta", "no"}}), champion_.brief());
  EXPECT_EQ(beta({}), champion_.brief());
  const Json told = Json::parse(client.get("/rollout")->body);
  EXPECT_EQ(told["state"], "running");
  EXPECT_EQ(told["challenger"], challenger_.hex());
  EXPECT_EQ(told["next"]["move"], "wait");
}

TEST_F(RolloutServerTest, APromotionThatTheGateRefusesIsTold) {
  const auto server = serve();
  roll_out(quick_plan());
  project_.judge_model(challenger_, 0.95);
  HttpClient client = *HttpClient::open(server->url());
  int sent = 0;
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 20; ++i) model_for(client, user(sent++ % 500));
    return client.get("/rollout")->body.find("\"trouble\":\"release of model") != std::string::npos;
  }));
  EXPECT_TRUE(last().is_running());
  EXPECT_EQ((*serving(ledger()))->model, champion_);
}

TEST_F(RolloutServerTest, AChallengerThatCannotBeLoadedCostsNothing) {
  const auto server = serve();
  challenger_ = hash_of("no model");
  roll_out(quick_plan());
  HttpClient client = *HttpClient::open(server->url());
  ASSERT_TRUE(wait_until([&] {
    return client.get("/health/ready")->body.find("cannot be loaded") != std::string::npos;
  }));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(model_for(client, user(i)), champion_.brief());
}

}  // namespace
}  // namespace millgate
