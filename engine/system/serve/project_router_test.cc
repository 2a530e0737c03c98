// Several projects in one server: who answers, and what sleeps.
#include "system/serve/project_router.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "ground/json.h"
#include "ground/random.h"
#include "system/serve/client.h"
#include "system/serve/prometheus_text.h"
#include "system/serve/server.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kRow =
    R"({"carrier":"AA","distance":500,"flight":7,"rainy":true,"time_hour":"2013-06-01T10:00:00Z"})";
const std::vector<std::string> kNames = {"delays", "fares", "no shows"};

class ProjectRouterTest : public ::testing::Test {
 protected:
  /// Three projects whose models differ.
  ProjectRouterTest() {
    for (size_t i = 0; i < kNames.size(); ++i) {
      const double intercept = -1.0 + static_cast<double>(i);
      models_.push_back(projects_[i].model({.intercept = intercept, .project = kNames[i]})->id());
    }
  }

  void release_all() {
    for (size_t i = 0; i < kNames.size(); ++i) projects_[i].release_model(models_[i]);
  }

  std::unique_ptr<Server> serve(int64_t memory_max = 0) {
    std::vector<ProjectToServe> all;
    for (size_t i = 0; i < kNames.size(); ++i) {
      all.push_back({.name = kNames[i], .repository = projects_[i].repository});
    }
    ServerOptions options;
    options.threads = 2;
    options.reload_every = milliseconds(5);
    options.memory_max = memory_max;
    return *Server::start(all, options);
  }

  /// Of the project's own server.
  double alone(size_t project) {
    const auto server = *Server::start(projects_[project].repository, {.threads = 1});
    HttpClient client = *HttpClient::open(server->url());
    return Json::parse(client.post("/predict", kRow)->body)["probability"];
  }

  static std::string path_of(size_t project) {
    return "/projects/" + (project == 2 ? std::string("no%20shows") : kNames[project]);
  }

  std::array<ServedProject, 3> projects_;
  std::vector<Id> models_;
};

TEST_F(ProjectRouterTest, EachAnswersByItsOwnModelAndLogsInItsOwnFolder) {
  release_all();
  std::vector<double> expected;
  for (size_t i = 0; i < kNames.size(); ++i) expected.push_back(alone(i));
  EXPECT_NE(expected[0], expected[1]);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  for (size_t i = 0; i < kNames.size(); ++i) {
    const Json own = Json::parse(client.post(path_of(i) + "/predict", kRow)->body);
    EXPECT_EQ(own["probability"], expected[i]);
    EXPECT_EQ(own["model"], models_[i].brief());
    const std::string name = path_of(i).substr(10);
    const Json v1 = Json::parse(
        client
            .post("/v1/models/" + name + ":predict", std::string(R"({"instances":[)") + kRow + "]}")
            ->body);
    EXPECT_EQ(v1["predictions"][0]["probability"], expected[i]) << v1;
    EXPECT_EQ(Json::parse(client.get("/v2/models/" + name)->body)["name"], kNames[i]);
    const Json told = {{"prediction_id", own["prediction_id"]}, {"label", 1}};
    EXPECT_EQ(client.post(path_of(i) + "/feedback", dump_json(told))->status, 200);
    EXPECT_EQ(client.get(path_of(i) + "/openapi.json")->status, 200);
  }
  server->stop();
  for (ServedProject& project : projects_) {
    const auto files = [&](const char* log) {
      int count = 0;
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(project.repository->folder(log))) {
        count += entry.is_regular_file() ? 1 : 0;
      }
      return count;
    };
    EXPECT_GE(files("predictions"), 1);
    EXPECT_EQ(files("feedback"), 1);
  }
}

TEST_F(ProjectRouterTest, WhatNamesNoProjectIsAboutAllOrIsAskedToNameOne) {
  for (size_t i = 0; i < 2; ++i) projects_[i].release_model(models_[i]);
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  EXPECT_FALSE(server->has_model());
  const auto unready = client.get("/health/ready");
  EXPECT_EQ(unready->status, 503);
  EXPECT_THAT(unready->body, AllOf(HasSubstr("`no shows`"), HasSubstr("nothing is released")));
  EXPECT_EQ(client.get(path_of(0) + "/health/ready")->status, 200);
  projects_[2].release_model(models_[2]);
  for (int i = 0; i < 400 && !server->has_model(); ++i)
    std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(Json::parse(client.get("/v2/health/ready")->body)["models"]["fares"],
            models_[1].brief());
  EXPECT_EQ(Json::parse(client.get("/v1/models")->body)["models"].size(), 3U);
  EXPECT_EQ(Json::parse(client.post("/v2/repository/index", "{}")->body).size(), 3U);
  EXPECT_EQ(Json::parse(client.get("/v2/models/stats")->body)["model_stats"].size(), 3U);
  const Json front = Json::parse(client.get("/")->body);
  EXPECT_EQ(front["projects"][1]["version"], models_[1].brief());
  EXPECT_EQ(front["projects"][2]["path"], "/projects/no shows/");
  for (const char* path : {"/predict", "/invocations", "/feedback"}) {
    const auto refused = client.post(path, kRow);
    EXPECT_EQ(refused->status, 400);
    EXPECT_THAT(refused->body, AllOf(HasSubstr("3 projects"), HasSubstr("/projects/delays/")));
  }
  for (const char* path : {"/v2/models/fare", "/v1/models/fare", "/projects/fare/predict"}) {
    const auto unknown = client.get(path);
    EXPECT_EQ(unknown->status, 404) << path;
    EXPECT_THAT(unknown->body, HasSubstr("`fares`")) << path;
  }
  const std::string metrics = client.get("/metrics")->body;
  const auto families = read_prometheus_text(metrics);
  ASSERT_TRUE(families.ok()) << families.error().what;
  for (size_t i = 0; i < kNames.size(); ++i) {
    EXPECT_THAT(metrics, HasSubstr("millgate_model_info{model=\"" + kNames[i] + "\",version=\"" +
                                   models_[i].brief() + "\"} 1"));
  }
}

TEST_F(ProjectRouterTest, ReleasesOfOneLeaveTheOthersAlone) {
  release_all();
  const auto server = serve();
  HttpClient client = *HttpClient::open(server->url());
  const Id next = projects_[1].model({.intercept = 3, .project = "fares"})->id();
  projects_[1].release_model(next);
  const auto version = [&](size_t i) {
    return Json::parse(client.post(path_of(i) + "/predict", kRow)->body)["model"]
        .get<std::string>();
  };
  for (int i = 0; i < 400 && version(1) != next.brief(); ++i) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(version(1), next.brief());
  EXPECT_EQ(version(0), models_[0].brief());
  EXPECT_EQ(version(2), models_[2].brief());
}

TEST_F(ProjectRouterTest, WithinItsBudgetModelsTakeTurns) {
  release_all();
  std::vector<double> expected;
  for (size_t i = 0; i < kNames.size(); ++i) expected.push_back(alone(i));
  const int64_t one = (*Model::load(projects_[0].repository->objects(), models_[0]))->size_bytes();
  const auto server = serve(2 * one + one / 2);
  EXPECT_TRUE(server->has_model()) << "what sleeps answers too";
  HttpClient client = *HttpClient::open(server->url());
  const auto loaded = [&] {
    int count = 0;
    const Json front = Json::parse(client.get("/")->body);
    for (const Json& project : front["projects"]) {
      count += project["model"].is_null() ? 0 : 1;
    }
    return count;
  };
  EXPECT_EQ(loaded(), 2);
  for (size_t round = 0; round < 9; ++round) {
    const size_t i = round % 3;
    const Json told = Json::parse(client.post(path_of(i) + "/predict", kRow)->body);
    EXPECT_EQ(told["probability"], expected[i]);
    EXPECT_LE(loaded(), 2);
  }
  // The one that was asked last stays; who sleeps goes on counting where it was.
  const Json stats = Json::parse(client.get("/v2/models/stats")->body)["model_stats"];
  ASSERT_EQ(stats.size(), 2U);
  EXPECT_EQ(stats[1]["name"], "no shows");
  EXPECT_EQ(stats[1]["inference_count"], 3);
  EXPECT_EQ(client.get("/health/ready")->status, 200);
  // A release does not wake who sleeps, and who is asked answers by it.
  const Id next = projects_[0].model({.intercept = 3, .project = "delays"})->id();
  projects_[0].release_model(next);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(loaded(), 2);
  EXPECT_EQ(Json::parse(client.get("/")->body)["projects"][0]["model"], nullptr);
  EXPECT_EQ(Json::parse(client.post(path_of(0) + "/predict", kRow)->body)["model"], next.brief());
}

TEST_F(ProjectRouterTest, ManyClientsAtOnceGetTheRightAnswersWhileModelsComeAndGo) {
  release_all();
  std::vector<double> expected;
  for (size_t i = 0; i < kNames.size(); ++i) expected.push_back(alone(i));
  const auto server = serve(1);  // Nothing but what is asked stays.
  std::atomic<int> wrong{0};
  std::atomic<int> asked{0};
  {
    std::vector<std::jthread> clients;
    for (uint64_t seed = 0; seed < 4; ++seed) {
      clients.emplace_back([&, seed] {
        Random random(seed);
        HttpClient client = *HttpClient::open(server->url());
        for (int i = 0; i < 150; ++i) {
          const size_t project = random.below(3);
          const auto answer = client.post(path_of(project) + "/predict", kRow);
          ++asked;
          if (answer->status != 200) ++wrong;
          if (Json::parse(answer->body)["probability"] != expected[project]) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(asked, 600);
  EXPECT_EQ(wrong, 0);
}

TEST_F(ProjectRouterTest, TwoOfOneNameAreRefused) {
  const auto started = Server::start({{.name = "a", .repository = projects_[0].repository},
                                      {.name = "a", .repository = projects_[1].repository}},
                                     {});
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().what, HasSubstr("two projects are called `a`"));
  EXPECT_FALSE(Server::start(std::vector<ProjectToServe>(), {}).ok());
}

}  // namespace
}  // namespace millgate
